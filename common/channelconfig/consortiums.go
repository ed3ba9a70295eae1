// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"fmt"

	cb "github.com/hyperledger/fabric/protos/common"
)

// ConsortiumProtos holds the decoded values of a consortium.
type ConsortiumProtos struct {
	ChannelCreationPolicy *cb.Policy
}

// ConsortiumsConfig is the section that only a system channel has. It
// implements Consortiums.
type ConsortiumsConfig struct {
	members map[string]Consortium
}

// NewConsortiumsConfig reads the section, which has groups but no values. The
// MSPs of all organizations join those of the handler.
func NewConsortiumsConfig(consortiumsGroup *cb.ConfigGroup, mspConfig *MSPConfigHandler) (*ConsortiumsConfig, error) {
	if err := DeserializeProtoValuesFromGroup(consortiumsGroup); err != nil {
		return nil, err
	}
	section := &ConsortiumsConfig{members: make(map[string]Consortium, len(consortiumsGroup.Groups))}
	for _, name := range sortedKeys(consortiumsGroup.Groups) {
		consortium, err := NewConsortiumConfig(consortiumsGroup.Groups[name], mspConfig)
		if err != nil {
			return nil, fmt.Errorf("consortium %s: %w", name, err)
		}
		section.members[name] = consortium
	}
	return section, nil
}

// Consortiums maps names to consortiums. Read only.
func (c *ConsortiumsConfig) Consortiums() map[string]Consortium { return c.members }

// ConsortiumConfig is a set of organizations that may create channels
// together. It implements Consortium.
type ConsortiumConfig struct {
	values ConsortiumProtos
	orgs   map[string]Org
}

// NewConsortiumConfig reads one consortium. The MSPs of its organizations join
// those of the handler.
func NewConsortiumConfig(consortiumGroup *cb.ConfigGroup, mspConfig *MSPConfigHandler) (*ConsortiumConfig, error) {
	consortium := &ConsortiumConfig{}
	if err := DeserializeProtoValuesFromGroup(consortiumGroup, &consortium.values); err != nil {
		return nil, err
	}
	orgs, err := readOrgs(consortiumGroup, mspConfig)
	if err != nil {
		return nil, err
	}
	consortium.orgs = orgs
	return consortium, nil
}

// ChannelCreationPolicy is the policy that a new channel's creators satisfy. Read only.
func (c *ConsortiumConfig) ChannelCreationPolicy() *cb.Policy { return c.values.ChannelCreationPolicy }

// Organizations maps group names to the members. Read only.
func (c *ConsortiumConfig) Organizations() map[string]Org { return c.orgs }
