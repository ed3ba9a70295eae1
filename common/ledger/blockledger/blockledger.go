// SPDX-License-Identifier: Apache-2.0

// Package blockledger is the ordering service's view of a chain: blocks are
// appended in order and read through iterators that start at a seek position
// and wait at the end of the chain.
//
// The package holds the interfaces, and the two helpers that every
// implementation and caller shares. common/deliver serves streams from a
// Reader; core/blockpeer/blockstore implements ReadWriter durably.
package blockledger

import (
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// Factory opens the ledgers of several channels.
type Factory interface {
	// GetOrCreate opens the ledger of a channel, creating it when absent.
	GetOrCreate(chainID string) (ReadWriter, error)
	// ChainIDs lists the channels that have a ledger.
	ChainIDs() []string
	// Close closes every ledger that was opened.
	Close()
}

// Iterator walks a chain upwards.
//
// An implementation may also offer ReadyChan() <-chan struct{}: a channel that
// is closed once Next can answer without waiting. A caller that finds the
// method can wait for a block and for other events in one select; without it a
// caller needs a goroutine around Next. The channel belongs to the position at
// which it was asked for.
type Iterator interface {
	// Next waits until the next block exists and returns it with SUCCESS. Any
	// other status ends the iteration: SERVICE_UNAVAILABLE when the block
	// cannot be read or the iterator was closed, NOT_FOUND when the start
	// position was beyond the chain.
	Next() (*cb.Block, cb.Status)
	// Close ends the iteration and releases a Next that waits.
	Close()
}

// Reader reads a chain.
type Reader interface {
	// Iterator starts at a position and returns the number of the first block
	// that Next will return. A position that cannot be served yields an
	// iterator that answers NOT_FOUND, and number 0.
	Iterator(startType *ab.SeekPosition) (Iterator, uint64)
	// Height returns the number of blocks, which is the number of the next.
	Height() uint64
}

// Writer extends a chain.
type Writer interface {
	// Append adds the next block, which must carry the number Height().
	Append(block *cb.Block) error
}

// ReadWriter is the whole of a chain.
type ReadWriter interface {
	Reader
	Writer
}
