// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"fmt"

	cb "github.com/hyperledger/fabric/protos/common"
	mspprotos "github.com/hyperledger/fabric/protos/msp"
	pb "github.com/hyperledger/fabric/protos/peer"
)

// OrganizationProtos holds the decoded values that every organization has.
type OrganizationProtos struct {
	MSP *mspprotos.MSPConfig
}

// OrganizationConfig is an organization: its group's name, and its MSP, which
// is set up and known to the MSPConfigHandler that it was built with.
type OrganizationConfig struct {
	name  string
	mspID string
}

// NewOrganizationConfig reads an organization of the ordering service or of a
// consortium. Its MSP joins those of the handler.
func NewOrganizationConfig(name string, orgGroup *cb.ConfigGroup, mspConfigHandler *MSPConfigHandler) (*OrganizationConfig, error) {
	return readOrganization(name, orgGroup, mspConfigHandler)
}

// readOrganization reads what all organizations have, and whatever values the
// extra holders describe.
func readOrganization(name string, group *cb.ConfigGroup, handler *MSPConfigHandler, extra ...interface{}) (*OrganizationConfig, error) {
	if handler == nil {
		return nil, fmt.Errorf("organization %s: no MSP handler given", name)
	}
	var values OrganizationProtos
	if err := DeserializeProtoValuesFromGroup(group, append(extra, &values)...); err != nil {
		return nil, fmt.Errorf("organization %s: %w", name, err)
	}
	if len(group.Groups) > 0 {
		return nil, fmt.Errorf("organization %s holds the group %s, but organizations have no groups of their own", name, sortedKeys(group.Groups)[0])
	}
	provider, err := handler.ProposeMSP(values.MSP)
	if err != nil {
		return nil, fmt.Errorf("organization %s: %w", name, err)
	}
	org := &OrganizationConfig{name: name}
	if org.mspID, err = provider.GetIdentifier(); err != nil {
		return nil, fmt.Errorf("organization %s: reading the identifier of its MSP: %w", name, err)
	}
	return org, org.Validate()
}

// Name is the key of the organization's group.
func (org *OrganizationConfig) Name() string { return org.name }

// MSPID is the identifier of the organization's MSP.
func (org *OrganizationConfig) MSPID() string { return org.mspID }

// Validate reports an MSP that does not say which organization it is. It
// passes for whatever the constructor returned without an error.
func (org *OrganizationConfig) Validate() error {
	if org.mspID == "" {
		return fmt.Errorf("organization %s has an MSP without an identifier", org.name)
	}
	return nil
}

// ApplicationOrgProtos holds the decoded values that only organizations of the
// application section have.
type ApplicationOrgProtos struct {
	AnchorPeers *pb.AnchorPeers
}

// ApplicationOrgConfig is an organization whose peers join the channel.
type ApplicationOrgConfig struct {
	*OrganizationConfig
	anchors []*pb.AnchorPeer
}

// NewApplicationOrgConfig reads an organization of the application section. Its
// MSP joins those of the handler.
func NewApplicationOrgConfig(id string, orgGroup *cb.ConfigGroup, mspConfigHandler *MSPConfigHandler) (*ApplicationOrgConfig, error) {
	var values ApplicationOrgProtos
	org, err := readOrganization(id, orgGroup, mspConfigHandler, &values)
	if err != nil {
		return nil, err
	}
	return &ApplicationOrgConfig{OrganizationConfig: org, anchors: values.AnchorPeers.AnchorPeers}, nil
}

// AnchorPeers lists the organization's anchor peers as configured: whether
// they can be dialled is for gossip to find out. Read only.
func (org *ApplicationOrgConfig) AnchorPeers() []*pb.AnchorPeer { return org.anchors }

// Validate is as for OrganizationConfig; anchor peers are not judged.
func (org *ApplicationOrgConfig) Validate() error { return org.OrganizationConfig.Validate() }
