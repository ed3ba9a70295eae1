// SPDX-License-Identifier: Apache-2.0

package channelconfig

// Group names. The root group has no key of its own: ChannelGroupKey and
// RootGroupKey are the name it goes by in paths.
const (
	ChannelGroupKey     = "Channel"
	RootGroupKey        = "Channel"
	OrdererGroupKey     = "Orderer"
	ApplicationGroupKey = "Application"
	ConsortiumsGroupKey = "Consortiums"
)

// Keys of values in /Channel. CapabilitiesKey occurs in /Channel/Orderer and
// /Channel/Application too.
const (
	ConsortiumKey                = "Consortium"
	HashingAlgorithmKey          = "HashingAlgorithm"
	BlockDataHashingStructureKey = "BlockDataHashingStructure"
	OrdererAddressesKey          = "OrdererAddresses"
	CapabilitiesKey              = "Capabilities"
)

// Keys of values in /Channel/Orderer.
const (
	ConsensusTypeKey       = "ConsensusType"
	BatchSizeKey           = "BatchSize"
	BatchTimeoutKey        = "BatchTimeout"
	ChannelRestrictionsKey = "ChannelRestrictions"
	KafkaBrokersKey        = "KafkaBrokers"
)

// Keys of values in the application section, in organizations and in
// consortiums.
const (
	ACLsKey                  = "ACLs"
	MSPKey                   = "MSP"
	AnchorPeersKey           = "AnchorPeers"
	ChannelCreationPolicyKey = "ChannelCreationPolicy"
)

// Names of the policies that every organization and section has.
const (
	ReadersPolicyKey = "Readers"
	WritersPolicyKey = "Writers"
	AdminsPolicyKey  = "Admins"
)
