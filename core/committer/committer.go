// SPDX-License-Identifier: Apache-2.0

package committer

import (
	"errors"
	"fmt"

	"github.com/hyperledger/fabric/core/ledger"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/protos/common"
)

// Committer is what state transfer and delivery need of a channel's ledger.
type Committer interface {
	// CommitWithPvtData appends a block with its private data. It returns when
	// the block is durable.
	CommitWithPvtData(blockAndPvtData *ledger.BlockAndPvtData) error

	// GetPvtDataAndBlockByNum returns a block with all its private data.
	GetPvtDataAndBlockByNum(seqNum uint64) (*ledger.BlockAndPvtData, error)

	// GetPvtDataByNum returns a block's private data in the wanted collections.
	GetPvtDataByNum(blockNum uint64, filter ledger.PvtNsCollFilter) ([]*ledger.TxPvtData, error)

	// LedgerHeight is the number of the next block.
	LedgerHeight() (uint64, error)

	// GetBlocks returns those of the blocks asked for that the ledger has.
	GetBlocks(blockSeqs []uint64) []*common.Block

	// GetConfigHistoryRetriever gives access to past collection configurations.
	GetConfigHistoryRetriever() (ledger.ConfigHistoryRetriever, error)

	// CommitPvtData adds private data of blocks committed without it and
	// reports what does not match the blocks' hashes.
	CommitPvtData(blockPvtData []*ledger.BlockPvtData) ([]*ledger.PvtdataHashMismatch, error)

	// GetMissingPvtDataTracker tells which private data is missing.
	GetMissingPvtDataTracker() (ledger.MissingPvtDataTracker, error)

	// Close releases the ledger.
	Close()
}

// PeerLedgerSupport is what the committer needs of a ledger.
type PeerLedgerSupport interface {
	GetPvtDataAndBlockByNum(blockNum uint64, filter ledger.PvtNsCollFilter) (*ledger.BlockAndPvtData, error)
	GetPvtDataByNum(blockNum uint64, filter ledger.PvtNsCollFilter) ([]*ledger.TxPvtData, error)
	CommitWithPvtData(blockAndPvtdata *ledger.BlockAndPvtData) error
	CommitPvtData(blockPvtData []*ledger.BlockPvtData) ([]*ledger.PvtdataHashMismatch, error)
	GetBlockchainInfo() (*common.BlockchainInfo, error)
	GetBlockByNumber(blockNumber uint64) (*common.Block, error)
	GetConfigHistoryRetriever() (ledger.ConfigHistoryRetriever, error)
	GetMissingPvtDataTracker() (ledger.MissingPvtDataTracker, error)
	Close()
}

// ConfigBlockEventer is told of a config block before it is written; an error
// keeps the block out of the ledger.
type ConfigBlockEventer func(block *common.Block) error

// LedgerCommitter is a Committer over one ledger. It adds no locking to the
// ledger's own; blocks are committed by one goroutine.
type LedgerCommitter struct {
	PeerLedgerSupport
	onConfigBlock ConfigBlockEventer
}

var _ Committer = (*LedgerCommitter)(nil)

// NewLedgerCommitter returns a committer that announces nothing.
func NewLedgerCommitter(ledger PeerLedgerSupport) *LedgerCommitter {
	return NewLedgerCommitterReactive(ledger, nil)
}

// NewLedgerCommitterReactive returns a committer that announces config blocks
// to eventer, or to nobody if that is nil.
func NewLedgerCommitterReactive(ledger PeerLedgerSupport, eventer ConfigBlockEventer) *LedgerCommitter {
	return &LedgerCommitter{PeerLedgerSupport: ledger, onConfigBlock: eventer}
}

// CommitWithPvtData announces a config block, then writes the block.
func (lc *LedgerCommitter) CommitWithPvtData(blockAndPvtData *ledger.BlockAndPvtData) error {
	if blockAndPvtData == nil || blockAndPvtData.Block == nil {
		return errors.New("there is no block to commit")
	}
	block := blockAndPvtData.Block
	if lc.onConfigBlock != nil && protoext.IsConfigBlock(block) {
		if err := lc.onConfigBlock(block); err != nil {
			return fmt.Errorf("config block %d was refused: %w", block.GetHeader().GetNumber(), err)
		}
	}
	return lc.PeerLedgerSupport.CommitWithPvtData(blockAndPvtData)
}

// GetPvtDataAndBlockByNum returns a block with all its private data.
func (lc *LedgerCommitter) GetPvtDataAndBlockByNum(seqNum uint64) (*ledger.BlockAndPvtData, error) {
	return lc.PeerLedgerSupport.GetPvtDataAndBlockByNum(seqNum, nil)
}

// LedgerHeight is the number of the next block.
func (lc *LedgerCommitter) LedgerHeight() (uint64, error) {
	info, err := lc.GetBlockchainInfo()
	if err != nil {
		return 0, fmt.Errorf("no ledger height: %w", err)
	}
	return info.GetHeight(), nil
}

// GetBlocks returns those of the blocks asked for that the ledger has.
func (lc *LedgerCommitter) GetBlocks(blockSeqs []uint64) []*common.Block {
	var blocks []*common.Block
	for _, number := range blockSeqs {
		if block, err := lc.GetBlockByNumber(number); err == nil && block != nil {
			blocks = append(blocks, block)
		}
	}
	return blocks
}
