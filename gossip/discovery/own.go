// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/internal/membership"
	"github.com/hyperledger/fabric/gossip/protoext"
	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

// createSignedAliveMessage makes an alive message newer than all before it. Who
// may not know the internal endpoint gets one without it.
func (d *gossipDiscoveryImpl) createSignedAliveMessage(includeInternalEndpoint bool) (*gossipproto.SignedGossipMessage, error) {
	d.lock.Lock()
	d.selfView = nil
	message := aliveMessage(&d.self, d.core.NextStamp())
	internal := d.self.InternalEndpoint
	d.lock.Unlock()
	if !includeInternalEndpoint {
		internal = ""
	}
	envelope := d.crypt.SignMessage(message, internal)
	if envelope == nil {
		return nil, errors.New("Failed signing message")
	}
	return &gossipproto.SignedGossipMessage{GossipMessage: message, Envelope: envelope}, nil
}

// aliveMessage is what a peer says of itself.
func aliveMessage(self *NetworkMember, stamp membership.Stamp) *gossipproto.GossipMessage {
	return &gossipproto.GossipMessage{
		Tag: gossipproto.GossipMessage_EMPTY,
		Content: &gossipproto.GossipMessage_AliveMsg{AliveMsg: &gossipproto.AliveMessage{
			Membership: &gossipproto.Member{
				Endpoint: self.Endpoint,
				Metadata: self.Metadata,
				PkiId:    self.PKIid,
			},
			Timestamp: &gossipproto.PeerTime{IncNum: stamp.Incarnation, SeqNum: stamp.Counter},
		}},
	}
}

// sayAlive makes a new alive message, secret included, and keeps it for recent.
func (d *gossipDiscoveryImpl) sayAlive() (*gossipproto.SignedGossipMessage, error) {
	d.lock.RLock()
	edition := d.edition
	d.lock.RUnlock()
	message, err := d.createSignedAliveMessage(true)
	if err != nil {
		return nil, err
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	if edition == d.edition {
		d.latest, d.latestAt = message, time.Now()
	}
	return message, nil
}

// recent is the latest alive message, if it is true and no older than a
// heartbeat, or else a new one. It will do for those who hear of this peer by
// gossip anyway.
func (d *gossipDiscoveryImpl) recent() (*gossipproto.SignedGossipMessage, error) {
	d.lock.RLock()
	latest, age := d.latest, time.Since(d.latestAt)
	d.lock.RUnlock()
	if latest != nil && age <= d.times.Heartbeat {
		return latest, nil
	}
	return d.sayAlive()
}

// Self see Discovery. It uses up no stamp, and makes the envelope only when
// there is something new to say.
func (d *gossipDiscoveryImpl) Self() NetworkMember {
	d.lock.Lock()
	defer d.lock.Unlock()
	self := NetworkMember{Endpoint: d.self.Endpoint, Metadata: d.self.Metadata, PKIid: d.self.PKIid}
	if d.selfView == nil {
		payload, err := proto.Marshal(aliveMessage(&d.self, d.core.Stamp()))
		if err != nil {
			d.logger.Errorf("Could not encode what this peer says of itself: %v", err)
			return self
		}
		d.selfView = &gossipproto.Envelope{Payload: payload}
	}
	self.Envelope = &gossipproto.Envelope{Payload: d.selfView.Payload}
	return self
}

// createMembershipRequest makes a request with a new alive message in it, and
// no nonce.
func (d *gossipDiscoveryImpl) createMembershipRequest(includeInternalEndpoint bool) (*gossipproto.GossipMessage, error) {
	alive, err := d.createSignedAliveMessage(includeInternalEndpoint)
	if err != nil {
		return nil, errors.WithMessage(err, "Failed creating the alive message of a membership request")
	}
	return requestWith(alive, 0), nil
}

// requestWith is a membership request that introduces this peer by an alive
// message. The envelope in it is the request's own.
func requestWith(alive *gossipproto.SignedGossipMessage, nonce uint64) *gossipproto.GossipMessage {
	return &gossipproto.GossipMessage{
		Tag:   gossipproto.GossipMessage_EMPTY,
		Nonce: nonce,
		Content: &gossipproto.GossipMessage_MemReq{MemReq: &gossipproto.MembershipRequest{
			SelfInformation: detached(alive).Envelope,
		}},
	}
}

// send sends a message that needs no signature of its own, unless this peer has
// been stopped.
func (d *gossipDiscoveryImpl) send(to *NetworkMember, message *gossipproto.GossipMessage) {
	unsigned, err := protoext.NoopSign(message)
	if err != nil {
		d.logger.Errorf("Could not encode a %s: %v", protoext.Kind(message), err)
		return
	}
	if !d.isStopped() {
		d.comm.SendToPeer(to, unsigned)
	}
}

// detached is a message with an envelope of its own, the secret in which others
// may conceal. It shares all bytes.
func detached(m *gossipproto.SignedGossipMessage) *gossipproto.SignedGossipMessage {
	return &gossipproto.SignedGossipMessage{
		GossipMessage: m.GossipMessage,
		Envelope: &gossipproto.Envelope{
			Payload:        m.Envelope.GetPayload(),
			Signature:      m.Envelope.GetSignature(),
			SecretEnvelope: m.Envelope.GetSecretEnvelope(),
		},
	}
}
