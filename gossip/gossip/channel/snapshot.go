// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// createStateInfoRequest makes the message that asks for what is known of peers.
// It is the same each time.
func (gc *gossipChannel) createStateInfoRequest() (*proto.SignedGossipMessage, error) {
	return protoext.NoopSign(&proto.GossipMessage{
		Tag: proto.GossipMessage_CHAN_OR_ORG,
		Content: &proto.GossipMessage_StateInfoPullReq{
			StateInfoPullReq: &proto.StateInfoPullRequest{Channel_MAC: GenerateMAC(gc.pkiID, gc.chainID)},
		},
	})
}

// answerStateInfoRequest sends what is known of peers, on the lane of the one
// who asked.
func (gc *gossipChannel) answerStateInfoRequest(msg proto.ReceivedMessage) {
	queued := gc.lanes.Do(string(senderOf(msg)), func() {
		if !gc.stopped() {
			msg.Respond(gc.snapshotFor(senderOf(msg)))
		}
	})
	if !queued {
		gc.drop(msg, reasonBusyPeer)
	}
}

// snapshotFor is what is known of peers, as far as the one who asks may know.
func (gc *gossipChannel) snapshotFor(requester common.PKIidType) *proto.GossipMessage {
	self := gc.Self()
	fromOwnOrg := gc.isOwnOrg(requester)
	var elements []*proto.Envelope
	for _, message := range gc.stateInfos.list() {
		subject := common.PKIidType(message.GetStateInfo().PkiId)
		if self != nil && sameMember(subject, gc.pkiID) {
			message = self // whatever others say about us
		}
		if fromOwnOrg || gc.isPublic(subject) {
			elements = append(elements, message.Envelope)
		}
	}
	return &proto.GossipMessage{
		Channel: gc.chainID,
		Tag:     proto.GossipMessage_CHAN_OR_ORG,
		Content: &proto.GossipMessage_StateSnapshot{StateSnapshot: &proto.StateInfoSnapshot{Elements: elements}},
	}
}

// isPublic tells whether other organizations may know of a peer.
func (gc *gossipChannel) isPublic(pkiID common.PKIidType) bool {
	if !gc.isOwnOrg(pkiID) {
		return true
	}
	member := gc.Lookup(pkiID)
	return member != nil && discovery.HasExternalEndpoint(*member)
}

// handleSnapshot takes in what another peer knows of peers, each by itself.
func (gc *gossipChannel) handleSnapshot(snapshot *proto.StateInfoSnapshot, msg proto.ReceivedMessage) {
	for _, envelope := range snapshot.Elements {
		if refused := gc.addElement(envelope); refused != nil {
			gc.turnDown(msg, refused)
		} else {
			gc.verified(msg, "StateInfo")
		}
	}
}

// addElement keeps an element of a snapshot. What costs much is checked last,
// and not at all for what is known already.
func (gc *gossipChannel) addElement(envelope *proto.Envelope) *refusal {
	message, err := protoext.EnvelopeToGossipMessage(envelope)
	if err != nil {
		return refuse(reasonShape, err)
	}
	info := message.GetStateInfo()
	if info == nil {
		return refuse(reasonShape, errors.Errorf("a %s among StateInfo", protoext.Kind(message.GossipMessage)))
	}
	if err := protoext.CheckShape(message.GossipMessage); err != nil {
		return refuse(reasonShape, err)
	}
	if !gc.isMAC(info.Channel_MAC, info.PkiId) {
		return refuse(reasonChannel, nil)
	}
	if !gc.stateInfos.isNewer(message) {
		return refuse(reasonStale, nil)
	}
	if !gc.IsOrgInChannel(gc.GetOrgOfPeer(info.PkiId)) {
		return refuse(reasonOrg, nil)
	}
	if gc.Lookup(info.PkiId) == nil {
		return refuse(reasonStranger, nil)
	}
	if err := gc.ValidateStateInfoMessage(message); err != nil {
		return refuse(reasonSignature, err)
	}
	return gc.addStateInfo(message)
}
