// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/hyperledger/fabric/gossip/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func small() *options {
	return &options{nodes: 4, blocks: 5, rate: 50, size: 2 << 10, verbose: true, idle: 100 * time.Millisecond, patience: time.Minute, logs: "fatal"}
}

func TestWholeRun(t *testing.T) {
	for _, key := range []string{"peer.gossip.publishStateInfoInterval", "peer.gossip.requestStateInfoInterval"} {
		viper.Set(key, "200ms")
		defer viper.Set(key, nil)
	}
	for name, useTLS := range map[string]bool{"plain": false, "tls": true} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			o := small()
			o.tls = useTLS
			require.NoError(t, run(context.Background(), o, &out))
			for _, text := range []string{"among 4 nodes", "5 blocks of 2048 bytes, 50 a second", "latency p99", "copies per block and node", "\n  blocks that never arrived               0\n"} {
				assert.Contains(t, out.String(), text)
			}
			assert.NotContains(t, out.String(), "missed")
		})
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, run(ctx, small(), io.Discard), context.Canceled)
}

func TestArguments(t *testing.T) {
	o, err := parse([]string{"-nodes", "7", "-load", "10s", "-rate", "3"})
	require.NoError(t, err)
	assert.Equal(t, []int{7, 30}, []int{o.nodes, o.blocks})
	for _, bad := range [][]string{{"-nodes", "1"}, {"-rate", "0"}, {"-size", "5"}, {"-load", "0s"}, {"-idle", "0s"}, {"more"}} {
		_, err := parse(bad)
		assert.Error(t, err, "%v", bad)
	}
}

func TestBlocksAndIdentitiesAreCheckedForReal(t *testing.T) {
	blocks, err := newNotary()
	require.NoError(t, err)
	chain, err := blocks.chain(2, 2<<10)
	require.NoError(t, err)
	org, err := newOrganization(blocks)
	require.NoError(t, err)
	one, err := org.enroll("one")
	require.NoError(t, err)
	two, err := org.enroll("two")
	require.NoError(t, err)

	assert.InEpsilon(t, 2<<10, len(chain[0]), 0.05)
	assert.NoError(t, one.VerifyBlock(nil, 1, chain[0]))
	assert.NoError(t, one.VerifyBlock(nil, 2, chain[1]))
	assert.ErrorContains(t, one.VerifyBlock(nil, 2, chain[0]), "announced as 2")
	for i := range chain[0] {
		chain[0][i] ^= 1
		require.Error(t, one.VerifyBlock(nil, 1, chain[0]), "byte %d", i)
		chain[0][i] ^= 1
	}

	signature, err := two.Sign([]byte("message"))
	require.NoError(t, err)
	assert.NoError(t, one.Verify(two.identity, signature, []byte("message")))
	assert.NoError(t, two.Verify(two.identity, signature, []byte("message")))
	assert.Error(t, one.Verify(two.identity, signature, []byte("another")))
	assert.Error(t, one.Verify(one.identity, signature, []byte("message")))
	assert.Equal(t, api.OrgIdentityType(mspID), org.OrgByPeerIdentity(two.identity))
	foreign, err := newOrganization(blocks)
	require.NoError(t, err)
	assert.Error(t, (&member{organization: foreign}).ValidateIdentity(two.identity))
	assert.Nil(t, foreign.OrgByPeerIdentity(two.identity))
}

func TestWireCountsEveryByteOnce(t *testing.T) {
	w := &wire{}
	l, err := w.listen()
	require.NoError(t, err)
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer near.Close()
	far, err := l.Accept()
	require.NoError(t, err)
	_, err = near.Write([]byte("hello"))
	require.NoError(t, err)
	_, err = io.ReadFull(far, make([]byte, 5))
	require.NoError(t, err)
	_, err = far.Write([]byte("you"))
	require.NoError(t, err)
	assert.Equal(t, []int64{8, 1, 1}, []int64{w.bytes.Load(), w.open.Load(), w.total.Load()})
	far.Close()
	far.Close()
	assert.Zero(t, w.open.Load())
}

func TestTally(t *testing.T) {
	tally := newTally(2, 2)
	tally.sent(1)
	tally.arrived(0, 1)
	tally.arrived(0, 2) // not sent yet: what the network makes up does not count
	tally.sent(2)
	tally.arrived(0, 2)
	arrivals, lost := tally.results()
	assert.Len(t, arrivals, 2)
	assert.Equal(t, 2, lost)
	tally.arrived(0, 1)
	tally.arrived(0, 2)
	<-tally.complete
	arrivals, lost = tally.results()
	assert.Zero(t, lost)
	for i := range arrivals[1:] {
		assert.LessOrEqual(t, arrivals[i].latency, arrivals[i+1].latency)
	}
}

func TestPercentile(t *testing.T) {
	var values []arrival
	assert.Zero(t, percentile(values, 0.5))
	for i := 1; i <= 200; i++ {
		values = append(values, arrival{latency: time.Duration(i)})
	}
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 100, 0.99: 198, 0.999: 200, 1: 200} {
		assert.Equal(t, want, percentile(values, share), "%v", share)
	}
}

func TestGoals(t *testing.T) {
	second := usage{elapsed: time.Second, cpu: 100 * time.Millisecond}
	r := &result{nodes: goalNodes, blocks: 6, idle: second, load: usage{elapsed: time.Second, cpu: 400 * time.Millisecond},
		arrivals: []arrival{{latency: time.Millisecond}}, copies: 2}
	assert.Empty(t, r.missed())
	all, net := r.perBlock()
	assert.InDeltaSlice(t, []float64{400. / 300, 300. / 300}, []float64{all, net}, 1e-9)
	r.copies, r.arrivals = 2.1, []arrival{{latency: 2 * time.Second}}
	assert.Equal(t, []string{"latency p99 2000.0 ms, not 150.0 ms", "latency max 2000.0 ms, not 1000.0 ms", "copies per block and node 2.10, not 2.00"}, r.missed())
	r.nodes = 49
	assert.Empty(t, r.missed(), "no goals for other numbers of nodes")
	r.lost = 3
	assert.Equal(t, []string{"3 deliveries of 288 did not happen"}, r.missed())
	var out bytes.Buffer
	r.print(&out)
	assert.Contains(t, out.String(), "missed: 3 deliveries")
}

func TestProfileOfAPhase(t *testing.T) {
	name, failed := t.TempDir()+"/cpu", errors.New("phase failed")
	assert.ErrorIs(t, profiled(name, "idle", func() error { return failed }), failed)
	assert.FileExists(t, name+".idle")
	assert.Error(t, profiled(t.TempDir()+"/none/cpu", "idle", func() error { return nil }))
}
