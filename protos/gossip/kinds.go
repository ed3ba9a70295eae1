// SPDX-License-Identifier: Apache-2.0

package gossip

import "fmt"

// The predicates below tell what a message carries. They look at the inner
// message: a wrapper around a nil one counts as carrying nothing.

// IsAliveMsg tells whether the message is a membership heartbeat.
func (m *SignedGossipMessage) IsAliveMsg() bool { return m.GossipMessage.GetAliveMsg() != nil }

// IsDataMsg tells whether the message carries a block.
func (m *SignedGossipMessage) IsDataMsg() bool { return m.GossipMessage.GetDataMsg() != nil }

// IsStateInfoPullRequestMsg tells whether the message asks for state infos.
func (m *SignedGossipMessage) IsStateInfoPullRequestMsg() bool {
	return m.GossipMessage.GetStateInfoPullReq() != nil
}

// IsStateInfoSnapshot tells whether the message is a set of state infos.
func (m *SignedGossipMessage) IsStateInfoSnapshot() bool {
	return m.GossipMessage.GetStateSnapshot() != nil
}

// IsStateInfoMsg tells whether the message publishes a peer's channel state.
func (m *SignedGossipMessage) IsStateInfoMsg() bool { return m.GossipMessage.GetStateInfo() != nil }

// IsIdentityMsg tells whether the message carries a peer's certificate.
func (m *SignedGossipMessage) IsIdentityMsg() bool { return m.GossipMessage.GetPeerIdentity() != nil }

// IsDataReq tells whether the message asks for items by their digests.
func (m *SignedGossipMessage) IsDataReq() bool { return m.GossipMessage.GetDataReq() != nil }

// IsDataUpdate tells whether the message answers a request for items.
func (m *SignedGossipMessage) IsDataUpdate() bool { return m.GossipMessage.GetDataUpdate() != nil }

// IsHelloMsg tells whether the message opens a pull round.
func (m *SignedGossipMessage) IsHelloMsg() bool { return m.GossipMessage.GetHello() != nil }

// IsDigestMsg tells whether the message lists what its sender holds.
func (m *SignedGossipMessage) IsDigestMsg() bool { return m.GossipMessage.GetDataDig() != nil }

// IsLeadershipMsg tells whether the message belongs to leader election.
func (m *SignedGossipMessage) IsLeadershipMsg() bool {
	return m.GossipMessage.GetLeadershipMsg() != nil
}

// IsAck tells whether the message acknowledges another.
func (m *SignedGossipMessage) IsAck() bool { return m.GossipMessage.GetAck() != nil }

// IsPullMsg tells whether the message belongs to a pull round.
func (m *SignedGossipMessage) IsPullMsg() bool {
	return m.IsDataReq() || m.IsDataUpdate() || m.IsHelloMsg() || m.IsDigestMsg()
}

// IsRemoteStateMessage tells whether the message belongs to state transfer.
func (m *SignedGossipMessage) IsRemoteStateMessage() bool {
	return m.GossipMessage.GetStateRequest() != nil || m.GossipMessage.GetStateResponse() != nil
}

// IsPrivateDataMsg tells whether the message moves or asks for private data.
func (m *SignedGossipMessage) IsPrivateDataMsg() bool {
	g := m.GossipMessage
	return g.GetPrivateReq() != nil || g.GetPrivateRes() != nil || g.GetPrivateData() != nil
}

// GetPullMsgType says what a pull message is about; UNDEFINED for any other.
func (m *SignedGossipMessage) GetPullMsgType() PullMsgType {
	g := m.GossipMessage
	switch {
	case m.IsHelloMsg():
		return g.GetHello().MsgType
	case m.IsDigestMsg():
		return g.GetDataDig().MsgType
	case m.IsDataReq():
		return g.GetDataReq().MsgType
	case m.IsDataUpdate():
		return g.GetDataUpdate().MsgType
	}
	return PullMsgType_UNDEFINED
}

// IsChannelRestricted tells whether only members of the channel may have the
// message.
func (m *SignedGossipMessage) IsChannelRestricted() bool {
	switch m.GossipMessage.GetTag() {
	case GossipMessage_CHAN_AND_ORG, GossipMessage_CHAN_ONLY, GossipMessage_CHAN_OR_ORG:
		return true
	}
	return false
}

// IsOrgRestricted tells whether only the sender's organization may have the
// message.
func (m *SignedGossipMessage) IsOrgRestricted() bool {
	switch m.GossipMessage.GetTag() {
	case GossipMessage_CHAN_AND_ORG, GossipMessage_ORG_ONLY:
		return true
	}
	return false
}

// IsTagLegal checks that the message carries the tag which its kind demands:
// the tag decides how far a message may travel.
func (m *SignedGossipMessage) IsTagLegal() error {
	tag := m.GossipMessage.GetTag()
	if tag == GossipMessage_UNDEFINED {
		return fmt.Errorf("Undefined tag")
	}
	want, err := m.legalTag()
	if err != nil {
		return err
	}
	if tag != want {
		return fmt.Errorf("Tag should be %s", GossipMessage_Tag_name[int32(want)])
	}
	return nil
}

// legalTag is the one tag that a message of this kind may carry.
func (m *SignedGossipMessage) legalTag() (GossipMessage_Tag, error) {
	g := m.GossipMessage
	switch {
	case m.IsDataMsg(), m.IsLeadershipMsg():
		return GossipMessage_CHAN_AND_ORG, nil
	case m.IsAliveMsg(), g.GetMemReq() != nil, g.GetMemRes() != nil:
		return GossipMessage_EMPTY, nil
	case m.IsIdentityMsg():
		return GossipMessage_ORG_ONLY, nil
	case m.IsPullMsg():
		return legalPullTag(m.GetPullMsgType())
	case m.IsStateInfoMsg(), m.IsStateInfoPullRequestMsg(), m.IsStateInfoSnapshot(), m.IsRemoteStateMessage():
		return GossipMessage_CHAN_OR_ORG, nil
	}
	return GossipMessage_UNDEFINED, fmt.Errorf("Unknown message type: %T", g.GetContent())
}

func legalPullTag(kind PullMsgType) (GossipMessage_Tag, error) {
	switch kind {
	case PullMsgType_BLOCK_MSG:
		return GossipMessage_CHAN_AND_ORG, nil
	case PullMsgType_IDENTITY_MSG:
		return GossipMessage_EMPTY, nil
	}
	return GossipMessage_UNDEFINED, fmt.Errorf("Invalid PullMsgType: %s", PullMsgType_name[int32(kind)])
}
