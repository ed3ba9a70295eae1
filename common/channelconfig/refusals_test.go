// SPDX-License-Identifier: Apache-2.0

package channelconfig_test

import (
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/channelconfig"
	cb "github.com/hyperledger/fabric/protos/common"
	mspprotos "github.com/hyperledger/fabric/protos/msp"
)

type refusal struct {
	name string
	edit func(c *cb.Config)
	want string
}

func TestRefusedShapes(t *testing.T) {
	checkRefusals(t, []refusal{
		{"no channel group", func(c *cb.Config) { c.ChannelGroup = nil }, "config must contain a channel group"},
		{"nil group", func(c *cb.Config) { c.ChannelGroup.Groups["Orderer"] = nil }, "config group /Channel/Orderer is nil"},
		{"nil org", func(c *cb.Config) { group(c, "Orderer").Groups["X"] = nil }, "config group /Channel/Orderer/X is nil"},
		{"nil value", func(c *cb.Config) { group(c, "Orderer").Values["BatchSize"] = nil }, "config value /Channel/Orderer/BatchSize is nil"},
		{"nil policy", func(c *cb.Config) { c.ChannelGroup.Policies["Readers"] = nil }, "config policy /Channel/Readers is nil"},
		{"long name", func(c *cb.Config) { c.ChannelGroup.Values[strings.Repeat("v", 250)] = &cb.ConfigValue{} }, "a name of 250 characters"},
		{"empty name", func(c *cb.Config) { c.ChannelGroup.Policies[""] = &cb.ConfigPolicy{} }, "a name of 0 characters"},
		{"unprintable name", func(c *cb.Config) { group(c, "Application").Groups["a\nb"] = &cb.ConfigGroup{} }, `in /Channel/Application is named "a\nb"`},
		{"reserved name", func(c *cb.Config) { c.ChannelGroup.Policies[".."] = c.ChannelGroup.Policies["Readers"] }, `".."`},
		{"deep nesting", func(c *cb.Config) {
			deep := &cb.ConfigGroup{}
			for i := 0; i < 5; i++ {
				deep = &cb.ConfigGroup{Groups: map[string]*cb.ConfigGroup{"g": deep}}
			}
			c.ChannelGroup.Groups["g"] = deep
		}, "config group /Channel/g/g/g/g is nested too deeply"},
		{"unknown section", func(c *cb.Config) { c.ChannelGroup.Groups["Elsewhere"] = &cb.ConfigGroup{} }, "/Channel/Elsewhere: a channel has no group of this name"},
		{"group in an org", func(c *cb.Config) {
			group(c, "Application", "Org1MSP").Groups = map[string]*cb.ConfigGroup{"sub": {}}
		}, "organization Org1MSP holds the group sub"},
		{"capabilities ahead of orderers", func(c *cb.Config) {
			delete(group(c, "Orderer").Values, "Capabilities")
		}, "cannot enable channel capabilities without orderer support first"},
		{"application capabilities ahead of orderers", func(c *cb.Config) {
			delete(group(c, "Orderer").Values, "Capabilities")
			delete(c.ChannelGroup.Values, "Capabilities")
		}, "cannot enable application capabilities without orderer support first"},
	})
	_, err := channelconfig.NewBundle("mychannel", nil)
	assert.EqualError(t, err, "channelconfig Config cannot be nil")
	_, err = channelconfig.NewBundle("My Channel", recordedConfig(t, "mychannel", 0))
	require.Error(t, err)
	assert.Contains(t, err.Error(), "bad channel ID")
}

func TestRefusedValues(t *testing.T) {
	orderer := func(v channelconfig.ConfigValue) func(c *cb.Config) {
		return func(c *cb.Config) { put(group(c, "Orderer"), v) }
	}
	garble := func(key string, path ...string) func(c *cb.Config) {
		return func(c *cb.Config) { group(c, path...).Values[key] = &cb.ConfigValue{Value: []byte{0xff}} }
	}
	remove := func(key string, path ...string) func(c *cb.Config) {
		return func(c *cb.Config) { delete(group(c, path...).Values, key) }
	}
	checkRefusals(t, []refusal{
		{"unknown channel key", garble("Endpoints"), "/Channel: Unexpected key Endpoints"},
		{"unknown orderer key", garble("Endpoints", "Orderer"), "/Channel/Orderer: Unexpected key Endpoints"},
		{"unknown application key", garble("Endpoints", "Application"), "/Channel/Application: Unexpected key Endpoints"},
		{"unknown orderer org key", garble("Endpoints", "Orderer", "OrdererOrg"), "organization OrdererOrg: Unexpected key Endpoints"},
		{"anchors of an orderer org", garble("AnchorPeers", "Orderer", "OrdererOrg"), "organization OrdererOrg: Unexpected key AnchorPeers"},
		{"unknown org key", garble("Endpoints", "Application", "Org2MSP"), "organization Org2MSP: Unexpected key Endpoints"},
		{"garbled addresses", garble("OrdererAddresses"), "/Channel: value OrdererAddresses does not decode"},
		{"garbled MSP", garble("MSP", "Application", "Org1MSP"), "organization Org1MSP: value MSP does not decode"},

		{"no hashing algorithm", remove("HashingAlgorithm"), `HashingAlgorithm is "", expected SHA256 or SHA3_256`},
		{"hashing algorithm", func(c *cb.Config) {
			c.ChannelGroup.Values["HashingAlgorithm"].Value, _ = proto.Marshal(&cb.HashingAlgorithm{Name: "MD5"})
		}, `HashingAlgorithm is "MD5"`},
		{"no hashing structure", remove("BlockDataHashingStructure"), "BlockDataHashingStructure has width 0, expected 4294967295"},
		{"no addresses", remove("OrdererAddresses"), "OrdererAddresses is absent or lists no address"},
		{"empty addresses", func(c *cb.Config) { put(c.ChannelGroup, channelconfig.OrdererAddressesValue(nil)) }, "OrdererAddresses is absent or lists no address"},

		{"no batch size", remove("BatchSize", "Orderer"), "/Channel/Orderer: BatchSize: max_message_count is 0"},
		{"no messages", orderer(channelconfig.BatchSizeValue(0, 2, 1)), "BatchSize: max_message_count is 0"},
		{"no bytes", orderer(channelconfig.BatchSizeValue(1, 0, 0)), "BatchSize: absolute_max_bytes is 0"},
		{"no preferred bytes", orderer(channelconfig.BatchSizeValue(1, 1, 0)), "BatchSize: preferred_max_bytes is 0"},
		{"preferred above absolute", orderer(channelconfig.BatchSizeValue(1, 1, 2)), "BatchSize: preferred_max_bytes 2 exceeds absolute_max_bytes 1"},
		{"no timeout", remove("BatchTimeout", "Orderer"), "BatchTimeout: time: invalid duration"},
		{"zero timeout", orderer(channelconfig.BatchTimeoutValue("0s")), "BatchTimeout: 0s is not positive"},
		{"negative timeout", orderer(channelconfig.BatchTimeoutValue("-2s")), "BatchTimeout: -2s is not positive"},
		{"unitless timeout", orderer(channelconfig.BatchTimeoutValue("2")), "BatchTimeout: time: missing unit"},
		{"broker without port", orderer(channelconfig.KafkaBrokersValue([]string{"k"})), `KafkaBrokers: "k" is not host:port`},
		{"broker without host", orderer(channelconfig.KafkaBrokersValue([]string{":1"})), `KafkaBrokers: ":1" is not host:port`},
		{"broker port", orderer(channelconfig.KafkaBrokersValue([]string{"k:9092", "k:65536"})), `KafkaBrokers: "k:65536" has no port`},
		{"broker with two ports", orderer(channelconfig.KafkaBrokersValue([]string{"k:1:2"})), `KafkaBrokers: "k:1:2" has no port`},

		{"ACLs before their time", func(c *cb.Config) {
			put(group(c, "Application"), channelconfig.CapabilitiesValue(map[string]bool{"V1_1": true}))
			put(group(c, "Application"), channelconfig.ACLValues(nil))
		}, "ACLs may not be specified without the required capability"},
	})
}

func TestRefusedOrganizations(t *testing.T) {
	redefine := func(edit func(f *mspprotos.FabricMSPConfig)) func(c *cb.Config) {
		return func(c *cb.Config) {
			value := group(c, "Application", "Org1MSP").Values["MSP"]
			definition, contents := &mspprotos.MSPConfig{}, &mspprotos.FabricMSPConfig{}
			_ = proto.Unmarshal(value.Value, definition)
			_ = proto.Unmarshal(definition.Config, contents)
			edit(contents)
			definition.Config, _ = proto.Marshal(contents)
			value.Value, _ = proto.Marshal(definition)
		}
	}
	checkRefusals(t, []refusal{
		{"no MSP", func(c *cb.Config) { delete(group(c, "Application", "Org1MSP").Values, "MSP") }, "organization Org1MSP: setting up an MSP"},
		{"no roots", redefine(func(f *mspprotos.FabricMSPConfig) { f.RootCerts = nil }), "organization Org1MSP: setting up an MSP"},
		{"no identifier", redefine(func(f *mspprotos.FabricMSPConfig) { f.Name = "" }), "organization Org1MSP"},
		{"taken identifier", redefine(func(f *mspprotos.FabricMSPConfig) { f.Name = "OrdererMSP"; f.FabricNodeOus = nil }),
			`organization OrdererOrg: two different definitions of the MSP "OrdererMSP" in one channel`},
		{"unknown type", func(c *cb.Config) {
			group(c, "Application", "Org1MSP").Values["MSP"].Value, _ = proto.Marshal(&mspprotos.MSPConfig{Type: 7})
		}, "organization Org1MSP: MSP definition is of type 7, which does not exist"},
		{"idemix without the capability", func(c *cb.Config) {
			delete(c.ChannelGroup.Values, "Capabilities")
			group(c, "Application", "Org1MSP").Values["MSP"].Value, _ = proto.Marshal(&mspprotos.MSPConfig{Type: 1})
		}, "organization Org1MSP: creating an MSP"},
	})
}

func TestRefusedConsortiums(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(section *cb.ConfigGroup)
		want string
	}{
		"value in the section": {func(s *cb.ConfigGroup) { s.Values = map[string]*cb.ConfigValue{"MSP": {}} }, "/Channel/Consortiums: Unexpected key MSP"},
		"value in a consortium": {func(s *cb.ConfigGroup) { s.Groups["SampleConsortium"].Values["MSP"] = &cb.ConfigValue{} },
			"consortium SampleConsortium: Unexpected key MSP"},
		"org": {func(s *cb.ConfigGroup) {
			s.Groups["SampleConsortium"].Groups["Org1MSP"].Values["X"] = &cb.ConfigValue{}
		},
			"consortium SampleConsortium: organization Org1MSP: Unexpected key X"},
	} {
		t.Run(name, func(t *testing.T) {
			config := recordedConfig(t, "syschannel", 0)
			c.edit(group(config, "Consortiums"))
			_, err := channelconfig.NewBundle("syschannel", config)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}

func checkRefusals(t *testing.T, cases []refusal) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := channelconfig.NewBundle("mychannel", edited(t, c.edit))
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}

// The constructors are exported one by one: none may trust its argument.
func TestNilGroups(t *testing.T) {
	handler := channelconfig.NewMSPConfigHandler(0)
	for name, construct := range map[string]func() error{
		"channel":         func() error { _, err := channelconfig.NewChannelConfig(nil); return err },
		"orderer":         func() error { _, err := channelconfig.NewOrdererConfig(nil, handler); return err },
		"application":     func() error { _, err := channelconfig.NewApplicationConfig(nil, handler); return err },
		"application org": func() error { _, err := channelconfig.NewApplicationOrgConfig("o", nil, handler); return err },
		"org":             func() error { _, err := channelconfig.NewOrganizationConfig("o", nil, handler); return err },
		"consortiums":     func() error { _, err := channelconfig.NewConsortiumsConfig(nil, handler); return err },
		"consortium":      func() error { _, err := channelconfig.NewConsortiumConfig(nil, handler); return err },
	} {
		err := construct()
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), "config group is nil", name)
	}
	_, err := channelconfig.NewOrganizationConfig("o", &cb.ConfigGroup{}, nil)
	assert.EqualError(t, err, "organization o: no MSP handler given")
}
