// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/protos/gossip"
)

// CheckShape tells whether a message holds the fields that its handling takes
// for granted: what v1.3.0 always sends and dereferences without asking. It
// looks at nothing signed or channel-specific, costs nothing, and comes before
// everything else that is done with a message of a remote peer.
//
// The error names the missing field. A message without content fails, one of a
// kind that has no such fields passes.
func CheckShape(m *gossip.GossipMessage) error {
	switch content := m.GetContent().(type) {
	case nil:
		return errors.New("message without content")
	case *gossip.GossipMessage_AliveMsg:
		return aliveShape(content.AliveMsg)
	case *gossip.GossipMessage_MemReq:
		return present(len(content.MemReq.GetSelfInformation().GetPayload()) > 0, "mem_req", "self_information")
	case *gossip.GossipMessage_StateInfo:
		return stampedShape("state_info", content.StateInfo.GetPkiId(), content.StateInfo.GetTimestamp())
	case *gossip.GossipMessage_LeadershipMsg:
		return stampedShape("leadership_msg", content.LeadershipMsg.GetPkiId(), content.LeadershipMsg.GetTimestamp())
	case *gossip.GossipMessage_DataMsg:
		return present(content.DataMsg.GetPayload() != nil, "data_msg", "payload")
	case *gossip.GossipMessage_PeerIdentity:
		return identityShape(content.PeerIdentity)
	}
	return nil
}

func aliveShape(m *gossip.AliveMessage) error {
	if m.GetMembership() == nil {
		return missing("alive_msg", "membership")
	}
	return stampedShape("alive_msg", m.Membership.PkiId, m.Timestamp)
}

func stampedShape(kind string, pkiID []byte, timestamp *gossip.PeerTime) error {
	if len(pkiID) == 0 {
		return missing(kind, "pki_id")
	}
	return present(timestamp != nil, kind, "timestamp")
}

func identityShape(m *gossip.PeerIdentity) error {
	if len(m.GetPkiId()) == 0 {
		return missing("peer_identity", "pki_id")
	}
	return present(len(m.Cert) > 0, "peer_identity", "cert")
}

func present(ok bool, kind, field string) error {
	if ok {
		return nil
	}
	return missing(kind, field)
}

func missing(kind, field string) error { return errors.Errorf("%s without %s", kind, field) }
