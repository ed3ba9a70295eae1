// SPDX-License-Identifier: Apache-2.0

package channelconfig_test

import (
	"crypto/sha256"
	"crypto/sha3"
	"math"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	pb "github.com/hyperledger/fabric/protos/peer"
)

func TestBundleOfRecordedChannel(t *testing.T) {
	b := bundle(t, recordedConfig(t, "mychannel", 31))

	channel := b.ChannelConfig()
	assert.Equal(t, []string{"127.0.0.1:7060", "127.0.0.1:7070"}, channel.OrdererAddresses())
	assert.EqualValues(t, math.MaxUint32, channel.BlockDataHashingStructureWidth())
	sum := sha256.Sum256([]byte("x"))
	assert.Equal(t, sum[:], channel.HashingAlgorithm()([]byte("x")))
	assert.NoError(t, channel.Capabilities().Supported())
	assert.EqualValues(t, msp.MSPv1_3, channel.Capabilities().MSPVersion())

	orderer, present := b.OrdererConfig()
	require.True(t, present)
	assert.Equal(t, "solo", orderer.ConsensusType())
	assert.Empty(t, orderer.ConsensusMetadata())
	assert.True(t, proto.Equal(&ab.BatchSize{MaxMessageCount: 40, AbsoluteMaxBytes: 10 << 20, PreferredMaxBytes: 512 << 10}, orderer.BatchSize()))
	assert.Equal(t, 500*time.Millisecond, orderer.BatchTimeout())
	assert.Empty(t, orderer.KafkaBrokers())
	assert.Zero(t, orderer.MaxChannelsCount())
	assert.True(t, orderer.Capabilities().Resubmission())
	require.Len(t, orderer.Organizations(), 1)
	assert.Equal(t, "OrdererMSP", orderer.Organizations()["OrdererOrg"].MSPID())
	assert.Equal(t, "OrdererOrg", orderer.Organizations()["OrdererOrg"].Name())

	application, present := b.ApplicationConfig()
	require.True(t, present)
	assert.True(t, application.Capabilities().KeyLevelEndorsement())
	assert.Equal(t, "", application.APIPolicyMapper().PolicyRefForAPI("qscc/GetChainInfo"))
	require.Len(t, application.Organizations(), 2)
	for name, port := range map[string]int32{"Org1MSP": 7151, "Org2MSP": 7251} {
		org := application.Organizations()[name]
		assert.Equal(t, name, org.Name())
		assert.Equal(t, name, org.MSPID())
		require.Len(t, org.AnchorPeers(), 1)
		assert.True(t, proto.Equal(&pb.AnchorPeer{Host: "127.0.0.1", Port: port}, org.AnchorPeers()[0]))
	}

	consortiums, present := b.ConsortiumsConfig()
	assert.False(t, present)
	assert.Nil(t, consortiums)

	msps, err := b.MSPManager().GetMSPs()
	require.NoError(t, err)
	assert.Len(t, msps, 3)
	for _, path := range []string{
		"/Channel/Readers", "/Channel/Writers", "/Channel/Admins", "/Channel/Orderer/BlockValidation",
		"/Channel/Application/Readers", "/Channel/Application/Org1MSP/Admins",
	} {
		_, defined := b.PolicyManager().GetPolicy(path)
		assert.True(t, defined, path)
	}
	assert.EqualValues(t, 6, b.ConfigtxValidator().Sequence())
	assert.Equal(t, "mychannel", b.ConfigtxValidator().ChainID())
}

func TestBundleOfSystemChannel(t *testing.T) {
	b, err := channelconfig.NewBundle("syschannel", recordedConfig(t, "syschannel", 0))
	require.NoError(t, err)

	application, present := b.ApplicationConfig()
	assert.False(t, present)
	assert.True(t, application == nil, "an absent section is a nil interface")

	section, present := b.ConsortiumsConfig()
	require.True(t, present)
	require.Len(t, section.Consortiums(), 1)
	consortium := section.Consortiums()["SampleConsortium"]
	require.Len(t, consortium.Organizations(), 2)
	assert.Equal(t, "Org2MSP", consortium.Organizations()["Org2MSP"].MSPID())
	assert.EqualValues(t, cb.Policy_IMPLICIT_META, consortium.ChannelCreationPolicy().Type)
}

func TestChannelConfigSections(t *testing.T) {
	cc, err := channelconfig.NewChannelConfig(recordedConfig(t, "mychannel", 0).ChannelGroup)
	require.NoError(t, err)
	assert.NotNil(t, cc.OrdererConfig())
	assert.NotNil(t, cc.ApplicationConfig())
	assert.Nil(t, cc.ConsortiumsConfig())
	assert.Equal(t, "SampleConsortium", cc.ConsortiumName())
	assert.NoError(t, cc.Validate())
	assert.NoError(t, cc.OrdererConfig().Validate())
	org := cc.ApplicationConfig().Organizations()["Org1MSP"].(*channelconfig.ApplicationOrgConfig)
	assert.NoError(t, org.Validate())
}

// What a v1.3.0 peer accepts must load here too, odd as it may be.
func TestAccepted(t *testing.T) {
	for name, edit := range map[string]func(c *cb.Config){
		"no orderer section":        func(c *cb.Config) { delete(c.ChannelGroup.Groups, "Orderer") },
		"no application section":    func(c *cb.Config) { delete(c.ChannelGroup.Groups, "Application") },
		"no consortium":             func(c *cb.Config) { delete(c.ChannelGroup.Values, "Consortium") },
		"no channel restrictions":   func(c *cb.Config) { delete(group(c, "Orderer").Values, "ChannelRestrictions") },
		"no consensus type":         func(c *cb.Config) { delete(group(c, "Orderer").Values, "ConsensusType") },
		"no organizations":          func(c *cb.Config) { group(c, "Application").Groups = nil },
		"an address without a port": func(c *cb.Config) { put(c.ChannelGroup, channelconfig.OrdererAddressesValue([]string{"orderer"})) },
		"a broker":                  func(c *cb.Config) { put(group(c, "Orderer"), channelconfig.KafkaBrokersValue([]string{"k:9092"})) },
		"unknown channel capability": func(c *cb.Config) {
			put(c.ChannelGroup, channelconfig.CapabilitiesValue(map[string]bool{"V2_0": true}))
		},
		"no policies":                  func(c *cb.Config) { c.ChannelGroup.Policies = nil },
		"no capabilities but orderers": func(c *cb.Config) { delete(c.ChannelGroup.Values, "Capabilities") },
		"an org in two sections": func(c *cb.Config) {
			group(c, "Orderer").Groups["Also"] = &cb.ConfigGroup{Values: map[string]*cb.ConfigValue{
				"MSP": group(c, "Application", "Org1MSP").Values["MSP"],
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := channelconfig.NewBundle("mychannel", edited(t, edit))
			assert.NoError(t, err)
		})
	}
}

func TestSHA3(t *testing.T) {
	b := bundle(t, edited(t, func(c *cb.Config) {
		c.ChannelGroup.Values["HashingAlgorithm"].Value, _ = proto.Marshal(&cb.HashingAlgorithm{Name: "SHA3_256"})
	}))
	sum := sha3.Sum256([]byte("x"))
	assert.Equal(t, sum[:], b.ChannelConfig().HashingAlgorithm()([]byte("x")))
}

func TestACLs(t *testing.T) {
	b := bundle(t, edited(t, func(c *cb.Config) {
		put(group(c, "Application"), channelconfig.ACLValues(map[string]string{
			"absolute": "/Channel/Readers",
			"relative": "Admins",
			"nested":   "Org1MSP/Writers",
			"empty":    "",
		}))
	}))
	application, _ := b.ApplicationConfig()
	mapper := application.APIPolicyMapper()
	assert.Equal(t, "/Channel/Readers", mapper.PolicyRefForAPI("absolute"))
	assert.Equal(t, "/Channel/Application/Admins", mapper.PolicyRefForAPI("relative"))
	assert.Equal(t, "/Channel/Application/Org1MSP/Writers", mapper.PolicyRefForAPI("nested"))
	assert.Equal(t, "", mapper.PolicyRefForAPI("empty"), "no policy is as good as no entry")
	assert.Equal(t, "", mapper.PolicyRefForAPI("unheard of"))
}

func TestBundleFromEnvelope(t *testing.T) {
	block := recordedBlock(t, "mychannel", 9)
	envelope := &cb.Envelope{}
	require.NoError(t, proto.Unmarshal(block.Data.Data[0], envelope))
	b, err := channelconfig.NewBundleFromEnvelope(envelope)
	require.NoError(t, err)
	assert.Equal(t, "mychannel", b.ConfigtxValidator().ChainID())
	assert.Equal(t, []string{"127.0.0.1:7050", "127.0.0.1:7060"}, b.ChannelConfig().OrdererAddresses())
}

func TestBundleFromEnvelopeRefusals(t *testing.T) {
	wrap := func(payload *cb.Payload) *cb.Envelope {
		raw, err := proto.Marshal(payload)
		require.NoError(t, err)
		return &cb.Envelope{Payload: raw}
	}
	header := func(kind cb.HeaderType) *cb.Header {
		raw, err := proto.Marshal(&cb.ChannelHeader{Type: int32(kind), ChannelId: "mychannel"})
		require.NoError(t, err)
		return &cb.Header{ChannelHeader: raw}
	}
	garbage := []byte{0xff, 0xff}
	for name, c := range map[string]struct {
		envelope *cb.Envelope
		want     string
	}{
		"nil":             {nil, "config envelope is nil"},
		"payload":         {&cb.Envelope{Payload: garbage}, "payload"},
		"no header":       {wrap(&cb.Payload{}), "config envelope has no header"},
		"channel header":  {wrap(&cb.Payload{Header: &cb.Header{ChannelHeader: garbage}}), "channel header"},
		"another type":    {wrap(&cb.Payload{Header: header(cb.HeaderType_MESSAGE)}), "envelope is of type 0, a config envelope is of type 1"},
		"contents":        {wrap(&cb.Payload{Header: header(cb.HeaderType_CONFIG), Data: garbage}), "decoding the contents"},
		"empty contents":  {wrap(&cb.Payload{Header: header(cb.HeaderType_CONFIG)}), "channelconfig Config cannot be nil"},
		"no group inside": {wrap(&cb.Payload{Header: header(cb.HeaderType_CONFIG), Data: []byte{0x0a, 0x00}}), "config must contain a channel group"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := channelconfig.NewBundleFromEnvelope(c.envelope)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}
