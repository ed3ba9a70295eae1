// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package discovery

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

// besieged is a member with one other, whom attacks must not disturb.
func besieged(t *testing.T, attack func(w *world, c *watch)) {
	simulateWith(t, 5*time.Second, func(w *world) {
		c := newWatch(w, everybody)
		c.getSigned(says("friend", 5, 5))
		c.takeGossip()
		before := c.GetMembership()
		require.Len(t, before, 1)
		attack(w, c)
		assert.Equal(t, before, c.GetMembership())
		assert.Zero(t, c.deadMembership.Size())
		assert.Len(t, c.msgStore.Get(), 1)
		assert.Empty(t, c.takeGossip(), "nothing was passed on")
		c.getSigned(says("friend", 5, 6))
		assert.Len(t, c.takeGossip(), 1, "the friend is still heard")
	})
}

func (c *watch) lastSeen(id string) time.Time {
	c.lock.RLock()
	defer c.lock.RUnlock()
	return c.aliveLastTS[id].lastSeen
}

// wrap is an unsigned message.
func wrap(m *gossipproto.GossipMessage) *gossipproto.SignedGossipMessage {
	unsigned, err := protoext.NoopSign(m)
	if err != nil {
		panic(err)
	}
	return unsigned
}

func aliveWith(m *gossipproto.AliveMessage) *gossipproto.GossipMessage {
	return &gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_AliveMsg{AliveMsg: m}}
}

// crippled are alive messages that lack something, as their sender signed them.
func crippled() []*gossipproto.SignedGossipMessage {
	member, at := &gossipproto.Member{PkiId: []byte("x")}, &gossipproto.PeerTime{}
	var all []*gossipproto.SignedGossipMessage
	for _, m := range []*gossipproto.AliveMessage{
		{}, {Membership: member}, {Timestamp: at}, {Membership: &gossipproto.Member{}, Timestamp: at},
		{Membership: &gossipproto.Member{Endpoint: "x:1"}, Timestamp: at, Identity: []byte("x")},
	} {
		all = append(all, signAs([]byte("x"), aliveWith(m), "in:1"), wrap(aliveWith(m)))
	}
	return all
}

// otherKinds are messages of kinds that are not about membership, and of none.
func otherKinds() []*gossipproto.GossipMessage {
	return []*gossipproto.GossipMessage{
		{}, {Content: &gossipproto.GossipMessage_DataMsg{DataMsg: &gossipproto.DataMessage{Payload: &gossipproto.Payload{}}}},
		{Content: &gossipproto.GossipMessage_Empty{Empty: &gossipproto.Empty{}}},
		{Content: &gossipproto.GossipMessage_Conn{Conn: &gossipproto.ConnEstablish{}}},
		{Content: &gossipproto.GossipMessage_StateInfo{StateInfo: &gossipproto.StateInfo{PkiId: []byte("x"), Timestamp: &gossipproto.PeerTime{}}}},
		{Content: &gossipproto.GossipMessage_MemReq{MemReq: &gossipproto.MembershipRequest{SelfInformation: says("x", 1, 1).Envelope}}},
		{Content: &gossipproto.GossipMessage_MemRes{MemRes: &gossipproto.MembershipResponse{}}},
	}
}

func TestSimNilInEveryField(t *testing.T) {
	besieged(t, func(w *world, c *watch) {
		c.handleMsgFromComm(nil)
		for _, m := range []*gossipproto.SignedGossipMessage{
			nil, {}, {GossipMessage: &gossipproto.GossipMessage{}}, {Envelope: &gossipproto.Envelope{}},
			{GossipMessage: &gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_AliveMsg{}}},
			{GossipMessage: &gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_MemReq{}}},
			{GossipMessage: &gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_MemRes{}}},
			{GossipMessage: &gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_MemReq{MemReq: &gossipproto.MembershipRequest{}}}},
			{GossipMessage: says("x", 1, 1).GossipMessage}, // without the envelope it was signed in
			{GossipMessage: says("x", 1, 1).GossipMessage, Envelope: &gossipproto.Envelope{}},
			{GossipMessage: says("x", 1, 1).GossipMessage, Envelope: &gossipproto.Envelope{SecretEnvelope: &gossipproto.SecretEnvelope{}}},
		} {
			c.getSigned(m)
		}
		for _, m := range crippled() {
			c.getSigned(m)
			c.get(requestWith(m, 1))
			c.getResponse(0, []*gossipproto.SignedGossipMessage{m}, []*gossipproto.SignedGossipMessage{m})
		}
		for _, m := range otherKinds()[:5] {
			c.get(m)
			c.get(requestWith(wrap(m), 1))
		}
		c.get(&gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_MemReq{MemReq: &gossipproto.MembershipRequest{
			SelfInformation: &gossipproto.Envelope{Payload: []byte("no message")},
		}}})
		// No wire brings a nil element, and old encoders refuse it.
		c.getSigned(&gossipproto.SignedGossipMessage{Envelope: &gossipproto.Envelope{}, GossipMessage: &gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_MemRes{MemRes: &gossipproto.MembershipResponse{
			Alive: []*gossipproto.Envelope{nil, {}, {Payload: []byte("no message")}},
			Dead:  []*gossipproto.Envelope{nil, {}, {Payload: []byte("no message")}},
		}}}})
		assert.Empty(t, c.take(), "nobody was answered")
		assert.True(t, c.Hook().Total(observe.Rejected, "malformed") > 50)
		assert.True(t, c.Hook().Total(observe.Rejected, "not about membership") >= 3)
	})
}

// What is wrong with one element of a response is no reason not to take in the
// others, wherever they stand.
func TestSimSiblingsOfBadElements(t *testing.T) {
	simulate(t, func(w *world) {
		c := newWatch(w, everybody)
		var bad []*gossipproto.SignedGossipMessage
		for _, m := range otherKinds() {
			bad = append(bad, wrap(m), signAs([]byte("x"), m, ""))
		}
		bad = append(bad, crippled()...)
		stolen := says("victim", 1, 1)
		stolen.Signature = signature([]byte("thief"), stolen.Payload)
		c.getSigned(says("known", 5, 5))
		bad = append(bad, stolen, says("known", 5, 4), says("own", 1, 1))
		for i, list := range [][]*gossipproto.SignedGossipMessage{append(bad, says("last", 1, 1)), append([]*gossipproto.SignedGossipMessage{says("first", 1, 1)}, bad...)} {
			dead := append(append([]*gossipproto.SignedGossipMessage{}, bad...), says(fmt.Sprint("dead", i), 1, 1))
			c.getResponse(0, list, dead)
		}
		synctest.Wait()
		for _, id := range []string{"first", "last", "known"} {
			assert.Equal(t, "known alive message ", c.holds(id))
		}
		assert.Equal(t, "known dead last message ", c.holds("dead0"))
		assert.Equal(t, "known dead last message ", c.holds("dead1"))
		assert.Equal(t, 3, c.count())
		assert.Equal(t, 2, c.deadMembership.Size())
	})
}

func TestSimStolenPKIID(t *testing.T) {
	besieged(t, func(w *world, c *watch) {
		newer := says("friend", 9, 9)
		for _, thief := range [][]byte{newer.Payload, nil, {}, signature([]byte("thief"), newer.Payload), newer.SecretEnvelope.Signature} {
			m := detached(newer)
			m.Envelope.Signature = thief
			c.getSigned(m)
			c.get(requestWith(m, 1))
			c.getResponse(0, []*gossipproto.SignedGossipMessage{m}, []*gossipproto.SignedGossipMessage{m})
		}
		assert.Empty(t, c.take(), "who introduces itself falsely is not answered")
		assert.Equal(t, uint64(15), c.Hook().Total(observe.Rejected, "not verified"), "by gossip, as requester, among the living; among the dead it is no news")
	})
}

func TestSimResignedAliveWithOldIncarnation(t *testing.T) {
	besieged(t, func(w *world, c *watch) {
		pass(20 * time.Second)
		seen := c.lastSeen("friend")
		verified := len(c.verified)
		for _, m := range []*gossipproto.SignedGossipMessage{says("friend", 4, 99), says("friend", 5, 4), says("friend", 0, 0)} {
			m.GetAliveMsg().Membership.Endpoint = "elsewhere:1"
			m = signAs([]byte("friend"), m.GossipMessage, "elsewhere:1")
			c.getSigned(m)
			c.getResponse(0, []*gossipproto.SignedGossipMessage{m}, []*gossipproto.SignedGossipMessage{m})
		}
		assert.Equal(t, seen, c.lastSeen("friend"))
		assert.Equal(t, verified, len(c.verified), "not worth a verification")
		c.takeGossip()
	})
}

func TestSimSecretEnvelopeMismatch(t *testing.T) {
	besieged(t, func(w *world, c *watch) {
		m := says("friend", 9, 9)
		for _, secret := range []*gossipproto.SecretEnvelope{
			{}, {Payload: m.SecretEnvelope.Payload}, {Signature: m.SecretEnvelope.Signature},
			{Payload: m.SecretEnvelope.Payload, Signature: m.Signature},
			says("other", 9, 9).SecretEnvelope,
		} {
			forged := detached(m)
			forged.Envelope.SecretEnvelope = secret
			c.getSigned(forged)
		}
		// Nor does a message that is known bring a secret that is not.
		forged := says("friend", 5, 5)
		forged.Envelope.SecretEnvelope = says("other", 9, 9).SecretEnvelope
		c.getSigned(forged)
	})
}

func TestSimRumoursOfDeath(t *testing.T) {
	besieged(t, func(w *world, c *watch) {
		own, err := c.createSignedAliveMessage(true)
		require.NoError(t, err)
		c.getResponse(0, nil, []*gossipproto.SignedGossipMessage{says("friend", 5, 5), says("friend", 6, 6), own})
	})
}

func TestSimOversizedAliveMessage(t *testing.T) {
	besieged(t, func(w *world, c *watch) {
		m := says("friend", 9, 9)
		m.GetAliveMsg().Membership.Metadata = make([]byte, maxAliveBytes)
		m = signAs([]byte("friend"), m.GossipMessage, "")
		c.getSigned(m)
		c.get(requestWith(m, 1))
		c.getResponse(0, []*gossipproto.SignedGossipMessage{m}, []*gossipproto.SignedGossipMessage{m})
		secretive := signAs([]byte("friend"), says("friend", 9, 9).GossipMessage, strings.Repeat("x", maxAliveBytes)+":1")
		c.getSigned(secretive)
		assert.Equal(t, uint64(5), c.Hook().Total(observe.Rejected, "oversize"))
		assert.Empty(t, c.take())
	})
}

// Members cannot be invented, and trying to keeps a peer busy only for so long.
func TestSimMembershipFlood(t *testing.T) {
	besieged(t, func(w *world, c *watch) {
		var invented []*gossipproto.Envelope
		m := says("x", 1, 1).GossipMessage
		for i := 0; i < maxElements+1000; i++ {
			m.GetAliveMsg().Membership.PkiId = []byte(fmt.Sprint("invented", i))
			invented = append(invented, signAs([]byte("thief"), m, "").Envelope)
		}
		c.get(&gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_MemRes{MemRes: &gossipproto.MembershipResponse{Alive: invented, Dead: invented}}})
		assert.Equal(t, 10000, c.refuted)
		assert.Equal(t, uint64(2), c.Hook().Total(observe.Dropped, "too many elements"))
		assert.Equal(t, uint64(10000), c.Hook().Total(observe.Dropped, "too many strangers"))
	})
}

// A peer that asks without pause gets some answers, and leaves room for others.
func TestSimRequestFlood(t *testing.T) {
	simulateWith(t, 5*time.Second, func(w *world) {
		c := newWatch(w, everybody)
		c.signing = make(chan struct{})
		for i := 1; i <= 100; i++ {
			c.get(requestWith(says("greedy", 1, uint64(i)), 1))
		}
		c.get(requestWith(says("modest", 1, 1), 2))
		synctest.Wait()
		assert.Equal(t, uint64(100-maxInquiriesOfPeer), c.Hook().Total(observe.Dropped, "too many requests"))
		close(c.signing)
		answers := map[uint64]int{}
		for _, m := range c.take() {
			require.NotNil(t, m.GetMemRes())
			answers[m.Nonce]++
		}
		assert.Equal(t, map[uint64]int{1: maxInquiriesOfPeer, 2: 1}, answers)
		c.get(requestWith(says("greedy", 1, 100), 3))
		assert.Len(t, c.take(), 1, "later, again")
		assert.Zero(t, c.answers.total+c.answers.helpers+len(c.answers.open))
	})
}

// Everything that a member ever received, once more.
func TestSimReplayOfEverything(t *testing.T) {
	simulate(t, func(w *world) {
		var nodes []*node
		for i := 1; i <= 5; i++ {
			nodes = append(nodes, w.add(at(i), everybody, at(1)))
		}
		pass(3 * time.Second)
		victim := nodes[0]
		w.mutex.Lock()
		w.cut = func(*node, *node) bool { return true }
		w.mutex.Unlock()
		pass(10 * time.Second)
		require.Equal(t, 4, victim.deadMembership.Size())
		verified := len(victim.verified)
		victim.mutex.Lock()
		all := victim.received
		victim.mutex.Unlock()
		require.True(t, len(all) > 100)
		for _, m := range all {
			victim.handleMsgFromComm(&arrival{from: nodes[1], message: m})
		}
		assert.Zero(t, victim.count())
		assert.Equal(t, 4, victim.deadMembership.Size())
		assert.Equal(t, verified, len(victim.verified))
	})
}

// An answer holds what is known, and what is said in it has not been changed.
func TestSimAnswers(t *testing.T) {
	simulateWith(t, 5*time.Second, func(w *world) {
		conceal := func(*NetworkMember) (Sieve, EnvelopeFilter) {
			return func(m *gossipproto.SignedGossipMessage) bool {
					m.Envelope.SecretEnvelope = nil
					return m.GetAliveMsg().Membership.Endpoint != "hidden:1"
				}, func(m *gossipproto.SignedGossipMessage) *gossipproto.Envelope {
					m.Envelope.SecretEnvelope = nil
					return m.Envelope
				}
		}
		c := newWatch(w, conceal)
		c.getSigned(says("a", 1, 1))
		c.getSigned(says("hidden", 1, 1))
		c.getSigned(says("b", 1, 1))
		c.getResponse(0, nil, []*gossipproto.SignedGossipMessage{says("hearsay", 1, 1)})
		c.dead <- []byte("b")
		synctest.Wait()
		c.takeGossip()
		ask := func(id string, counter uint64) []string {
			c.get(requestWith(says(id, 1, counter), 77))
			synctest.Wait()
			to := c.to
			sent := c.take()
			require.Len(t, sent, 1)
			assert.Equal(t, &NetworkMember{Endpoint: id + ":1", InternalEndpoint: id + ".inside:1", PKIid: []byte(id)}, to[0])
			assert.Equal(t, uint64(77), sent[0].Nonce)
			assert.Equal(t, gossipproto.GossipMessage_EMPTY, sent[0].Tag)
			var told []string
			for i, list := range [][]*gossipproto.Envelope{sent[0].GetMemRes().Alive, sent[0].GetMemRes().Dead} {
				for _, e := range list {
					m, err := protoext.EnvelopeToGossipMessage(proto.Clone(e).(*gossipproto.Envelope))
					require.NoError(t, err)
					assert.Nil(t, e.SecretEnvelope)
					assert.True(t, c.ValidateAliveMsg(m))
					told = append(told, fmt.Sprintf("%s %d %d", m.GetAliveMsg().Membership.PkiId, m.GetAliveMsg().Timestamp.SeqNum, i))
				}
			}
			return told
		}
		first := ask("asker", 1)
		assert.Len(t, c.takeGossip(), 1, "the newcomer is announced")
		assert.ElementsMatch(t, []string{"a 1 0", "asker 1 0", "own 2 0", "b 1 1"}, first)
		assert.Equal(t, "own 2 0", first[2], "oneself last of the living")
		assert.ElementsMatch(t, []string{"a 1 0", "asker 2 0", "own 2 0", "b 1 1"}, ask("asker", 2), "nothing new to say to a member")
		assert.ElementsMatch(t, []string{"a 1 0", "asker 2 0", "own 2 0", "b 1 1"}, ask("asker", 1), "even stale ones are answered")
		assert.ElementsMatch(t, []string{"a 1 0", "asker 2 0", "own 3 0", "b 1 1"}, ask("b", 1), "who is dead here has not heard it all")
		assert.Empty(t, c.takeGossip())
		for _, m := range c.GetMembership() {
			assert.NotNil(t, m.SecretEnvelope, "others concealed it from somebody")
			m.Envelope.SecretEnvelope = nil // as consumers may
			assert.NotNil(t, c.aliveMembership.MsgByID(m.PKIid).SecretEnvelope)
		}
		own, err := c.recent()
		require.NoError(t, err)
		assert.NotNil(t, own.SecretEnvelope)

		moved := says("asker", 1, 1)
		moved.GetAliveMsg().Membership.Endpoint = "elsewhere:1"
		c.get(requestWith(signAs([]byte("thief"), moved.GossipMessage, "elsewhere:1"), 78))
		synctest.Wait()
		assert.Equal(t, "asker:1", c.to[0].Endpoint, "what is stale is not verified, nor believed")
		c.take()
		c.setMute(true)
		pass(6 * time.Second)
		c.get(requestWith(says("asker", 1, 3), 77))
		c.InitiateSync(3)
		assert.Empty(t, c.take())
	})
}
