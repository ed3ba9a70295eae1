// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/protos/gossip"
)

func TestCheckShape(t *testing.T) {
	id, now := []byte("id"), &gossip.PeerTime{IncNum: 1, SeqNum: 1}
	alive := func(m *gossip.AliveMessage) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_AliveMsg{AliveMsg: m}}
	}
	state := func(m *gossip.StateInfo) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_StateInfo{StateInfo: m}}
	}
	leader := func(m *gossip.LeadershipMessage) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_LeadershipMsg{LeadershipMsg: m}}
	}
	request := func(m *gossip.MembershipRequest) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_MemReq{MemReq: m}}
	}
	data := func(m *gossip.DataMessage) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_DataMsg{DataMsg: m}}
	}
	identity := func(m *gossip.PeerIdentity) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_PeerIdentity{PeerIdentity: m}}
	}
	member := &gossip.Member{PkiId: id}
	for _, c := range []struct {
		name    string
		message *gossip.GossipMessage
		err     string
	}{
		{"nil", nil, "message without content"},
		{"empty", &gossip.GossipMessage{}, "message without content"},
		{"typed nil content", alive(nil), "alive_msg without membership"},
		{"alive", alive(&gossip.AliveMessage{Membership: member, Timestamp: now}), ""},
		{"alive without membership", alive(&gossip.AliveMessage{Timestamp: now}), "alive_msg without membership"},
		{"alive without id", alive(&gossip.AliveMessage{Membership: &gossip.Member{}, Timestamp: now}), "alive_msg without pki_id"},
		{"alive without time", alive(&gossip.AliveMessage{Membership: member}), "alive_msg without timestamp"},
		{"request", request(&gossip.MembershipRequest{SelfInformation: &gossip.Envelope{Payload: id}}), ""},
		{"request without self", request(&gossip.MembershipRequest{}), "mem_req without self_information"},
		{"state info", state(&gossip.StateInfo{PkiId: id, Timestamp: now}), ""},
		{"state info without id", state(&gossip.StateInfo{Timestamp: now}), "state_info without pki_id"},
		{"state info without time", state(&gossip.StateInfo{PkiId: id}), "state_info without timestamp"},
		{"leadership", leader(&gossip.LeadershipMessage{PkiId: id, Timestamp: now}), ""},
		{"leadership without time", leader(&gossip.LeadershipMessage{PkiId: id}), "leadership_msg without timestamp"},
		{"block", data(&gossip.DataMessage{Payload: &gossip.Payload{}}), ""},
		{"block without payload", data(&gossip.DataMessage{}), "data_msg without payload"},
		{"identity", identity(&gossip.PeerIdentity{PkiId: id, Cert: id}), ""},
		{"identity without id", identity(&gossip.PeerIdentity{Cert: id}), "peer_identity without pki_id"},
		{"identity without cert", identity(&gossip.PeerIdentity{PkiId: id}), "peer_identity without cert"},
		{"kind without such fields", &gossip.GossipMessage{Content: &gossip.GossipMessage_Hello{}}, ""},
	} {
		err := CheckShape(c.message)
		if c.err == "" {
			assert.NoError(t, err, c.name)
			continue
		}
		assert.EqualError(t, err, c.err, c.name)
	}
}
