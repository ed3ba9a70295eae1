// SPDX-License-Identifier: Apache-2.0

// Package stream holds the types that pass between the delivery client, which
// owns connections to orderers, and the blocks provider, which decides what a
// received message means. The interface between those two is frozen; what a
// client can offer beyond it is described here and found by type assertion.
//
// The package declares data only: it starts no goroutine and holds no state.
package stream

import (
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// Message is one response of an orderer together with what its receiver
// already knows about it.
type Message struct {
	// Response is the decoded message. Its Type may be nil, and a block in it
	// may lack any part. When Block is set, the byte slices of the block share
	// memory with it, so neither may be modified.
	Response *ab.DeliverResponse

	// Block is the block exactly as it came over the wire. It is nil for a
	// status, and for a block that came from a stream which does not keep its
	// wire bytes; such a block has to be marshalled by whoever needs bytes.
	Block []byte

	// Verdict waits until MessageCryptoService.VerifyBlock and the check of
	// transaction boundaries have been run on the block and returns the first
	// failure, nil meaning a valid block. It may be called more than once and
	// from any goroutine. A nil Verdict means that nobody has verified the
	// block yet; a config block makes that so for the blocks read behind it.
	Verdict func() error
}

// Source is a stream that hands out messages with their wire bytes. RecvMessage
// and Recv consume the same sequence of messages and fail in the same way.
//
// Asking for the next message without a Disconnect in between tells the source
// that a block handed out before was found good: that is what it counts as
// progress.
//
// A client should also be Numbered and a Ledger (extras.go): the blocks provider
// makes use of both.
type Source interface {
	RecvMessage() (*Message, error)
}
