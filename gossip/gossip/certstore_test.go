// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
	"github.com/hyperledger/fabric/gossip/gossip/pull"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// mediatorStub records what a certStore gives it. Anything else panics.
type mediatorStub struct {
	pull.Mediator
	added   []*proto.SignedGossipMessage
	handled []proto.ReceivedMessage
	stopped bool
}

func (m *mediatorStub) Add(item *proto.SignedGossipMessage)   { m.added = append(m.added, item) }
func (m *mediatorStub) HandleMessage(r proto.ReceivedMessage) { m.handled = append(m.handled, r) }
func (m *mediatorStub) Stop()                                 { m.stopped = true }

func (a *actor) identityItem(t *testing.T) *proto.Envelope {
	return a.sign(t, &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_PeerIdentity{
		PeerIdentity: &proto.PeerIdentity{PkiId: a.pkiID, Cert: a.id},
	}}).Envelope
}

func updateOf(elements ...*proto.Envelope) *proto.GossipMessage {
	return &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_DataUpdate{
		DataUpdate: &proto.DataUpdate{Nonce: 5, MsgType: proto.PullMsgType_IDENTITY_MSG, Data: elements},
	}}
}

// enveloped is a message that need not have been encoded.
func enveloped(m *proto.GossipMessage) *proto.SignedGossipMessage {
	return &proto.SignedGossipMessage{GossipMessage: m, Envelope: &proto.Envelope{}}
}

func TestCertStoreLetsSoundIdentitiesThrough(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	mediator := &mediatorStub{}
	cs := newCertStore(mediator, n.idMapper, n.selfIdentity, n.crypto)
	if assert.Len(t, mediator.added, 1) {
		own := mediator.added[0]
		assert.Equal(t, []byte(n.wire.self), own.GetPeerIdentity().PkiId)
		assert.NoError(t, n.crypto.Service.Verify(n.selfIdentity, own.Signature, own.Payload))
		assert.Equal(t, proto.GossipMessage_EMPTY, own.Tag)
	}

	a, b, revoked := n.actor("A", "a"), n.actor("B", "b"), n.actor("B", "revoked")
	n.authority.Revoke(revoked.id)
	mismatch := a.sign(t, &proto.GossipMessage{Content: &proto.GossipMessage_PeerIdentity{PeerIdentity: &proto.PeerIdentity{PkiId: b.pkiID, Cert: a.id}}}).Envelope
	forged := a.identityItem(t)
	forged.Signature = []byte("forged")
	bad := []*proto.Envelope{
		nil, {}, {Payload: []byte{1, 2, 3}}, a.alive(t, 1).Envelope, mismatch, forged, revoked.identityItem(t),
		unsigned(t, &proto.GossipMessage{Content: &proto.GossipMessage_PeerIdentity{PeerIdentity: &proto.PeerIdentity{}}}).Envelope,
	}
	for _, element := range bad {
		cs.handleMessage(&inboundStub{message: enveloped(updateOf(element))})
		assert.Empty(t, mediator.handled, "an update with nothing sound in it has no effect")
	}
	assert.Equal(t, uint64(len(bad)), cs.hook.Total(observe.Rejected))

	whole := &inboundStub{message: unsigned(t, updateOf(a.identityItem(t), b.identityItem(t)))}
	cs.handleMessage(whole)
	if assert.Len(t, mediator.handled, 1) {
		assert.True(t, mediator.handled[0] == proto.ReceivedMessage(whole))
	}
	mixed := enveloped(updateOf(append(bad, a.identityItem(t), b.identityItem(t))...))
	cs.handleMessage(&inboundStub{message: mixed})
	if assert.Len(t, mediator.handled, 2) {
		update := mediator.handled[1].GetGossipMessage().GetDataUpdate()
		assert.Equal(t, updateOf(a.identityItem(t), b.identityItem(t)).GetDataUpdate().String(), update.String())
		assert.Len(t, mixed.GetDataUpdate().Data, len(bad)+2, "the original stays as it was")
	}
	withSecret := a.identityItem(t)
	assert.NoError(t, protoext.SignSecret(withSecret, a.crypto.Sign, &proto.Secret{Content: &proto.Secret_InternalEndpoint{InternalEndpoint: "a:1"}}))
	cs.handleMessage(&inboundStub{message: enveloped(updateOf(withSecret))})
	if assert.Len(t, mediator.handled, 3) {
		kept := mediator.handled[2].GetGossipMessage().GetDataUpdate().Data
		assert.Len(t, kept, 1)
		assert.Equal(t, withSecret.Payload, kept[0].Payload)
		assert.Nil(t, kept[0].SecretEnvelope, "it is not spread further")
	}
	mediator.handled = mediator.handled[:2]
	cs.handleMessage(&inboundStub{message: unsigned(t, helloOf(proto.PullMsgType_IDENTITY_MSG, proto.GossipMessage_EMPTY))})
	assert.Len(t, mediator.handled, 3)
}

// brokenCrypto cannot sign.
type brokenCrypto struct{ *simcrypto.Service }

func (brokenCrypto) Sign([]byte) ([]byte, error) { return nil, errors.New("no key") }

func TestCertStoreNeedsAnIdentity(t *testing.T) {
	self := simcrypto.Identity("A", "self", 0)
	authority := &simcrypto.Authority{}
	crypto := brokenCrypto{authority.Service(self)}
	mapper := identity.NewIdentityMapper(crypto, self, func(common.PKIidType, api.PeerIdentityType) {}, crypto)
	defer mapper.Stop()
	assert.Panics(t, func() { newCertStore(&mediatorStub{}, mapper, self, crypto) })
	authority.Revoke(self)
	assert.Panics(t, func() { newCertStore(&mediatorStub{}, mapper, self, authority.Service(self)) })
}

func TestWhichIdentitiesAreDisclosed(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	a, aPublic, b, bPublic, c := n.actor("A", "a"), n.actor("A", "a+"), n.actor("B", "b"), n.actor("B", "b+"), n.actor("C", "c+")
	n.knows("", a, aPublic, b, bPublic, c)
	for remote, want := range map[*actor]string{
		a:                       "a a+ b b+ c+ ",
		b:                       "a+ b+ ",
		c:                       "a+ c+ ",
		n.actor("B", "unknown"): "",
	} {
		shows, got := n.disclosedIdentities(remote.from(nil)), ""
		for _, x := range []*actor{a, aPublic, b, bPublic, c} {
			if shows(string(x.pkiID)) {
				got += x.name + " "
			}
		}
		assert.Equal(t, want, got, "to %s", remote.name)
	}
	assert.False(t, n.disclosedIdentities(&inboundStub{})(string(a.pkiID)))
}

func TestPullContactsInLargeNetworks(t *testing.T) {
	n := stubbedNode(t, func(c *Config) { c.PropagatePeerNum = 1; c.PullInterval = 100 * time.Millisecond })
	defer n.Stop()
	pool := &pullContacts{node: n.gossipServiceImpl}
	var all []*actor
	for i := 0; i < manyMembers; i++ {
		all = append(all, n.actor(string(rune('A'+i%2)), fmt.Sprint(i)))
	}
	n.knows("", all...)
	assert.Len(t, pool.GetMembership(), manyMembers, "everybody in a small network")
	for i := 0; i < 5; i++ {
		all = append(all, n.actor("A", fmt.Sprint(100+i)))
	}
	n.knows("", all...)
	first := pool.GetMembership()
	assert.Len(t, first, 6, "three at home, three abroad")
	assert.Equal(t, first, pool.GetMembership())
	n.eventually("others in another round", func() bool { return fmt.Sprint(first) != fmt.Sprint(pool.GetMembership()) })
}
