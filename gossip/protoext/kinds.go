// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/protos/gossip"
)

// The questions below are about the content of a message. A nil message, and a
// content that is announced but missing, are of no kind.

// IsAliveMsg tells whether m says that a peer is alive.
func IsAliveMsg(m *gossip.GossipMessage) bool { return m.GetAliveMsg() != nil }

// IsDataMsg tells whether m carries a block.
func IsDataMsg(m *gossip.GossipMessage) bool { return m.GetDataMsg() != nil }

// IsStateInfoMsg tells whether m says what a peer has of a channel.
func IsStateInfoMsg(m *gossip.GossipMessage) bool { return m.GetStateInfo() != nil }

// IsStateInfoPullRequestMsg tells whether m asks for what peers have of a
// channel.
func IsStateInfoPullRequestMsg(m *gossip.GossipMessage) bool { return m.GetStateInfoPullReq() != nil }

// IsStateInfoSnapshot tells whether m lists what peers have of a channel.
func IsStateInfoSnapshot(m *gossip.GossipMessage) bool { return m.GetStateSnapshot() != nil }

// IsIdentityMsg tells whether m carries a peer's identity.
func IsIdentityMsg(m *gossip.GossipMessage) bool { return m.GetPeerIdentity() != nil }

// IsHelloMsg tells whether m asks for the digests of what a peer holds.
func IsHelloMsg(m *gossip.GossipMessage) bool { return m.GetHello() != nil }

// IsDigestMsg tells whether m lists the digests of what a peer holds.
func IsDigestMsg(m *gossip.GossipMessage) bool { return m.GetDataDig() != nil }

// IsDataReq tells whether m asks for items by their digests.
func IsDataReq(m *gossip.GossipMessage) bool { return m.GetDataReq() != nil }

// IsDataUpdate tells whether m brings items that were asked for.
func IsDataUpdate(m *gossip.GossipMessage) bool { return m.GetDataUpdate() != nil }

// IsLeadershipMsg tells whether m is about who leads an organization.
func IsLeadershipMsg(m *gossip.GossipMessage) bool { return m.GetLeadershipMsg() != nil }

// IsAck tells whether m says that another message arrived.
func IsAck(m *gossip.GossipMessage) bool { return m.GetAck() != nil }

// IsPullMsg tells whether m is one of the four messages that items are pulled
// with.
func IsPullMsg(m *gossip.GossipMessage) bool {
	return IsHelloMsg(m) || IsDigestMsg(m) || IsDataReq(m) || IsDataUpdate(m)
}

// IsRemoteStateMessage tells whether m asks for blocks by number, or answers.
func IsRemoteStateMessage(m *gossip.GossipMessage) bool {
	return m.GetStateRequest() != nil || m.GetStateResponse() != nil
}

// IsPrivateDataMsg tells whether m carries private data or asks for it.
func IsPrivateDataMsg(m *gossip.GossipMessage) bool {
	return m.GetPrivateReq() != nil || m.GetPrivateRes() != nil || m.GetPrivateData() != nil
}

// GetPullMsgType is what a pull message is about, UNDEFINED for other messages.
func GetPullMsgType(m *gossip.GossipMessage) gossip.PullMsgType {
	if hello := m.GetHello(); hello != nil {
		return hello.MsgType
	}
	if digest := m.GetDataDig(); digest != nil {
		return digest.MsgType
	}
	if request := m.GetDataReq(); request != nil {
		return request.MsgType
	}
	return m.GetDataUpdate().GetMsgType()
}

// IsChannelRestricted tells whether m is for the members of a channel, by its
// tag.
func IsChannelRestricted(m *gossip.GossipMessage) bool {
	tag := m.GetTag()
	return tag == gossip.GossipMessage_CHAN_AND_ORG || tag == gossip.GossipMessage_CHAN_ONLY || tag == gossip.GossipMessage_CHAN_OR_ORG
}

// IsOrgRestricted tells whether m is for the sender's organization, by its tag.
func IsOrgRestricted(m *gossip.GossipMessage) bool {
	tag := m.GetTag()
	return tag == gossip.GossipMessage_CHAN_AND_ORG || tag == gossip.GossipMessage_ORG_ONLY
}

// IsTagLegal refuses a message whose tag is not the one of its kind. The error
// says which tag that would be, or that there is none.
func IsTagLegal(m *gossip.GossipMessage) error {
	if m == nil {
		return errors.New("Undefined tag")
	}
	return (&gossip.SignedGossipMessage{GossipMessage: m}).IsTagLegal()
}
