// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

func TestAliveMessagesAreVerifiedOnce(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	a, b := n.actor("A", "a"), n.actor("A", "b")
	n.knows("", b)
	m := a.alive(t, 1)
	secret := m.Envelope.SecretEnvelope.Payload
	for i := 0; i < 5; i++ {
		copied := &proto.SignedGossipMessage{Envelope: m.Envelope, GossipMessage: m.GossipMessage}
		n.receives(b.from(copied))
	}
	n.receives(b.from(a.alive(t, 2)), b.from(b.alive(t, 2)))
	n.eventually("handled", func() bool { return len(n.Peers()) == 2 && n.crypto.verifications(b.alive(t, 2).Envelope.Payload) == 1 })
	assert.Equal(t, 1, n.crypto.verifications(m.Envelope.Payload))
	assert.Equal(t, 1, n.crypto.verifications(secret), "the secret is the same in each message")
}

func TestAliveMessagesThatDoNotHold(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	check := &discoverySecurityAdapter{node: n.gossipServiceImpl}
	a := n.actor("A", "a")
	revoked := n.actor("A", "revoked")
	n.authority.Revoke(revoked.id)
	fresh := func(change func(m *proto.SignedGossipMessage)) *proto.SignedGossipMessage {
		m := a.alive(t, 1)
		change(m)
		return m
	}
	for what, m := range map[string]*proto.SignedGossipMessage{
		"nil":              nil,
		"no envelope":      {GossipMessage: aliveOf("p", 1, 1)},
		"no message":       {Envelope: &proto.Envelope{}},
		"another kind":     a.stateInfo(t, "c", 1),
		"no timestamp":     fresh(func(m *proto.SignedGossipMessage) { m.GetAliveMsg().Timestamp = nil }),
		"no membership":    fresh(func(m *proto.SignedGossipMessage) { m.GetAliveMsg().Membership = nil }),
		"unsigned":         fresh(func(m *proto.SignedGossipMessage) { m.Envelope.Signature = nil }),
		"forged":           fresh(func(m *proto.SignedGossipMessage) { m.Envelope.Signature = []byte("x") }),
		"altered":          fresh(func(m *proto.SignedGossipMessage) { m.Envelope.Payload = append(m.Envelope.Payload, 0) }),
		"forged secret":    fresh(func(m *proto.SignedGossipMessage) { m.Envelope.SecretEnvelope.Signature = []byte("x") }),
		"empty secret":     fresh(func(m *proto.SignedGossipMessage) { m.Envelope.SecretEnvelope.Payload = nil }),
		"unsigned secret":  fresh(func(m *proto.SignedGossipMessage) { m.Envelope.SecretEnvelope.Signature = nil }),
		"another PKI-ID":   fresh(func(m *proto.SignedGossipMessage) { m.GetAliveMsg().Membership.PkiId = []byte("other") }),
		"revoked identity": revoked.alive(t, 1),
		"unknown identity": n.actor("A", "unknown").sign(t, aliveOf("unknown", 1, 1)),
	} {
		assert.False(t, check.ValidateAliveMsg(m), what)
	}
	assert.Equal(t, uint64(1), n.counted(observe.Rejected, badSecret))
	assert.Equal(t, uint64(2), n.counted(observe.Rejected, badSignature))
	assert.True(t, check.ValidateAliveMsg(a.alive(t, 1)))
	without := a.alive(t, 2)
	without.GetAliveMsg().Identity = nil
	without.Envelope.SecretEnvelope = nil
	assert.True(t, check.ValidateAliveMsg(without), "known by now")
}

func TestSecretIsSignedOnce(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	signed := 0
	sign := func(b []byte) ([]byte, error) { signed++; return append([]byte("by me: "), b...), nil }
	s := &signedSecret{}
	first, second := s.of("here:1", sign), s.of("here:1", sign)
	assert.Equal(t, first, second)
	assert.False(t, first == second, "nobody can change what others hold")
	assert.Equal(t, 1, signed)
	assert.Equal(t, "there:1", protoext.InternalEndpoint(s.of("there:1", sign)))
	assert.Equal(t, 2, signed)
	assert.Nil(t, (&signedSecret{}).of("here:1", func([]byte) ([]byte, error) { return nil, errors.New("no key") }))

	adapter := &discoverySecurityAdapter{node: n.gossipServiceImpl}
	m := aliveOf(string(n.wire.self), 1, 1)
	envelope := adapter.SignMessage(m, "self:1")
	assert.Equal(t, "self:1", protoext.InternalEndpoint(envelope.SecretEnvelope))
	assert.NotEmpty(t, m.GetAliveMsg().Identity, "the node is young")
	assert.Nil(t, adapter.SignMessage(aliveOf("p", 1, 2), "").SecretEnvelope)
}

func TestDisclosure(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	a, aPublic, b, bPublic, c := n.actor("A", "a"), n.actor("A", "a+"), n.actor("B", "b"), n.actor("B", "b+"), n.actor("C", "c+")
	for _, x := range []*actor{a, aPublic, b, bPublic, c} {
		assert.NoError(t, n.idMapper.Put(x.pkiID, x.id))
	}
	to := func(x *actor) *discovery.NetworkMember {
		m := &discovery.NetworkMember{PKIid: x.pkiID}
		if x.public {
			m.Endpoint = "somewhere"
		}
		return m
	}
	stranger := n.actor("A", "not known")
	for _, row := range []struct {
		remote *actor
		hears  string
		secret bool
	}{
		{a, "a a+", true},
		{b, "b b+", false},
		{bPublic, "a+ b b+", false},
		{c, "a+ c+", false},
		{stranger, "", false},
	} {
		sieve, envelope := n.disclosurePolicy(to(row.remote))
		var hears []string
		for _, x := range []*actor{a, aPublic, b, bPublic, c, stranger} {
			m := x.alive(t, 1)
			if sieve(m) {
				hears = append(hears, x.name)
			}
			sent := envelope(m)
			assert.Equal(t, row.secret, sent.SecretEnvelope != nil, "%s to %s", x.name, row.remote.name)
			assert.NotNil(t, m.Envelope.SecretEnvelope, "the original stays")
		}
		assert.Equal(t, row.hears, string(bytes.Join(toBytes(hears), []byte(" "))), "what %s hears of", row.remote.name)
		assert.False(t, sieve(&proto.SignedGossipMessage{GossipMessage: &proto.GossipMessage{}}))
	}
}

func toBytes(texts []string) (all [][]byte) {
	for _, text := range texts {
		all = append(all, []byte(text))
	}
	return all
}

func TestMembershipRequestsAreDiscreet(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	adapter := &discoveryAdapter{node: n.gossipServiceImpl}
	a, b, stranger := n.actor("A", "a"), n.actor("B", "b+"), n.actor("A", "unknown")
	for _, x := range []*actor{a, b} {
		assert.NoError(t, n.idMapper.Put(x.pkiID, x.id))
	}
	self := n.actor("A", "self").alive(t, 1)
	request := unsigned(t, &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Nonce: 42, Content: &proto.GossipMessage_MemReq{
		MemReq: &proto.MembershipRequest{SelfInformation: self.Envelope},
	}})
	secretTo := func(pkiID common.PKIidType) bool {
		before := len(n.wire.recorded("mem_req"))
		adapter.SendToPeer(&discovery.NetworkMember{PKIid: pkiID, Endpoint: "x"}, request)
		sent := n.wire.recorded("mem_req")[before:]
		assert.Len(t, sent, 1)
		m, err := protoext.EnvelopeToGossipMessage(sent[0].message.Envelope)
		assert.NoError(t, err)
		assert.Equal(t, uint64(42), m.Nonce)
		assert.Nil(t, m.Signature)
		return m.GetMemReq().SelfInformation.SecretEnvelope != nil
	}
	assert.True(t, secretTo(a.pkiID))
	assert.False(t, secretTo(b.pkiID))
	assert.False(t, secretTo(stranger.pkiID), "who may be anybody does not get it")
	assert.True(t, secretTo(nil), "whoever composed it knows whom it is for")

	malformed := unsigned(t, &proto.GossipMessage{Content: &proto.GossipMessage_MemReq{MemReq: &proto.MembershipRequest{}}})
	assert.Panics(t, func() { adapter.SendToPeer(&discovery.NetworkMember{PKIid: a.pkiID}, malformed) })
	n.Stop()
	before := len(n.wire.recorded("mem_req"))
	adapter.SendToPeer(&discovery.NetworkMember{PKIid: a.pkiID}, request)
	adapter.Gossip(self)
	adapter.Forward(a.from(self))
	assert.Len(t, n.wire.recorded("mem_req"), before)
}

func TestMembershipRequestOfAnotherIsNotAnswered(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	a, b := n.actor("A", "a"), n.actor("A", "b")
	n.knows("", a)
	request := unsigned(t, &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Nonce: 7, Content: &proto.GossipMessage_MemReq{
		MemReq: &proto.MembershipRequest{SelfInformation: b.alive(t, 1).Envelope},
	}})
	n.receives(a.from(request))
	n.eventually("refused", func() bool { return n.counted(observe.Rejected, foreignRequest) == 1 })
	assert.NoError(t, n.idMapper.Put(b.pkiID, b.id))
	n.receives(b.from(request))
	n.eventually("answered to its owner", func() bool { return len(n.wire.recorded("mem_res")) == 1 })
	assert.Equal(t, []string{"b"}, n.whom("mem_res", a, b))
}
