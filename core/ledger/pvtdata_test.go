// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/ledger"
	"github.com/hyperledger/fabric/protos/ledger/rwset"
)

func TestPrivateWriteSetKnowsItsCollections(t *testing.T) {
	data := &ledger.TxPvtData{WriteSet: &rwset.TxPvtReadWriteSet{NsPvtRwset: []*rwset.NsPvtReadWriteSet{
		nil,
		{Namespace: "cc1", CollectionPvtRwset: []*rwset.CollectionPvtReadWriteSet{nil, {CollectionName: "a"}}},
		{Namespace: "cc2", CollectionPvtRwset: []*rwset.CollectionPvtReadWriteSet{{CollectionName: "b"}}},
	}}}
	require.True(t, data.Has("cc1", "a"))
	require.True(t, data.Has("cc2", "b"))
	require.False(t, data.Has("cc1", "b"), "another namespace's")
	require.False(t, data.Has("cc3", "a"))
	require.False(t, (&ledger.TxPvtData{}).Has("cc1", "a"))
}

func TestMissingDataIsCollected(t *testing.T) {
	missing := ledger.MissingPvtDataInfo{}
	missing.Add(5, 1, "cc", "a")
	missing.Add(5, 1, "cc", "b")
	missing.Add(5, 2, "cc", "a")
	missing.Add(6, 0, "cc", "a")
	require.Equal(t, ledger.MissingPvtDataInfo{
		5: {1: {{Namespace: "cc", Collection: "a"}, {Namespace: "cc", Collection: "b"}}, 2: {{Namespace: "cc", Collection: "a"}}},
		6: {0: {{Namespace: "cc", Collection: "a"}}},
	}, missing)

	list := &ledger.MissingPrivateDataList{}
	list.Add("tx", 3, "cc", "a", true)
	require.Equal(t, []*ledger.MissingPrivateData{{TxId: "tx", SeqInBlock: 3, Namespace: "cc", Collection: "a", IsEligible: true}}, list.List)
}

func TestCollectionFilter(t *testing.T) {
	filter := ledger.NewPvtNsCollFilter()
	require.False(t, filter.Has("cc", "a"))
	filter.Add("cc", "a")
	filter.Add("cc", "b")
	require.True(t, filter.Has("cc", "a"))
	require.True(t, filter.Has("cc", "b"))
	require.False(t, filter.Has("other", "a"))
	require.False(t, ledger.PvtNsCollFilter(nil).Has("cc", "a"))
}
