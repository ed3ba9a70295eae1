// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"bytes"
	"time"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/membership"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Bounds on what one message may make this peer do. A thousand members say
// about half a megabyte; nobody has that much to say about itself.
const (
	maxElements   = 10000     // of each list in a membership response
	maxAliveBytes = 256 << 10 // of an alive message with its secret
)

// Reasons for which messages are refused or given up, as observers see them.
const (
	reasonMalformed  = "malformed"
	reasonOversize   = "oversize"
	reasonNotOurs    = "not about membership"
	reasonNotAlive   = "not an alive message"
	reasonUnverified = "not verified"
	reasonStrangers  = "too many strangers"
	reasonElements   = "too many elements"
	reasonAnswers    = "too many requests"
	reasonStale      = "not newer"
)

// handleMsgFromComm handles one message of a remote peer, of which nothing is
// certain yet, and returns when that is done, except for an answer. Whoever the
// message came from matters only to the transport.
func (d *gossipDiscoveryImpl) handleMsgFromComm(received proto.ReceivedMessage) {
	if received == nil || d.isStopped() {
		return
	}
	m := received.GetGossipMessage()
	if m == nil {
		d.reject(nil, reasonMalformed)
		return
	}
	if err := protoext.CheckShape(m.GossipMessage); err != nil {
		d.reject(m.GossipMessage, reasonMalformed)
		return
	}
	switch content := m.GossipMessage.GetContent().(type) {
	case *proto.GossipMessage_AliveMsg:
		d.handleAlive(received, m)
	case *proto.GossipMessage_MemReq:
		d.handleRequest(received, content.MemReq, m.GossipMessage.Nonce)
	case *proto.GossipMessage_MemRes:
		d.handleResponse(content.MemRes, m.GossipMessage.Nonce)
	default:
		d.reject(m.GossipMessage, reasonNotOurs)
	}
}

// handleAlive takes in an alive message that came by gossip, and passes it on
// if it has not been before.
func (d *gossipDiscoveryImpl) handleAlive(received proto.ReceivedMessage, m *proto.SignedGossipMessage) {
	if m.Envelope == nil {
		d.reject(m.GossipMessage, reasonMalformed)
		return
	}
	if d.consider(m, membership.ByGossip).valid && d.msgStore.Add(m) && !d.isStopped() {
		d.comm.Forward(received)
	}
}

// handleRequest learns that who asks is alive, and has an answer sent. A
// request that introduces nobody, or somebody falsely, gets none.
func (d *gossipDiscoveryImpl) handleRequest(received proto.ReceivedMessage, request *proto.MembershipRequest, nonce uint64) {
	m := d.decodeAlive(request.GetSelfInformation(), "mem_req")
	if m == nil {
		return
	}
	result := d.consider(m, membership.ByRequest)
	if !result.valid && !result.stale {
		return
	}
	q := inquiry{nonce: nonce, target: claimed(m)}
	if result.appeared {
		q.announce = &introduction{ReceivedMessage: received, alive: m}
	}
	known, alive := d.find(q.target.PKIid)
	if known != nil {
		q.target = *known
	}
	q.fresh = result.appeared || !alive
	d.answerLater(q)
}

// claimed is where a peer says it is reached.
func claimed(m *proto.SignedGossipMessage) NetworkMember {
	member := m.GetAliveMsg().Membership
	return NetworkMember{
		Endpoint:         member.Endpoint,
		Metadata:         member.Metadata,
		PKIid:            member.PkiId,
		InternalEndpoint: protoext.InternalEndpoint(m.Envelope.GetSecretEnvelope()),
	}
}

// handleResponse learns from what another peer knows. Elements that are no use
// are passed over, each for itself.
func (d *gossipDiscoveryImpl) handleResponse(response *proto.MembershipResponse, nonce uint64) {
	d.step(func(now time.Time) { d.core.Answered(nonce, now) })
	d.considerAll(response.GetAlive(), membership.ByResponse)
	d.considerAll(response.GetDead(), membership.AsDead)
}

func (d *gossipDiscoveryImpl) considerAll(envelopes []*proto.Envelope, by membership.Source) {
	if len(envelopes) > maxElements {
		d.hook.Observe(observe.Event{Kind: observe.Dropped, Reason: reasonElements, Message: "mem_res"})
		envelopes = envelopes[:maxElements]
	}
	for _, envelope := range envelopes {
		if d.isStopped() {
			return
		}
		if m := d.decodeAlive(envelope, "mem_res"); m != nil {
			d.consider(m, by)
		}
	}
}

// decodeAlive takes an alive message out of its envelope, which was part of a
// message of the kind named. It returns nil if it is none.
func (d *gossipDiscoveryImpl) decodeAlive(envelope *proto.Envelope, within string) *proto.SignedGossipMessage {
	reason := reasonMalformed
	switch m, err := protoext.EnvelopeToGossipMessage(envelope); {
	case err != nil || protoext.CheckShape(m.GossipMessage) != nil:
	case !protoext.IsAliveMsg(m.GossipMessage):
		reason = reasonNotAlive
	default:
		return m
	}
	d.hook.Observe(observe.Event{Kind: observe.Rejected, Reason: reason, Message: within})
	return nil
}

// outcome is what became of an alive message. At most one of valid and stale is
// true.
type outcome struct {
	valid    bool // it is true, and is what is known of the peer
	appeared bool // it brought the peer to life
	stale    bool // it was not needed any more
}

// consider takes in an alive message, whose shape has been checked. It is
// verified if it may bring something new, and only then.
func (d *gossipDiscoveryImpl) consider(m *proto.SignedGossipMessage, by membership.Source) outcome {
	secret := m.Envelope.GetSecretEnvelope()
	if len(m.Envelope.GetPayload())+len(secret.GetPayload())+len(secret.GetSignature()) > maxAliveBytes {
		d.reject(m.GossipMessage, reasonOversize)
		return outcome{}
	}
	news := newsOf(m)
	var verdict membership.Verdict
	var known *proto.SignedGossipMessage
	d.input(func(now time.Time) {
		verdict = d.core.Judge(news.ID, news.Stamp, by, now)
		known = d.aliveMembership.MsgByID(common.PKIidType(news.ID))
	})
	switch verdict {
	case membership.Own:
		d.seeOwn(m)
		return outcome{}
	case membership.Same:
		// What came by another way first has not been passed on yet.
		if by == membership.ByGossip && sameMessage(m, known) {
			return outcome{valid: true}
		}
		return d.outdated(news, by)
	case membership.Excess:
		d.hook.Observe(observe.Event{Kind: observe.Dropped, Reason: reasonStrangers, Peer: common.PKIidType(news.ID), Message: "alive_msg"})
		return outcome{}
	case membership.Stale:
		return d.outdated(news, by)
	}
	if !d.verify(m) {
		d.input(func(now time.Time) { d.core.Refuted(news.ID, now) })
		return outcome{}
	}
	result := outcome{}
	d.step(func(now time.Time) { result.valid, result.appeared = d.core.Learn(news, by, now) })
	result.stale = !result.valid // by something newer that came meanwhile
	return result
}

// outdated is what becomes of a message that is not newer than what is known.
// In responses, which list whoever is known, that is the rule and not counted.
func (d *gossipDiscoveryImpl) outdated(news membership.News, by membership.Source) outcome {
	if by == membership.ByGossip {
		d.hook.Observe(observe.Event{Kind: observe.Dropped, Reason: reasonStale, Peer: common.PKIidType(news.ID), Message: "alive_msg"})
	}
	return outcome{stale: true}
}

// newsOf is what an alive message says. Its endpoint inside the organization is
// as secret as the envelope it came in.
func newsOf(m *proto.SignedGossipMessage) membership.News {
	alive := m.GetAliveMsg()
	return membership.News{
		ID:               string(alive.Membership.PkiId),
		Stamp:            stampOf(alive),
		Endpoint:         alive.Membership.Endpoint,
		InternalEndpoint: protoext.InternalEndpoint(m.Envelope.GetSecretEnvelope()),
		Metadata:         alive.Membership.Metadata,
		Message:          detached(m),
	}
}

func stampOf(m *proto.AliveMessage) membership.Stamp {
	return membership.Stamp{Incarnation: m.Timestamp.IncNum, Counter: m.Timestamp.SeqNum}
}

// sameMessage tells whether a message is one that has been verified, perhaps
// without the secret that came with that.
func sameMessage(m, verified *proto.SignedGossipMessage) bool {
	if m == nil || verified == nil || !bytes.Equal(m.Payload, verified.Payload) || !bytes.Equal(m.Signature, verified.Signature) {
		return false
	}
	secret, known := m.SecretEnvelope, verified.SecretEnvelope
	return secret == nil || known != nil && bytes.Equal(secret.Payload, known.Payload) && bytes.Equal(secret.Signature, known.Signature)
}

// verify checks that the peer which an alive message is about has signed it.
func (d *gossipDiscoveryImpl) verify(m *proto.SignedGossipMessage) bool {
	event := observe.Event{Kind: observe.Verified, Reason: "signature", Peer: m.GetAliveMsg().Membership.PkiId, Message: "alive_msg"}
	valid := d.crypt.ValidateAliveMsg(m)
	if !valid {
		event.Kind, event.Reason = observe.Rejected, reasonUnverified
	}
	d.hook.Observe(event)
	return valid
}

// seeOwn looks at a message about this peer itself. Usually it is one of its
// own on its way back. It may also be of an earlier incarnation of it whose
// clock was ahead, which this one then has to exceed, or of another peer with
// the same identity.
func (d *gossipDiscoveryImpl) seeOwn(m *proto.SignedGossipMessage) {
	stamp := stampOf(m.GetAliveMsg())
	member, internal := m.GetAliveMsg().Membership, protoext.InternalEndpoint(m.Envelope.GetSecretEnvelope())
	d.lock.RLock()
	own, self := d.core.Stamp(), d.self
	d.lock.RUnlock()
	elsewhere := member.Endpoint != self.Endpoint || internal != "" && internal != self.InternalEndpoint
	ahead := stamp.Incarnation > own.Incarnation
	if stamp.Incarnation == own.Incarnation || !elsewhere && !ahead {
		return
	}
	if !d.quiet.allow("own identity") || !d.verify(m) {
		return
	}
	if elsewhere {
		d.logger.Errorf("Another peer uses the identity of this one, at %q (inside its organization at %q); this one is at %q (%q)",
			member.Endpoint, internal, self.Endpoint, self.InternalEndpoint)
		return
	}
	d.logger.Warningf("This peer was started before with its clock ahead of now; taking a higher incarnation than then")
	d.input(func(time.Time) { d.core.Outbid(stamp.Incarnation) })
}

// find returns the record of a member, nil if it is not known, and whether it
// is alive.
func (d *gossipDiscoveryImpl) find(id common.PKIidType) (record *NetworkMember, alive bool) {
	d.lock.RLock()
	defer d.lock.RUnlock()
	_, alive = d.aliveLastTS[string(id)]
	return d.id2Member[string(id)], alive
}

// reject counts a message that breaks a rule.
func (d *gossipDiscoveryImpl) reject(m *proto.GossipMessage, reason string) {
	d.hook.Observe(observe.Event{Kind: observe.Rejected, Reason: reason, Message: protoext.Kind(m)})
	if d.quiet.allow(reason) {
		d.logger.Warningf("Refused a message of kind %s: %s", protoext.Kind(m), reason)
	}
}
