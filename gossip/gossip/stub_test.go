// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// inboundStub is a received message; number is for tests that tell messages
// apart by it.
type inboundStub struct {
	number  int
	message *proto.SignedGossipMessage
	info    *proto.ConnectionInfo
}

func (m *inboundStub) Respond(*proto.GossipMessage)                 {}
func (m *inboundStub) Ack(error)                                    {}
func (m *inboundStub) GetGossipMessage() *proto.SignedGossipMessage { return m.message }
func (m *inboundStub) GetConnectionInfo() *proto.ConnectionInfo     { return m.info }
func (m *inboundStub) GetSourceEnvelope() *proto.Envelope {
	if m.message == nil {
		return nil
	}
	return m.message.Envelope
}

// commStub is a transport that records what is sent, and receives what the test
// says. Nobody answers.
type commStub struct {
	self    common.PKIidType
	inbound chan proto.ReceivedMessage
	dead    chan common.PKIidType

	mutex  sync.Mutex
	sent   []sentStub // guarded by mutex
	closed []string   // PKI-IDs; guarded by mutex
	once   sync.Once
}

type sentStub struct {
	message *proto.SignedGossipMessage
	to      []string // PKI-IDs
}

func (c *commStub) GetPKIid() common.PKIidType { return c.self }

func (c *commStub) Send(m *proto.SignedGossipMessage, peers ...*comm.RemotePeer) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	s := sentStub{message: m}
	for _, p := range peers {
		s.to = append(s.to, string(p.PKIID))
	}
	c.sent = append(c.sent, s)
}

func (c *commStub) SendWithAck(m *proto.SignedGossipMessage, timeout time.Duration, minAck int, peers ...*comm.RemotePeer) comm.AggregatedSendResult {
	c.Send(m, peers...)
	return make(comm.AggregatedSendResult, len(peers))
}

func (c *commStub) Probe(*comm.RemotePeer) error { return nil }

func (c *commStub) Handshake(*comm.RemotePeer) (api.PeerIdentityType, error) { return nil, errNobody }

func (c *commStub) Accept(common.MessageAcceptor) <-chan proto.ReceivedMessage { return c.inbound }

func (c *commStub) PresumedDead() <-chan common.PKIidType { return c.dead }

func (c *commStub) CloseConn(peer *comm.RemotePeer) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.closed = append(c.closed, string(peer.PKIID))
}

func (c *commStub) Stop() { c.once.Do(func() { close(c.inbound) }) }

// recorded lists what was sent of a kind.
func (c *commStub) recorded(kind string) []sentStub {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var list []sentStub
	for _, s := range c.sent {
		if protoext.Kind(s.message.GossipMessage) == kind {
			list = append(list, s)
		}
	}
	return list
}

var errNobody = &nobodyError{}

type nobodyError struct{}

func (*nobodyError) Error() string { return "nobody there" }

// stubbed is a node on a commStub.
type stubbed struct {
	*gossipServiceImpl
	t         testing.TB
	wire      *commStub
	authority *simcrypto.Authority
	crypto    *countingCrypto
}

// countingCrypto counts what it verifies.
type countingCrypto struct {
	*simcrypto.Service
	mutex    sync.Mutex
	verified map[string]int // by signed bytes; guarded by mutex
	orgs     int            // guarded by mutex
}

func (c *countingCrypto) Verify(id api.PeerIdentityType, signature, message []byte) error {
	c.mutex.Lock()
	c.verified[string(message)]++
	c.mutex.Unlock()
	return c.Service.Verify(id, signature, message)
}

func (c *countingCrypto) OrgByPeerIdentity(id api.PeerIdentityType) api.OrgIdentityType {
	c.mutex.Lock()
	c.orgs++
	c.mutex.Unlock()
	return c.Service.OrgByPeerIdentity(id)
}

func (c *countingCrypto) orgCalls() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.orgs
}

func (c *countingCrypto) verifications(message []byte) int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.verified[string(message)]
}

// stubbedNode is a node "self" of organization A, with an endpoint for others.
func stubbedNode(t testing.TB, change func(*Config)) *stubbed {
	authority := &simcrypto.Authority{}
	authority.SetChannel("c", "A", "B")
	authority.SetChannel("d", "A", "B")
	self := simcrypto.Identity("A", "self", 0)
	n := &stubbed{
		t:         t,
		authority: authority,
		wire:      &commStub{self: simcrypto.PKIID(self), inbound: make(chan proto.ReceivedMessage), dead: make(chan common.PKIidType)},
		crypto:    &countingCrypto{Service: authority.Service(self), verified: map[string]int{}},
	}
	conf := &Config{
		ID: "self", InternalEndpoint: "self:1", ExternalEndpoint: "outside:1",
		PropagateIterations: 1, PropagatePeerNum: 3, MaxPropagationBurstSize: 1, MaxPropagationBurstLatency: time.Millisecond,
		MaxBlockCountToStore: 10, PullInterval: time.Hour, PullPeerNum: 3, PublishCertPeriod: time.Hour,
		PublishStateInfoInterval: time.Hour, RequestStateInfoInterval: time.Hour,
	}
	if change != nil {
		change(conf)
	}
	n.gossipServiceImpl = newNode(conf, n.crypto, n.crypto, self, func(identity.Mapper) (comm.Comm, error) { return n.wire, nil })
	demand(t, assert.NotNil(t, n.gossipServiceImpl))
	return n
}

// actor is a remote peer as its messages show it.
type actor struct {
	id     api.PeerIdentityType
	pkiID  common.PKIidType
	crypto *simcrypto.Service
	public bool
	name   string
}

// actor makes a remote peer; "+" after the name gives it an endpoint for others.
func (n *stubbed) actor(org, name string) *actor {
	public := name[len(name)-1] == '+'
	id := simcrypto.Identity(org, name, 0)
	return &actor{id: id, pkiID: simcrypto.PKIID(id), crypto: n.authority.Service(id), public: public, name: name}
}

func (a *actor) sign(t testing.TB, m *proto.GossipMessage) *proto.SignedGossipMessage {
	signed, err := protoext.Sign(m, a.crypto.Sign)
	demand(t, assert.NoError(t, err))
	return signed
}

// from is a message as it comes over an actor's connection.
func (a *actor) from(m *proto.SignedGossipMessage) *inboundStub {
	return &inboundStub{message: m, info: &proto.ConnectionInfo{ID: a.pkiID, Identity: a.id, Endpoint: "1.2.3.4:5"}}
}

func (a *actor) alive(t testing.TB, seq uint64) *proto.SignedGossipMessage {
	member := &proto.Member{PkiId: a.pkiID}
	if a.public {
		member.Endpoint = a.name + ":2"
	}
	m := a.sign(t, &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_AliveMsg{AliveMsg: &proto.AliveMessage{
		Membership: member, Timestamp: &proto.PeerTime{IncNum: 1, SeqNum: seq}, Identity: a.id,
	}}})
	secret := &proto.Secret{Content: &proto.Secret_InternalEndpoint{InternalEndpoint: a.name + ":1"}}
	demand(t, assert.NoError(t, protoext.SignSecret(m.Envelope, a.crypto.Sign, secret)))
	return m
}

func (a *actor) stateInfo(t testing.TB, channel string, seq uint64) *proto.SignedGossipMessage {
	return a.sign(t, &proto.GossipMessage{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateInfo{StateInfo: &proto.StateInfo{
		PkiId: a.pkiID, Channel_MAC: macOf(a.pkiID, channel), Timestamp: &proto.PeerTime{IncNum: 1, SeqNum: seq},
		Properties: &proto.Properties{LedgerHeight: seq},
	}}})
}

func blockOf(channel string, number uint64) *proto.GossipMessage {
	return &proto.GossipMessage{Tag: proto.GossipMessage_CHAN_AND_ORG, Channel: []byte(channel), Content: &proto.GossipMessage_DataMsg{
		DataMsg: &proto.DataMessage{Payload: &proto.Payload{SeqNum: number, Data: simcrypto.Block(channel, number, 100)}},
	}}
}

func unsigned(t testing.TB, m *proto.GossipMessage) *proto.SignedGossipMessage {
	wrapped, err := protoext.NoopSign(m)
	demand(t, assert.NoError(t, err))
	return wrapped
}

// receives lets messages arrive, in order.
func (n *stubbed) receives(messages ...proto.ReceivedMessage) {
	for _, m := range messages {
		n.wire.inbound <- m
	}
}

// knows makes actors members that are alive, and eligible in channels.
func (n *stubbed) knows(channels string, actors ...*actor) {
	for _, a := range actors {
		n.receives(a.from(a.alive(n.t, 1)))
	}
	n.eventually("members", func() bool { return among(actors, n.Peers()) })
	for _, c := range channels {
		for _, a := range actors {
			n.receives(a.from(a.stateInfo(n.t, string(c), 1)))
		}
		n.eventually("channel members", func() bool { return among(actors, n.PeersOfChannel(common.ChainID(string(c)))) })
	}
}

func among(actors []*actor, members discovery.Members) bool {
	byID := members.ByID()
	for _, a := range actors {
		if _, ok := byID[string(a.pkiID)]; !ok {
			return false
		}
	}
	return true
}

// eventually waits until a condition holds.
func (n *stubbed) eventually(what string, holds func() bool) {
	awaitCondition(n.t, what, 10*time.Second, holds)
}

func awaitCondition(t testing.TB, what string, limit time.Duration, holds func() bool) {
	t.Helper()
	ticks := time.NewTicker(2 * time.Millisecond)
	defer ticks.Stop()
	for deadline := time.Now().Add(limit); !holds(); <-ticks.C {
		if time.Now().After(deadline) {
			demand(t, assert.Fail(t, "never happened", what))
		}
	}
}

func (n *stubbed) counted(kind observe.Kind, reason string) uint64 { return n.hook.Total(kind, reason) }

// joinOf is a join message of the given organizations.
type joinOf struct {
	orgs    []string
	anchors map[string][]api.AnchorPeer
	number  uint64
}

func (j *joinOf) SequenceNumber() uint64 { return j.number }

func (j *joinOf) Members() []api.OrgIdentityType {
	var orgs []api.OrgIdentityType
	for _, org := range j.orgs {
		orgs = append(orgs, api.OrgIdentityType(org))
	}
	return orgs
}

func (j *joinOf) AnchorPeersOf(org api.OrgIdentityType) []api.AnchorPeer {
	return j.anchors[string(org)]
}

// demand ends the test if what it needs to go on does not hold.
func demand(t testing.TB, ok bool) {
	t.Helper()
	if !ok {
		t.FailNow()
	}
}
