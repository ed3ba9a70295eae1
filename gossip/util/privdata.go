// SPDX-License-Identifier: Apache-2.0

package util

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/core/ledger"
	"github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/gossip"
	"github.com/hyperledger/fabric/protos/ledger/rwset"
)

// PvtDataCollections is the private data of a block's transactions.
type PvtDataCollections []*ledger.TxPvtData

// Marshal encodes each transaction's private data for the way between peers.
// The error names the index of the first element that is missing or cannot be
// encoded.
func (pvt *PvtDataCollections) Marshal() ([][]byte, error) {
	encoded := make([][]byte, 0, len(*pvt))
	for i, data := range *pvt {
		if data == nil {
			return nil, errors.Errorf("Mallformed private data payload, rwset index %d is nil", i)
		}
		raw, err := marshalTxPvtData(data)
		if err != nil {
			return nil, errors.Wrapf(err, "Could not marshal private rwset index %d", i)
		}
		encoded = append(encoded, raw)
	}
	return encoded, nil
}

func marshalTxPvtData(data *ledger.TxPvtData) ([]byte, error) {
	if data.WriteSet == nil {
		return nil, errors.New("no write set")
	}
	writeSet, err := proto.Marshal(data.WriteSet)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&gossip.PvtDataPayload{TxSeqInBlock: data.SeqInBlock, Payload: writeSet})
}

// Unmarshal appends what Marshal encoded. If an element cannot be decoded the
// error is that of the decoder, and nothing is appended.
func (pvt *PvtDataCollections) Unmarshal(data [][]byte) error {
	decoded := make(PvtDataCollections, 0, len(data))
	for _, raw := range data {
		payload := &gossip.PvtDataPayload{}
		if err := proto.Unmarshal(raw, payload); err != nil {
			return err
		}
		writeSet := &rwset.TxPvtReadWriteSet{}
		if err := proto.Unmarshal(payload.Payload, writeSet); err != nil {
			return err
		}
		decoded = append(decoded, &ledger.TxPvtData{SeqInBlock: payload.TxSeqInBlock, WriteSet: writeSet})
	}
	*pvt = append(*pvt, decoded...)
	return nil
}

// PrivateRWSet is the encoded private write set of one collection.
type PrivateRWSet []byte

// Digest is the SHA-256 of the write set in hexadecimal.
func (rws PrivateRWSet) Digest() string {
	sum := sha256.Sum256(rws)
	return hex.EncodeToString(sum[:])
}

// PrivateRWSetWithConfig is write sets of a collection and what was agreed
// about the collection when they were written.
type PrivateRWSetWithConfig struct {
	RWSet            []PrivateRWSet
	CollectionConfig *common.CollectionConfig
}

// PrivateRWSets converts write sets to plain bytes; nil if there are none.
func PrivateRWSets(rwsets ...PrivateRWSet) [][]byte {
	var plain [][]byte
	for _, rws := range rwsets {
		plain = append(plain, rws)
	}
	return plain
}
