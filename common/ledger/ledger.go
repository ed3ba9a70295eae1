// SPDX-License-Identifier: Apache-2.0

// Package ledger names what every kind of ledger has in common: blocks by
// number, and results that are read one at a time.
//
// It holds interfaces only. Transaction-level ledgers build on it in
// core/ledger, the ordering service's view is common/ledger/blockledger, and
// the durable chain of this tree is core/blockpeer/blockstore.
package ledger

import (
	"github.com/hyperledger/fabric/protos/common"
)

// Ledger is a chain of blocks that can be read by number.
type Ledger interface {
	// GetBlockchainInfo tells the height and the hashes of the last block.
	GetBlockchainInfo() (*common.BlockchainInfo, error)
	// GetBlockByNumber returns one block. The number math.MaxUint64 asks for
	// the last one.
	GetBlockByNumber(blockNumber uint64) (*common.Block, error)
	// GetBlocksIterator returns an iterator over the blocks from
	// startBlockNumber on. Its Next waits for blocks that do not exist yet.
	GetBlocksIterator(startBlockNumber uint64) (ResultsIterator, error)
	// Close releases what the ledger holds.
	Close()
}

// ResultsIterator hands out results one by one.
type ResultsIterator interface {
	// Next returns the next result, nil when there are no more.
	Next() (QueryResult, error)
	// Close ends the iteration and frees its resources.
	Close()
}

// QueryResultsIterator is a ResultsIterator that can also say where a later
// query should resume.
type QueryResultsIterator interface {
	ResultsIterator
	// GetBookmarkAndClose closes the iterator and returns the position after
	// the last result read.
	GetBookmarkAndClose() string
}

// QueryResult is one result; its concrete type depends on the query.
type QueryResult interface{}

// PrunePolicy says what may be removed from a ledger; its concrete type
// depends on the ledger.
type PrunePolicy interface{}
