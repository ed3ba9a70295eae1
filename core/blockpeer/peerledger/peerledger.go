// SPDX-License-Identifier: Apache-2.0

// Package peerledger shows a block store to core/committer as the ledger of a
// peer that only moves blocks: it has every block and no private data.
package peerledger

import (
	"fmt"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/ledger"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// Ledger is a committer.PeerLedgerSupport over a block store, whose locking
// and durability it inherits.
type Ledger struct {
	store *blockstore.Store
}

// New returns the ledger over store, which stays the caller's to close unless
// Close is called here.
func New(store *blockstore.Store) *Ledger { return &Ledger{store: store} }

// GetBlockchainInfo tells the height and the last two header hashes.
func (l *Ledger) GetBlockchainInfo() (*cb.BlockchainInfo, error) {
	info := &cb.BlockchainInfo{Height: l.store.Height()}
	if info.Height == 0 {
		return info, nil
	}
	last, err := l.store.Block(info.Height - 1)
	if err != nil {
		return nil, fmt.Errorf("reading the last block: %w", err)
	}
	info.CurrentBlockHash = protoext.BlockHeaderHash(last.Header)
	info.PreviousBlockHash = last.Header.PreviousHash
	return info, nil
}

// GetBlockByNumber reads a block.
func (l *Ledger) GetBlockByNumber(blockNumber uint64) (*cb.Block, error) {
	return l.store.Block(blockNumber)
}

// GetPvtDataAndBlockByNum reads a block; there is no private data.
func (l *Ledger) GetPvtDataAndBlockByNum(blockNum uint64, _ ledger.PvtNsCollFilter) (*ledger.BlockAndPvtData, error) {
	block, err := l.store.Block(blockNum)
	if err != nil {
		return nil, err
	}
	return &ledger.BlockAndPvtData{Block: block, BlockPvtData: map[uint64]*ledger.TxPvtData{}}, nil
}

// GetPvtDataByNum returns nothing: no private data is kept.
func (l *Ledger) GetPvtDataByNum(uint64, ledger.PvtNsCollFilter) ([]*ledger.TxPvtData, error) {
	return nil, nil
}

// CommitWithPvtData appends a block. Private data that comes with it is an
// error: dropping it silently would lose it.
func (l *Ledger) CommitWithPvtData(data *ledger.BlockAndPvtData) error {
	if len(data.BlockPvtData) > 0 {
		return fmt.Errorf("block %d comes with private data, which this ledger does not keep", data.Block.GetHeader().GetNumber())
	}
	raw, err := proto.Marshal(data.Block)
	if err != nil {
		return fmt.Errorf("encoding block %d: %w", data.Block.GetHeader().GetNumber(), err)
	}
	return l.store.Append(blockstore.Block{
		Number: data.Block.GetHeader().GetNumber(),
		Raw:    raw,
		Header: data.Block.Header,
		Config: protoext.IsConfigBlock(data.Block),
	})
}

// CommitPvtData refuses: no private data is kept.
func (l *Ledger) CommitPvtData([]*ledger.BlockPvtData) ([]*ledger.PvtdataHashMismatch, error) {
	return nil, fmt.Errorf("this ledger does not keep private data")
}

// GetConfigHistoryRetriever refuses: there are no collections here.
func (l *Ledger) GetConfigHistoryRetriever() (ledger.ConfigHistoryRetriever, error) {
	return nil, fmt.Errorf("this ledger keeps no collection configurations")
}

// GetMissingPvtDataTracker refuses: no private data is kept, so none is missed.
func (l *Ledger) GetMissingPvtDataTracker() (ledger.MissingPvtDataTracker, error) {
	return nil, fmt.Errorf("this ledger does not keep private data")
}

// Close closes the block store.
func (l *Ledger) Close() { l.store.Close() }
