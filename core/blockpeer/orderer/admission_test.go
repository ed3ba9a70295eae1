// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"math"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/stretchr/testify/require"
)

// The statuses of Broadcast, case by case, over a real stream.
func TestBroadcastStatuses(t *testing.T) {
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t))})
	client := serve(t, o)
	peer, outsider := peerSigner(t, org1), peerSigner(t, stranger)
	update := func(admins []cryptogen.OrgSpec, change func(*cb.Config)) *cb.Envelope {
		return updateOf(t, o, peer, admins, change)
	}
	orderers := []cryptogen.OrgSpec{ordererOrg}
	unsigned := transaction(t, peer, "x", 1)
	unsigned.Signature = nil
	forged := transaction(t, peer, "x", 1)
	forged.Signature = transaction(t, peer, "other", 1).Signature
	value := &cb.ConfigValue{}

	for name, c := range map[string]struct {
		message *cb.Envelope
		status  cb.Status
		info    string
	}{
		"empty":                            {&cb.Envelope{}, cb.Status_BAD_REQUEST, "channel"},
		"malformed payload":                {&cb.Envelope{Payload: []byte{0xff}}, cb.Status_BAD_REQUEST, "channel"},
		"no header":                        {&cb.Envelope{Payload: marshal(t, &cb.Payload{Data: []byte{1}})}, cb.Status_BAD_REQUEST, "channel"},
		"CONFIG":                           {messageOf(t, cb.HeaderType_CONFIG, testChannel, peer, value), cb.Status_BAD_REQUEST, "CONFIG"},
		"CONFIG elsewhere":                 {messageOf(t, cb.HeaderType_CONFIG, "elsewhere", peer, value), cb.Status_BAD_REQUEST, "CONFIG"},
		"ORDERER_TRANSACTION":              {messageOf(t, cb.HeaderType_ORDERER_TRANSACTION, testChannel, peer, value), cb.Status_BAD_REQUEST, "ORDERER_TRANSACTION"},
		"unknown channel":                  {messageOf(t, cb.HeaderType_MESSAGE, "elsewhere", peer, value), cb.Status_NOT_FOUND, `"elsewhere" does not exist`},
		"no channel":                       {messageOf(t, cb.HeaderType_MESSAGE, "", peer, value), cb.Status_NOT_FOUND, "does not exist"},
		"channel creation":                 {messageOf(t, cb.HeaderType_CONFIG_UPDATE, "elsewhere", peer, value), cb.Status_BAD_REQUEST, "creates none"},
		"not a writer":                     {transaction(t, outsider, "x", 1), cb.Status_FORBIDDEN, "/Channel/Writers"},
		"unsigned":                         {unsigned, cb.Status_FORBIDDEN, "/Channel/Writers"},
		"forged":                           {forged, cb.Status_FORBIDDEN, "/Channel/Writers"},
		"anonymous":                        {messageOf(t, cb.HeaderType_MESSAGE, testChannel, nil, value), cb.Status_FORBIDDEN, "/Channel/Writers"},
		"too large":                        {transaction(t, peer, "x", 100_001), cb.Status_BAD_REQUEST, "exceeds the channel's maximum of 100000"},
		"expired identity":                 {transaction(t, expiringSigner(t, time.Now().Add(-time.Minute)), "x", 1), cb.Status_BAD_REQUEST, "expired"},
		"update by a stranger":             {updateOf(t, o, outsider, orderers, batchOf(t, 1)), cb.Status_FORBIDDEN, "/Channel/Writers"},
		"update without its policy":        {update(nil, batchOf(t, 1)), cb.Status_BAD_REQUEST, "not acceptable"},
		"update signed by another org":     {update([]cryptogen.OrgSpec{org1}, batchOf(t, 1)), cb.Status_BAD_REQUEST, "not acceptable"},
		"update that is none":              {messageOf(t, cb.HeaderType_CONFIG_UPDATE, testChannel, peer, value), cb.Status_BAD_REQUEST, "not acceptable"},
		"update to an invalid batch size":  {update(orderers, batchOf(t, 0)), cb.Status_BAD_REQUEST, "invalid configuration"},
		"update to an unknown capability":  {update(orderers, demand), cb.Status_BAD_REQUEST, "V9_9"},
		"update that removes the orderers": {updateOf(t, o, peer, []cryptogen.OrgSpec{org1, org2, ordererOrg}, dropOrderers), cb.Status_BAD_REQUEST, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answers := submit(t, client, c.message)
			require.Equal(t, c.status, answers[0].Status, answers[0].Info)
			require.Contains(t, answers[0].Info, c.info)
		})
	}
	require.EqualValues(t, 1, o.Height())
	mustSubmit(t, client, transaction(t, peer, "x", 1), transaction(t, expiringSigner(t, time.Now().Add(time.Hour)), "x", 1),
		transaction(t, ordererSigner(t), "x", 1))
	waitFor(t, o, 1)
}

func demand(c *cb.Config) {
	value := c.ChannelGroup.Groups["Orderer"].Values["Capabilities"]
	value.Value = []byte("\x0a\x08\x0a\x04V9_9\x12\x00")
}

func dropOrderers(c *cb.Config) { delete(c.ChannelGroup.Groups, "Orderer") }

// Without the capability, v1.3.0 does not look at the expiry of identities.
func TestExpiryNeedsACapability(t *testing.T) {
	p := profile(t)
	p.OrdererCapabilities, p.ChannelCapabilities, p.ApplicationCapabilities = []string{}, []string{}, []string{}
	p.MaxMessageCount = 1
	o := startOrderer(t, Config{Genesis: genesisBlock(t, p)})
	mustSubmit(t, serve(t, o), transaction(t, expiringSigner(t, time.Now().Add(-time.Minute)), "x", 1))
	waitFor(t, o, 1)
}

// What a client adds to an envelope besides its two fields would make peers
// refuse the block, so it does not get into one.
func TestEnvelopesAreEncodedAnew(t *testing.T) {
	p := profile(t)
	p.MaxMessageCount = 1
	o := startOrderer(t, Config{Genesis: genesisBlock(t, p)})
	clean := transaction(t, peerSigner(t, org1), "x", 1)
	padded := &cb.Envelope{Payload: clean.Payload, Signature: clean.Signature, XXX_unrecognized: []byte{0x18, 0x01}}
	mustSubmit(t, serve(t, o), padded)
	waitFor(t, o, 1)
	block, err := o.Block(1)
	require.NoError(t, err)
	require.Equal(t, [][]byte{marshal(t, clean)}, block.Data.Data)
	require.NoError(t, protoext.CheckTransactionBoundaries(block))
}

// Even where the channel asks for no signature, an unsigned message would make a
// block that peers refuse.
func TestUnsignedMessageUnderAPermissivePolicy(t *testing.T) {
	p := profile(t)
	p.ApplicationOrgs = []genesis.Org{genesisOrg(t, org1)}
	p.ApplicationOrgs[0].Policies = map[string]string{"Writers": "OutOf(0, 'Org1MSP.member')"}
	o := startOrderer(t, Config{Genesis: genesisBlock(t, p)})
	answers := submit(t, serve(t, o), messageOf(t, cb.HeaderType_MESSAGE, testChannel, nil, &cb.ConfigValue{}))
	require.Equal(t, cb.Status_BAD_REQUEST, answers[0].Status)
	require.Contains(t, answers[0].Info, "not signed")
}

// Deliver's refusals over a real stream, which stays open after each.
func TestDeliverStatuses(t *testing.T) {
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t))})
	client := serve(t, o)
	peer := peerSigner(t, org1)
	r := openReader(t, client)
	send := func(envelope *cb.Envelope) { require.NoError(t, r.stream.Send(envelope)) }

	send(&cb.Envelope{})
	require.Equal(t, cb.Status_BAD_REQUEST, r.status())
	send(seekEnvelope(t, peer, "elsewhere", 0, 0, nil))
	require.Equal(t, cb.Status_NOT_FOUND, r.status())
	r.seek(peerSigner(t, stranger), 0, 0)
	require.Equal(t, cb.Status_FORBIDDEN, r.status())
	r.seek(expiringSigner(t, time.Now().Add(-time.Minute)), 0, 0)
	require.Equal(t, cb.Status_FORBIDDEN, r.status())
	r.seek(peer, 2, math.MaxUint64)
	require.Equal(t, cb.Status_NOT_FOUND, r.status())
	r.seek(peer, 0, 0)
	require.Zero(t, r.block().Header.Number)
	require.Equal(t, cb.Status_SUCCESS, r.status())
}

func TestCloseAfterFailure(t *testing.T) {
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t)), CloseAfterFailure: true})
	r := openReader(t, serve(t, o))
	r.seek(peerSigner(t, org1), 0, 0)
	r.block()
	require.Equal(t, cb.Status_SUCCESS, r.status())
	r.seek(peerSigner(t, org1), 7, 7)
	require.Equal(t, cb.Status_NOT_FOUND, r.status())
	require.ErrorContains(t, r.failure(), "EOF")
}
