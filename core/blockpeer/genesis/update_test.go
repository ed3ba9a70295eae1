// SPDX-License-Identifier: Apache-2.0

package genesis_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/common/configtx"
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	cb "github.com/hyperledger/fabric/protos/common"
)

func TestEditsTakeEffect(t *testing.T) {
	n := newNetwork(t)
	both, orderer := n.admins("Org1MSP", "Org2MSP"), n.admins("OrdererMSP")
	all := append(append([]crypto.LocalSigner{}, both...), orderer...)

	for i, step := range []struct {
		name    string
		edit    func(c *cb.Config) error
		signers []crypto.LocalSigner
		check   func(r channelconfig.Resources)
	}{
		{"orderer addresses", func(c *cb.Config) error { return genesis.SetOrdererAddresses(c, "a.test:1", "b.test:2") }, orderer,
			func(r channelconfig.Resources) {
				assert.Equal(t, []string{"a.test:1", "b.test:2"}, r.ChannelConfig().OrdererAddresses())
			}},
		{"batch size", func(c *cb.Config) error { return genesis.SetBatchSize(c, 3, 2000, 1000) }, orderer,
			func(r channelconfig.Resources) {
				section, _ := r.OrdererConfig()
				assert.EqualValues(t, 3, section.BatchSize().MaxMessageCount)
				assert.EqualValues(t, 2000, section.BatchSize().AbsoluteMaxBytes)
				assert.EqualValues(t, 1000, section.BatchSize().PreferredMaxBytes)
			}},
		{"batch timeout", func(c *cb.Config) error { return genesis.SetBatchTimeout(c, time.Minute) }, orderer,
			func(r channelconfig.Resources) {
				section, _ := r.OrdererConfig()
				assert.Equal(t, time.Minute, section.BatchTimeout())
			}},
		{"first anchor peer", func(c *cb.Config) error {
			return genesis.SetAnchorPeers(c, "Org1MSP", genesis.AnchorPeer{Host: "p.test", Port: 7051})
		}, n.admins("Org1MSP"), func(r channelconfig.Resources) {
			section, _ := r.ApplicationConfig()
			require.Len(t, section.Organizations()["Org1MSP"].AnchorPeers(), 1)
			assert.Equal(t, "p.test", section.Organizations()["Org1MSP"].AnchorPeers()[0].Host)
		}},
		{"no anchor peer", func(c *cb.Config) error { return genesis.SetAnchorPeers(c, "Org1MSP") }, n.admins("Org1MSP"),
			func(r channelconfig.Resources) {
				section, _ := r.ApplicationConfig()
				assert.Empty(t, section.Organizations()["Org1MSP"].AnchorPeers())
			}},
		{"org joins", func(c *cb.Config) error { return genesis.AddOrg(c, genesis.ApplicationSection, n.org("Org3MSP")) }, both,
			func(r channelconfig.Resources) {
				section, _ := r.ApplicationConfig()
				assert.Equal(t, "Org3MSP", section.Organizations()["Org3MSP"].MSPID())
			}},
		{"org leaves", func(c *cb.Config) error { return genesis.RemoveOrg(c, genesis.ApplicationSection, "Org2MSP") }, both,
			func(r channelconfig.Resources) {
				section, _ := r.ApplicationConfig()
				assert.Len(t, section.Organizations(), 2)
				assert.NotContains(t, section.Organizations(), "Org2MSP")
			}},
		{"an org orders, at once with other changes", func(c *cb.Config) error {
			return errors.Join(genesis.AddOrg(c, genesis.OrdererSection, n.org("Org2MSP")), genesis.SetOrdererAddresses(c, "c.test:3"))
		}, all, func(r channelconfig.Resources) {
			section, _ := r.OrdererConfig()
			assert.Len(t, section.Organizations(), 2)
			assert.Equal(t, []string{"c.test:3"}, r.ChannelConfig().OrdererAddresses())
		}},
	} {
		updated := genesis.Clone(n.config())
		require.NoError(t, step.edit(updated), step.name)
		block, err := n.propose(updated, step.signers...)
		require.NoError(t, err, step.name)
		require.NoError(t, n.channel.Apply(block), step.name)
		assert.EqualValues(t, i+1, n.channel.Sequence(), step.name)
		assert.EqualValues(t, i+1, n.channel.ConfigBlockNumber(), step.name)
		assert.True(t, proto.Equal(withoutVersions(updated.ChannelGroup), withoutVersions(n.config().ChannelGroup)), step.name)
		step.check(n.channel.Bundle())
	}
}

func withoutVersions(g *cb.ConfigGroup) *cb.ConfigGroup {
	bare := proto.Clone(g).(*cb.ConfigGroup)
	clearVersions(bare)
	return bare
}

func clearVersions(g *cb.ConfigGroup) {
	g.Version = 0
	for _, v := range g.Values {
		v.Version = 0
	}
	for _, p := range g.Policies {
		p.Version = 0
	}
	for _, sub := range g.Groups {
		clearVersions(sub)
	}
}

func TestTooFewSignatures(t *testing.T) {
	n := newNetwork(t)
	addresses := genesis.Clone(n.config())
	require.NoError(t, genesis.SetOrdererAddresses(addresses, "evil.test:1"))
	joining := genesis.Clone(n.config())
	require.NoError(t, genesis.AddOrg(joining, genesis.ApplicationSection, n.org("Org3MSP")))

	for name, c := range map[string]struct {
		updated *cb.Config
		signers []crypto.LocalSigner
	}{
		"nobody":                      {addresses, nil},
		"peer admins for orderers":    {addresses, n.admins("Org1MSP", "Org2MSP")},
		"a stranger":                  {addresses, n.admins("Org3MSP")},
		"one of two is no majority":   {joining, n.admins("Org1MSP")},
		"one of two, twice":           {joining, n.admins("Org1MSP", "Org1MSP")},
		"one of two and the newcomer": {joining, n.admins("Org1MSP", "Org3MSP")},
		"one of two and the orderers": {joining, n.admins("Org1MSP", "OrdererMSP")},
	} {
		_, err := n.propose(c.updated, c.signers...)
		assert.Error(t, err, name)
	}
	block, err := n.propose(joining, n.admins("Org1MSP", "Org2MSP")...)
	require.NoError(t, err)
	require.NoError(t, n.channel.Apply(block))
}

// Properly signed, and still nothing that a running channel may turn into.
func TestApplyRefusesSignedUpdates(t *testing.T) {
	n := newNetwork(t)
	everybody := n.admins("Org1MSP", "Org2MSP", "OrdererMSP")
	for name, c := range map[string]struct {
		edit func(root *cb.ConfigGroup)
		want string
	}{
		"consensus type": {func(root *cb.ConfigGroup) {
			setValue(t, root.Groups["Orderer"], channelconfig.ConsensusTypeValue("etcdraft", nil))
		}, `may not follow the current one: Attempted to change consensus type from "solo" to "etcdraft"`},
		"section goes": {func(root *cb.ConfigGroup) { delete(root.Groups, "Application") },
			"may not follow the current one: Current config has application section, but new config does not"},
		"MSP ID": {func(root *cb.ConfigGroup) {
			orgs := root.Groups["Application"].Groups
			orgs["Org1MSP"].Values["MSP"].Value = orgs["Org2MSP"].Values["MSP"].Value
		}, "Application org Org1MSP attempted to change MSP ID from Org1MSP to Org2MSP"},
		"capability": {func(root *cb.ConfigGroup) {
			setValue(t, root, channelconfig.CapabilitiesValue(map[string]bool{"V1_3": true, "V2_0": true}))
		}, "a newer peer is needed to process this channel: Channel capability V2_0 is required but not supported"},
		"application capability": {func(root *cb.ConfigGroup) {
			setValue(t, root.Groups["Application"], channelconfig.CapabilitiesValue(map[string]bool{"V1_4_2": true}))
		}, "Application capability V1_4_2 is required but not supported"},
		"value nobody knows": {func(root *cb.ConfigGroup) {
			root.Groups["Orderer"].Groups["OrdererMSP"].Values["Endpoints"] = &cb.ConfigValue{ModPolicy: "Admins"}
		}, "organization OrdererMSP: Unexpected key Endpoints"},
		"no addresses": {func(root *cb.ConfigGroup) { setValue(t, root, channelconfig.OrdererAddressesValue(nil)) },
			"OrdererAddresses is absent or lists no address"},
	} {
		t.Run(name, func(t *testing.T) {
			updated := genesis.Clone(n.config())
			c.edit(updated.ChannelGroup)
			block, err := n.propose(updated, everybody...)
			require.NoError(t, err)
			err = n.channel.Apply(block)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.Zero(t, n.channel.Sequence())
		})
	}
}

func setValue(t *testing.T, g *cb.ConfigGroup, value channelconfig.ConfigValue) {
	t.Helper()
	g.Values[value.Key()].Value = marshal(t, value.Value())
}

func TestUpdateIsMinimal(t *testing.T) {
	original := recordedConfig(t, "mychannel", 31)
	kept := func(version uint64) *cb.ConfigValue { return &cb.ConfigValue{Version: version} }
	rule := func() *cb.ConfigPolicy { return &cb.ConfigPolicy{} }

	updated := genesis.Clone(original)
	delete(updated.ChannelGroup.Groups["Application"].Groups["Org1MSP"].Values, "AnchorPeers")
	update, err := genesis.ComputeUpdate("mychannel", original, updated)
	require.NoError(t, err)
	members := func(version uint64) *cb.ConfigGroup {
		return &cb.ConfigGroup{
			Version:  version,
			Values:   map[string]*cb.ConfigValue{"MSP": kept(0)},
			Policies: map[string]*cb.ConfigPolicy{"Admins": rule(), "Readers": rule(), "Writers": rule()},
		}
	}
	written := members(2)
	written.ModPolicy = "Admins"
	inside := func(org *cb.ConfigGroup) *cb.ConfigGroup {
		return &cb.ConfigGroup{Groups: map[string]*cb.ConfigGroup{
			"Application": {Version: 1, Groups: map[string]*cb.ConfigGroup{"Org1MSP": org}},
		}}
	}
	assert.True(t, proto.Equal(inside(members(1)), update.ReadSet), "%v", update.ReadSet)
	assert.True(t, proto.Equal(inside(written), update.WriteSet), "%v", update.WriteSet)

	updated = genesis.Clone(original)
	updated.ChannelGroup.ModPolicy = "Writers"
	update, err = genesis.ComputeUpdate("mychannel", original, updated)
	require.NoError(t, err)
	assert.Len(t, update.WriteSet.Values, len(original.ChannelGroup.Values), "a redefined group lists its members")
	assert.Len(t, update.WriteSet.Groups, 2)
	assert.True(t, proto.Equal(&cb.ConfigGroup{Version: 1}, update.WriteSet.Groups["Application"]), "but not theirs")
}

func TestComputeUpdateRefusals(t *testing.T) {
	config := recordedConfig(t, "mychannel", 0)
	before := genesis.Clone(config)
	_, err := genesis.ComputeUpdate("c", config, genesis.Clone(config))
	assert.Equal(t, genesis.ErrNoChange, err)
	for _, nothing := range []*cb.Config{nil, {}} {
		_, err = genesis.ComputeUpdate("c", nothing, config)
		assert.EqualError(t, err, "the original configuration has no channel group")
		_, err = genesis.ComputeUpdate("c", config, nothing)
		assert.EqualError(t, err, "the updated configuration has no channel group")
	}

	holes := genesis.Clone(config)
	holes.ChannelGroup.Groups["Orderer"] = nil
	holes.ChannelGroup.Values["OrdererAddresses"] = nil
	holes.ChannelGroup.Policies["Readers"] = nil
	_, err = genesis.ComputeUpdate("c", config, holes)
	assert.NoError(t, err)
	_, err = genesis.ComputeUpdate("c", holes, config)
	assert.NoError(t, err)
	assert.True(t, proto.Equal(before, config), "arguments stay as they are")
}

func TestSignUpdateRefusals(t *testing.T) {
	n := newNetwork(t)
	signer := n.admin("Org1MSP")
	_, err := genesis.SignUpdate(nil, signer)
	assert.EqualError(t, err, "config update is nil")
	_, err = genesis.SignUpdate(&cb.ConfigUpdate{}, nil)
	assert.EqualError(t, err, "no signer for the envelope of a config update")
	_, err = genesis.SignUpdate(&cb.ConfigUpdate{}, signer, signer, nil)
	assert.EqualError(t, err, "signature 2 of 2 under the config update: signer is nil")
	_, err = genesis.SignUpdate(&cb.ConfigUpdate{}, signer, brokenSigner{})
	assert.EqualError(t, err, "signature 1 of 1 under the config update: token removed")
	_, err = genesis.SignUpdate(&cb.ConfigUpdate{}, brokenSigner{}, signer)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "signing the envelope of a config update")
}

type brokenSigner struct{}

func (brokenSigner) NewSignatureHeader() (*cb.SignatureHeader, error) {
	return &cb.SignatureHeader{}, nil
}

func (brokenSigner) Sign([]byte) ([]byte, error) { return nil, errors.New("token removed") }

func TestEditRefusals(t *testing.T) {
	n := newNetwork(t)
	config := genesis.Clone(n.config())
	before := genesis.Clone(config)
	assert.EqualError(t, genesis.SetAnchorPeers(config, "Nobody"), "the configuration has no group /Channel/Application/Nobody")
	assert.EqualError(t, genesis.RemoveOrg(config, genesis.OrdererSection, "Nobody"), "the configuration has no group /Channel/Orderer/Nobody")
	assert.EqualError(t, genesis.AddOrg(config, "Elsewhere", n.org("Org3MSP")), "the configuration has no group /Channel/Elsewhere")
	assert.EqualError(t, genesis.AddOrg(config, genesis.ApplicationSection, n.org("Org1MSP")), "organization Org1MSP occurs twice in a section")
	assert.EqualError(t, genesis.SetBatchSize(&cb.Config{}, 1, 1, 1), "the configuration has no group /Channel")
	assert.EqualError(t, genesis.SetOrdererAddresses(nil, "a:1"), "the configuration has no group /Channel")
	assert.True(t, proto.Equal(before, config), "a failed edit leaves no trace")

	bare := &cb.Config{ChannelGroup: &cb.ConfigGroup{Groups: map[string]*cb.ConfigGroup{"Application": {}}}}
	require.NoError(t, genesis.SetOrdererAddresses(bare, "a:1"))
	require.NoError(t, genesis.AddOrg(bare, genesis.ApplicationSection, n.org("Org3MSP")))
	assert.Equal(t, "/Channel/Orderer/Admins", bare.ChannelGroup.Values["OrdererAddresses"].ModPolicy)
}

// Random pairs of trees: the update computed for a pair, judged by
// common/configtx with policies that let everything pass, leads from the one to
// the other.
func TestComputedUpdatesLeadThere(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for round := 0; round < 500; round++ {
		original := &cb.Config{Sequence: 5, ChannelGroup: randomGroup(random, 3)}
		updated := genesis.Clone(original)
		shake(random, updated.ChannelGroup, 3)

		update, err := genesis.ComputeUpdate("c", original, updated)
		if proto.Equal(withoutVersions(original.ChannelGroup), withoutVersions(updated.ChannelGroup)) {
			require.Equal(t, genesis.ErrNoChange, err, "round %d", round)
			continue
		}
		require.NoError(t, err, "round %d", round)

		validator, err := configtx.NewValidatorImpl("c", original, "Channel", permissive{})
		require.NoError(t, err, "round %d", round)
		contents, err := validator.ProposeConfigUpdate(unsigned(t, update))
		require.NoError(t, err, "round %d", round)
		require.True(t, proto.Equal(withoutVersions(updated.ChannelGroup), withoutVersions(contents.Config.ChannelGroup)), "round %d", round)
	}
}

// randomGroup makes a tree whose elements have any versions.
func randomGroup(r *rand.Rand, depth int) *cb.ConfigGroup {
	g := cb.NewConfigGroup()
	g.Version, g.ModPolicy = uint64(r.Intn(3)), modPolicy(r)
	for i := r.Intn(4); i > 0; i-- {
		g.Values[name(r)] = &cb.ConfigValue{Version: uint64(r.Intn(3)), Value: []byte{byte(r.Intn(2))}, ModPolicy: modPolicy(r)}
	}
	for i := r.Intn(4); i > 0; i-- {
		g.Policies[name(r)] = &cb.ConfigPolicy{Version: uint64(r.Intn(3)), Policy: &cb.Policy{Type: int32(r.Intn(2))}, ModPolicy: modPolicy(r)}
	}
	if depth > 0 {
		for i := r.Intn(4); i > 0; i-- {
			g.Groups[name(r)] = randomGroup(r, depth-1)
		}
	}
	return g
}

func modPolicy(r *rand.Rand) string { return []string{"Admins", "Writers"}[r.Intn(2)] }

func name(r *rand.Rand) string { return fmt.Sprint("m", r.Intn(5)) }

// shake changes a few elements.
func shake(r *rand.Rand, g *cb.ConfigGroup, depth int) {
	if r.Intn(8) == 0 {
		g.ModPolicy = "Writers"
	}
	// Cloning leaves empty maps out.
	shaken := cb.NewConfigGroup()
	maps.Copy(shaken.Values, g.Values)
	maps.Copy(shaken.Policies, g.Policies)
	maps.Copy(shaken.Groups, g.Groups)
	g.Values, g.Policies, g.Groups = shaken.Values, shaken.Policies, shaken.Groups

	other := randomGroup(r, depth)
	for key, value := range other.Values {
		if r.Intn(2) == 0 {
			g.Values[key] = value
		} else {
			delete(g.Values, key)
		}
	}
	for key, policy := range other.Policies {
		if r.Intn(2) == 0 {
			g.Policies[key] = policy
		} else {
			delete(g.Policies, key)
		}
	}
	for key, sub := range other.Groups {
		switch r.Intn(6) {
		case 0:
			g.Groups[key] = sub
		case 1:
			delete(g.Groups, key)
		}
	}
	for _, sub := range g.Groups {
		if r.Intn(3) == 0 {
			shake(r, sub, depth-1)
		}
	}
}

func unsigned(t *testing.T, update *cb.ConfigUpdate) *cb.Envelope {
	t.Helper()
	header := marshal(t, &cb.ChannelHeader{Type: int32(cb.HeaderType_CONFIG_UPDATE), ChannelId: update.ChannelId})
	return &cb.Envelope{Payload: marshal(t, &cb.Payload{
		Header: &cb.Header{ChannelHeader: header},
		Data:   marshal(t, &cb.ConfigUpdateEnvelope{ConfigUpdate: marshal(t, update)}),
	})}
}

// permissive is a policies.Manager of which every policy accepts.
type permissive struct{}

func (permissive) GetPolicy(string) (policies.Policy, bool) { return permissive{}, true }

func (permissive) Manager([]string) (policies.Manager, bool) { return permissive{}, true }

func (permissive) Evaluate([]*cb.SignedData) error { return nil }
