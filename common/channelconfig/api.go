// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"time"

	"github.com/hyperledger/fabric/common/configtx"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	pb "github.com/hyperledger/fabric/protos/peer"
)

// Resources is a channel's configuration as its users see it. The optional
// sections come with a bool; when that is false the first result must not be
// used.
type Resources interface {
	// ConfigtxValidator knows the raw configuration, its sequence, and who may change it.
	ConfigtxValidator() configtx.Validator
	// PolicyManager resolves policies from the root, /Channel.
	PolicyManager() policies.Manager
	// ChannelConfig gives the values of the root group.
	ChannelConfig() Channel
	// OrdererConfig gives the ordering service's section.
	OrdererConfig() (Orderer, bool)
	// ConsortiumsConfig gives the section that only a system channel has.
	ConsortiumsConfig() (Consortiums, bool)
	// ApplicationConfig gives the section of the peers' organizations.
	ApplicationConfig() (Application, bool)
	// MSPManager deserializes and validates identities of all organizations in the channel.
	MSPManager() msp.MSPManager
	// ValidateNew tells whether the given configuration may replace this one.
	ValidateNew(resources Resources) error
}

// Channel is the root group.
type Channel interface {
	// HashingAlgorithm is the hash that the channel names. Block hashes do not depend on it.
	HashingAlgorithm() func(input []byte) []byte
	// BlockDataHashingStructureWidth is the width of the Merkle tree over a block's entries: always MaxUint32, a flat hash.
	BlockDataHashingStructureWidth() uint32
	// OrdererAddresses lists where to reach the ordering service, at least one, each host:port.
	OrdererAddresses() []string
	// Capabilities says what the channel expects its members to implement.
	Capabilities() ChannelCapabilities
}

// ChannelValues is the part of the root group that comes from its values alone.
type ChannelValues interface {
	// HashingAlgorithm is as in Channel.
	HashingAlgorithm() func(input []byte) []byte
	// BlockDataHashingStructureWidth is as in Channel.
	BlockDataHashingStructureWidth() uint32
	// OrdererAddresses is as in Channel.
	OrdererAddresses() []string
}

// Orderer is the ordering service's section.
type Orderer interface {
	// ConsensusType names the consensus plug-in: solo, kafka.
	ConsensusType() string
	// ConsensusMetadata is that plug-in's own data.
	ConsensusMetadata() []byte
	// BatchSize bounds a block in messages and in bytes.
	BatchSize() *ab.BatchSize
	// BatchTimeout is how long an incomplete batch waits before it is cut.
	BatchTimeout() time.Duration
	// MaxChannelsCount bounds the channels of the ordering service; 0 means no bound.
	MaxChannelsCount() uint64
	// KafkaBrokers lists bootstrap brokers, for kafka.
	KafkaBrokers() []string
	// Organizations maps group names to the organizations that run orderers.
	Organizations() map[string]Org
	// Capabilities says what orderers must implement.
	Capabilities() OrdererCapabilities
}

// Application is the section of the organizations whose peers join the channel.
type Application interface {
	// Organizations maps group names, which may differ from MSP IDs, to organizations.
	Organizations() map[string]ApplicationOrg
	// APIPolicyMapper finds the policy that guards an API.
	APIPolicyMapper() PolicyMapper
	// Capabilities says what peers must implement.
	Capabilities() ApplicationCapabilities
}

// Consortiums is the section of a system channel.
type Consortiums interface {
	// Consortiums maps names to consortiums.
	Consortiums() map[string]Consortium
}

// Consortium is a set of organizations that may create channels together.
type Consortium interface {
	// ChannelCreationPolicy is the policy that a new channel's creators satisfy.
	ChannelCreationPolicy() *cb.Policy
	// Organizations maps group names to the members.
	Organizations() map[string]Org
}

// Org is an organization.
type Org interface {
	// Name is the key of the organization's group.
	Name() string
	// MSPID identifies the organization in identities and in gossip.
	MSPID() string
}

// ApplicationOrg is an organization with peers.
type ApplicationOrg interface {
	Org
	// AnchorPeers are the peers that other organizations contact first. Read only.
	AnchorPeers() []*pb.AnchorPeer
}

// PolicyMapper finds the policy for an API.
type PolicyMapper interface {
	// PolicyRefForAPI returns the absolute path of the policy set for the API, "" when none is set.
	PolicyRefForAPI(apiName string) string
}

// ChannelCapabilities is about what all members of a channel must agree on.
type ChannelCapabilities interface {
	// Supported returns an error that names a required capability which this code lacks.
	Supported() error
	// MSPVersion is the version of MSP semantics that organizations are evaluated under.
	MSPVersion() msp.MSPVersion
}

// ApplicationCapabilities is about how peers validate and commit.
type ApplicationCapabilities interface {
	// Supported returns an error that names a required capability which this code lacks.
	Supported() error
	// ForbidDuplicateTXIdInBlock: the second of two equal transaction IDs in a block is invalid.
	ForbidDuplicateTXIdInBlock() bool
	// ACLs: the section may map APIs to policies.
	ACLs() bool
	// PrivateChannelData: collections may be used.
	PrivateChannelData() bool
	// CollectionUpgrade: a chaincode upgrade may change collections.
	CollectionUpgrade() bool
	// V1_1Validation: transactions are validated by v1.1 rules.
	V1_1Validation() bool
	// V1_2Validation: transactions are validated by v1.2 rules.
	V1_2Validation() bool
	// V1_3Validation: transactions are validated by v1.3 rules.
	V1_3Validation() bool
	// MetadataLifecycle: never in this version.
	MetadataLifecycle() bool
	// KeyLevelEndorsement: keys may have endorsement policies of their own.
	KeyLevelEndorsement() bool
}

// OrdererCapabilities is about how orderers treat messages.
type OrdererCapabilities interface {
	// Supported returns an error that names a required capability which this code lacks.
	Supported() error
	// PredictableChannelTemplate: a new channel's configuration derives from the system channel's in the corrected way.
	PredictableChannelTemplate() bool
	// Resubmission: messages are re-validated and re-ordered when the configuration changed meanwhile.
	Resubmission() bool
	// ExpirationCheck: messages of expired identities are refused.
	ExpirationCheck() bool
}
