// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
)

// TestMain lets the test binary be the server too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == serveArgument {
		exit(serve(os.Args[2:], os.Stdin, os.Stdout))
	}
	goleak.VerifyTestMain(m)
}

func TestWholeRun(t *testing.T) {
	for name, useTLS := range map[string]bool{"plain": false, "tls": true} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			o := &options{sizes: []int{10 << 10}, rounds: 2, chain: 1, tx: 1000, tls: useTLS, serial: true, verbose: true}
			require.NoError(t, run(context.Background(), o, &out))
			for _, text := range []string{"10 KB blocks (1", ", 9 transactions)", "round 2 limit", "round 2 path", "round 1 serial",
				"delivery path   ", "VerifyBlock by itself", ">= 0.40", "<= 1.15"} {
				assert.Contains(t, out.String(), text)
			}
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	o := &options{sizes: []int{10 << 10}, rounds: 1, chain: 1, tx: 1000}
	assert.ErrorIs(t, run(ctx, o, io.Discard), context.Canceled)
}

func TestChainIsAnOrderers(t *testing.T) {
	n, err := newNetwork(t.TempDir(), false)
	require.NoError(t, err)
	p, err := newPeer(n)
	require.NoError(t, err)
	const size, tx = 20 << 10, 1500
	blocks, err := makeBlocks(n, size, tx, 0)
	require.NoError(t, err)
	require.Len(t, blocks, 1+leastBlocks)
	verify := func(number int, raw []byte) error {
		return p.crypto.VerifyBlock(gossipcommon.ChainID(channelID), uint64(number), raw)
	}
	previous, err := protoext.UnmarshalBlock(blocks[0])
	require.NoError(t, err)
	for i, raw := range blocks[1:] {
		require.NoError(t, verify(i+1, raw))
		assert.InEpsilon(t, size, len(raw), 0.05)
		block, err := protoext.UnmarshalBlock(raw)
		require.NoError(t, err)
		assert.Equal(t, protoext.BlockHeaderHash(previous.Header), block.Header.PreviousHash)
		assert.NotEqual(t, previous.Header.DataHash, block.Header.DataHash)
		previous = block
	}
	tampered := bytes.Clone(blocks[1])
	block, err := protoext.UnmarshalBlock(tampered) // shares the bytes
	require.NoError(t, err)
	for what, part := range map[string][]byte{"transaction": block.Data.Data[3], "signature": block.Metadata.Metadata[0]} {
		part[len(part)-1] ^= 1
		assert.Error(t, verify(1, tampered), what)
		part[len(part)-1] ^= 1
	}
	assert.NoError(t, verify(1, tampered))
}

func TestMeterCountsTheMiddle(t *testing.T) {
	m := &meter{pass: pass{skip: 2, count: 3}}
	var lasts []bool
	for i := 0; i < 5; i++ {
		lasts = append(lasts, m.block())
	}
	assert.Equal(t, []bool{false, false, false, false, true}, lasts)
	f := m.figures()
	assert.Equal(t, 3.0, f.blocks)
	assert.Equal(t, 5.0, f.sent)
	assert.Equal(t, m.to.at.Sub(m.from.at), f.elapsed)
}

func TestPassOverLeavesRoomAtBothEnds(t *testing.T) {
	for _, c := range []struct {
		blocks, size int
		want         pass
	}{
		{3001, 10 << 10, pass{skip: 64, count: 2872}},
		{129, 1 << 20, pass{skip: 9, count: 110}},
		{1 + leastBlocks, 10 << 10, pass{skip: 12, count: 24}},
	} {
		assert.Equal(t, c.want, passOver(c.blocks, c.size))
	}
}

func TestSizes(t *testing.T) {
	sizes, err := parseSizes("10k, 1M,2048")
	require.NoError(t, err)
	assert.Equal(t, []int{10 << 10, 1 << 20, 2048}, sizes)
	for _, list := range []string{"", "k", "-1k", "1", "65m", "99999999999999999999", "10k,,1m", "10kk"} {
		_, err := parseSizes(list)
		assert.ErrorContains(t, err, "is not a size", list)
	}
	assert.Equal(t, []string{"10 KB", "1 MB", "2049 B"}, []string{sizeName(10 << 10), sizeName(1 << 20), sizeName(2049)})
}

// turnOf makes the figures of a turn with one block.
func turnOf(elapsed time.Duration, bytes float64) figures {
	return figures{blocks: 1, sent: 1, elapsed: elapsed, cpu: elapsed, bytes: bytes, allocs: 10}
}

func TestTargetsAreComparedRoundByRound(t *testing.T) {
	r := &result{
		size: 10 << 10,
		// In the second round the machine was ten times slower.
		limits:       []figures{turnOf(4, 100), turnOf(40, 100), turnOf(4, 100)},
		paths:        []figures{turnOf(9, 130), turnOf(90, 130), turnOf(80, 130)},
		verification: turnOf(3, 20),
	}
	assert.Empty(t, r.missed())
	assert.InDelta(t, 0.444, r.ratio(figures.rate), 0.001)
	assert.InDelta(t, 1.1, r.ownBytesRatio(), 0.001)
	r.verification.bytes = 10
	r.paths[1].elapsed = 1000
	assert.Equal(t, "10 KB: 0.050 of the limit's blocks/s, not 0.40; 10 KB: 1.200 times the limit's bytes, not 1.15", strings.Join(r.missed(), "; "))
	r.size++
	assert.Empty(t, r.missed(), "there is no target for other sizes")
}

func TestMiddle(t *testing.T) {
	assert.Equal(t, 2.0, middle([]float64{9, 2, 1}))
	assert.Equal(t, 3.0, middle([]float64{9, 2, 1, 4}))
	assert.Equal(t, 5.0, middle([]float64{5}))
}
