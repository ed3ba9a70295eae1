// SPDX-License-Identifier: Apache-2.0

package committer_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/committer"
	"github.com/hyperledger/fabric/core/ledger"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// memory is a ledger that keeps blocks in a slice. What the tests do not call
// is nil in the embedded interface.
type memory struct {
	committer.PeerLedgerSupport
	blocks []*cb.Block
	broken error
}

func (m *memory) CommitWithPvtData(b *ledger.BlockAndPvtData) error {
	if m.broken == nil {
		m.blocks = append(m.blocks, b.Block)
	}
	return m.broken
}

func (m *memory) GetBlockchainInfo() (*cb.BlockchainInfo, error) {
	return &cb.BlockchainInfo{Height: uint64(len(m.blocks))}, m.broken
}

func (m *memory) GetBlockByNumber(number uint64) (*cb.Block, error) {
	if number >= uint64(len(m.blocks)) {
		return nil, errors.New("not there")
	}
	return m.blocks[number], nil
}

func (m *memory) GetPvtDataAndBlockByNum(number uint64, filter ledger.PvtNsCollFilter) (*ledger.BlockAndPvtData, error) {
	if filter != nil {
		return nil, errors.New("all private data was asked for")
	}
	block, err := m.GetBlockByNumber(number)
	return &ledger.BlockAndPvtData{Block: block}, err
}

func blockOf(t *testing.T, number uint64, kind cb.HeaderType) *ledger.BlockAndPvtData {
	t.Helper()
	envelope, err := utils.CreateSignedEnvelope(kind, "ch", nil, &cb.ConfigEnvelope{}, 0, 0)
	require.NoError(t, err)
	block := cb.NewBlock(number, nil)
	block.Data.Data = [][]byte{utils.MarshalOrPanic(envelope)}
	return &ledger.BlockAndPvtData{Block: block}
}

func TestConfigBlocksAreAnnouncedBeforeTheyAreWritten(t *testing.T) {
	store := &memory{}
	var announced []uint64
	lc := committer.NewLedgerCommitterReactive(store, func(block *cb.Block) error {
		announced = append(announced, block.Header.Number)
		require.Len(t, store.blocks, int(block.Header.Number), "not written yet")
		return nil
	})
	require.NoError(t, lc.CommitWithPvtData(blockOf(t, 0, cb.HeaderType_CONFIG)))
	require.NoError(t, lc.CommitWithPvtData(blockOf(t, 1, cb.HeaderType_ENDORSER_TRANSACTION)))
	require.NoError(t, lc.CommitWithPvtData(blockOf(t, 2, cb.HeaderType_CONFIG)))
	require.Equal(t, []uint64{0, 2}, announced)
	require.Len(t, store.blocks, 3)
}

func TestRefusedConfigBlockIsNotWritten(t *testing.T) {
	store, refusal := &memory{}, errors.New("unheard of")
	lc := committer.NewLedgerCommitterReactive(store, func(*cb.Block) error { return refusal })
	err := lc.CommitWithPvtData(blockOf(t, 0, cb.HeaderType_CONFIG))
	require.ErrorIs(t, err, refusal)
	require.ErrorContains(t, err, "config block 0")
	require.Empty(t, store.blocks)
	require.NoError(t, lc.CommitWithPvtData(blockOf(t, 0, cb.HeaderType_MESSAGE)))
}

func TestCommitterWithoutListener(t *testing.T) {
	store := &memory{}
	for _, lc := range []*committer.LedgerCommitter{committer.NewLedgerCommitter(store), committer.NewLedgerCommitterReactive(store, nil)} {
		require.NoError(t, lc.CommitWithPvtData(blockOf(t, 0, cb.HeaderType_CONFIG)))
		require.ErrorContains(t, lc.CommitWithPvtData(nil), "no block")
		require.ErrorContains(t, lc.CommitWithPvtData(&ledger.BlockAndPvtData{}), "no block")
	}
	require.Len(t, store.blocks, 2)
}

func TestReadingThroughTheCommitter(t *testing.T) {
	store := &memory{}
	lc := committer.NewLedgerCommitter(store)
	for number := uint64(0); number < 3; number++ {
		require.NoError(t, lc.CommitWithPvtData(blockOf(t, number, cb.HeaderType_MESSAGE)))
	}
	height, err := lc.LedgerHeight()
	require.NoError(t, err)
	require.Equal(t, uint64(3), height)
	require.Equal(t, []*cb.Block{store.blocks[2], store.blocks[0]}, lc.GetBlocks([]uint64{2, 7, 0}), "what is missing is left out")
	both, err := lc.GetPvtDataAndBlockByNum(1)
	require.NoError(t, err)
	require.Equal(t, store.blocks[1], both.Block)

	store.broken = errors.New("disk on fire")
	_, err = lc.LedgerHeight()
	require.ErrorIs(t, err, store.broken)
	require.Equal(t, store.broken, lc.CommitWithPvtData(blockOf(t, 3, cb.HeaderType_MESSAGE)))
}
