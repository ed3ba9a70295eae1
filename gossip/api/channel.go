// SPDX-License-Identifier: Apache-2.0

package api

import "github.com/hyperledger/fabric/gossip/common"

// OrgIdentityType names an organization: its MSP ID, as bytes.
type OrgIdentityType []byte

// SecurityAdvisor tells which organization a peer belongs to.
type SecurityAdvisor interface {
	// OrgByPeerIdentity returns nil when the identity, which may be anything,
	// belongs to no known organization. It does not validate.
	OrgByPeerIdentity(PeerIdentityType) OrgIdentityType
}

// ChannelNotifier is told that the peer joined a channel, or that the
// channel's membership changed.
type ChannelNotifier interface {
	JoinChannel(joinMsg JoinChannelMessage, chainID common.ChainID)
}

// JoinChannelMessage describes the membership of a channel.
type JoinChannelMessage interface {
	// SequenceNumber is the config sequence that the message stems from; a
	// higher one supersedes a lower one.
	SequenceNumber() uint64

	// Members lists the organizations of the channel.
	Members() []OrgIdentityType

	// AnchorPeersOf lists an organization's anchor peers.
	AnchorPeersOf(org OrgIdentityType) []AnchorPeer
}

// AnchorPeer is where peers of other organizations can reach an organization.
type AnchorPeer struct {
	Host string // host name or IP address
	Port int
}
