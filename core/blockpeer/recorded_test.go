// SPDX-License-Identifier: Apache-2.0

package blockpeer_test

import (
	"context"
	"encoding/hex"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
)

// seeks remembers from which blocks on an orderer was asked.
type seeks struct {
	mutex  sync.Mutex // guards starts
	starts []uint64
}

func (s *seeks) note(_ context.Context, envelope *cb.Envelope) (cb.Status, error) {
	info := &ab.SeekInfo{}
	if _, err := utils.UnmarshalEnvelopeOfType(envelope, cb.HeaderType_DELIVER_SEEK_INFO, info); err != nil {
		return cb.Status_BAD_REQUEST, nil
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.starts = append(s.starts, info.Start.GetSpecified().GetNumber())
	return cb.Status_UNKNOWN, nil
}

func (s *seeks) all() []uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]uint64{}, s.starts...)
}

// The recorded channel moved twice: block 9 added an orderer, block 31 replaced
// the first one. Here each orderer ends, or knows no more, where the next must
// have been heard of; only the configuration tells of them.
func TestRecordedChainIsFollowedFromOrdererToOrderer(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	var asked [3]seeks
	_, first, endFirst := network.Replay(t, recorded, orderer.ReplayConfig{Height: 10, Seek: asked[0].note})
	_, second, endSecond := network.Replay(t, recorded, orderer.ReplayConfig{Height: 32, Seek: asked[1].note})
	_, third, _ := network.Replay(t, recorded, orderer.ReplayConfig{Seek: asked[2].note})
	s := configure(t, nettest.Override(
		[2]string{"127.0.0.1:7050", first}, [2]string{"127.0.0.1:7060", second}, [2]string{"127.0.0.1:7070", third}))

	p := start(t, blockpeer.Config{Dir: s.Dir, ChannelID: "mychannel", Genesis: nettest.Decode(t, recorded[0])})
	require.NoError(t, p.Store().WaitFor(ctx, 9))
	endFirst()
	require.NoError(t, p.Store().WaitFor(ctx, 31))
	endSecond()
	require.NoError(t, p.Store().WaitFor(ctx, 32))

	requireChain(t, p.Store(), recorded)
	for number, want := range nettest.RecordedFacts(t) {
		block, err := p.Store().Block(uint64(number))
		require.NoError(t, err)
		require.Equal(t, want.HeaderHash, hex.EncodeToString(protoext.BlockHeaderHash(block.Header)), "block %d", number)
	}
	require.Equal(t, []string{"127.0.0.1:7060", "127.0.0.1:7070"}, p.Channel().OrdererAddresses())
	require.Equal(t, uint64(6), p.Channel().Sequence())
	require.Equal(t, uint64(1), asked[0].all()[0])
	require.Equal(t, uint64(10), asked[1].all()[0])
	require.Equal(t, []uint64{32}, asked[2].all())
}
