// SPDX-License-Identifier: Apache-2.0

// Package deliver answers seek requests on a stream: it checks who asks for
// what, then sends blocks until the range ends, something goes wrong, or the
// client leaves. It is the server's half of the Deliver protocol; the transport
// (gRPC in core/blockpeer/orderer), the chains and the policies are the
// caller's, behind small interfaces.
//
// # One stream
//
// Handler.Handle receives an envelope, serves that seek to its end, answers with
// one status, and receives again. Seeks of one stream never overlap and nothing
// is read ahead. By default the stream stays open after any status, as in
// v1.3.0; with CloseAfterFailure it ends after the first status that is not
// SUCCESS, as in v1.4.0 and later.
//
// # Checks, in order
//
//	envelope, header, timestamp within the window, TLS binding   BAD_REQUEST
//	channel exists                                               NOT_FOUND
//	channel is healthy (Errored)                                 SERVICE_UNAVAILABLE
//	signature header                                             BAD_REQUEST
//	access (SessionAccessControl)                                FORBIDDEN
//	seek info, start, stop                                       BAD_REQUEST
//
// Access is evaluated again before each block, so an expired identity or a
// changed channel configuration cuts the stream at the next block.
//
// # Goroutines
//
// Handle runs in the caller's goroutine and starts none when the iterators
// offer ReadyChan (see blockledger.Iterator). For those that do not, each wait
// for a block runs in a goroutine that ends when the iterator is closed.
package deliver
