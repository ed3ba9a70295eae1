// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package discovery

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

// watch records everything that a member sends, in place of sending it.
type watch struct {
	*node
	sent    []*gossipproto.SignedGossipMessage
	to      []*NetworkMember
	when    []time.Duration
	gossip  []*gossipproto.SignedGossipMessage
	pinged  []string
	begun   time.Time
	signing chan struct{} // if not nil, SignMessage does not return before it is closed
	stuck   chan struct{} // if not nil, Gossip does not return before it is closed
}

func (c *watch) SendToPeer(to *NetworkMember, m *gossipproto.SignedGossipMessage) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.sent, c.to, c.when = append(c.sent, m), append(c.to, to), append(c.when, time.Since(c.begun))
}

func (c *watch) Gossip(m *gossipproto.SignedGossipMessage) {
	c.mutex.Lock()
	stuck := c.stuck
	c.gossip = append(c.gossip, m)
	c.mutex.Unlock()
	if stuck != nil {
		<-stuck
	}
}

func (c *watch) SignMessage(m *gossipproto.GossipMessage, internal string) *gossipproto.Envelope {
	if c.signing != nil {
		<-c.signing
	}
	return c.node.SignMessage(m, internal)
}

func (c *watch) Forward(m gossipproto.ReceivedMessage) { c.Gossip(m.GetGossipMessage()) }

func (c *watch) Ping(to *NetworkMember) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.pinged = append(c.pinged, to.Endpoint)
	return true
}

// newWatch starts a member that nothing gets to or leaves.
func newWatch(w *world, policy DisclosurePolicy) *watch {
	c := &watch{begun: time.Now(), node: &node{
		world: w, endpoint: "own:1", inbox: make(chan gossipproto.ReceivedMessage), dead: make(chan common.PKIidType),
		verified: map[string]int{}, closed: map[string]int{}, dialled: map[string]int{},
	}}
	self := NetworkMember{Endpoint: "own:1", InternalEndpoint: "inside:1", PKIid: common.PKIidType("own"), Metadata: []byte{}}
	c.gossipDiscoveryImpl = newDiscovery(self, c, c, policy)
	c.start()
	w.mutex.Lock()
	w.nodes["watched"] = c.node
	w.mutex.Unlock()
	synctest.Wait() // it has looked for dead members once
	return c
}

// says makes an alive message of a peer.
func says(id string, incarnation, counter uint64) *gossipproto.SignedGossipMessage {
	m := &gossipproto.GossipMessage{
		Tag: gossipproto.GossipMessage_EMPTY,
		Content: &gossipproto.GossipMessage_AliveMsg{AliveMsg: &gossipproto.AliveMessage{
			Membership: &gossipproto.Member{Endpoint: id + ":1", PkiId: []byte(id)},
			Timestamp:  &gossipproto.PeerTime{IncNum: incarnation, SeqNum: counter},
		}},
	}
	return signAs([]byte(id), m, id+".inside:1")
}

func (c *watch) get(m *gossipproto.GossipMessage) {
	unsigned, err := protoext.NoopSign(m)
	require.NoError(c.world.t, err)
	c.getSigned(unsigned)
}

func (c *watch) getSigned(m *gossipproto.SignedGossipMessage) {
	c.handleMsgFromComm(&arrival{from: &node{gossipDiscoveryImpl: &gossipDiscoveryImpl{selfID: []byte("someone")}}, message: m})
}

func (c *watch) getResponse(nonce uint64, alive, dead []*gossipproto.SignedGossipMessage) {
	r := &gossipproto.MembershipResponse{}
	for _, m := range alive {
		r.Alive = append(r.Alive, m.Envelope)
	}
	for _, m := range dead {
		r.Dead = append(r.Dead, m.Envelope)
	}
	c.get(&gossipproto.GossipMessage{Nonce: nonce, Content: &gossipproto.GossipMessage_MemRes{MemRes: r}})
}

// take returns what was sent since the last call.
func (c *watch) take() []*gossipproto.SignedGossipMessage {
	synctest.Wait()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	sent := c.sent
	c.sent, c.to, c.when = nil, nil, nil
	return sent
}

func (c *watch) takeGossip() []*gossipproto.SignedGossipMessage {
	synctest.Wait()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	gossip := c.gossip
	c.gossip = nil
	return gossip
}

func (c *watch) setMute(mute bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.mute = mute
}

func inner(t *testing.T, request *gossipproto.SignedGossipMessage) *gossipproto.SignedGossipMessage {
	require.NotNil(t, request.GetMemReq())
	m, err := protoext.EnvelopeToGossipMessage(request.GetMemReq().SelfInformation)
	require.NoError(t, err)
	return m
}

func TestSimHeartbeatsWithNobodyToHearThem(t *testing.T) {
	simulate(t, func(w *world) {
		c := newWatch(w, everybody)
		pass(1050 * time.Millisecond)
		beats := c.takeGossip()
		require.Len(t, beats, 10)
		for i, m := range beats {
			alive := m.GetAliveMsg()
			assert.Equal(t, uint64(c.begun.UnixNano()), alive.Timestamp.IncNum)
			assert.Equal(t, uint64(i+1), alive.Timestamp.SeqNum)
			assert.Equal(t, "own:1", alive.Membership.Endpoint)
			assert.Equal(t, "inside:1", protoext.InternalEndpoint(m.SecretEnvelope))
			assert.Equal(t, gossipproto.GossipMessage_EMPTY, m.Tag)
			assert.True(t, c.ValidateAliveMsg(m))
		}
		assert.Empty(t, c.take())

		c.setMute(true)
		pass(500 * time.Millisecond)
		assert.Empty(t, c.takeGossip())
		c.setMute(false)
		pass(time.Second)
		assert.Len(t, c.takeGossip(), 10, "it goes on when it can sign again")
	})
}

func TestSimTheFirstMemberHearsAtOnce(t *testing.T) {
	simulateWith(t, 5*time.Second, func(w *world) {
		c := newWatch(w, everybody)
		pass(2 * time.Second)
		c.getResponse(0, []*gossipproto.SignedGossipMessage{says("a", 1, 1), says("b", 1, 1)}, nil)
		assert.Len(t, c.takeGossip(), 1)
		c.getResponse(0, []*gossipproto.SignedGossipMessage{says("c", 1, 1)}, nil)
		assert.Empty(t, c.takeGossip())
	})
}

func TestSimConnectIntroducesThisPeer(t *testing.T) {
	simulateWith(t, 5*time.Second, func(w *world) {
		c := newWatch(w, everybody)
		for _, own := range []bool{true, false} {
			id := common.PKIidType(nil)
			if own {
				id = common.PKIidType("x")
			}
			c.Connect(NetworkMember{Endpoint: "out:1", InternalEndpoint: "in:1"}, func() (*PeerIdentification, error) {
				return &PeerIdentification{SelfOrg: own, ID: id}, nil
			})
			synctest.Wait()
			to := c.to
			sent := c.take()
			require.Len(t, sent, 1)
			assert.Equal(t, &NetworkMember{Endpoint: "out:1", InternalEndpoint: "in:1", PKIid: id}, to[0])
			alive := inner(t, sent[0])
			assert.Equal(t, own, alive.SecretEnvelope != nil)
			assert.Nil(t, sent[0].Signature)
			assert.NotZero(t, sent[0].Nonce)
			assert.Equal(t, []byte("own"), alive.GetAliveMsg().Membership.PkiId)

			c.getResponse(sent[0].Nonce+1, nil, nil)
			pass(6100 * time.Millisecond)
			repeated := c.take()
			require.Len(t, repeated, 1, "no answer, so once more")
			c.getResponse(repeated[0].Nonce, []*gossipproto.SignedGossipMessage{says("x", 1, uint64(time.Now().UnixNano()))}, nil)
			pass(20 * time.Second)
			assert.Empty(t, c.take(), "that was the answer")
		}
	})
}

func TestSimRequestsWithAndWithoutTheInternalEndpoint(t *testing.T) {
	simulate(t, func(w *world) {
		c := newWatch(w, everybody)
		latest := uint64(0)
		for _, include := range []bool{true, false, true} {
			request, err := c.createMembershipRequest(include)
			require.NoError(t, err)
			m, err := protoext.EnvelopeToGossipMessage(request.GetMemReq().SelfInformation)
			require.NoError(t, err)
			assert.Equal(t, include, m.SecretEnvelope != nil)
			assert.Zero(t, request.Nonce)
			assert.True(t, m.GetAliveMsg().Timestamp.SeqNum > latest)
			latest = m.GetAliveMsg().Timestamp.SeqNum
		}
		c.setMute(true)
		_, err := c.createMembershipRequest(true)
		assert.Error(t, err)
		_, err = c.createSignedAliveMessage(true)
		assert.Error(t, err)
	})
}

// A question may carry what was said last, unless that is not true any more.
func TestSimQuestionsSayWhatIsTrue(t *testing.T) {
	simulateWith(t, 5*time.Second, func(w *world) {
		c := newWatch(w, everybody)
		c.getSigned(says("x", 1, 1))
		said := func() *gossipproto.AliveMessage {
			c.InitiateSync(1)
			sent := c.take()
			require.Len(t, sent, 1)
			assert.Zero(t, sent[0].Nonce)
			assert.NotNil(t, inner(t, sent[0]).SecretEnvelope)
			return inner(t, sent[0]).GetAliveMsg()
		}
		beat := c.takeGossip()[1]
		first := said()
		assert.Equal(t, beat.GetAliveMsg().Timestamp.SeqNum, first.Timestamp.SeqNum, "just what the heartbeat said")
		assert.Equal(t, first.Timestamp.SeqNum, said().Timestamp.SeqNum)
		c.UpdateMetadata([]byte("news"))
		second := said()
		assert.Equal(t, "news", string(second.Membership.Metadata))
		assert.True(t, second.Timestamp.SeqNum > first.Timestamp.SeqNum)
		c.UpdateEndpoint("own:2")
		assert.Equal(t, "own:2", said().Membership.Endpoint)
		pass(4 * time.Second)
		third := said()
		assert.True(t, third.Timestamp.SeqNum > second.Timestamp.SeqNum)
	})
}

func TestSimNeverToItself(t *testing.T) {
	simulate(t, func(w *world) {
		c := newWatch(w, everybody)
		c.UpdateEndpoint("external:9")
		for _, own := range []string{"127.0.0.1:1", "localhost:1", "inside:1", "external:9"} {
			c.Connect(NetworkMember{Endpoint: own, InternalEndpoint: "other:1"}, nil)
			c.Connect(NetworkMember{Endpoint: "other:1", InternalEndpoint: own}, func() (*PeerIdentification, error) {
				t.Errorf("identified %s", own)
				return nil, errors.New("oneself")
			})
		}
		// An empty address is not this peer's, even if it has none itself.
		c.UpdateEndpoint("")
		reached := 0
		c.Connect(NetworkMember{InternalEndpoint: "other:1"}, func() (*PeerIdentification, error) {
			reached++
			return &PeerIdentification{ID: common.PKIidType("own")}, nil
		})
		c.Connect(NetworkMember{}, func() (*PeerIdentification, error) { t.Error("identified nowhere"); return nil, nil })
		pass(10 * time.Second)
		assert.Empty(t, c.take(), "nothing is sent to another peer with this one's identity either")
		assert.Empty(t, c.pinged)
		assert.True(t, reached > 5)
	})
}

// A requester that may not know of this peer gets nothing; those who may know
// of the requester still learn about it.
func TestSimRefusedRequester(t *testing.T) {
	simulate(t, func(w *world) {
		onlyThree := func(remote *NetworkMember) (Sieve, EnvelopeFilter) {
			_, conceal := everybody(remote)
			return func(*gossipproto.SignedGossipMessage) bool { return remote.Endpoint == at(3) }, conceal
		}
		one := w.add(at(1), onlyThree)
		// Whom gossip reaches is not this package's business: here nobody sends
		// it to the one refused, whose own goes to whom it has a stream to.
		w.shunned, w.streams = at(2), map[string]string{at(2): at(1)}
		two := w.add(at(2), everybody, at(1))
		two.connect(at(1))
		three := w.add(at(3), everybody, at(1))
		w.within(15*time.Second, "one and three know all", func() bool { return one.count() == 2 && three.count() == 2 })
		pass(5 * time.Second)
		assert.Zero(t, two.count())
		assert.Empty(t, two.received)
		assert.True(t, one.closed[at(2)] > 0)
	})
}

// The policy of two organizations, in which only members with even numbers are
// known outside of theirs. Without gossip, who learns about a death is exactly
// who knew about the life.
func TestSimTwoOrganizationsBySyncAlone(t *testing.T) {
	simulate(t, func(w *world) {
		w.fanout = 0
		org := func(endpoint string) string { return strings.Split(endpoint, ":")[0][:5] }
		even := func(endpoint string) bool { return (endpoint[len(endpoint)-1]-'0')%2 == 0 }
		policy := func(self string) DisclosurePolicy {
			return func(remote *NetworkMember) (Sieve, EnvelopeFilter) {
				return func(m *gossipproto.SignedGossipMessage) bool {
						subject := m.GetAliveMsg().Membership.Endpoint
						return org(subject) == org(remote.Endpoint) || even(subject) && even(remote.Endpoint)
					}, func(m *gossipproto.SignedGossipMessage) *gossipproto.Envelope {
						if org(self) != org(remote.Endpoint) {
							m.Envelope.SecretEnvelope = nil // as v1.3.0 does it
						}
						return m.Envelope
					}
			}
		}
		var nodes []*node
		for i := 0; i < 10; i++ {
			endpoint := []string{"orgA.p:", "orgB.p:"}[i/5] + at(i)[len(at(i))-4:]
			bootstrap := []string{"orgA.p:7000", "orgB.p:7006"}[i/5]
			n := w.add(endpoint, policy(endpoint), bootstrap)
			if i == 4 {
				n.connect("orgB.p:7008")
			}
			n.syncEvery(333*time.Millisecond, 10)
			nodes = append(nodes, n)
		}
		knows := func(a, b *node) bool {
			return a != b && (org(a.endpoint) == org(b.endpoint) || even(a.endpoint) && even(b.endpoint))
		}
		exact := func() bool {
			for _, a := range nodes {
				for _, b := range nodes {
					if a.knows(b) != knows(a, b) {
						return false
					}
				}
			}
			return true
		}
		w.within(15*time.Second, "exactly the members each may know", exact)
		w.throughout(3*time.Second, "exact", exact)
		for _, a := range nodes {
			for _, m := range a.GetMembership() {
				if org(m.Endpoint) == org(a.endpoint) {
					assert.Equal(t, m.Endpoint, m.InternalEndpoint)
				}
			}
		}
		nodes[0].stop()
		pass(3 * time.Second)
		for _, n := range nodes[1:] {
			dead := 0
			if knows(n, nodes[0]) {
				dead = 1
			}
			assert.Equal(t, dead, n.deadMembership.Size(), n.endpoint)
		}
	})
}

func TestSimSilentMembersAreForgottenWhicheverWayTheyCame(t *testing.T) {
	simulate(t, func(w *world) {
		c := newWatch(w, everybody)
		request := requestWith(says("asked", 5, 5), 1)
		response := []*gossipproto.SignedGossipMessage{says("reported", 5, 5)}
		dead := []*gossipproto.SignedGossipMessage{says("dead", 5, 5)}
		c.getSigned(says("gossiped", 5, 6))
		tell := func() {
			c.getSigned(says("gossiped", 5, 5))
			c.getSigned(says("gossiped", 5, 6))
			c.get(request)
			c.getResponse(0, response, dead)
			c.getResponse(0, dead, response)
		}
		tell()
		for _, id := range []string{"gossiped", "asked", "reported"} {
			assert.Equal(t, "known alive message ", c.holds(id))
		}
		assert.Equal(t, "known dead last message ", c.holds("dead"))
		pass(25 * time.Second)
		empty := func(when string) {
			synctest.Wait()
			assert.True(t, c.empty(), when)
		}
		empty("25 times the timeout later")
		tell()
		empty("after the same again")
		pass(12 * time.Second)
		tell()
		empty("shortly before even that is forgotten")
		assert.Equal(t, uint64(4), c.Hook().Total(observe.MemberForgotten))
		c.getSigned(says("gossiped", 6, 0))
		assert.Equal(t, "known alive message ", c.holds("gossiped"), "it has been started again")
	})
}

func TestSimStopIsPrompt(t *testing.T) {
	simulate(t, func(w *world) {
		n := w.add(at(1), everybody, at(1), "localhost:7001", "127.0.0.1:7001", at(2), at(3))
		pass(100 * time.Millisecond) // identification is under way
		start := time.Now()
		n.stop()
		n.Stop()
		assert.Zero(t, time.Since(start))
		assert.Equal(t, []NetworkMember{}, n.GetMembership())
		n.InitiateSync(3)
		n.connect(at(4))
		n.handleMsgFromComm(&arrival{from: n, message: says("x", 1, 1)})
		assert.Nil(t, n.Lookup([]byte("x")))
		pass(time.Minute)
		assert.Empty(t, w.sent, "nothing is sent any more")
	})
}

// A transport that does not return keeps Stop for a moment only.
func TestSimStopWithAStuckTransport(t *testing.T) {
	simulate(t, func(w *world) {
		c := newWatch(w, everybody)
		c.mutex.Lock()
		c.stuck = make(chan struct{})
		c.mutex.Unlock()
		time.Sleep(200 * time.Millisecond)
		start := time.Now()
		c.Stop()
		assert.Equal(t, stopPatience, time.Since(start))
		close(c.stuck)
	})
}

func TestSimSelfAndLookup(t *testing.T) {
	simulate(t, func(w *world) {
		c := newWatch(w, everybody)
		c.UpdateMetadata([]byte("m"))
		first := c.Self()
		m, err := protoext.EnvelopeToGossipMessage(first.Envelope)
		require.NoError(t, err)
		assert.Equal(t, "own:1", m.GetAliveMsg().Membership.Endpoint)
		assert.Equal(t, []byte("own"), m.GetAliveMsg().Membership.PkiId)
		assert.Equal(t, []byte("m"), m.GetAliveMsg().Membership.Metadata)
		assert.Empty(t, m.Signature)
		assert.Equal(t, "own:1", first.Endpoint)
		assert.Empty(t, first.InternalEndpoint)
		assert.Equal(t, first, c.Self(), "asking uses up no number")
		alive, err := c.createSignedAliveMessage(true)
		require.NoError(t, err)
		assert.Equal(t, uint64(1), alive.GetAliveMsg().Timestamp.SeqNum)
		latest, _ := protoext.EnvelopeToGossipMessage(c.Self().Envelope)
		assert.Equal(t, uint64(1), latest.GetAliveMsg().Timestamp.SeqNum)
		c.UpdateEndpoint("own:2")
		again, _ := protoext.EnvelopeToGossipMessage(c.Self().Envelope)
		assert.Equal(t, "own:2", again.GetAliveMsg().Membership.Endpoint)

		self := c.Lookup([]byte("own"))
		assert.Equal(t, &NetworkMember{Endpoint: "own:2", InternalEndpoint: "inside:1", PKIid: []byte("own"), Metadata: []byte("m")}, self)
		self.Endpoint = "changed"
		assert.Equal(t, "own:2", c.Lookup([]byte("own")).Endpoint, "that was a copy")
		c.getSigned(says("x", 1, 1))
		c.Lookup([]byte("x")).Endpoint = "changed"
		assert.Equal(t, &NetworkMember{Endpoint: "x:1", InternalEndpoint: "x.inside:1", PKIid: []byte("x")}, c.Lookup([]byte("x")))
		c.dead <- common.PKIidType("x")
		synctest.Wait()
		assert.NotNil(t, c.Lookup([]byte("x")), "dead, but known")
		assert.Empty(t, c.GetMembership())
		assert.Equal(t, 1, c.closed["x.inside:1"])
		assert.Nil(t, c.Lookup([]byte("y")))
	})
}
