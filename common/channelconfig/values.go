// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"math"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
	mspprotos "github.com/hyperledger/fabric/protos/msp"
	ab "github.com/hyperledger/fabric/protos/orderer"
	pb "github.com/hyperledger/fabric/protos/peer"
)

// Names that HashingAlgorithm values may carry, and the only width that
// BlockDataHashingStructure may have.
const (
	hashSHA256     = "SHA256"
	hashSHA3_256   = "SHA3_256"
	flatHashWidth  = math.MaxUint32
	defaultHashing = hashSHA256
)

// ConfigValue is an entry for a group's values: the key and the message to marshal.
type ConfigValue interface {
	// Key is the name of the value in its group.
	Key() string
	// Value is the message that the group stores marshaled.
	Value() proto.Message
}

// StandardConfigValue is the ConfigValue that the constructors of this package return.
type StandardConfigValue struct {
	key     string
	message proto.Message
}

// Key is the name of the value in its group.
func (v *StandardConfigValue) Key() string { return v.key }

// Value is the message that the group stores marshaled. It is the
// constructor's argument, not a copy.
func (v *StandardConfigValue) Value() proto.Message { return v.message }

// ConsortiumValue names the consortium that created a channel.
func ConsortiumValue(name string) *StandardConfigValue {
	return &StandardConfigValue{ConsortiumKey, &cb.Consortium{Name: name}}
}

// HashingAlgorithmValue sets SHA256.
func HashingAlgorithmValue() *StandardConfigValue {
	return &StandardConfigValue{HashingAlgorithmKey, &cb.HashingAlgorithm{Name: defaultHashing}}
}

// BlockDataHashingStructureValue sets the flat hash over all of a block's entries.
func BlockDataHashingStructureValue() *StandardConfigValue {
	return &StandardConfigValue{BlockDataHashingStructureKey, &cb.BlockDataHashingStructure{Width: flatHashWidth}}
}

// OrdererAddressesValue lists the ordering service's addresses, each host:port.
func OrdererAddressesValue(addresses []string) *StandardConfigValue {
	return &StandardConfigValue{OrdererAddressesKey, &cb.OrdererAddresses{Addresses: addresses}}
}

// CapabilitiesValue lists the names whose flag is true.
func CapabilitiesValue(capabilities map[string]bool) *StandardConfigValue {
	required := &cb.Capabilities{Capabilities: map[string]*cb.Capability{}}
	for name, on := range capabilities {
		if on {
			required.Capabilities[name] = &cb.Capability{}
		}
	}
	return &StandardConfigValue{CapabilitiesKey, required}
}

// ConsensusTypeValue sets the consensus plug-in and its data.
func ConsensusTypeValue(consensusType string, consensusMetadata []byte) *StandardConfigValue {
	return &StandardConfigValue{ConsensusTypeKey, &ab.ConsensusType{Type: consensusType, Metadata: consensusMetadata}}
}

// BatchSizeValue bounds a block: messages, then bytes that no block exceeds,
// then bytes at which a block is cut.
func BatchSizeValue(maxMessages, absoluteMaxBytes, preferredMaxBytes uint32) *StandardConfigValue {
	return &StandardConfigValue{BatchSizeKey, &ab.BatchSize{
		MaxMessageCount:   maxMessages,
		AbsoluteMaxBytes:  absoluteMaxBytes,
		PreferredMaxBytes: preferredMaxBytes,
	}}
}

// BatchTimeoutValue sets how long an incomplete batch waits, in Go's duration syntax.
func BatchTimeoutValue(timeout string) *StandardConfigValue {
	return &StandardConfigValue{BatchTimeoutKey, &ab.BatchTimeout{Timeout: timeout}}
}

// ChannelRestrictionsValue bounds the number of channels; 0 means no bound.
func ChannelRestrictionsValue(maxChannelCount uint64) *StandardConfigValue {
	return &StandardConfigValue{ChannelRestrictionsKey, &ab.ChannelRestrictions{MaxCount: maxChannelCount}}
}

// KafkaBrokersValue lists bootstrap brokers, each host:port.
func KafkaBrokersValue(brokers []string) *StandardConfigValue {
	return &StandardConfigValue{KafkaBrokersKey, &ab.KafkaBrokers{Brokers: brokers}}
}

// MSPValue sets an organization's MSP.
func MSPValue(mspDef *mspprotos.MSPConfig) *StandardConfigValue {
	return &StandardConfigValue{MSPKey, mspDef}
}

// ChannelCreationPolicyValue sets the policy that creators of a channel satisfy.
func ChannelCreationPolicyValue(policy *cb.Policy) *StandardConfigValue {
	return &StandardConfigValue{ChannelCreationPolicyKey, policy}
}

// AnchorPeersValue lists an organization's anchor peers.
func AnchorPeersValue(anchorPeers []*pb.AnchorPeer) *StandardConfigValue {
	return &StandardConfigValue{AnchorPeersKey, &pb.AnchorPeers{AnchorPeers: anchorPeers}}
}

// ACLValues maps API names to policies. A policy without a leading slash is
// relative to /Channel/Application.
func ACLValues(acls map[string]string) *StandardConfigValue {
	table := &pb.ACLs{Acls: make(map[string]*pb.APIResource, len(acls))}
	for api, policyRef := range acls {
		table.Acls[api] = &pb.APIResource{PolicyRef: policyRef}
	}
	return &StandardConfigValue{ACLsKey, table}
}
