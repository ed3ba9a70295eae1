// SPDX-License-Identifier: Apache-2.0

package channelconfig_test

import (
	"math"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/channelconfig"
	cb "github.com/hyperledger/fabric/protos/common"
	mspprotos "github.com/hyperledger/fabric/protos/msp"
	ab "github.com/hyperledger/fabric/protos/orderer"
	pb "github.com/hyperledger/fabric/protos/peer"
)

func TestValueConstructors(t *testing.T) {
	for _, c := range []struct {
		value *channelconfig.StandardConfigValue
		key   string
		want  proto.Message
	}{
		{channelconfig.ConsortiumValue("c"), "Consortium", &cb.Consortium{Name: "c"}},
		{channelconfig.HashingAlgorithmValue(), "HashingAlgorithm", &cb.HashingAlgorithm{Name: "SHA256"}},
		{channelconfig.BlockDataHashingStructureValue(), "BlockDataHashingStructure", &cb.BlockDataHashingStructure{Width: math.MaxUint32}},
		{channelconfig.OrdererAddressesValue([]string{"a:1"}), "OrdererAddresses", &cb.OrdererAddresses{Addresses: []string{"a:1"}}},
		{channelconfig.CapabilitiesValue(map[string]bool{"V1_1": true, "V1_2": false}), "Capabilities",
			&cb.Capabilities{Capabilities: map[string]*cb.Capability{"V1_1": {}}}},
		{channelconfig.ConsensusTypeValue("solo", []byte("m")), "ConsensusType", &ab.ConsensusType{Type: "solo", Metadata: []byte("m")}},
		{channelconfig.BatchSizeValue(1, 2, 3), "BatchSize", &ab.BatchSize{MaxMessageCount: 1, AbsoluteMaxBytes: 2, PreferredMaxBytes: 3}},
		{channelconfig.BatchTimeoutValue("1s"), "BatchTimeout", &ab.BatchTimeout{Timeout: "1s"}},
		{channelconfig.ChannelRestrictionsValue(4), "ChannelRestrictions", &ab.ChannelRestrictions{MaxCount: 4}},
		{channelconfig.KafkaBrokersValue([]string{"k:1"}), "KafkaBrokers", &ab.KafkaBrokers{Brokers: []string{"k:1"}}},
		{channelconfig.MSPValue(&mspprotos.MSPConfig{Type: 1}), "MSP", &mspprotos.MSPConfig{Type: 1}},
		{channelconfig.ChannelCreationPolicyValue(&cb.Policy{Type: 3}), "ChannelCreationPolicy", &cb.Policy{Type: 3}},
		{channelconfig.AnchorPeersValue([]*pb.AnchorPeer{{Host: "h", Port: 5}}), "AnchorPeers",
			&pb.AnchorPeers{AnchorPeers: []*pb.AnchorPeer{{Host: "h", Port: 5}}}},
		{channelconfig.ACLValues(map[string]string{"api": "p"}), "ACLs",
			&pb.ACLs{Acls: map[string]*pb.APIResource{"api": {PolicyRef: "p"}}}},
	} {
		var _ channelconfig.ConfigValue = c.value
		assert.Equal(t, c.key, c.value.Key())
		assert.True(t, proto.Equal(c.want, c.value.Value()), "%s: %v", c.key, c.value.Value())
	}
}

func TestDeserializeProtoValues(t *testing.T) {
	g := cb.NewConfigGroup()
	put(g, channelconfig.BatchTimeoutValue("7s"))
	var values channelconfig.OrdererProtos
	require.NoError(t, channelconfig.DeserializeProtoValuesFromGroup(g, &values))
	assert.Equal(t, "7s", values.BatchTimeout.Timeout)
	require.NotNil(t, values.BatchSize, "an absent value reads as an empty message")
	assert.Zero(t, values.BatchSize.MaxMessageCount)

	var consortium channelconfig.ConsortiumProtos
	err := channelconfig.DeserializeProtoValuesFromGroup(g, &consortium)
	assert.EqualError(t, err, "Unexpected key BatchTimeout")
	assert.NoError(t, channelconfig.DeserializeProtoValuesFromGroup(g, &consortium, &values), "several holders add up")

	g.Values["BatchTimeout"] = nil
	assert.EqualError(t, channelconfig.DeserializeProtoValuesFromGroup(g, &values), "value BatchTimeout is nil")
	assert.EqualError(t, channelconfig.DeserializeProtoValuesFromGroup(nil, &values), "config group is nil")
}

func TestStandardValues(t *testing.T) {
	type nested struct {
		channelconfig.OrganizationProtos
		AnchorPeers *pb.AnchorPeers
	}
	var holder nested
	sv, err := channelconfig.NewStandardValues(&holder)
	require.NoError(t, err)
	raw, err := proto.Marshal(&mspprotos.MSPConfig{Type: 9})
	require.NoError(t, err)
	message, err := sv.Deserialize("MSP", raw)
	require.NoError(t, err)
	assert.Same(t, holder.MSP, message)
	assert.EqualValues(t, 9, holder.MSP.Type)
	assert.NotNil(t, holder.AnchorPeers)
	_, err = sv.Deserialize("Nope", raw)
	assert.EqualError(t, err, "Unexpected key Nope")
	_, err = sv.Deserialize("AnchorPeers", []byte{0xff})
	assert.Error(t, err)

	var none *nested
	for name, argument := range map[string]interface{}{
		"nil":              nil,
		"nil pointer":      none,
		"struct":           nested{},
		"not a struct":     new(int),
		"field of no kind": &struct{ N int }{},
		"plain pointer":    &struct{ N *int }{},
		"unexported":       &struct{ msp *mspprotos.MSPConfig }{},
	} {
		_, err := channelconfig.NewStandardValues(argument)
		assert.Error(t, err, name)
	}
	_, err = channelconfig.NewStandardValues(&holder, &channelconfig.OrganizationProtos{})
	assert.EqualError(t, err, "two fields describe the config value MSP")
}
