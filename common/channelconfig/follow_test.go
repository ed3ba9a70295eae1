// SPDX-License-Identifier: Apache-2.0

package channelconfig_test

import (
	"bytes"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/common/flogging"
	cb "github.com/hyperledger/fabric/protos/common"
	mspprotos "github.com/hyperledger/fabric/protos/msp"
)

// asOrg2 gives an organization the MSP of another.
func asOrg2(c *cb.Config, path ...string) {
	group(c, path...).Values["MSP"] = group(c, "Application", "Org2MSP").Values["MSP"]
}

func TestValidateNew(t *testing.T) {
	current := bundle(t, recordedConfig(t, "mychannel", 31))
	for name, c := range map[string]struct {
		edit func(c *cb.Config)
		want string // "" if allowed
	}{
		"unchanged":           {func(c *cb.Config) {}, ""},
		"org leaves":          {func(c *cb.Config) { delete(group(c, "Application").Groups, "Org1MSP") }, ""},
		"org renamed":         {func(c *cb.Config) { group(c, "Application").Groups["New"] = group(c, "Application", "Org1MSP") }, ""},
		"no orderer":          {func(c *cb.Config) { delete(c.ChannelGroup.Groups, "Orderer") }, "Current config has orderer section, but new config does not"},
		"no application":      {func(c *cb.Config) { delete(c.ChannelGroup.Groups, "Application") }, "Current config has application section, but new config does not"},
		"consensus type":      {func(c *cb.Config) { put(group(c, "Orderer"), channelconfig.ConsensusTypeValue("kafka", nil)) }, `Attempted to change consensus type from "solo" to "kafka"`},
		"MSP of a peer org":   {func(c *cb.Config) { asOrg2(c, "Application", "Org1MSP") }, "Application org Org1MSP attempted to change MSP ID from Org1MSP to Org2MSP"},
		"MSP of orderers":     {func(c *cb.Config) { asOrg2(c, "Orderer", "OrdererOrg") }, "Orderer org OrdererOrg attempted to change MSP ID from OrdererMSP to Org2MSP"},
		"other orderers join": {func(c *cb.Config) { group(c, "Orderer").Groups["Org2"] = group(c, "Application", "Org2MSP") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			next := edited(t, c.edit)
			if org := group(next, "Orderer"); org != nil && org.Groups["Org2"] != nil {
				org.Groups["Org2"] = proto.Clone(org.Groups["Org2"]).(*cb.ConfigGroup)
				delete(org.Groups["Org2"].Values, "AnchorPeers")
			}
			err := current.ValidateNew(bundle(t, next))
			if c.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, c.want)
		})
	}
	assert.Error(t, current.ValidateNew(nil))
}

// A section may come, though none may go.
func TestValidateNewSectionAppears(t *testing.T) {
	bare := bundle(t, edited(t, func(c *cb.Config) { c.ChannelGroup.Groups = nil }))
	full := bundle(t, recordedConfig(t, "mychannel", 31))
	assert.NoError(t, bare.ValidateNew(full))
}

func TestValidateNewConsortiums(t *testing.T) {
	system := func(edit func(section *cb.ConfigGroup)) *channelconfig.Bundle {
		config := recordedConfig(t, "syschannel", 0)
		edit(config.ChannelGroup)
		return bundle(t, config)
	}
	current := system(func(*cb.ConfigGroup) {})
	assert.NoError(t, current.ValidateNew(current))
	assert.NoError(t, current.ValidateNew(system(func(root *cb.ConfigGroup) {
		delete(root.Groups["Consortiums"].Groups, "SampleConsortium")
	})))
	assert.EqualError(t, current.ValidateNew(system(func(root *cb.ConfigGroup) { delete(root.Groups, "Consortiums") })),
		"Current config has consortiums section, but new config does not")
	assert.EqualError(t, current.ValidateNew(system(func(root *cb.ConfigGroup) {
		orgs := root.Groups["Consortiums"].Groups["SampleConsortium"].Groups
		orgs["Org1MSP"].Values["MSP"] = orgs["Org2MSP"].Values["MSP"]
	})), "Consortium SampleConsortium org Org1MSP attempted to change MSP ID from Org1MSP to Org2MSP")
}

func TestBundleSource(t *testing.T) {
	first := bundle(t, recordedConfig(t, "mychannel", 0))
	second := bundle(t, recordedConfig(t, "mychannel", 9))

	var calls []string
	var source *channelconfig.BundleSource
	note := func(name string) func(*channelconfig.Bundle) {
		return func(b *channelconfig.Bundle) {
			if source != nil {
				assert.Same(t, source.StableBundle(), b, "a callback sees the new bundle already in place")
			}
			calls = append(calls, name)
		}
	}
	source = channelconfig.NewBundleSource(first, note("trust"), note("gossip"))
	assert.Equal(t, []string{"trust", "gossip"}, calls)

	check := func(b *channelconfig.Bundle) {
		t.Helper()
		assert.Same(t, b, source.StableBundle())
		assert.Same(t, b.MSPManager(), source.MSPManager())
		assert.Same(t, b.PolicyManager(), source.PolicyManager())
		assert.Equal(t, b.ConfigtxValidator().Sequence(), source.ConfigtxValidator().Sequence())
		assert.Equal(t, b.ChannelConfig().OrdererAddresses(), source.ChannelConfig().OrdererAddresses())
		_, present := source.OrdererConfig()
		assert.True(t, present)
		_, present = source.ApplicationConfig()
		assert.True(t, present)
		_, present = source.ConsortiumsConfig()
		assert.False(t, present)
		assert.NoError(t, source.ValidateNew(second))
	}
	check(first)
	source.Update(second)
	assert.Equal(t, []string{"trust", "gossip", "trust", "gossip"}, calls)
	check(second)
	assert.NotNil(t, source.MSPManager())
}

func TestMSPConfigHandler(t *testing.T) {
	definition := &mspprotos.MSPConfig{}
	config := recordedConfig(t, "mychannel", 0)
	require.NoError(t, proto.Unmarshal(group(config, "Application", "Org1MSP").Values["MSP"].Value, definition))

	handler := channelconfig.NewMSPConfigHandler(2)
	made, err := handler.ProposeMSP(definition)
	require.NoError(t, err)
	again, err := handler.ProposeMSP(proto.Clone(definition).(*mspprotos.MSPConfig))
	require.NoError(t, err)
	assert.Same(t, made, again, "an identical definition is set up once")

	contents := &mspprotos.FabricMSPConfig{}
	require.NoError(t, proto.Unmarshal(definition.Config, contents))
	contents.TlsRootCerts = nil
	raw, err := proto.Marshal(contents)
	require.NoError(t, err)
	_, err = handler.ProposeMSP(&mspprotos.MSPConfig{Config: raw})
	assert.EqualError(t, err, `two different definitions of the MSP "Org1MSP" in one channel`)
	_, err = handler.ProposeMSP(nil)
	assert.EqualError(t, err, "MSP definition is nil")

	manager, err := handler.CreateMSPManager()
	require.NoError(t, err)
	msps, err := manager.GetMSPs()
	require.NoError(t, err)
	require.Len(t, msps, 1)
	assert.Same(t, made, msps["Org1MSP"])
}

func TestLogSanityChecks(t *testing.T) {
	var out bytes.Buffer
	flogging.Init(flogging.Config{Writer: &out})
	defer flogging.Reset()

	channelconfig.LogSanityChecks(bundle(t, recordedConfig(t, "mychannel", 31)))
	assert.Empty(t, out.String(), "nothing is wrong with the recorded channel")

	channelconfig.LogSanityChecks(bundle(t, edited(t, func(c *cb.Config) {
		delete(c.ChannelGroup.Policies, "Readers")
		delete(group(c, "Orderer").Policies, "BlockValidation")
		put(c.ChannelGroup, channelconfig.OrdererAddressesValue([]string{"orderer"}))
		group(c, "Orderer").Groups = nil
	})))
	for _, want := range []string{"/Channel/Readers", "/Channel/Orderer/BlockValidation", "orderer address", "no organization that orders"} {
		assert.Contains(t, out.String(), want)
	}
	assert.NotContains(t, out.String(), "/Channel/Application/Readers")
}

var (
	_ channelconfig.Resources     = (*channelconfig.BundleSource)(nil)
	_ channelconfig.ChannelValues = (*channelconfig.ChannelConfig)(nil)
)
