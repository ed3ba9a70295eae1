// SPDX-License-Identifier: Apache-2.0

package genesis

import (
	"fmt"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/channelconfig"
	cb "github.com/hyperledger/fabric/protos/common"
)

// The functions below edit a configuration in place, leaving versions alone.
// Edit a Clone where the original is needed for ComputeUpdate.

// Clone copies a configuration.
func Clone(c *cb.Config) *cb.Config { return proto.Clone(c).(*cb.Config) }

// SetOrdererAddresses replaces the addresses of the ordering service, host:port.
func SetOrdererAddresses(c *cb.Config, addresses ...string) error {
	return replaceValue(c, ordererAdmins, channelconfig.OrdererAddressesValue(addresses))
}

// SetBatchSize replaces the bounds of a block: messages, bytes that no block
// exceeds, bytes at which one is cut.
func SetBatchSize(c *cb.Config, maxMessages, absoluteMaxBytes, preferredMaxBytes uint32) error {
	return replaceValue(c, localAdmins,
		channelconfig.BatchSizeValue(maxMessages, absoluteMaxBytes, preferredMaxBytes), channelconfig.OrdererGroupKey)
}

// SetBatchTimeout replaces the time that an incomplete block waits.
func SetBatchTimeout(c *cb.Config, timeout time.Duration) error {
	return replaceValue(c, localAdmins, channelconfig.BatchTimeoutValue(timeout.String()), channelconfig.OrdererGroupKey)
}

// SetAnchorPeers replaces the anchor peers of the application organization
// whose group has that name; without any the value is removed.
func SetAnchorPeers(c *cb.Config, orgName string, anchors ...AnchorPeer) error {
	if len(anchors) == 0 {
		org, err := groupAt(c, channelconfig.ApplicationGroupKey, orgName)
		if err != nil {
			return err
		}
		delete(org.Values, channelconfig.AnchorPeersKey)
		return nil
	}
	return replaceValue(c, localAdmins, anchorPeersValue(anchors), channelconfig.ApplicationGroupKey, orgName)
}

// Sections that organizations can be added to and removed from.
const (
	OrdererSection     = channelconfig.OrdererGroupKey
	ApplicationSection = channelconfig.ApplicationGroupKey
)

// AddOrg adds an organization to a section, reading its MSP directory. One of
// that name already there is an error.
func AddOrg(c *cb.Config, section string, org Org) error {
	group, err := groupAt(c, section)
	if err != nil {
		return err
	}
	if group.Groups == nil {
		group.Groups = map[string]*cb.ConfigGroup{}
	}
	return putOrgs(group, []Org{org})
}

// RemoveOrg removes the organization whose group has that name.
func RemoveOrg(c *cb.Config, section, orgName string) error {
	if _, err := groupAt(c, section, orgName); err != nil {
		return err
	}
	group, err := groupAt(c, section)
	if err != nil {
		return err
	}
	delete(group.Groups, orgName)
	return nil
}

// replaceValue sets a value in the group at a path below /Channel. A value
// that exists keeps its mod_policy; a new one gets the given one.
func replaceValue(c *cb.Config, modPolicy string, value channelconfig.ConfigValue, path ...string) error {
	group, err := groupAt(c, path...)
	if err != nil {
		return err
	}
	if present := group.Values[value.Key()]; present != nil {
		modPolicy = present.ModPolicy
	}
	version := group.Values[value.Key()].GetVersion()
	if group.Values == nil {
		group.Values = map[string]*cb.ConfigValue{}
	}
	if err := putValue(group, value, modPolicy); err != nil {
		return err
	}
	group.Values[value.Key()].Version = version
	return nil
}

// groupAt finds the group at a path below /Channel.
func groupAt(c *cb.Config, path ...string) (*cb.ConfigGroup, error) {
	group, name := c.GetChannelGroup(), "/Channel"
	for _, key := range path {
		if group == nil {
			break
		}
		group, name = group.Groups[key], name+"/"+key
	}
	if group == nil {
		return nil, fmt.Errorf("the configuration has no group %s", name)
	}
	return group, nil
}
