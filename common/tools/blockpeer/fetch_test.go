// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/fetch"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	cb "github.com/hyperledger/fabric/protos/common"
)

// requireFiles demands that a folder holds these blocks and nothing else.
func requireFiles(t *testing.T, folder string, chain [][]byte, from, to int) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, to-from+1)
	for number := from; number <= to; number++ {
		raw, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%04d.block", number)))
		require.NoError(t, err)
		require.True(t, bytes.Equal(chain[number], raw), "block %d", number)
	}
}

func TestFetchRanges(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	config, zero := network.CoreYAML(t), nettest.WriteBlock(t, recorded[0])
	for span, want := range map[string][2]int{
		"0": {0, 0}, "7": {7, 7}, "8..12": {8, 12}, "oldest": {0, 0}, "newest": {32, 32},
		"oldest..newest": {0, 32}, "30..newest": {30, 32}, "oldest..2": {0, 2}, "config": {31, 31},
	} {
		for _, trust := range [][]string{{"--channel", "mychannel"}, {"--block", zero}} {
			t.Run(span+" "+trust[0], func(t *testing.T) {
				folder := filepath.Join(t.TempDir(), "made", "for it")
				out, err := run(ctx, append([]string{"fetch", span, "--config", config, "--orderer", endpoint, "--to", folder}, trust...)...)
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("%d blocks of channel mychannel in %s\n", want[1]-want[0]+1, folder), out)
				requireFiles(t, folder, recorded, want[0], want[1])
			})
		}
	}
}

// Addresses and, here by an override, TLS roots come from the config block.
func TestFetchByMeansOfAConfigBlock(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	config := network.CoreYAML(t, nettest.Override([2]string{"127.0.0.1:7060", endpoint}, [2]string{"127.0.0.1:7070", endpoint}))
	folder := t.TempDir()
	_, err := run(ctx, "fetch", "3..5", "--config", config, "--block", nettest.WriteBlock(t, recorded[31]), "--to", folder)
	require.NoError(t, err)
	requireFiles(t, folder, recorded, 3, 5)
}

func TestFetchFromALiarFirst(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	_, honest, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	unsigned := map[uint64][]byte{}
	for _, number := range []uint64{12, 31, 32} {
		unsigned[number] = changed(t, recorded[number], func(b *cb.Block) { b.Metadata.Metadata[0] = nil })
	}
	_, liar, _ := network.Replay(t, recorded, orderer.ReplayConfig{Send: func(_ context.Context, number uint64, raw []byte) ([][]byte, error) {
		if lie := unsigned[number]; lie != nil {
			return [][]byte{lie}, nil
		}
		return [][]byte{raw}, nil
	}})
	config, zero := network.CoreYAML(t), nettest.WriteBlock(t, recorded[0])
	for span, want := range map[string][2]int{"10..14": {10, 14}, "newest": {32, 32}, "config": {31, 31}} {
		t.Run(span, func(t *testing.T) {
			folder := t.TempDir()
			_, err := run(ctx, "fetch", span, "--config", config, "--block", zero, "--to", folder, "--orderer", liar, "--orderer", honest)
			require.NoError(t, err)
			requireFiles(t, folder, recorded, want[0], want[1])
			_, err = run(ctx, "fetch", span, "--config", config, "--block", zero, "--to", t.TempDir(), "--orderer", liar)
			require.ErrorContains(t, err, liar+": block ")
			require.ErrorContains(t, err, "refused: its signatures (none)")
		})
	}
}

// A newest block may name any block as the last one with a configuration.
func TestFetchConfigThatIsNone(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	config := network.CoreYAML(t)
	naming := func(index []byte) string {
		lie := changed(t, recorded[32], func(b *cb.Block) { b.Metadata.Metadata[1] = index })
		_, endpoint, _ := network.Replay(t, append(append([][]byte{}, recorded[:32]...), lie), orderer.ReplayConfig{})
		return endpoint
	}
	// A Metadata message whose value is a LastConfig message.
	for name, c := range map[string]struct{ endpoint, wants string }{
		"another block": {naming([]byte{0x0a, 2, 0x08, 30}), "it is no config block"},
		"none yet":      {naming([]byte{0x0a, 2, 0x08, 33}), "it names block 33 as the last config block"},
		"garbage":       {naming([]byte{0xff}), "block 32: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(ctx, "fetch", "config", "--config", config, "--channel", "mychannel", "--to", t.TempDir(), "--orderer", c.endpoint)
			require.ErrorContains(t, err, c.endpoint+": ")
			require.ErrorContains(t, err, c.wants)
		})
	}
}

func TestFetchRefusals(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	_, endpoint, _ := network.Replay(t, recorded[:5], orderer.ReplayConfig{})
	config, file := network.CoreYAML(t), nettest.WriteBlock(t, recorded[0])
	for name, c := range map[string]struct {
		arguments []string
		wants     string
	}{
		"no range":        {nil, "accepts 1 arg(s), received 0"},
		"no number":       {[]string{"x"}, `"x" is not a block number, oldest or newest`},
		"negative":        {[]string{"--", "-1"}, `"-1" is not a block number`},
		"half a range":    {[]string{"3.."}, `"" is not a block number, oldest or newest`},
		"huge":            {[]string{"0..18446744073709551615"}, `"18446744073709551615" is not a block number`},
		"backwards":       {[]string{"5..3"}, "range 5..3: it begins after its end"},
		"no channel":      {[]string{"0", "--config", config}, "which channel?"},
		"no orderer":      {[]string{"0", "--config", config, "--channel", "mychannel"}, "which orderer? give --orderer, or --block"},
		"no core.yaml":    {[]string{"0", "--config", filepath.Join(t.TempDir(), "c.yaml")}, "c.yaml"},
		"no such roots":   {[]string{"0", "--config", config, "--channel", "mychannel", "--orderer", endpoint, "--cafile", "/missing"}, "the orderers' TLS roots: open /missing"},
		"not ready":       {[]string{"3..7", "--config", config, "--channel", "mychannel", "--orderer", endpoint, "--to", t.TempDir()}, endpoint + ": " + fetch.ErrNotReady.Error() + ": it ends before block 5"},
		"unknown channel": {[]string{"0", "--config", config, "--channel", "yours", "--orderer", endpoint}, "does not know the channel"},
		"no folder":       {[]string{"0", "--config", config, "--channel", "mychannel", "--orderer", endpoint, "--to", file}, file},
		"no file":         {[]string{"0", "--config", config, "--channel", "mychannel", "--orderer", endpoint, "--to", folderInTheWay(t)}, "0000.block"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(ctx, append([]string{"fetch"}, c.arguments...)...)
			require.ErrorContains(t, err, c.wants)
		})
	}
}

// folderInTheWay has a folder where block 0 should go.
func folderInTheWay(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "0000.block"), 0o700))
	return dir
}

// Without static roots, trust must come from a file or a config block.
func TestFetchTrustsWhomItIsTold(t *testing.T) {
	ctx := begin(t)
	t.Setenv("CORE_PEER_DELIVERYCLIENT_STATICROOTSENABLED", "false")
	zero := network.Genesis(t, "mychannel")
	chain := network.Chain(t, zero, 3)
	_, endpoint, _ := network.Replay(t, chain, orderer.ReplayConfig{})
	config := network.CoreYAML(t)
	arguments := func(more ...string) []string {
		return append([]string{"fetch", "1..2", "--config", config, "--orderer", endpoint, "--to", t.TempDir()}, more...)
	}
	_, err := run(ctx, arguments("--channel", "mychannel")...)
	require.NoError(t, err, "peer.tls.rootcert.file is the default")
	_, err = run(ctx, arguments("--channel", "mychannel", "--cafile", network.OrdererFile("tls", "ca.crt"))...)
	require.NoError(t, err)
	_, err = run(ctx, arguments("--channel", "mychannel", "--cafile", network.PeerFile("tls", "ca.crt"))...)
	require.ErrorContains(t, err, endpoint+": cannot connect to")
	_, err = run(ctx, arguments("--block", nettest.WriteBlock(t, nettest.Encode(t, zero)))...)
	require.NoError(t, err)
}

func TestMeter(t *testing.T) {
	var out bytes.Buffer
	m := newMeter(&out, 3, 6)
	m.add(3, 1000)
	m.end()
	require.Empty(t, out.String(), "what is not a terminal gets nothing")

	m.terminal = true
	m.started = time.Now().Add(-time.Second)
	m.add(4, 1000)
	m.add(5, 1000)
	require.Regexp(t, `^\r2 blocks of 4 \(50%\), at block 4, \d blocks/s, 0.0 MB/s  $`, out.String(), "and a terminal a few times a second")
	out.Reset()
	m.end()
	require.Regexp(t, `^\r3 blocks of 4 \(75%\), at block 5, .*\n$`, out.String())

	out.Reset()
	m = newMeter(&out, fetch.Oldest, fetch.Newest)
	m.terminal = true
	m.add(0, 10)
	require.Contains(t, out.String(), "1 blocks, at block 0,")
	out.Reset()
	m = newMeter(&out, 0, 0)
	m.terminal = true
	m.end()
	require.Empty(t, out.String())
}
