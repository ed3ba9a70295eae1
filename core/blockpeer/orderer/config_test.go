// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"math"
	"testing"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
	"github.com/stretchr/testify/require"
)

// updateOf is a config update against the orderer's current configuration.
func updateOf(t testing.TB, o *Orderer, sender crypto.LocalSigner, admins []cryptogen.OrgSpec, change func(*cb.Config)) *cb.Envelope {
	t.Helper()
	current := o.Channel().Bundle().ConfigtxValidator().ConfigProto()
	updated := genesis.Clone(current)
	change(updated)
	update, err := genesis.ComputeUpdate(testChannel, current, updated)
	require.NoError(t, err)
	var signers []crypto.LocalSigner
	for _, admin := range admins {
		signers = append(signers, adminSigner(t, admin))
	}
	envelope, err := genesis.SignUpdate(update, sender, signers...)
	require.NoError(t, err)
	return envelope
}

func batchOf(t testing.TB, count uint32) func(*cb.Config) {
	return func(c *cb.Config) { require.NoError(t, genesis.SetBatchSize(c, count, 100_000, 2000)) }
}

func withoutOrg2(t testing.TB) func(*cb.Config) {
	return func(c *cb.Config) { require.NoError(t, genesis.RemoveOrg(c, "Application", org2.MSPID)) }
}

func TestConfigUpdateBecomesABlockOfItsOwn(t *testing.T) {
	dir, first := t.TempDir(), genesisBlock(t, profile(t))
	o := startOrderer(t, Config{Dir: dir, Genesis: first})
	client, peer := serve(t, o), peerSigner(t, org1)

	// Pending messages are cut before, and the new limits hold after it.
	mustSubmit(t, client, transaction(t, peer, "x", 1), transaction(t, peer, "x", 1))
	update := updateOf(t, o, peer, []cryptogen.OrgSpec{ordererOrg}, batchOf(t, 1))
	mustSubmit(t, client, update)
	waitFor(t, o, 2)
	mustSubmit(t, client, transaction(t, peer, "x", 1))
	waitFor(t, o, 3)
	requireSound(t, o)

	for number, transactions := range []int{1, 2, 1, 1} {
		block, err := o.Block(uint64(number))
		require.NoError(t, err)
		require.Len(t, block.Data.Data, transactions, "block %d", number)
		require.Equal(t, number == 0 || number == 2, protoext.IsConfigBlock(block), "block %d", number)
	}
	require.EqualValues(t, 1, o.Channel().Sequence())
	block, err := o.Block(2)
	require.NoError(t, err)
	requireConfigEnvelope(t, o, block, update)
	o.Stop()

	again := startOrderer(t, Config{Dir: dir, Genesis: first})
	require.EqualValues(t, 1, again.Channel().Sequence(), "the configuration is found again")
	mustSubmit(t, serve(t, again), transaction(t, peer, "x", 1))
	waitFor(t, again, 4)
	requireSound(t, again)
}

// requireConfigEnvelope checks the envelope in a config block against what
// v1.3.0 writes there.
func requireConfigEnvelope(t testing.TB, o *Orderer, block *cb.Block, update *cb.Envelope) {
	t.Helper()
	envelope, err := utils.ExtractEnvelope(block, 0)
	require.NoError(t, err)
	contents := &cb.ConfigEnvelope{}
	header, err := utils.UnmarshalEnvelopeOfType(envelope, cb.HeaderType_CONFIG, contents)
	require.NoError(t, err)
	require.Zero(t, header.Version)
	require.Zero(t, header.Epoch)
	require.Empty(t, header.TxId)
	require.Equal(t, testChannel, header.ChannelId)
	require.Equal(t, marshal(t, update), marshal(t, contents.LastUpdate))
	signed, err := utils.EnvelopeAsSignedData(envelope)
	require.NoError(t, err)
	require.NoError(t, evaluate(o.Channel().PolicyManager(), "/Channel/Orderer/Writers", signed), "signed by the orderer")
}

// Config updates follow each other; one that was made against what another has
// changed meanwhile is refused.
func TestConfigUpdatesInARow(t *testing.T) {
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t))})
	client, peer := serve(t, o), peerSigner(t, org1)
	for i := range uint32(4) {
		mustSubmit(t, client, updateOf(t, o, peer, []cryptogen.OrgSpec{ordererOrg}, batchOf(t, 10+i)))
		waitFor(t, o, uint64(i)+1)
		require.EqualValues(t, i+1, o.Channel().Sequence())
	}
	requireSound(t, o)

	stale := updateOf(t, o, peer, []cryptogen.OrgSpec{ordererOrg}, batchOf(t, 1))
	mustSubmit(t, client, updateOf(t, o, peer, []cryptogen.OrgSpec{ordererOrg}, batchOf(t, 2)))
	waitFor(t, o, 5)
	answers := submit(t, client, stale)
	require.Equal(t, cb.Status_BAD_REQUEST, answers[0].Status)
}

// A message that was accepted under a configuration that has changed by the time
// it is ordered is judged again.
func TestMessagesAreJudgedAgain(t *testing.T) {
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t))})
	client := serve(t, o)
	admission := o.chain.admission
	foreign, stays := transaction(t, peerSigner(t, org2), "x", 1), transaction(t, peerSigner(t, org1), "x", 1)
	var early []*message
	for _, envelope := range []*cb.Envelope{foreign, stays} {
		m, r := admission.judge(envelope, false)
		require.Nil(t, r)
		early = append(early, m)
	}
	lateUpdate := updateOf(t, o, peerSigner(t, org1), []cryptogen.OrgSpec{ordererOrg}, batchOf(t, 1))
	overtaken, r := admission.judge(lateUpdate, true)
	require.Nil(t, r)

	mustSubmit(t, client, updateOf(t, o, peerSigner(t, org1), []cryptogen.OrgSpec{org1, org2}, withoutOrg2(t)))
	waitFor(t, o, 1)
	o.server.stop()
	for _, m := range append(early, overtaken) {
		require.Nil(t, o.chain.enqueue(t.Context(), m))
	}
	o.chain.halt()

	block, err := o.Block(2)
	require.NoError(t, err)
	require.Equal(t, [][]byte{marshal(t, stays)}, block.Data.Data, "the transaction of the removed organization is dropped")
	block, err = o.Block(3)
	require.NoError(t, err, "the update touches nothing that has changed, so it still holds")
	require.True(t, protoext.IsConfigBlock(block))
	require.EqualValues(t, 4, o.Height())
	requireSound(t, o)
}

// A config block bars a reader from that very block on.
func TestReaderLosesAccess(t *testing.T) {
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t))})
	client := serve(t, o)
	removed, stays := openReader(t, client), openReader(t, client)
	removed.seek(peerSigner(t, org2), 0, math.MaxUint64)
	stays.seek(peerSigner(t, org1), 0, math.MaxUint64)
	removed.block()
	stays.block()

	mustSubmit(t, client, updateOf(t, o, peerSigner(t, org1), []cryptogen.OrgSpec{org1, org2}, withoutOrg2(t)))
	require.EqualValues(t, 1, stays.block().Header.Number)
	require.Equal(t, cb.Status_FORBIDDEN, removed.status())
	removed.seek(peerSigner(t, org2), 0, 0)
	require.Equal(t, cb.Status_FORBIDDEN, removed.status())
}
