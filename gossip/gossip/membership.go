// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"
	"fmt"
	"time"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// discoveryAdapter is the node as its discovery sends and receives through it.
// Once the node stops, it sends nothing more.
type discoveryAdapter struct {
	node *gossipServiceImpl
}

// Gossip spreads a message of the node's own.
func (a *discoveryAdapter) Gossip(m *proto.SignedGossipMessage) {
	if !a.node.isStopping() {
		a.node.spread(m, nil)
	}
}

// Forward spreads a message that came from another peer.
func (a *discoveryAdapter) Forward(m proto.ReceivedMessage) {
	if !a.node.isStopping() {
		a.node.forward(m)
	}
}

// SendToPeer sends a message to one peer. What a membership request discloses
// depends on the organization of that peer.
func (a *discoveryAdapter) SendToPeer(peer *discovery.NetworkMember, m *proto.SignedGossipMessage) {
	if a.node.isStopping() {
		return
	}
	if request := m.GetMemReq(); request != nil && len(peer.PKIid) != 0 {
		m = a.node.discreetly(request, m.Nonce, m.Channel, peer)
		if m == nil {
			return
		}
	}
	a.node.comm.Send(m, &comm.RemotePeer{PKIID: peer.PKIid, Endpoint: peer.PreferredEndpoint()})
}

// discreetly rebuilds a membership request for a peer, as far as that one may
// know the node.
func (g *gossipServiceImpl) discreetly(request *proto.MembershipRequest, nonce uint64, channel []byte, peer *discovery.NetworkMember) *proto.SignedGossipMessage {
	self, err := protoext.EnvelopeToGossipMessage(request.SelfInformation)
	if err != nil || !protoext.IsAliveMsg(self.GossipMessage) {
		panic(fmt.Sprintf("a membership request of our own without an alive message of our own: %v", err))
	}
	_, disclose := g.disclosurePolicy(peer)
	m, err := protoext.NoopSign(&proto.GossipMessage{
		Nonce:   nonce,
		Channel: channel,
		Tag:     proto.GossipMessage_EMPTY,
		Content: &proto.GossipMessage_MemReq{
			MemReq: &proto.MembershipRequest{SelfInformation: disclose(self), Known: request.Known},
		},
	})
	if err != nil {
		g.logger.Errorf("Cannot encode a membership request: %v", err)
		return nil
	}
	return m
}

// Ping tells whether there is a peer at a member's endpoint. It waits for the
// connection and the answer.
func (a *discoveryAdapter) Ping(peer *discovery.NetworkMember) bool {
	return a.node.comm.Probe(&comm.RemotePeer{PKIID: peer.PKIid, Endpoint: peer.PreferredEndpoint()}) == nil
}

// Accept yields the messages about membership.
func (a *discoveryAdapter) Accept() <-chan proto.ReceivedMessage { return a.node.members }

// PresumedDead yields the peers that could not be reached.
func (a *discoveryAdapter) PresumedDead() <-chan common.PKIidType { return a.node.comm.PresumedDead() }

// CloseConn closes the connection to a peer.
func (a *discoveryAdapter) CloseConn(peer *discovery.NetworkMember) {
	a.node.comm.CloseConn(&comm.RemotePeer{PKIID: peer.PKIid, Endpoint: peer.PreferredEndpoint()})
}

// disclosurePolicy says which peers another peer may hear of, and what of them.
//
// It may hear of the peers of its own organization, and of those of this node's
// if both they and it have an endpoint for other organizations. Where to reach
// peers within their organization is told in that one only. A peer of unknown
// organization hears of nobody.
func (g *gossipServiceImpl) disclosurePolicy(remote *discovery.NetworkMember) (discovery.Sieve, discovery.EnvelopeFilter) {
	remoteOrg := g.orgs.of(remote.PKIid)
	ours := len(remoteOrg) > 0 && bytes.Equal(remoteOrg, g.selfOrg)
	sieve := func(m *proto.SignedGossipMessage) bool {
		return len(remoteOrg) > 0 && g.mayDisclose(m, remoteOrg, remote.Endpoint != "")
	}
	envelope := func(m *proto.SignedGossipMessage) *proto.Envelope {
		if ours {
			return m.Envelope
		}
		return protoext.WithoutSecret(m.Envelope)
	}
	return sieve, envelope
}

func (g *gossipServiceImpl) mayDisclose(m *proto.SignedGossipMessage, remoteOrg api.OrgIdentityType, remoteIsPublic bool) bool {
	subject := m.GetAliveMsg().GetMembership()
	org := g.orgs.of(subject.GetPkiId())
	switch {
	case len(org) == 0:
		return false
	case bytes.Equal(org, remoteOrg):
		return true
	default:
		return bytes.Equal(org, g.selfOrg) && subject.GetEndpoint() != "" && remoteIsPublic
	}
}

// discoverySecurityAdapter is the node as its discovery signs and verifies with
// it. It may be called from many goroutines.
type discoverySecurityAdapter struct {
	node   *gossipServiceImpl
	secret signedSecret
}

// ValidateAliveMsg tells whether an alive message was made by the peer it names.
// It takes in the identity that comes with it.
func (a *discoverySecurityAdapter) ValidateAliveMsg(m *proto.SignedGossipMessage) bool {
	if m == nil || m.Envelope == nil || !protoext.IsAliveMsg(m.GossipMessage) || protoext.CheckShape(m.GossipMessage) != nil || !m.IsSigned() {
		return false
	}
	reason, err := a.node.checkAlive(m)
	if err != nil {
		a.node.noteAlive(m, reason, err)
	}
	return err == nil
}

// SignMessage signs a message and the internal endpoint beside it; nil if that
// fails. While the node is young, it puts its identity into alive messages
// before.
func (a *discoverySecurityAdapter) SignMessage(m *proto.GossipMessage, internalEndpoint string) *proto.Envelope {
	g := a.node
	if protoext.IsAliveMsg(m) && time.Now().Before(g.includeIdentityTill) {
		m.GetAliveMsg().Identity = g.selfIdentity
	}
	signed, err := protoext.Sign(m, g.mcs.Sign)
	if err != nil {
		g.logger.Errorf("Cannot sign a message of kind %s: %v", protoext.Kind(m), err)
		return nil
	}
	if internalEndpoint != "" {
		signed.Envelope.SecretEnvelope = a.secret.of(internalEndpoint, g.mcs.Sign)
	}
	return signed.Envelope
}
