// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
)

// seedVariable repeats the moments of an earlier run as far as that is possible
// with processes.
const seedVariable = "BLOCKPEER_TEST_SEED"

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("%s=%d", seedVariable, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Fifty times a starting or pulling peer is killed. What it has written is the
// beginning of the chain each time, and it goes on from exactly there.
func TestKillingAPeerLosesAndDuplicatesNothing(t *testing.T) {
	ctx := begin(t)
	random := seeded(t)
	genesis := network.Genesis(t, "mychannel")
	killOften(ctx, t, random, network.Chain(t, genesis, 300), 38, 7)
	// Few blocks, but with config blocks and large ones among them.
	killOften(ctx, t, random, nettest.RecordedChain(t), 12, 3)
}

// killOften has a chain pulled by processes that are killed, in each of which
// at most perRun blocks are sent beyond those that it has.
func killOften(ctx context.Context, t *testing.T, random *rand.Rand, chain [][]byte, kills, perRun int) {
	tap := &tap{}
	_, endpoint, _ := network.Replay(t, chain, orderer.ReplayConfig{Seek: tap.seek, Send: tap.send})
	config := network.CoreYAML(t)
	arguments := []string{"start", "--config", config, "--block", nettest.WriteBlock(t, chain[0]), "--orderer", endpoint}

	height, pulling := uint64(0), 0
	for kill := range kills {
		next := max(height, 1) // block 0 comes from the file
		last := next + random.Uint64N(uint64(perRun))
		strike := next + random.Uint64N(last-next+1)
		sending := tap.open(last, strike)
		started := time.NewTimer(time.Duration(random.Int64N(int64(100 * time.Millisecond))))
		var after time.Duration
		command := inProcess(ctx, arguments...)
		var complaints bytes.Buffer
		command.Stderr = &complaints
		require.NoError(t, command.Start())
		if random.IntN(8) == 0 { // while it starts, or thereabouts
			<-started.C
		} else {
			started.Stop()
			select {
			case <-sending:
				pulling++
			case <-ctx.Done():
				t.Fatalf("kill %d: block %d was not asked for: %s", kill, strike, complaints.String())
			}
			after = time.Duration(random.Int64N(int64(6 * time.Millisecond)))
			<-time.NewTimer(after).C
		}
		require.NoError(t, command.Process.Kill())
		require.ErrorContains(t, command.Wait(), "killed", "%s", complaints.String())

		what := fmt.Sprintf("kill %d, %s after block %d was sent; log:\n%s", kill, after, strike, complaints.String())
		was := height
		height = checkLedger(t, config, chain, what)
		require.GreaterOrEqual(t, height, was, what)
		tap.check(t, next, height, what)
	}
	require.Greater(t, pulling, kills/2, "most kills are to come while blocks do")
	require.Less(t, height, uint64(len(chain)), "all kills are to come before the end")
	t.Logf("%d kills, %d of them while blocks came, took the ledger to height %d", kills, pulling, height)

	tap.open(uint64(len(chain)), 0)
	startPeer(ctx, t, arguments[1:]...).stopAt(t, uint64(len(chain)))
	requireLedger(t, config, chain)
	tap.check(t, height, uint64(len(chain)), "the last run")
}

// checkLedger opens a ledger, demands that it is the beginning of a chain, and
// returns its height.
func checkLedger(t *testing.T, config string, chain [][]byte, what string) uint64 {
	t.Helper()
	store, err := blockstore.Open(ledgerOf(config), "mychannel", blockstore.FullCheck())
	require.NoError(t, err, what)
	defer store.Close()
	requireBlocks(t, store, chain)
	return store.Height()
}

// tap holds an orderer's blocks back, and sees what it is asked for.
type tap struct {
	mutex  sync.Mutex // guards all below
	last   uint64     // the last block that is sent in this run
	strike uint64     // when this block is about to be sent, struck is closed
	struck chan struct{}
	starts []uint64 // of the seeks in this run
}

// open begins a run. The channel returned is closed when block strike is sent.
func (p *tap) open(last, strike uint64) <-chan struct{} {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.last, p.strike, p.struck, p.starts = last, strike, make(chan struct{}), nil
	return p.struck
}

func (p *tap) seek(_ context.Context, envelope *cb.Envelope) (cb.Status, error) {
	info := &ab.SeekInfo{}
	if _, err := utils.UnmarshalEnvelopeOfType(envelope, cb.HeaderType_DELIVER_SEEK_INFO, info); err != nil {
		return cb.Status_BAD_REQUEST, nil
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.starts = append(p.starts, info.Start.GetSpecified().GetNumber())
	return cb.Status_UNKNOWN, nil
}

func (p *tap) send(ctx context.Context, number uint64, raw []byte) ([][]byte, error) {
	if !p.pass(number) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return [][]byte{raw}, nil
}

// pass tells whether a block may be sent in this run.
func (p *tap) pass(number uint64) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if number >= p.strike && p.struck != nil {
		close(p.struck)
		p.struck = nil
	}
	return number <= p.last
}

// check demands that the run, if it came to ask, asked for the first missing
// block, and that what it knew to be written has stayed.
func (p *tap) check(t *testing.T, first, height uint64, what string) {
	t.Helper()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for i, start := range p.starts {
		if i == 0 {
			require.Equal(t, first, start, what)
		}
		require.GreaterOrEqual(t, start, first, what)
		require.LessOrEqual(t, start, height, what)
	}
}
