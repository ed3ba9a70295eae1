// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/ledger/rwset"
)

// TxPvtData is the private write set of one transaction of a block.
type TxPvtData struct {
	SeqInBlock uint64
	WriteSet   *rwset.TxPvtReadWriteSet
}

// Has tells whether the write set writes to a collection.
func (d *TxPvtData) Has(ns string, coll string) bool {
	for _, namespace := range d.WriteSet.GetNsPvtRwset() {
		if namespace.GetNamespace() != ns {
			continue
		}
		for _, collection := range namespace.GetCollectionPvtRwset() {
			if collection.GetCollectionName() == coll {
				return true
			}
		}
	}
	return false
}

// BlockAndPvtData is a block with the private data that this peer has for it,
// by transaction number, and a list of what it has not.
type BlockAndPvtData struct {
	Block        *common.Block
	BlockPvtData map[uint64]*TxPvtData
	Missing      *MissingPrivateDataList
}

// BlockPvtData is private data for a block that is committed already.
type BlockPvtData struct {
	BlockNum  uint64
	WriteSets map[uint64]*TxPvtData
}

// MissingPrivateData names one collection's write set that could not be had.
type MissingPrivateData struct {
	TxId       string
	SeqInBlock uint64
	Namespace  string
	Collection string
	IsEligible bool // whether this peer may have it at all
}

// MissingPrivateDataList lists what could not be had for a block.
type MissingPrivateDataList struct {
	List []*MissingPrivateData
}

// Add appends one entry.
func (l *MissingPrivateDataList) Add(txId string, txNum uint64, ns, coll string, isEligible bool) {
	l.List = append(l.List, &MissingPrivateData{
		TxId:       txId,
		SeqInBlock: txNum,
		Namespace:  ns,
		Collection: coll,
		IsEligible: isEligible,
	})
}

// MissingCollectionPvtDataInfo names a collection with missing data.
type MissingCollectionPvtDataInfo struct {
	Namespace, Collection string
}

// MissingBlockPvtdataInfo lists, by transaction number, what a block misses.
type MissingBlockPvtdataInfo map[uint64][]*MissingCollectionPvtDataInfo

// MissingPvtDataInfo lists what is missing, by block number.
type MissingPvtDataInfo map[uint64]MissingBlockPvtdataInfo

// Add records a collection's data as missing for a transaction of a block.
func (m MissingPvtDataInfo) Add(blkNum, txNum uint64, ns, coll string) {
	block := m[blkNum]
	if block == nil {
		block = MissingBlockPvtdataInfo{}
		m[blkNum] = block
	}
	block[txNum] = append(block[txNum], &MissingCollectionPvtDataInfo{Namespace: ns, Collection: coll})
}

// MissingPvtDataTracker tells which private data of recent blocks is missing.
type MissingPvtDataTracker interface {
	GetMissingPvtDataInfoForMostRecentBlocks(maxBlocks int) (MissingPvtDataInfo, error)
}

// PvtCollFilter is a set of collections of one namespace.
type PvtCollFilter map[string]bool

// PvtNsCollFilter is a set of collections.
type PvtNsCollFilter map[string]PvtCollFilter

// NewPvtNsCollFilter returns an empty set.
func NewPvtNsCollFilter() PvtNsCollFilter { return PvtNsCollFilter{} }

// Add puts a collection into the set.
func (f PvtNsCollFilter) Add(ns string, coll string) {
	if f[ns] == nil {
		f[ns] = PvtCollFilter{}
	}
	f[ns][coll] = true
}

// Has tells whether a collection is in the set.
func (f PvtNsCollFilter) Has(ns string, coll string) bool { return f[ns][coll] }

// PvtdataHashMismatch reports private data that does not match the hash which
// its transaction committed to.
type PvtdataHashMismatch struct {
	BlockNum, TxNum               uint64
	ChaincodeName, CollectionName string
	ExpectedHash                  []byte
}

// CollectionConfigInfo is a collection configuration and the block that
// committed it.
type CollectionConfigInfo struct {
	CollectionConfig   *common.CollectionConfigPackage
	CommittingBlockNum uint64
}

// ConfigHistoryRetriever looks up collection configurations of the past.
type ConfigHistoryRetriever interface {
	CollectionConfigAt(blockNum uint64, chaincodeName string) (*CollectionConfigInfo, error)
	MostRecentCollectionConfigBelow(blockNum uint64, chaincodeName string) (*CollectionConfigInfo, error)
}
