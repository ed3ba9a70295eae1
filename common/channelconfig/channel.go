// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"crypto/sha256"
	"crypto/sha3"
	"fmt"

	"github.com/hyperledger/fabric/common/capabilities"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

// ChannelProtos holds the decoded values of the root group.
type ChannelProtos struct {
	HashingAlgorithm          *cb.HashingAlgorithm
	BlockDataHashingStructure *cb.BlockDataHashingStructure
	OrdererAddresses          *cb.OrdererAddresses
	Consortium                *cb.Consortium
	Capabilities              *cb.Capabilities
}

// ChannelConfig is the root group with the sections below it. It implements
// Channel. Its section getters return concrete pointers, nil for an absent
// section: see the package comment before storing one in an interface.
type ChannelConfig struct {
	values       ChannelProtos
	capabilities *capabilities.ChannelProvider
	hash         func([]byte) []byte
	mspManager   msp.MSPManager

	orderer     *OrdererConfig
	application *ApplicationConfig
	consortiums *ConsortiumsConfig
}

// NewChannelConfig reads a configuration tree from its root group: values,
// sections, organizations and their MSPs. Policies are not read here.
func NewChannelConfig(channelGroup *cb.ConfigGroup) (*ChannelConfig, error) {
	cc := &ChannelConfig{}
	if err := DeserializeProtoValuesFromGroup(channelGroup, &cc.values); err != nil {
		return nil, fmt.Errorf("/Channel: %w", err)
	}
	cc.hash = hashByName(cc.values.HashingAlgorithm.Name)
	cc.capabilities = capabilities.NewChannelProvider(cc.values.Capabilities.Capabilities)
	if err := cc.Validate(); err != nil {
		return nil, fmt.Errorf("/Channel: %w", err)
	}
	// MSPs behave by the version that the channel's capabilities ask for, so
	// the sections come after them.
	handler := NewMSPConfigHandler(cc.capabilities.MSPVersion())
	for _, name := range sortedKeys(channelGroup.Groups) {
		if err := cc.readSection(name, channelGroup.Groups[name], handler); err != nil {
			return nil, fmt.Errorf("/Channel/%s: %w", name, err)
		}
	}
	var err error
	if cc.mspManager, err = handler.CreateMSPManager(); err != nil {
		return nil, err
	}
	return cc, nil
}

func (cc *ChannelConfig) readSection(name string, group *cb.ConfigGroup, handler *MSPConfigHandler) (err error) {
	switch name {
	case OrdererGroupKey:
		cc.orderer, err = NewOrdererConfig(group, handler)
	case ApplicationGroupKey:
		cc.application, err = NewApplicationConfig(group, handler)
	case ConsortiumsGroupKey:
		cc.consortiums, err = NewConsortiumsConfig(group, handler)
	default:
		err = fmt.Errorf("a channel has no group of this name")
	}
	return err
}

// Validate checks the values of the root group.
func (cc *ChannelConfig) Validate() error {
	if cc.hash == nil {
		return fmt.Errorf("%s is %q, expected %s or %s", HashingAlgorithmKey, cc.values.HashingAlgorithm.Name, hashSHA256, hashSHA3_256)
	}
	if width := cc.values.BlockDataHashingStructure.Width; width != flatHashWidth {
		return fmt.Errorf("%s has width %d, expected %d", BlockDataHashingStructureKey, width, uint32(flatHashWidth))
	}
	// Any string passes as an address, as it does at other peers of this version.
	if len(cc.values.OrdererAddresses.Addresses) == 0 {
		return fmt.Errorf("%s is absent or lists no address", OrdererAddressesKey)
	}
	return nil
}

// hashByName returns nil for a name that no channel may use.
func hashByName(name string) func([]byte) []byte {
	switch name {
	case hashSHA256:
		return func(input []byte) []byte { sum := sha256.Sum256(input); return sum[:] }
	case hashSHA3_256:
		return func(input []byte) []byte { sum := sha3.Sum256(input); return sum[:] }
	}
	return nil
}

// HashingAlgorithm is the hash that the channel names. Block hashes do not depend on it.
func (cc *ChannelConfig) HashingAlgorithm() func(input []byte) []byte { return cc.hash }

// BlockDataHashingStructureWidth is always MaxUint32: a flat hash.
func (cc *ChannelConfig) BlockDataHashingStructureWidth() uint32 {
	return cc.values.BlockDataHashingStructure.Width
}

// OrdererAddresses lists where to reach the ordering service, at least one. Read only.
func (cc *ChannelConfig) OrdererAddresses() []string { return cc.values.OrdererAddresses.Addresses }

// ConsortiumName is the consortium that created the channel, "" if none is named.
func (cc *ChannelConfig) ConsortiumName() string { return cc.values.Consortium.Name }

// Capabilities says what the channel expects its members to implement.
func (cc *ChannelConfig) Capabilities() ChannelCapabilities { return cc.capabilities }

// MSPManager serves identities of all organizations of all sections.
func (cc *ChannelConfig) MSPManager() msp.MSPManager { return cc.mspManager }

// OrdererConfig is the ordering service's section, or nil.
func (cc *ChannelConfig) OrdererConfig() *OrdererConfig { return cc.orderer }

// ApplicationConfig is the application section, or nil.
func (cc *ChannelConfig) ApplicationConfig() *ApplicationConfig { return cc.application }

// ConsortiumsConfig is the section of a system channel, or nil.
func (cc *ChannelConfig) ConsortiumsConfig() *ConsortiumsConfig { return cc.consortiums }
