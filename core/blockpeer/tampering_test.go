// SPDX-License-Identifier: Apache-2.0

package blockpeer_test

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// prompt is within what a refused block must have come from another orderer.
const prompt = 2 * time.Second

// tampering is one thing that an orderer may do to a block.
type tampering struct {
	name string
	// do changes the block, which is one of the test's chain.
	do func(t *testing.T, b *cb.Block)
	// reason is a pattern for why the block is refused. NUMBER is its number.
	reason string
	// onlyMany: it takes a block of several transactions.
	onlyMany bool
	// ownChain: it takes keys, so it is done to a chain made by the test.
	ownChain bool
}

const anotherNumber = `(expected block \[NUMBER\] but got|stream starts at block|block \[\d+\] failed verification)`

var tamperings = []tampering{
	{name: "payload byte", reason: `block \[NUMBER\] of channel \[mychannel\] refused: its data hash is .* but its header says`,
		do: func(_ *testing.T, b *cb.Block) { flipLastByte(b.Data.Data[len(b.Data.Data)-1]) }},
	{name: "payload byte and data hash", reason: `block \[NUMBER\] of channel \[mychannel\] refused: its signatures .* does not verify`,
		do: func(_ *testing.T, b *cb.Block) {
			flipLastByte(b.Data.Data[len(b.Data.Data)-1])
			b.Header.DataHash = protoext.BlockDataHash(b.Data)
		}},
	{name: "signature", reason: `block \[NUMBER\] of channel \[mychannel\] refused: its signatures .* does not verify`,
		do: func(t *testing.T, b *cb.Block) {
			metadata := &cb.Metadata{}
			require.NoError(t, proto.Unmarshal(b.Metadata.Metadata[0], metadata))
			flipLastByte(metadata.Signatures[0].Signature)
			var err error
			b.Metadata.Metadata[0], err = proto.Marshal(metadata)
			require.NoError(t, err)
		}},
	{name: "higher number", reason: anotherNumber, do: func(_ *testing.T, b *cb.Block) { b.Header.Number++ }},
	{name: "lower number", reason: anotherNumber, do: func(_ *testing.T, b *cb.Block) { b.Header.Number-- }},
	{name: "previous hash", reason: `block \[NUMBER\] (names previous hash|of channel \[mychannel\] refused: its signatures .* does not verify)`,
		do: func(_ *testing.T, b *cb.Block) { flipLastByte(b.Header.PreviousHash) }},
	{name: "missing header", reason: `malformed response: block has no header`,
		do: func(_ *testing.T, b *cb.Block) { b.Header = nil }},
	{name: "missing metadata", reason: `block \[NUMBER\] of channel \[mychannel\] refused: it has no metadata`,
		do: func(_ *testing.T, b *cb.Block) { b.Metadata = nil }},
	{name: "re-split transactions", onlyMany: true, reason: `block \[NUMBER\] failed verification: .*transaction 0`,
		do: func(_ *testing.T, b *cb.Block) {
			whole := append(b.Data.Data[0], b.Data.Data[1]...)
			b.Data.Data[0], b.Data.Data[1] = whole[:len(whole)-9], whole[len(whole)-9:]
		}},
	{name: "another channel's block", reason: `block \[NUMBER\] (names previous hash|of channel \[mychannel\] refused: it belongs to channel \[otherchannel\])`,
		do: func(t *testing.T, b *cb.Block) { takeContents(b, otherChannel(t)[1]) }},
	{name: "another channel's transactions", reason: `block \[NUMBER\] of channel \[mychannel\] refused: it belongs to channel \[otherchannel\]`,
		do: func(t *testing.T, b *cb.Block) {
			previous := b.Header.PreviousHash
			takeContents(b, otherChannel(t)[1])
			b.Header.PreviousHash = previous
		}},
	{name: "signed by a peer", ownChain: true, reason: `block \[NUMBER\] of channel \[mychannel\] refused: its signatures \(by "peer0.org1.test" of MSP Org1MSP\) do not satisfy`,
		do: func(t *testing.T, b *cb.Block) { nettest.Sign(t, b, network.PeerSigner(t)) }},
	{name: "signed by nobody", ownChain: true, reason: `block \[NUMBER\] of channel \[mychannel\] refused: its signatures \(none\) do not satisfy`,
		do: func(_ *testing.T, b *cb.Block) { b.Metadata.Metadata[0] = nil }},
}

func (k tampering) reasonFor(number uint64) string {
	return strings.ReplaceAll(k.reason, "NUMBER", strconv.FormatUint(number, 10))
}

func flipLastByte(b []byte) { b[len(b)-1] ^= 1 }

// otherChannel is a chain signed by the test's orderer.
func otherChannel(t *testing.T) [][]byte {
	return network.Chain(t, network.Genesis(t, "otherchannel"), 2)
}

// takeContents makes b another block, but for its number.
func takeContents(b *cb.Block, raw []byte) {
	number := b.Header.Number
	b.Reset()
	if err := proto.Unmarshal(raw, b); err != nil {
		panic(err)
	}
	b.Header.Number = number
}

// childVariable is set in a process that runs one of the tamperings.
const childVariable = "BLOCKPEER_TEST_CHILD"

// A peer fills its process, and each refusal costs a rest of a tenth of a
// second. So each tampering gets a process of its own, several at a time.
func TestTamperedBlocksAreRefusedAndReplaced(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		inChildren(t, 8)
		return
	}
	for _, tampering := range tamperings {
		t.Run(tampering.name, func(t *testing.T) { pullFromLiars(t, tampering) })
	}
}

// inChildren runs each tampering's subtest in another process.
func inChildren(t *testing.T, atOnce int) {
	type outcome struct {
		output []byte
		err    error
	}
	slots := make(chan struct{}, atOnce)
	outcomes := map[string]chan outcome{}
	for _, tampering := range tamperings {
		done := make(chan outcome, 1)
		outcomes[tampering.name] = done
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			name := strings.ReplaceAll(tampering.name, " ", "_")
			child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$/^"+name+"$", "-test.v", "-test.count=1", "-test.timeout=2m")
			child.Env = append(os.Environ(), childVariable+"=1")
			output, err := child.CombinedOutput()
			done <- outcome{output, err}
		}()
	}
	for _, tampering := range tamperings {
		t.Run(tampering.name, func(t *testing.T) {
			end := <-outcomes[tampering.name]
			require.NoError(t, end.err, "%s", end.output)
			require.Contains(t, string(end.output), "the chain was complete")
			for line := range strings.Lines(string(end.output)) {
				if strings.Contains(line, "tampering_test.go:") {
					t.Log(strings.TrimSpace(line))
				}
			}
		})
	}
}

func pullFromLiars(t *testing.T, kind tampering) {
	ctx, chain := begin(t), nettest.RecordedChain(t)
	if kind.ownChain {
		chain = network.Chain(t, network.Genesis(t, "mychannel"), len(chain))
	}
	configure(t)
	lies := kind.lies(t, chain)
	t.Run("each block in turn", func(t *testing.T) {
		refusals := pull(ctx, t, chain, &liars{lies: lies})
		require.Len(t, refusals, len(lies))
		var slowest time.Duration
		for _, r := range refusals {
			slowest = max(slowest, r.replaced)
			require.Regexp(t, kind.reasonFor(r.number), r.reason)
			require.Less(t, r.replaced, prompt, "block %d", r.number)
		}
		t.Logf("%d blocks refused, the true one durable after %s at most", len(lies), slowest)
	})
	t.Run("one block", func(t *testing.T) {
		const number = 27
		refusals := pull(ctx, t, chain, &liars{lies: map[uint64][]byte{number: lies[number]}, stubborn: true})
		require.Len(t, refusals, 1)
		require.Regexp(t, kind.reasonFor(number), refusals[0].reason)
		require.Less(t, refusals[0].completed, prompt)
		t.Logf("the chain was complete %s after the refusal of block %d", refusals[0].completed, number)
	})
}

// refusal is what became of a lie.
type refusal struct {
	number    uint64
	reason    string
	replaced  time.Duration // until the true block was durable
	completed time.Duration // until the whole chain was
}

// pull has a peer pull a chain from two orderers that lie about some blocks and
// demands that it gets the chain nevertheless.
func pull(ctx context.Context, t *testing.T, chain [][]byte, liars *liars) []refusal {
	var endpoints []string
	for _, name := range []string{"first", "second"} {
		_, endpoint, _ := network.Replay(t, chain, orderer.ReplayConfig{Send: func(stream context.Context, number uint64, raw []byte) ([][]byte, error) {
			return [][]byte{liars.serve(stream, name, number, raw)}, nil
		}})
		endpoints = append(endpoints, endpoint)
	}
	log := nettest.Record(t, "info")
	var commits commits
	p := start(t, blockpeer.Config{Dir: t.TempDir(), ChannelID: "mychannel", Genesis: nettest.Decode(t, chain[0]), Orderers: endpoints, OnCommit: commits.note})
	last := uint64(len(chain) - 1)
	require.NoError(t, p.Store().WaitFor(ctx, last))
	p.Stop()
	store, err := blockstore.Open(p.Store().Dir(), "mychannel", blockstore.FullCheck())
	require.NoError(t, err)
	defer store.Close()
	requireChain(t, store, chain)

	told, lines := liars.inOrder(), log.Matching("Leaving this orderer's stream")
	require.Len(t, lines, len(told))
	var refusals []refusal
	for i, number := range told {
		r := refusal{number: number, reason: lines[i].Text, replaced: commits.at(number).Sub(lines[i].At), completed: commits.at(last).Sub(lines[i].At)}
		require.Positive(t, r.replaced, "block %d", number)
		refusals = append(refusals, r)
	}
	return refusals
}

// lies are the blocks of a chain that can be tampered with, as they are then.
func (k tampering) lies(t *testing.T, chain [][]byte) map[uint64][]byte {
	lies := map[uint64][]byte{}
	for number := uint64(1); number < uint64(len(chain)); number++ {
		block := nettest.Decode(t, chain[number])
		if k.onlyMany && len(block.Data.Data) < 2 {
			continue
		}
		k.do(t, block)
		lies[number] = nettest.Encode(t, block)
	}
	require.NotEmpty(t, lies)
	return lies
}

// liars are two orderers of which the one that is asked for a block first lies
// about it; when asked again, only if it is stubborn. What follows a lie on a
// stream is true.
type liars struct {
	lies     map[uint64][]byte
	stubborn bool

	mutex   sync.Mutex // guards all below
	told    map[uint64]string
	order   []uint64
	streams map[context.Context]bool // with a lie on them
}

func (l *liars) serve(stream context.Context, name string, number uint64, truth []byte) []byte {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.told == nil {
		l.told, l.streams = map[uint64]string{}, map[context.Context]bool{}
	}
	lie, possible := l.lies[number]
	liar, told := l.told[number]
	if !possible || l.streams[stream] || told && !(l.stubborn && liar == name) {
		return truth
	}
	if !told {
		l.told[number] = name
		l.order = append(l.order, number)
	}
	l.streams[stream] = true
	return lie
}

// inOrder returns the blocks that were lied about, in the order of the lies.
func (l *liars) inOrder() []uint64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return append([]uint64{}, l.order...)
}

// commits remembers when blocks became durable.
type commits struct {
	mutex sync.Mutex // guards when
	when  map[uint64]time.Time
}

func (c *commits) note(run []blockstore.Block) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.when == nil {
		c.when = map[uint64]time.Time{}
	}
	for i := range run {
		c.when[run[i].Number] = time.Now()
	}
}

func (c *commits) at(number uint64) time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.when[number]
}
