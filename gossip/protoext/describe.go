// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"fmt"
	"strings"

	"github.com/hyperledger/fabric/protos/gossip"
)

// Kind is the name of what a message carries, as in the protocol's definition:
// "alive_msg", "data_msg" and so on, "none" if nothing. It is one of a fixed
// set of names, fit to count messages by.
func Kind(m *gossip.GossipMessage) string {
	switch m.GetContent().(type) {
	case *gossip.GossipMessage_AliveMsg:
		return "alive_msg"
	case *gossip.GossipMessage_MemReq:
		return "mem_req"
	case *gossip.GossipMessage_MemRes:
		return "mem_res"
	case *gossip.GossipMessage_DataMsg:
		return "data_msg"
	case *gossip.GossipMessage_Empty:
		return "empty"
	case *gossip.GossipMessage_Conn:
		return "conn"
	case *gossip.GossipMessage_LeadershipMsg:
		return "leadership_msg"
	case *gossip.GossipMessage_PeerIdentity:
		return "peer_identity"
	case *gossip.GossipMessage_Ack:
		return "ack"
	}
	return pullOrStateKind(m)
}

func pullOrStateKind(m *gossip.GossipMessage) string {
	switch m.GetContent().(type) {
	case *gossip.GossipMessage_Hello:
		return "hello"
	case *gossip.GossipMessage_DataDig:
		return "data_dig"
	case *gossip.GossipMessage_DataReq:
		return "data_req"
	case *gossip.GossipMessage_DataUpdate:
		return "data_update"
	case *gossip.GossipMessage_StateInfo:
		return "state_info"
	case *gossip.GossipMessage_StateSnapshot:
		return "state_snapshot"
	case *gossip.GossipMessage_StateInfoPullReq:
		return "state_info_pull_req"
	case *gossip.GossipMessage_StateRequest:
		return "state_request"
	case *gossip.GossipMessage_StateResponse:
		return "state_response"
	case *gossip.GossipMessage_PrivateReq:
		return "private_req"
	case *gossip.GossipMessage_PrivateRes:
		return "private_res"
	case *gossip.GossipMessage_PrivateData:
		return "private_data"
	}
	return "none"
}

// Describe is a line for logs about a message: its kind, where it may go, and
// how big it is. Nothing of what it carries shows, whatever it carries, but for
// a block's number.
func Describe(m *gossip.SignedGossipMessage) string {
	if m == nil {
		return "no message"
	}
	text := Kind(m.GossipMessage)
	if block := m.GossipMessage.GetDataMsg().GetPayload(); block != nil {
		text += fmt.Sprintf(" with block %d", block.SeqNum)
	}
	if channel := m.GossipMessage.GetChannel(); len(channel) > 0 {
		text += fmt.Sprintf(" of channel %q", channel)
	}
	text += fmt.Sprintf(", tag %s, nonce %d", m.GossipMessage.GetTag(), m.GossipMessage.GetNonce())
	if m.Envelope == nil {
		return text + ", no envelope"
	}
	return text + fmt.Sprintf(", %d bytes, signature of %d", len(m.Envelope.Payload), len(m.Envelope.Signature))
}

// DescribePrivateData is a text for logs about an answer with private data: of
// each element what was asked for and how many pieces came.
func DescribePrivateData(r *gossip.RemotePvtDataResponse) string {
	elements := make([]string, 0, len(r.GetElements()))
	for _, element := range r.GetElements() {
		d := element.GetDigest()
		elements = append(elements, fmt.Sprintf("collection %q of namespace %q, transaction %q (%d in block %d): %d payloads",
			d.GetCollection(), d.GetNamespace(), d.GetTxId(), d.GetSeqInBlock(), d.GetBlockSeq(), len(element.GetPayload())))
	}
	return "[" + strings.Join(elements, "; ") + "]"
}
