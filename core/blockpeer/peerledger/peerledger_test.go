// SPDX-License-Identifier: Apache-2.0

package peerledger_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/peerledger"
	"github.com/hyperledger/fabric/core/committer"
	"github.com/hyperledger/fabric/core/ledger"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

func block(t *testing.T, number int) *cb.Block {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("../testdata/fabric-v1.3/mychannel/%04d.block", number))
	require.NoError(t, err)
	return utils.UnmarshalBlockOrPanic(raw)
}

func TestACommitterOverTheStore(t *testing.T) {
	store, err := blockstore.Open(t.TempDir(), "mychannel")
	require.NoError(t, err)
	var announced []uint64
	refuse := errors.New("not this one")
	c := committer.NewLedgerCommitterReactive(peerledger.New(store), func(b *cb.Block) error {
		announced = append(announced, b.Header.Number)
		if b.Header.Number == 2 {
			return refuse
		}
		return nil
	})
	defer c.Close()
	height, err := c.LedgerHeight()
	require.NoError(t, err)
	require.Zero(t, height)
	for n := 0; n < 2; n++ {
		require.NoError(t, c.CommitWithPvtData(&ledger.BlockAndPvtData{Block: block(t, n)}))
	}
	err = c.CommitWithPvtData(&ledger.BlockAndPvtData{Block: block(t, 2)})
	require.ErrorIs(t, err, refuse)
	require.ErrorContains(t, err, "config block 2 was refused")
	require.Equal(t, []uint64{0, 1, 2}, announced)
	height, err = c.LedgerHeight()
	require.NoError(t, err)
	require.Equal(t, uint64(2), height, "a refused config block is not written")

	info, err := c.GetBlockchainInfo()
	require.NoError(t, err)
	require.Equal(t, block(t, 2).Header.PreviousHash, info.CurrentBlockHash)
	require.Equal(t, block(t, 1).Header.PreviousHash, info.PreviousBlockHash)
	require.Len(t, c.GetBlocks([]uint64{0, 1, 7}), 2)
	both, err := c.GetPvtDataAndBlockByNum(1)
	require.NoError(t, err)
	require.Equal(t, uint64(1), both.Block.Header.Number)
	_, err = c.GetPvtDataAndBlockByNum(9)
	require.Error(t, err)
	private := map[uint64]*ledger.TxPvtData{0: {}}
	require.ErrorContains(t, peerledger.New(store).CommitWithPvtData(&ledger.BlockAndPvtData{Block: block(t, 2), BlockPvtData: private}), "private data")
}
