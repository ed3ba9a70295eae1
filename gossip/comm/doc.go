// SPDX-License-Identifier: Apache-2.0

// Package comm exchanges gossip messages with other peers: it authenticates
// both ends of a stream, sends with and without acknowledgement, hands what
// comes to subscribers by predicate, and tells which peers cannot be reached.
// What messages mean, and whether their signatures hold, is not its business:
// it looks at introductions and acknowledgements only. The gossip node
// (gossip/gossip) is its caller, gossip/comm/mock a substitute for tests.
//
// # The life of a stream
//
// A stream is opened by whoever has something to send. Both sides introduce
// themselves without waiting for each other: a signed message with PKI-ID,
// identity and the hash of the TLS certificate at that end. Who does not is
// refused. Then gossip/internal/conntable says which streams to a peer are kept
// and which is sent on; conn.go is the stream itself.
//
//	Send -> table -> outbox of the stream, or of the dial under way -> writer
//	reader -> acknowledgements, or subscribers; or backlog -> subscribers
//
// A stream is open or closed, and closed once, by whatever comes first: its end
// or a failure on reading or writing, an envelope that cannot be decoded, a
// newer stream, idleness, CloseConn or Stop. Messages that were left over are
// tried once more on another stream, unless it was closed on purpose. A peer is
// presumed dead when dialling it has failed, and for no other reason.
//
// # Goroutines and ownership
//
//	per dial            dials, then reads the stream
//	per inbound stream  gRPC's handler, which waits for the end, and a reader
//	per stream          a writer, from the first message on; another one
//	                    that works off the backlog while a subscriber is behind
//	per blocked peer of SendWithAck   waits for room in the outbox
//	with its own port   the server
//
// Stop ends them all and waits for them. Predicates run on the goroutine that
// reads the stream, or on that of the backlog, so messages of one stream come in
// order. Respond, Ack and the reading of a stream wait when the other side, or a
// subscriber, is slow; Send, CloseConn and PresumedDead never do.
//
// One lock guards the table; nothing waits, calls out or closes under it. What
// else is shared has locks of its own, under which no other is taken.
//
// # Bounds
//
// Outboxes and backlogs are bounded in messages (configured) and bytes, inbound
// streams that are not authenticated yet in all and per host, introductions in
// bytes. What is dropped or refused is told to the Hook with a reason.
package comm
