// SPDX-License-Identifier: Apache-2.0

package util_test

import (
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/core/ledger"
	"github.com/hyperledger/fabric/gossip/util"
	"github.com/hyperledger/fabric/protos/gossip"
	"github.com/hyperledger/fabric/protos/ledger/rwset"
)

func privateDataOf(txs ...uint64) util.PvtDataCollections {
	var all util.PvtDataCollections
	for _, tx := range txs {
		all = append(all, &ledger.TxPvtData{SeqInBlock: tx, WriteSet: &rwset.TxPvtReadWriteSet{
			DataModel: rwset.TxReadWriteSet_KV,
			NsPvtRwset: []*rwset.NsPvtReadWriteSet{{
				Namespace:          "cc",
				CollectionPvtRwset: []*rwset.CollectionPvtReadWriteSet{{CollectionName: "coll", Rwset: []byte{byte(tx), 1}}},
			}},
		}})
	}
	return all
}

func assertSamePrivateData(t *testing.T, want, got util.PvtDataCollections) {
	assert.Len(t, got, len(want))
	for i := range got {
		assert.Equal(t, want[i].SeqInBlock, got[i].SeqInBlock)
		assert.True(t, proto.Equal(want[i].WriteSet, got[i].WriteSet), "%v is not %v", got[i].WriteSet, want[i].WriteSet)
	}
}

func TestPrivateDataGoesThereAndBack(t *testing.T) {
	sent := privateDataOf(3, 0)
	encoded, err := sent.Marshal()
	assert.NoError(t, err)
	assert.Len(t, encoded, 2)
	element := &gossip.PvtDataPayload{}
	assert.NoError(t, proto.Unmarshal(encoded[0], element))
	assert.Equal(t, uint64(3), element.TxSeqInBlock)
	inner, err := proto.Marshal(sent[0].WriteSet)
	assert.NoError(t, err)
	assert.Equal(t, inner, element.Payload)

	received := privateDataOf(9)
	assert.NoError(t, received.Unmarshal(encoded))
	assertSamePrivateData(t, privateDataOf(9, 3, 0), received)

	none, err := (&util.PvtDataCollections{}).Marshal()
	assert.NoError(t, err)
	assert.Equal(t, [][]byte{}, none)
	assert.NoError(t, received.Unmarshal(nil))
	assert.Len(t, received, 3)
}

func TestPrivateDataThatCannotBeEncoded(t *testing.T) {
	withHole := append(privateDataOf(1), nil)
	_, err := withHole.Marshal()
	assert.EqualError(t, err, "Mallformed private data payload, rwset index 1 is nil")

	empty := append(privateDataOf(1, 2), &ledger.TxPvtData{SeqInBlock: 3})
	_, err = empty.Marshal()
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "Could not marshal private rwset index 2")

	bad := privateDataOf(1)
	bad[0].WriteSet.NsPvtRwset[0].Namespace = "\xff"
	_, err = bad.Marshal()
	assert.Error(t, err, "not UTF-8")
	assert.Contains(t, err.Error(), "Could not marshal private rwset index 0")
}

func TestPrivateDataThatCannotBeDecoded(t *testing.T) {
	good, err := (&util.PvtDataCollections{{SeqInBlock: 1, WriteSet: &rwset.TxPvtReadWriteSet{}}}).Marshal()
	assert.NoError(t, err)
	wrapped, err := proto.Marshal(&gossip.PvtDataPayload{Payload: []byte{0xff}})
	assert.NoError(t, err)
	for _, bad := range [][]byte{{0xff}, wrapped} {
		received := privateDataOf(5)
		assert.Error(t, received.Unmarshal([][]byte{good[0], bad}))
		assertSamePrivateData(t, privateDataOf(5), received)
	}
	received := util.PvtDataCollections{}
	assert.NoError(t, received.Unmarshal([][]byte{nil}), "all fields are optional")
	assert.Len(t, received, 1)
}

func TestPrivateWriteSets(t *testing.T) {
	assert.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", util.PrivateRWSet(nil).Digest())
	assert.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", util.PrivateRWSet("abc").Digest())
	assert.Nil(t, util.PrivateRWSets())
	assert.Equal(t, [][]byte{[]byte("a"), nil}, util.PrivateRWSets(util.PrivateRWSet("a"), nil))
}
