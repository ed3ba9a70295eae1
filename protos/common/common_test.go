// SPDX-License-Identifier: Apache-2.0

package common_test

import (
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/protos/common"
)

func TestCollectionCriteriaWire(t *testing.T) {
	c := &common.CollectionCriteria{Channel: "c", TxId: "t", Collection: "l", Namespace: "n"}
	raw, err := proto.Marshal(c)
	require.NoError(t, err)
	require.Equal(t, []byte("\x0a\x01c\x12\x01t\x1a\x01l\x22\x01n"), raw)
	got := &common.CollectionCriteria{}
	require.NoError(t, proto.Unmarshal(raw, got))
	require.Equal(t, []string{"c", "t", "l", "n"}, []string{got.GetChannel(), got.GetTxId(), got.GetCollection(), got.GetNamespace()})
	require.Contains(t, got.String(), `collection:"l"`)
	got.Reset()
	require.Equal(t, &common.CollectionCriteria{}, got)
	var none *common.CollectionCriteria
	require.Equal(t, "", none.GetChannel()+none.GetTxId()+none.GetCollection()+none.GetNamespace())
}

func TestNewBlock(t *testing.T) {
	b := common.NewBlock(3, []byte("p"))
	require.Equal(t, uint64(3), b.Header.Number)
	require.Equal(t, []byte("p"), b.Header.PreviousHash)
	require.Len(t, b.Metadata.Metadata, 4, "v1.3.0's number of entries, not the newer enum's")
	g := common.NewConfigGroup()
	g.Groups["a"], g.Values["b"], g.Policies["c"] = nil, nil, nil
	require.Equal(t, 8, int(common.HeaderType_PEER_ADMIN_OPERATION))
	require.Equal(t, 9, int(common.HeaderType_TOKEN_TRANSACTION))
}
