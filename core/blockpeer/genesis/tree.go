// SPDX-License-Identifier: Apache-2.0

package genesis

import (
	"fmt"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/cauthdsl"
	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
	pb "github.com/hyperledger/fabric/protos/peer"
)

// Who may change an element: the admins of the group it is in, or those of the
// ordering service.
const (
	localAdmins   = channelconfig.AdminsPolicyKey
	ordererAdmins = "/Channel/Orderer/Admins"
)

const blockValidationPolicy = "BlockValidation"

// newGroup makes a group whose own definition its admins may change.
func newGroup(modPolicy string) *cb.ConfigGroup {
	group := cb.NewConfigGroup()
	group.ModPolicy = modPolicy
	return group
}

func putValue(group *cb.ConfigGroup, value channelconfig.ConfigValue, modPolicy string) error {
	raw, err := proto.Marshal(value.Value())
	if err != nil {
		return fmt.Errorf("marshaling the config value %s: %w", value.Key(), err)
	}
	group.Values[value.Key()] = &cb.ConfigValue{Value: raw, ModPolicy: modPolicy}
	return nil
}

func putValues(group *cb.ConfigGroup, modPolicy string, values ...channelconfig.ConfigValue) error {
	for _, value := range values {
		if err := putValue(group, value, modPolicy); err != nil {
			return err
		}
	}
	return nil
}

func putPolicy(group *cb.ConfigGroup, policy policies.ConfigPolicy, modPolicy string) {
	group.Policies[policy.Key()] = &cb.ConfigPolicy{Policy: policy.Value(), ModPolicy: modPolicy}
}

// putMetaPolicies gives a section the policies that ask its sub-groups.
func putMetaPolicies(group *cb.ConfigGroup) {
	putPolicy(group, policies.ImplicitMetaAnyPolicy(channelconfig.ReadersPolicyKey), localAdmins)
	putPolicy(group, policies.ImplicitMetaAnyPolicy(channelconfig.WritersPolicyKey), localAdmins)
	putPolicy(group, policies.ImplicitMetaMajorityPolicy(channelconfig.AdminsPolicyKey), localAdmins)
}

func putCapabilities(group *cb.ConfigGroup, names []string) error {
	if len(names) == 0 {
		return nil
	}
	flags := make(map[string]bool, len(names))
	for _, name := range names {
		flags[name] = true
	}
	return putValue(group, channelconfig.CapabilitiesValue(flags), localAdmins)
}

// channelGroup builds the whole tree.
func channelGroup(p Profile) (*cb.ConfigGroup, error) {
	root := newGroup(localAdmins)
	putMetaPolicies(root)
	if err := putValues(root, localAdmins,
		channelconfig.HashingAlgorithmValue(), channelconfig.BlockDataHashingStructureValue()); err != nil {
		return nil, err
	}
	// Where orderers are to be found is theirs to say.
	if err := putValue(root, channelconfig.OrdererAddressesValue(p.OrdererAddresses), ordererAdmins); err != nil {
		return nil, err
	}
	if p.Consortium != "" {
		if err := putValue(root, channelconfig.ConsortiumValue(p.Consortium), localAdmins); err != nil {
			return nil, err
		}
	}
	if err := putCapabilities(root, p.ChannelCapabilities); err != nil {
		return nil, err
	}
	return root, putSections(root, p)
}

func putSections(root *cb.ConfigGroup, p Profile) error {
	var err error
	if root.Groups[channelconfig.OrdererGroupKey], err = ordererGroup(p); err != nil {
		return err
	}
	if len(p.ApplicationOrgs) > 0 {
		if root.Groups[channelconfig.ApplicationGroupKey], err = applicationGroup(p); err != nil {
			return err
		}
	}
	if len(p.Consortiums) > 0 {
		root.Groups[channelconfig.ConsortiumsGroupKey], err = consortiumsGroup(p)
	}
	return err
}

func ordererGroup(p Profile) (*cb.ConfigGroup, error) {
	group := newGroup(localAdmins)
	putMetaPolicies(group)
	validation := policies.ImplicitMetaAnyPolicy(channelconfig.WritersPolicyKey).Value()
	group.Policies[blockValidationPolicy] = &cb.ConfigPolicy{Policy: validation, ModPolicy: localAdmins}
	if err := putValues(group, localAdmins,
		channelconfig.ConsensusTypeValue(p.ConsensusType, nil),
		channelconfig.BatchSizeValue(p.MaxMessageCount, p.AbsoluteMaxBytes, p.PreferredMaxBytes),
		channelconfig.BatchTimeoutValue(p.BatchTimeout.String()),
		channelconfig.ChannelRestrictionsValue(0)); err != nil {
		return nil, err
	}
	if err := putCapabilities(group, p.OrdererCapabilities); err != nil {
		return nil, err
	}
	return group, putOrgs(group, p.OrdererOrgs)
}

func applicationGroup(p Profile) (*cb.ConfigGroup, error) {
	group := newGroup(localAdmins)
	putMetaPolicies(group)
	if err := putCapabilities(group, p.ApplicationCapabilities); err != nil {
		return nil, err
	}
	return group, putOrgs(group, p.ApplicationOrgs)
}

// consortiumsGroup builds the section of a system channel, which belongs to
// the ordering service: its own Admins policy is there for form only and
// accepts anybody.
func consortiumsGroup(p Profile) (*cb.ConfigGroup, error) {
	section := newGroup(ordererAdmins)
	putPolicy(section, policies.SignaturePolicy(channelconfig.AdminsPolicyKey, cauthdsl.AcceptAllPolicy), ordererAdmins)
	for _, consortium := range p.Consortiums {
		group := newGroup(ordererAdmins)
		creation := policies.ImplicitMetaAnyPolicy(channelconfig.AdminsPolicyKey).Value()
		if err := putValue(group, channelconfig.ChannelCreationPolicyValue(creation), ordererAdmins); err != nil {
			return nil, err
		}
		if err := putOrgs(group, consortium.Orgs); err != nil {
			return nil, fmt.Errorf("consortium %s: %w", consortium.Name, err)
		}
		section.Groups[consortium.Name] = group
	}
	return section, nil
}

func putOrgs(section *cb.ConfigGroup, orgs []Org) error {
	for _, org := range orgs {
		name := org.groupName()
		if _, taken := section.Groups[name]; taken {
			return fmt.Errorf("organization %s occurs twice in a section", name)
		}
		group, err := orgGroup(org)
		if err != nil {
			return err
		}
		section.Groups[name] = group
	}
	return nil
}

// orgGroup builds the group of one organization.
func orgGroup(org Org) (*cb.ConfigGroup, error) {
	if err := org.check(); err != nil {
		return nil, err
	}
	definition, err := msp.GetVerifyingMspConfig(org.MSPDir, org.MSPID, msp.ProviderTypeToString(msp.FABRIC))
	if err != nil {
		return nil, fmt.Errorf("organization %s: reading its MSP from %s: %w", org.groupName(), org.MSPDir, err)
	}
	group := newGroup(localAdmins)
	if err := putValue(group, channelconfig.MSPValue(definition), localAdmins); err != nil {
		return nil, err
	}
	if len(org.AnchorPeers) > 0 {
		if err := putValue(group, anchorPeersValue(org.AnchorPeers), localAdmins); err != nil {
			return nil, err
		}
	}
	return group, putOrgPolicies(group, org)
}

func putOrgPolicies(group *cb.ConfigGroup, org Org) error {
	rules := map[string]*cb.SignaturePolicyEnvelope{
		channelconfig.ReadersPolicyKey: cauthdsl.SignedByMspMember(org.MSPID),
		channelconfig.WritersPolicyKey: cauthdsl.SignedByMspMember(org.MSPID),
		channelconfig.AdminsPolicyKey:  cauthdsl.SignedByMspAdmin(org.MSPID),
	}
	for name, expression := range org.Policies {
		rule, err := cauthdsl.FromString(expression)
		if err != nil {
			return fmt.Errorf("organization %s: policy %s: %w", org.groupName(), name, err)
		}
		rules[name] = rule
	}
	for name, rule := range rules {
		putPolicy(group, policies.SignaturePolicy(name, rule), localAdmins)
	}
	return nil
}

func anchorPeersValue(anchors []AnchorPeer) channelconfig.ConfigValue {
	list := make([]*pb.AnchorPeer, 0, len(anchors))
	for _, anchor := range anchors {
		list = append(list, &pb.AnchorPeer{Host: anchor.Host, Port: int32(anchor.Port)})
	}
	return channelconfig.AnchorPeersValue(list)
}
