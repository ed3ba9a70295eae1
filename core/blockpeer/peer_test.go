// SPDX-License-Identifier: Apache-2.0

package blockpeer_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

func TestStartRefusesABlockZeroThatCannotBeOne(t *testing.T) {
	begin(t)
	configure(t)
	recorded := nettest.RecordedChain(t)
	changed := func(edit func(*cb.Block)) *cb.Block {
		block := nettest.Decode(t, recorded[0])
		edit(block)
		return block
	}
	for name, c := range map[string]struct {
		genesis *cb.Block
		channel string
		wants   string
	}{
		"none":            {nil, "mychannel", "channel mychannel: there is no ledger yet: give the channel's block 0"},
		"later block":     {nettest.Decode(t, recorded[9]), "mychannel", "a ledger begins with block 0, not with block 9"},
		"no header":       {changed(func(b *cb.Block) { b.Header = nil }), "mychannel", "has no header"},
		"a predecessor":   {changed(func(b *cb.Block) { b.Header.PreviousHash = []byte{1} }), "mychannel", "a ledger begins with block 0"},
		"damaged":         {changed(func(b *cb.Block) { b.Header.DataHash[0] ^= 1 }), "mychannel", "damaged: its data hash is not that of its data"},
		"no config":       {changed(func(b *cb.Block) { *b = *withNumberZero(nettest.Decode(t, recorded[3])) }), "mychannel", "cannot be used"},
		"another channel": {nettest.Decode(t, recorded[0]), "yourchannel", "channel yourchannel: the block 0 given is of channel mychannel"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := blockpeer.Start(blockpeer.Config{Dir: dir, ChannelID: c.channel, Genesis: c.genesis})
			require.ErrorContains(t, err, c.wants)
			begun, err := blockpeer.HasLedger(dir, c.channel)
			require.NoError(t, err)
			require.False(t, begun, "nothing is written for a block that is refused")
		})
	}
}

func withNumberZero(b *cb.Block) *cb.Block {
	b.Header.Number, b.Header.PreviousHash = 0, nil
	return b
}

func TestHasLedger(t *testing.T) {
	begin(t)
	dir := t.TempDir()
	has := func() bool {
		begun, err := blockpeer.HasLedger(dir, "mychannel")
		require.NoError(t, err)
		return begun
	}
	require.False(t, has())
	require.NoDirExists(t, blockpeer.LedgerDir(dir, "mychannel"), "asking makes nothing")
	_, err := blockpeer.OpenLedger(dir, "mychannel", nil) // a first start, interrupted
	require.Error(t, err)
	require.False(t, has())
	store, err := blockpeer.OpenLedger(dir, "mychannel", nettest.Decode(t, nettest.RecordedChain(t)[0]))
	require.NoError(t, err)
	_, err = blockpeer.HasLedger(dir, "mychannel")
	require.ErrorContains(t, err, dir, "while another process has it")
	require.NoError(t, store.Close())
	require.True(t, has())
}

func TestPeerContinuesWhereItStopped(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	s := configure(t)
	var asked seeks
	replay, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{Height: 12, Seek: asked.note})
	cfg := blockpeer.Config{Dir: s.Dir, ChannelID: "mychannel", Genesis: nettest.Decode(t, recorded[0]), Orderers: []string{endpoint}}

	p := start(t, cfg)
	require.NoError(t, p.Store().WaitFor(ctx, 11))
	var stops sync.WaitGroup
	for range 3 {
		stops.Go(p.Stop)
	}
	stops.Wait()
	<-p.Done()
	require.NoError(t, p.Err())

	replay.Reveal(uint64(len(recorded)))
	cfg.Genesis = nil
	p = start(t, cfg)
	require.Equal(t, uint64(9), p.Channel().ConfigBlockNumber(), "the newest configuration is in effect")
	require.NoError(t, p.Store().WaitFor(ctx, 32))
	requireChain(t, p.Store(), recorded)
	require.Equal(t, []uint64{1, 12}, asked.all())
	p.Stop()

	cfg.Genesis = network.Genesis(t, "mychannel")
	_, err := blockpeer.Start(cfg)
	require.ErrorContains(t, err, "is not the one the ledger in "+blockpeer.LedgerDir(s.Dir, "mychannel")+" began with")
}

// signedConfig makes a config block that repeats the configuration of block 0,
// so that its sequence does not fit.
func signedConfig(t *testing.T, genesis *cb.Block, number uint64, previous []byte) *cb.Block {
	block := cb.NewBlock(number, previous)
	block.Data.Data = genesis.Data.Data
	block.Header.DataHash = protoext.BlockDataHash(block.Data)
	nettest.Sign(t, block, network.OrdererSigner(t))
	return block
}

func TestConfigBlockThatDoesNotFitEndsThePeer(t *testing.T) {
	ctx := begin(t)
	s := configure(t)
	genesis := network.Genesis(t, "c")
	chain := network.Chain(t, genesis, 3)
	wrong := signedConfig(t, genesis, 3, protoext.BlockHeaderHash(nettest.Decode(t, chain[2]).Header))
	_, endpoint, _ := network.Replay(t, slices.Concat(chain, [][]byte{nettest.Encode(t, wrong)}), orderer.ReplayConfig{})
	p := start(t, blockpeer.Config{Dir: s.Dir, ChannelID: "c", Genesis: genesis, Orderers: []string{endpoint}})
	awaitEnd(ctx, t, p)
	require.ErrorContains(t, p.Err(), "committing block 3")
	require.ErrorContains(t, p.Err(), "sequence")
	requireChain(t, p.Store(), chain)
}

func awaitEnd(ctx context.Context, t *testing.T, p *blockpeer.Peer) {
	t.Helper()
	select {
	case <-p.Done():
	case <-ctx.Done():
		t.Fatal("the peer has not ended")
	}
}

func TestLedgerThatFailsEndsThePeer(t *testing.T) {
	ctx := begin(t)
	s := configure(t)
	genesis := network.Genesis(t, "c")
	replay, endpoint, _ := network.Replay(t, network.Chain(t, genesis, 4), orderer.ReplayConfig{Height: 2})
	p := start(t, blockpeer.Config{Dir: s.Dir, ChannelID: "c", Genesis: genesis, Orderers: []string{endpoint}})
	require.NoError(t, p.Store().WaitFor(ctx, 1))
	require.NoError(t, p.Store().Close())
	replay.Reveal(4)
	awaitEnd(ctx, t, p)
	require.ErrorIs(t, p.Err(), blockstore.ErrClosed)
	require.ErrorContains(t, p.Err(), "committing block 2")
}

func TestChainThatIsNotTheTrustedOne(t *testing.T) {
	ctx := begin(t)
	s := configure(t)
	genesis := network.Genesis(t, "c")
	chain := network.Chain(t, genesis, 6)
	trusted := signedConfig(t, genesis, 4, []byte("another chain"))
	_, endpoint, _ := network.Replay(t, chain, orderer.ReplayConfig{Height: 4})
	cfg := blockpeer.Config{Dir: s.Dir, ChannelID: "c", Genesis: genesis, Trusted: trusted, Orderers: []string{endpoint}}
	p := start(t, cfg)
	require.NoError(t, p.Store().WaitFor(ctx, 3), "as far as that nothing contradicts it")
	p.Stop()

	_, endpoint, _ = network.Replay(t, chain, orderer.ReplayConfig{})
	cfg.Orderers = []string{endpoint}
	p = start(t, cfg)
	awaitEnd(ctx, t, p)
	require.ErrorContains(t, p.Err(), "block 4 has hash")
	require.ErrorContains(t, p.Err(), "this is not the chain that the config block is of")
	require.Equal(t, uint64(4), p.Store().Height())
	p.Stop()

	// Without the trusted block the chain goes on, and with it never again.
	cfg.Trusted = nil
	p = start(t, cfg)
	require.NoError(t, p.Store().WaitFor(ctx, 5))
	p.Stop()
	cfg.Trusted = trusted
	_, err := blockpeer.Start(cfg)
	require.ErrorContains(t, err, "this is not the chain that the config block is of")
	cfg.Trusted = &cb.Block{}
	_, err = blockpeer.Start(cfg)
	require.ErrorContains(t, err, "the trusted config block has no header")
}

func TestLedgerWithoutConfiguration(t *testing.T) {
	begin(t)
	s := configure(t)
	store, err := blockstore.Open(blockpeer.LedgerDir(s.Dir, "c"), "c")
	require.NoError(t, err)
	block := withNumberZero(nettest.Decode(t, nettest.RecordedChain(t)[3]))
	require.NoError(t, store.Append(blockstore.Block{Raw: nettest.Encode(t, block), Header: block.Header}))
	require.NoError(t, store.Close())
	_, err = blockpeer.Start(blockpeer.Config{Dir: s.Dir, ChannelID: "c"})
	require.ErrorContains(t, err, "holds no config block")
}

func TestIdentityErrorsNameTheFile(t *testing.T) {
	begin(t)
	s := configure(t)
	missing := filepath.Join(t.TempDir(), "missing")

	wrong := *s
	wrong.MSPDir = missing
	require.ErrorContains(t, blockpeer.LoadIdentity(&wrong), "peer.mspConfigPath "+missing+" (MSP Org1MSP)")
	wrong = *s
	wrong.TLS.ClientKey = network.OrdererFile("tls", "server.key")
	err := blockpeer.LoadIdentity(&wrong)
	require.ErrorContains(t, err, wrong.TLS.ClientCert)
	require.ErrorContains(t, err, wrong.TLS.ClientKey)
	wrong = *s
	wrong.TLS.RootCert = missing
	require.ErrorContains(t, blockpeer.LoadIdentity(&wrong), "peer.tls.rootcert.file: open "+missing)
	plain := *s
	plain.TLS.Enabled, plain.TLS.ClientCert = false, missing
	require.NoError(t, blockpeer.LoadIdentity(&plain), "without TLS its files do not matter")

	_, err = blockpeer.SignerFromDir(missing, "Org1MSP")
	require.ErrorContains(t, err, "MSP directory "+missing+" (MSP Org1MSP)")
	_, err = blockpeer.SignerFromDir(network.Org1.MSPDir(network.Dir), "Org1MSP")
	require.ErrorContains(t, err, "MSP directory", "an organization's own folder has no key")
	require.ErrorContains(t, blockpeer.TrustOrderers("c", ""), "nothing says whom to trust")
	require.ErrorContains(t, blockpeer.TrustOrderers("c", missing), missing)
	require.NoError(t, blockpeer.TrustOrderers("c", network.OrdererFile("tls", "ca.crt")))
}

func TestBlockZeroIsFoundByMeansOfALaterConfigBlock(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	_, honest, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	otherZero := nettest.Encode(t, network.Genesis(t, "yourchannel"))
	_, liar, _ := network.Replay(t, recorded, orderer.ReplayConfig{Send: func(context.Context, uint64, []byte) ([][]byte, error) {
		return [][]byte{otherZero}, nil
	}})
	s := configure(t, nettest.Override([2]string{"127.0.0.1:7060", liar}, [2]string{"127.0.0.1:7070", honest}))
	trusted := nettest.Decode(t, recorded[31])

	genesis, err := blockpeer.FetchGenesis(ctx, trusted, nil)
	require.NoError(t, err)
	require.True(t, bytes.Equal(recorded[0], nettest.Encode(t, genesis)))
	p := start(t, blockpeer.Config{Dir: s.Dir, ChannelID: "mychannel", Genesis: genesis, Trusted: trusted, Orderers: []string{honest}})
	require.NoError(t, p.Store().WaitFor(ctx, 32))
	requireChain(t, p.Store(), recorded)

	_, err = blockpeer.FetchGenesis(ctx, trusted, []string{liar})
	require.ErrorContains(t, err, "fetching block 0 of channel mychannel: "+liar+": block 0: it is not a configuration of channel mychannel")
	_, err = blockpeer.FetchGenesis(ctx, nettest.Decode(t, recorded[3]), nil)
	require.Error(t, err)
}

func TestVerifier(t *testing.T) {
	begin(t)
	configure(t)
	recorded := nettest.RecordedChain(t)
	c, verify, err := blockpeer.Verifier(nettest.Decode(t, recorded[9]))
	require.NoError(t, err)
	for number, raw := range recorded {
		require.NoError(t, verify(nettest.Decode(t, raw)), "block %d", number)
	}
	require.Equal(t, uint64(31), c.ConfigBlockNumber(), "config blocks that follow take effect")

	forged := nettest.Decode(t, recorded[9])
	forged.Header.PreviousHash[0] ^= 1
	require.ErrorContains(t, verify(forged), "where the trusted config block has")
	forged = nettest.Decode(t, recorded[10])
	forged.Header.PreviousHash[0] ^= 1
	require.ErrorContains(t, verify(forged), "block [10] of channel [mychannel] refused: its signatures")
	_, _, err = blockpeer.Verifier(nettest.Decode(t, recorded[3]))
	require.Error(t, err)
}
