// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	cb "github.com/hyperledger/fabric/protos/common"
)

func TestStartFromBlockZeroAndLaterWithoutIt(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	replay, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{Height: 20})
	config := network.CoreYAML(t)
	zero := nettest.WriteBlock(t, recorded[0])

	startPeer(ctx, t, "--config", config, "--block", zero, "--orderer", endpoint).stopAt(t, 20)
	requireLedger(t, config, recorded[:20])
	replay.Reveal(33)
	startPeer(ctx, t, "--config", config, "--channel", "mychannel", "--orderer", endpoint).stopAt(t, 33)
	requireLedger(t, config, recorded)

	_, err := run(ctx, "start", "--config", config, "--block", nettest.WriteBlock(t, nettest.Encode(t, network.Genesis(t, "mychannel"))))
	require.ErrorContains(t, err, "is not the one the ledger in "+ledgerOf(config)+" began with")
}

// The recorded addresses lead to the test's orderers, so the channel's own
// configuration says where to go.
func TestStartFromALaterConfigBlock(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	config := network.CoreYAML(t, nettest.Override(
		[2]string{"127.0.0.1:7050", endpoint}, [2]string{"127.0.0.1:7060", endpoint}, [2]string{"127.0.0.1:7070", endpoint}))
	later := nettest.WriteBlock(t, recorded[22])

	startPeer(ctx, t, "--config", config, "--block", later).stopAt(t, 33)
	requireLedger(t, config, recorded)
	_, err := run(ctx, "start", "--config", config, "--block", nettest.WriteBlock(t, changed(t, recorded[22], func(b *cb.Block) { b.Header.PreviousHash[0] ^= 1 })))
	require.ErrorContains(t, err, "this is not the chain that the config block is of")
}

func TestStartEndsWellWhenAsked(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	tap := &tap{}
	sending := tap.open(32, 12)
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{Send: tap.send})
	config := network.CoreYAML(t)
	command := inProcess(ctx, "start", "--config", config, "--block", nettest.WriteBlock(t, recorded[0]), "--orderer", endpoint)
	var log bytes.Buffer
	command.Stderr = &log
	require.NoError(t, command.Start())
	select {
	case <-sending:
	case <-ctx.Done():
	}
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	require.NoError(t, command.Wait(), "%s", log.String())
	require.Contains(t, log.String(), fmt.Sprintf("stopped at height %d", checkLedger(t, config, recorded, log.String())))
	require.NotContains(t, log.String(), "WARN", "nothing is wrong")
}

// An interrupted first start may leave a ledger without any block.
func TestStartFromALaterConfigBlockIsResumed(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	replay, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	config := network.CoreYAML(t)
	later := nettest.WriteBlock(t, recorded[9])
	_, err := run(ctx, "start", "--config", config, "--channel", "mychannel")
	require.ErrorContains(t, err, "there is no ledger yet: give the channel's block 0")
	require.DirExists(t, ledgerOf(config))
	startPeer(ctx, t, "--config", config, "--block", later, "--orderer", endpoint).stopAt(t, replay.Height())
	requireLedger(t, config, recorded)
}

func changed(t *testing.T, raw []byte, edit func(*cb.Block)) []byte {
	t.Helper()
	block := nettest.Decode(t, raw)
	edit(block)
	return nettest.Encode(t, block)
}

func TestStartEndsWhenTheChainIsNotTheTrustedOne(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	trusted := nettest.WriteBlock(t, changed(t, recorded[9], func(b *cb.Block) { b.Header.PreviousHash[0] ^= 1 }))
	_, err := run(ctx, "start", "--config", network.CoreYAML(t), "--block", trusted, "--orderer", endpoint)
	require.ErrorContains(t, err, "channel mychannel: committing block 9: block 9 has hash")
	require.ErrorContains(t, err, "this is not the chain that the config block is of")
}

func TestStartRefusesWhatItCannotUse(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	_, endpoint, _ := network.Replay(t, recorded[:5], orderer.ReplayConfig{})
	_, gone, stop := network.Replay(t, recorded[:5], orderer.ReplayConfig{})
	stop()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	good, zero := network.CoreYAML(t), nettest.WriteBlock(t, recorded[0])
	missing := filepath.Join(dir, "missing")
	text := file("text", "not a block at all")
	damaged := nettest.WriteBlock(t, changed(t, recorded[9], func(b *cb.Block) { b.Header.DataHash[0] ^= 1 }))
	for name, c := range map[string]struct {
		arguments []string
		wants     []string
	}{
		"no core.yaml":       {[]string{"--config", missing, "--block", zero}, []string{missing, "no such file"}},
		"broken core.yaml":   {[]string{"--config", file("broken.yaml", "peer: [")}, []string{"cannot read the configuration " + filepath.Join(dir, "broken.yaml")}},
		"empty core.yaml":    {[]string{"--config", file("empty.yaml", "peer: {}")}, []string{filepath.Join(dir, "empty.yaml"), "peer.localMspId is not set", "CORE_PEER_LOCALMSPID", "peer.mspConfigPath is not set", "peer.fileSystemPath is not set"}},
		"no channel":         {[]string{"--config", good}, []string{"which channel? give --channel, or --block"}},
		"no block":           {[]string{"--config", good, "--channel", "mychannel"}, []string{"channel mychannel: there is no ledger yet: give the channel's block 0"}},
		"missing block":      {[]string{"--config", good, "--block", missing}, []string{"--block: open " + missing}},
		"no block at all":    {[]string{"--config", good, "--block", text}, []string{"--block " + text + ": not a block"}},
		"empty file":         {[]string{"--config", good, "--block", file("empty", "")}, []string{"not a block: it has no header"}},
		"no config block":    {[]string{"--config", good, "--block", nettest.WriteBlock(t, recorded[3])}, []string{"--block ", "block 3 is not a config block"}},
		"damaged":            {[]string{"--config", good, "--block", damaged}, []string{"--block " + damaged, "block 9 is damaged"}},
		"another channel":    {[]string{"--config", good, "--block", zero, "--channel", "yours"}, []string{"--block " + zero + " is of channel mychannel, not of yours"}},
		"bad orderer":        {[]string{"--config", good, "--block", zero, "--orderer", "localhost"}, []string{`--orderer "localhost" is not host:port`}},
		"bad flag":           {[]string{"--blok", zero}, []string{"unknown flag: --blok"}},
		"arguments":          {[]string{"mychannel"}, []string{`unknown command "mychannel"`}},
		"orderer gone":       {[]string{"--config", good, "--block", nettest.WriteBlock(t, recorded[2]), "--orderer", gone}, []string{"fetching block 0 of channel mychannel: " + gone + ": cannot connect to"}},
		"unknown there":      {[]string{"--config", good, "--block", nettest.WriteBlock(t, nettest.Encode(t, later(t))), "--orderer", endpoint}, []string{"fetching block 0 of channel yours: " + endpoint, "does not know the channel (status NOT_FOUND)"}},
		"no TLS certificate": {[]string{"--config", withoutCertificate(t, dir), "--block", zero}, []string{"peer.tls.cert.file", "no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(ctx, append([]string{"start"}, c.arguments...)...)
			require.Error(t, err)
			for _, want := range c.wants {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// later is a config block of a channel that nobody serves.
func later(t *testing.T) *cb.Block {
	block := network.Genesis(t, "yours")
	block.Header.Number, block.Header.PreviousHash = 4, []byte("three")
	return block
}

func withoutCertificate(t *testing.T, dir string) string {
	content, err := os.ReadFile(network.CoreYAML(t))
	require.NoError(t, err)
	file := filepath.Join(dir, "nocert.yaml")
	broken := strings.Replace(string(content), network.PeerFile("tls", "server.crt"), filepath.Join(dir, "none.crt"), 1)
	require.NoError(t, os.WriteFile(file, []byte(broken), 0o600))
	return file
}

func TestProgressIsReportedWhenThereIsSome(t *testing.T) {
	log := nettest.Record(t, "info")
	var told int
	c := counter{also: func(run []blockstore.Block) { told += len(run) }}
	c.report("mychannel", 7)
	require.Empty(t, log.Matching("Channel mychannel"))
	c.add([]blockstore.Block{{Raw: make([]byte, 2e6)}, {Raw: make([]byte, 3e6)}})
	c.report("mychannel", 9)
	c.report("mychannel", 9)
	require.Len(t, log.Matching(`Channel mychannel: height 9, 0\.4 blocks/s, 1\.00 MB/s`), 1)
	require.Equal(t, 2, told)
}
