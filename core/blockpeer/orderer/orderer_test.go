// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func waitFor(t testing.TB, o *Orderer, number uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, o.WaitFor(ctx, number), "block %d", number)
}

// requireSound checks a whole chain as a v1.3.0 peer would: hashes, layout of
// the metadata, and both signatures by the channel's own policy.
func requireSound(t testing.TB, o *Orderer) {
	t.Helper()
	var previous []byte
	lastConfig := uint64(0)
	for n := range o.Height() {
		block, err := o.Block(n)
		require.NoError(t, err)
		require.Equal(t, n, block.Header.Number)
		require.Equal(t, previous, block.Header.PreviousHash)
		require.Equal(t, protoext.BlockDataHash(block.Data), block.Header.DataHash)
		require.NoError(t, protoext.CheckTransactionBoundaries(block))
		if protoext.IsConfigBlock(block) {
			lastConfig = n
		}
		if n > 0 {
			requireSigned(t, o, block, lastConfig)
		}
		previous = protoext.BlockHeaderHash(block.Header)
	}
}

func requireSigned(t testing.TB, o *Orderer, block *cb.Block, lastConfig uint64) {
	t.Helper()
	require.Len(t, block.Metadata.Metadata, 4)
	require.Empty(t, block.Metadata.Metadata[cb.BlockMetadataIndex_TRANSACTIONS_FILTER])
	require.Empty(t, block.Metadata.Metadata[cb.BlockMetadataIndex_ORDERER])
	index, err := utils.GetLastConfigIndexFromBlock(block)
	require.NoError(t, err)
	require.Equal(t, lastConfig, index)

	var nonces [][]byte
	for _, i := range []cb.BlockMetadataIndex{cb.BlockMetadataIndex_SIGNATURES, cb.BlockMetadataIndex_LAST_CONFIG} {
		metadata, err := utils.GetMetadataFromBlock(block, i)
		require.NoError(t, err)
		require.Len(t, metadata.Signatures, 1)
		signature := metadata.Signatures[0]
		header, err := utils.GetSignatureHeader(signature.SignatureHeader)
		require.NoError(t, err)
		nonces = append(nonces, header.Nonce)
		data := bytes.Join([][]byte{metadata.Value, signature.SignatureHeader, protoext.BlockHeaderBytes(block.Header)}, nil)
		require.NoError(t, evaluate(o.Channel().PolicyManager(), policies.BlockValidation,
			[]*cb.SignedData{{Data: data, Identity: header.Creator, Signature: signature.Signature}}))
		if i == cb.BlockMetadataIndex_SIGNATURES {
			require.Nil(t, metadata.Value)
		}
	}
	require.NotEqual(t, nonces[0], nonces[1], "each signature has a header of its own")
}

// The layout of our metadata is that of a recorded v1.3.0 block.
func TestMetadataLooksLikeARecordedOne(t *testing.T) {
	raw, err := os.ReadFile("../testdata/fabric-v1.3/mychannel/0003.block")
	require.NoError(t, err)
	recorded, err := protoext.UnmarshalBlock(raw)
	require.NoError(t, err)
	s := &sealer{signer: ordererSigner(t), next: 3, previous: recorded.Header.PreviousHash, lastConfig: 2}
	ours, stored, err := s.seal(recorded.Data.Data, false)
	require.NoError(t, err)
	require.True(t, proto.Equal(recorded.Header, ours.Header), "same data, same header")
	require.Equal(t, marshal(t, ours), stored.Raw)
	require.Len(t, ours.Metadata.Metadata, len(recorded.Metadata.Metadata))
	for i := range ours.Metadata.Metadata {
		require.Equal(t, shape(t, recorded.Metadata.Metadata[i]), shape(t, ours.Metadata.Metadata[i]), "entry %d", i)
	}
}

// shape tells what a metadata entry has, without the random parts.
func shape(t testing.TB, raw []byte) string {
	t.Helper()
	m := &cb.Metadata{}
	require.NoError(t, proto.Unmarshal(raw, m))
	parts := []string{string(m.Value)}
	for _, s := range m.Signatures {
		header, err := utils.GetSignatureHeader(s.SignatureHeader)
		require.NoError(t, err)
		require.NotEmpty(t, header.Creator)
		require.NotEmpty(t, s.Signature)
		parts = append(parts, "nonce of "+time.Duration(len(header.Nonce)).String())
	}
	return strings.Join(parts, " ")
}

func TestBroadcastToDeliver(t *testing.T) {
	var mu sync.Mutex
	var seen []BlockInfo
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t)), OnBlock: func(b BlockInfo) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, b)
	}})
	client := serve(t, o)
	peer := peerSigner(t, org1)

	r := openReader(t, client)
	r.seek(peer, 0, math.MaxUint64)
	require.True(t, proto.Equal(genesisBlock0(t, o), r.block()), "block 0 is served as it was given")

	sent := []*cb.Envelope{}
	for range 6 {
		sent = append(sent, transaction(t, peer, "x", 10))
	}
	sent = append(sent, transaction(t, peer, "too large to share a block", 5000))
	mustSubmit(t, client, sent...)
	var ordered [][]byte
	for n, count := range []int{3, 3, 1} {
		block := r.block()
		require.EqualValues(t, n+1, block.Header.Number)
		require.Len(t, block.Data.Data, count)
		ordered = append(ordered, block.Data.Data...)
		require.Greater(t, o.Height(), block.Header.Number)
	}
	for i, envelope := range sent {
		require.Equal(t, marshal(t, envelope), ordered[i], "transaction %d", i)
	}
	requireSound(t, o)
	o.Stop()
	require.Equal(t, codes.Unavailable, status.Code(r.failure()), "streams break, without a status")

	mu.Lock()
	defer mu.Unlock()
	require.Len(t, seen, 3)
	require.EqualValues(t, 3, seen[2].Number)
	require.Equal(t, 1, seen[2].Transactions)
	require.Greater(t, seen[2].Bytes, 5000)
	require.False(t, seen[2].Config)
}

func genesisBlock0(t testing.TB, o *Orderer) *cb.Block {
	t.Helper()
	block, err := o.Block(0)
	require.NoError(t, err)
	return block
}

func TestBatchTimeout(t *testing.T) {
	p := profile(t)
	p.BatchTimeout = 20 * time.Millisecond
	o := startOrderer(t, Config{Genesis: genesisBlock(t, p)})
	client := serve(t, o)
	peer := peerSigner(t, org1)
	for n := uint64(1); n <= 3; n++ {
		mustSubmit(t, client, transaction(t, peer, "x", 1))
		waitFor(t, o, n)
	}
	// What remains of a full batch is cut by time too.
	mustSubmit(t, client, transaction(t, peer, "x", 5000), transaction(t, peer, "x", 1))
	waitFor(t, o, 5)
	requireSound(t, o)
}

// Stop orders what was accepted, so a stopped orderer loses nothing.
func TestStopOrdersWhatWasAccepted(t *testing.T) {
	dir, first := t.TempDir(), genesisBlock(t, profile(t))
	o := startOrderer(t, Config{Dir: dir, Genesis: first})
	client := serve(t, o)
	mustSubmit(t, client, transaction(t, peerSigner(t, org1), "x", 1))
	require.EqualValues(t, 1, o.Height())
	o.Stop()
	o.Stop()

	o = startOrderer(t, Config{Dir: dir})
	require.Equal(t, testChannel, o.ChannelID())
	require.EqualValues(t, 2, o.Height())
	requireSound(t, o)
}

// After a kill everything that was delivered is still there, and the chain goes
// on from it.
func TestKill(t *testing.T) {
	dir, first := t.TempDir(), genesisBlock(t, profile(t))
	peer := peerSigner(t, org1)
	o := startOrderer(t, Config{Dir: dir, Genesis: first})
	client := serve(t, o)
	for round := range uint64(3) {
		for range 3 {
			mustSubmit(t, client, transaction(t, peer, "x", 100))
		}
		waitFor(t, o, round+1)
	}
	mustSubmit(t, client, transaction(t, peer, "enqueued, not in a block", 1))

	left := t.TempDir() // the files at this moment
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(left, entry.Name()), content, 0o600))
	}
	next := startOrderer(t, Config{Dir: left, Genesis: first})
	require.EqualValues(t, 4, next.Height())
	client = serve(t, next)
	mustSubmit(t, client, transaction(t, peer, "x", 1), transaction(t, peer, "x", 1), transaction(t, peer, "x", 1))
	waitFor(t, next, 4)
	requireSound(t, next)
	for n := range uint64(4) {
		before, err := o.Block(n)
		require.NoError(t, err)
		after, err := next.Block(n)
		require.NoError(t, err)
		require.True(t, proto.Equal(before, after))
	}
}

func TestNewRefuses(t *testing.T) {
	good := genesisBlock(t, profile(t))
	dir := t.TempDir()
	startOrderer(t, Config{Dir: dir, Genesis: good}).Stop()
	spoil := func(change func(*cb.Block)) *cb.Block {
		b := proto.Clone(good).(*cb.Block)
		change(b)
		return b
	}
	otherChannel := profile(t)
	otherChannel.ChannelID = "other"
	for name, c := range map[string]struct {
		config Config
		text   string
	}{
		"no signer":           {Config{Genesis: good}, "no signer"},
		"no genesis":          {Config{Signer: ordererSigner(t)}, "without a genesis block"},
		"no header":           {Config{Signer: ordererSigner(t), Genesis: spoil(func(b *cb.Block) { b.Header = nil })}, "header is missing"},
		"later block":         {Config{Signer: ordererSigner(t), Genesis: spoil(func(b *cb.Block) { b.Header.Number = 5 })}, "block 5 is not the first"},
		"no data":             {Config{Signer: ordererSigner(t), Genesis: spoil(func(b *cb.Block) { b.Data = nil })}, "not a config block"},
		"wrong hash":          {Config{Signer: ordererSigner(t), Genesis: spoil(func(b *cb.Block) { b.Header.DataHash = nil })}, "data hash"},
		"another genesis":     {Config{Signer: ordererSigner(t), Dir: dir, Genesis: genesisBlock(t, profile(t))}, "another genesis block"},
		"another channel":     {Config{Signer: ordererSigner(t), Dir: dir, Genesis: genesisBlock(t, otherChannel)}, `holds channel "testchannel"`},
		"unknown capability":  {Config{Signer: ordererSigner(t), Genesis: genesisBlock(t, demanding(t))}, "V9_9"},
		"no orderer section":  {Config{Signer: ordererSigner(t), Genesis: withoutOrderers(t)}, "orderer section"},
		"not a configuration": {Config{Signer: ordererSigner(t), Genesis: emptyConfig(t)}, "config"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.config.Dir == "" {
				c.config.Dir = t.TempDir()
			}
			o, err := New(c.config)
			require.Nil(t, o)
			require.ErrorContains(t, err, c.text)
		})
	}
	startOrderer(t, Config{Dir: dir, Genesis: good})
}

func demanding(t testing.TB) genesis.Profile {
	p := profile(t)
	p.OrdererCapabilities = []string{"V9_9"}
	return p
}

// configBlock wraps a configuration into a block 0.
func configBlock(t testing.TB, contents *cb.ConfigEnvelope) *cb.Block {
	t.Helper()
	block := cb.NewBlock(0, nil)
	block.Data.Data = [][]byte{marshal(t, messageOf(t, cb.HeaderType_CONFIG, testChannel, nil, contents))}
	block.Header.DataHash = protoext.BlockDataHash(block.Data)
	return block
}

func withoutOrderers(t testing.TB) *cb.Block {
	config, err := genesis.ConfigFromBlock(genesisBlock(t, profile(t)))
	require.NoError(t, err)
	config = genesis.Clone(config)
	delete(config.ChannelGroup.Groups, "Orderer")
	delete(config.ChannelGroup.Values, "Capabilities")
	delete(config.ChannelGroup.Groups["Application"].Values, "Capabilities")
	return configBlock(t, &cb.ConfigEnvelope{Config: config})
}

func emptyConfig(t testing.TB) *cb.Block { return configBlock(t, &cb.ConfigEnvelope{}) }

// A signer that peers would not accept may order all the same: whether its
// blocks are any good is for the peers to say.
func TestForeignSigner(t *testing.T) {
	p := profile(t)
	p.MaxMessageCount = 1
	o := startOrderer(t, Config{Genesis: genesisBlock(t, p), Signer: peerSigner(t, org1)})
	mustSubmit(t, serve(t, o), transaction(t, peerSigner(t, org1), "x", 1))
	waitFor(t, o, 1)
}

// brokenSigner fails from the moment it is told to.
type brokenSigner struct {
	crypto.LocalSigner
	mu     sync.Mutex
	broken bool
}

func (s *brokenSigner) Sign(message []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return nil, os.ErrPermission
	}
	return s.LocalSigner.Sign(message)
}

// A chain that cannot go on answers SERVICE_UNAVAILABLE, to writers and readers.
func TestHaltedChain(t *testing.T) {
	p := profile(t)
	p.MaxMessageCount = 1
	signer := &brokenSigner{LocalSigner: ordererSigner(t)}
	o := startOrderer(t, Config{Genesis: genesisBlock(t, p), Signer: signer})
	client, peer := serve(t, o), peerSigner(t, org1)
	waiting := openReader(t, client)
	waiting.seek(peer, 1, math.MaxUint64)

	mustSubmit(t, client, transaction(t, peer, "x", 1))
	require.EqualValues(t, 1, waiting.block().Header.Number)
	signer.mu.Lock()
	signer.broken = true
	signer.mu.Unlock()
	mustSubmit(t, client, transaction(t, peer, "x", 1))
	require.Equal(t, cb.Status_SERVICE_UNAVAILABLE, waiting.status())
	waiting.seek(peer, 0, 0)
	require.Equal(t, cb.Status_SERVICE_UNAVAILABLE, waiting.status())
	answers := submit(t, client, transaction(t, peer, "x", 1))
	require.Equal(t, cb.Status_SERVICE_UNAVAILABLE, answers[0].Status)
	require.EqualValues(t, 2, o.Height())
}
