// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"bytes"

	"github.com/pkg/errors"
	"go.uber.org/zap/zapcore"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Why messages, or parts of them, are rejected.
const (
	reasonShape       = "malformed"
	reasonNoSender    = "unidentified sender"
	reasonChannel     = "wrong channel"
	reasonTag         = "tag not for channels"
	reasonOrg         = "organization not in channel"
	reasonForeignOrg  = "not of own organization"
	reasonIneligible  = "sender not eligible"
	reasonIdentity    = "unknown identity"
	reasonSignature   = "bad signature"
	reasonReader      = "not a reader of the channel"
	reasonStranger    = "unknown to membership"
	reasonBlock       = "block does not verify"
	reasonBoundaries  = "transactions run together"
	reasonPrivateData = "block with private data"
	reasonPadding     = "block with padding"
	reasonOversize    = "oversize"
	reasonDigest      = "digest item is no number"
)

// Why messages are dropped.
const (
	reasonStale    = "not newer"
	reasonHere     = "block is here or was"
	reasonLeft     = "channel was left"
	reasonBusyPeer = "peer has too many unanswered requests"
)

// refusal is why a message is not taken in.
type refusal struct {
	reason string
	err    error // more about it; may be nil
}

func refuse(reason string, err error) *refusal { return &refusal{reason, err} }

func (gc *gossipChannel) HandleMessage(msg proto.ReceivedMessage) {
	if !gc.verifyMsg(msg) {
		return
	}
	received := msg.GetGossipMessage()
	if err := protoext.CheckShape(received.GossipMessage); err != nil {
		gc.reject(msg, refuse(reasonShape, err))
		return
	}
	switch content := received.Content.(type) {
	case *proto.GossipMessage_DataMsg:
		gc.handleBlock(msg)
	case *proto.GossipMessage_StateInfo:
		gc.handleStateInfo(msg)
	case *proto.GossipMessage_StateInfoPullReq:
		gc.answerStateInfoRequest(msg)
	case *proto.GossipMessage_StateSnapshot:
		gc.handleSnapshot(content.StateSnapshot, msg)
	case *proto.GossipMessage_LeadershipMsg:
		gc.handleLeadership(content.LeadershipMsg, msg)
	default:
		if protoext.GetPullMsgType(received.GossipMessage) == proto.PullMsgType_BLOCK_MSG {
			gc.handlePull(msg)
		}
	}
}

// verifyMsg tells whether a message belongs to this channel and comes from
// somebody who may take part in it.
func (gc *gossipChannel) verifyMsg(msg proto.ReceivedMessage) bool {
	if refused := gc.admit(msg); refused != nil {
		gc.reject(msg, refused)
		return false
	}
	return true
}

func (gc *gossipChannel) admit(msg proto.ReceivedMessage) *refusal {
	if msg == nil || msg.GetGossipMessage() == nil || msg.GetGossipMessage().GossipMessage == nil {
		return refuse(reasonShape, errors.New("no message"))
	}
	sender := senderOf(msg)
	if sender == nil {
		return refuse(reasonNoSender, nil)
	}
	m := msg.GetGossipMessage().GossipMessage
	if !gc.isAddressed(m, sender) {
		return refuse(reasonChannel, nil)
	}
	if !protoext.IsChannelRestricted(m) {
		return refuse(reasonTag, nil)
	}
	if org := gc.GetOrgOfPeer(sender); !gc.IsOrgInChannel(org) {
		return refuse(reasonOrg, nil)
	}
	return nil
}

// senderOf is the PKI-ID that the sender of a message has proved to have.
func senderOf(msg proto.ReceivedMessage) common.PKIidType {
	if info := msg.GetConnectionInfo(); info != nil {
		return info.ID
	}
	return nil
}

// isAddressed tells whether a message is about this channel. Those about StateInfo
// name the channel only to those who know its name.
func (gc *gossipChannel) isAddressed(m *proto.GossipMessage, sender common.PKIidType) bool {
	if info := m.GetStateInfo(); info != nil {
		return gc.isMAC(info.Channel_MAC, info.PkiId)
	}
	if request := m.GetStateInfoPullReq(); request != nil {
		return gc.isMAC(request.Channel_MAC, sender)
	}
	return bytes.Equal(m.Channel, gc.chainID)
}

func (gc *gossipChannel) isMAC(mac []byte, pkiID common.PKIidType) bool {
	return bytes.Equal(mac, GenerateMAC(pkiID, gc.chainID))
}

// isOwnOrg tells whether a peer is known to be of the own organization.
func (gc *gossipChannel) isOwnOrg(pkiID common.PKIidType) bool {
	return isOrg(gc.GetOrgOfPeer(pkiID), gc.selfOrg)
}

func isOrg(org, other api.OrgIdentityType) bool {
	return org != nil && bytes.Equal(org, other)
}

// reject tells that a message, or an element of it, breaks a rule. It is logged
// for those who look into it only: what comes from others must not fill logs.
func (gc *gossipChannel) reject(msg proto.ReceivedMessage, why *refusal) {
	gc.observe(observe.Rejected, msg, why)
	if gc.logger.IsEnabledFor(zapcore.DebugLevel) {
		gc.logger.Debugf("Channel %s: rejected a message, or an element of it: %s (%v)", gc.chainID, why.reason, why.err)
	}
}

func (gc *gossipChannel) drop(msg proto.ReceivedMessage, reason string) {
	gc.observe(observe.Dropped, msg, refuse(reason, nil))
}

func (gc *gossipChannel) verified(msg proto.ReceivedMessage, what string) {
	gc.observe(observe.Verified, msg, refuse(what, nil))
}

func (gc *gossipChannel) observe(kind observe.Kind, msg proto.ReceivedMessage, why *refusal) {
	event := observe.Event{Kind: kind, Reason: why.reason, Channel: string(gc.chainID), Message: "none", Err: why.err}
	if msg != nil {
		if info := msg.GetConnectionInfo(); info != nil {
			event.Peer, event.Endpoint = info.ID, info.Endpoint
		}
		if m := msg.GetGossipMessage(); m != nil {
			event.Message = protoext.Kind(m.GossipMessage)
			if m.Envelope != nil {
				event.Bytes = len(m.Envelope.Payload)
			}
		}
	}
	gc.hook.Observe(event)
}
