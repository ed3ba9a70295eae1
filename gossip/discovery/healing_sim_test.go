// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package discovery

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

// A peer that was cut off for so long that everybody has forgotten everybody
// comes back by the endpoint it was given, although the others know of none.
func TestSimIsolatedPeerComesBack(t *testing.T) {
	simulate(t, func(w *world) {
		one := w.add(at(1), everybody)
		two := w.add(at(2), everybody, at(1))
		three := w.add(at(3), everybody, at(1))
		w.within(2*time.Second, "full", func() bool { return full([]*node{one, two, three}) })
		w.mutex.Lock()
		w.cut = func(from, to *node) bool { return from == three || to == three }
		w.mutex.Unlock()
		pass(40 * time.Second)
		for _, n := range []*node{one, two, three} {
			require.Zero(t, n.deadMembership.Size(), "forgotten")
		}
		before := three.tries(at(1))
		pass(40 * time.Second)
		more := three.tries(at(1)) - before
		assert.True(t, more >= 5 && more <= 12, "%d attempts in 40 times the time to reconnect", more)
		w.mutex.Lock()
		w.cut = nil
		w.mutex.Unlock()
		w.within(8*time.Second, "full again", func() bool { return full([]*node{one, two, three}) })
	})
}

// The peer at an endpoint is replaced by another while this one has others to
// live with.
func TestSimReplacedPeerIsFoundAtItsEndpoint(t *testing.T) {
	simulate(t, func(w *world) {
		one := w.add(at(1), everybody)
		two := w.add(at(2), everybody, at(1))
		three := w.add(at(3), everybody, at(1))
		w.within(2*time.Second, "full", func() bool { return full([]*node{one, two, three}) })
		pass(time.Second) // for gossip of the old one
		one.stop()
		pass(2 * time.Second)

		renewed := w.addAs("renewed", at(1))
		old := common.PKIidType("id of " + at(1))
		two.Forget(old)
		three.Forget(old)
		assert.Nil(t, two.Lookup(old))
		assert.Equal(t, uint64(1), two.Hook().Total(observe.MemberForgotten, "identity gone"))
		w.within(15*time.Second, "the new one is a member", func() bool { return full([]*node{renewed, two, three}) })
		two.handleMsgFromComm(&arrival{from: three, message: two.stored(old)})
		assert.Nil(t, two.Lookup(old))
		two.Forget(old)
		two.Forget(two.selfID)
		assert.NotNil(t, two.Lookup(two.selfID))
	})
}

func TestSimOneAttemptAtATimeForEachEndpoint(t *testing.T) {
	simulate(t, func(w *world) {
		n := w.add(at(1), everybody)
		for i := 0; i < 10; i++ {
			n.connect(at(2))
			pass(50 * time.Millisecond)
		}
		assert.Equal(t, 1, n.tries(at(2)), "within the 500 ms that it takes to fail")
		pass(10 * time.Second)
		tries := n.tries(at(2))
		assert.True(t, tries >= 6 && tries <= 10, "%d attempts in ten times the time to reconnect", tries)
		other := w.add(at(2), everybody)
		w.within(2*time.Second, "connected", func() bool { return n.knows(other) && other.knows(n) })
		pass(time.Second)
		tries = n.tries(at(2))
		pass(10 * time.Second)
		assert.Equal(t, tries, n.tries(at(2)), "done")
		n.connect(at(2))
		synctest.Wait()
		assert.Equal(t, tries+1, n.tries(at(2)), "asked for again")
	})
}

// A failed send makes a peer dead at once, which anything newer from it undoes.
func TestSimPresumedDead(t *testing.T) {
	simulateWith(t, 5*time.Second, func(w *world) {
		c := newWatch(w, everybody)
		c.getSigned(says("x", 1, 1))
		c.dead <- common.PKIidType("unknown")
		c.dead <- common.PKIidType("x")
		c.dead <- common.PKIidType("x")
		synctest.Wait()
		assert.Equal(t, 1, c.deadMembership.Size())
		assert.Equal(t, 0, c.count())
		assert.Equal(t, map[string]int{"x.inside:1": 1}, c.closed)
		c.getSigned(says("x", 1, 1))
		assert.Equal(t, 0, c.count())
		pass(51 * time.Second)
		assert.Equal(t, []string{"x:1"}, c.pinged)
		sent := c.take()
		require.Len(t, sent, 1)
		assert.NotNil(t, inner(t, sent[0]).SecretEnvelope)
		assert.Zero(t, sent[0].Nonce)
		pass(50 * time.Second)
		assert.Equal(t, []string{"x:1", "x:1"}, c.pinged)
		c.getSigned(says("x", 1, 2))
		assert.Equal(t, 1, c.count())
		assert.Equal(t, uint64(1), c.Hook().Total(observe.MemberDead, "message not sent"))
		assert.Equal(t, uint64(1), c.Hook().Total(observe.MemberAlive, "newer message"))
		close(c.dead)
		close(c.inbox)
		pass(time.Minute)
		assert.Equal(t, 0, c.count(), "the clock goes on when the transport has ended")
	})
}

// A peer introduces itself to one member. The others know it before it could
// have told them.
func TestSimNewcomersAreAnnounced(t *testing.T) {
	simulateWith(t, 5*time.Second, func(w *world) {
		var nodes []*node
		for i := 1; i <= 4; i++ {
			nodes = append(nodes, w.add(at(i), everybody, at(1)))
		}
		w.within(10*time.Second, "full", func() bool { return full(nodes) })
		pass(7 * time.Second)
		for _, n := range nodes {
			n.forgetHeard()
		}
		newcomer := w.add(at(5), everybody, at(1))
		nodes = append(nodes, newcomer)
		took := w.within(time.Second, "full with the newcomer", func() bool { return full(nodes) })
		assert.True(t, took < 50*time.Millisecond, "%v", took)
		for _, n := range nodes[1:4] {
			for _, m := range n.heard("alive_msg") {
				assert.NotNil(t, m.SecretEnvelope)
			}
		}
	})
}

// While all is well, members ask one neighbour now and then; when somebody
// comes or goes, as many as they are told to.
func TestSimSyncIsRareWhileAllIsWell(t *testing.T) {
	simulateWith(t, 5*time.Second, func(w *world) {
		var nodes []*node
		for i := 1; i <= 8; i++ {
			n := w.add(at(i), everybody, at(1))
			nodes = append(nodes, n)
			n.syncEvery(4*time.Second, 3)
		}
		w.fanout = 7
		count := func(d time.Duration) int {
			w.mutex.Lock()
			before := w.sent["mem_req"]
			w.mutex.Unlock()
			pass(d)
			w.mutex.Lock()
			defer w.mutex.Unlock()
			return w.sent["mem_req"] - before
		}
		w.within(5*time.Second, "full", func() bool { return full(nodes) })
		busy := count(8 * time.Second)
		assert.True(t, busy >= 8*2*3, "%d requests in 8 seconds while members come", busy)
		pass(12 * time.Second)
		calm := count(time.Minute)
		assert.True(t, calm >= 8*3 && calm <= 8*4, "%d requests in a calm minute", calm)
		nodes[7].stop()
		w.within(51*time.Second, "one gone", func() bool { return full(nodes[:7]) })
		busy = count(8 * time.Second)
		assert.True(t, busy >= 7*2*3, "%d requests in 8 seconds when somebody has gone", busy)
	})
}

// Whatever way and however often it comes, a message is verified once, and
// passed on once.
func TestSimVerifiedAndPassedOnOnce(t *testing.T) {
	simulate(t, func(w *world) {
		var nodes []*node
		for i := 1; i <= 6; i++ {
			nodes = append(nodes, w.add(at(i), everybody, at(1)))
		}
		for i := 0; i < 50; i++ {
			pass(100 * time.Millisecond)
			for _, n := range nodes {
				n.InitiateSync(2)
			}
		}
		for _, n := range nodes {
			require.True(t, len(n.verified) > 200)
			for payload, times := range n.verified {
				require.Equal(t, 1, times, "%x", payload)
			}
			assert.Zero(t, n.refuted)
		}
	})
}

// Who was started with a clock that has been put back since is listened to
// nevertheless.
func TestSimEarlierIncarnationWithItsClockAhead(t *testing.T) {
	simulate(t, func(w *world) {
		c := newWatch(w, everybody)
		ahead := uint64(time.Now().Add(time.Hour).UnixNano())
		own := func(endpoint, inside string, incarnation uint64) *gossipproto.SignedGossipMessage {
			m := says("own", incarnation, 7)
			m.GetAliveMsg().Membership.Endpoint = endpoint
			return signAs([]byte("own"), m.GossipMessage, inside)
		}
		c.getSigned(own("own:1", "inside:1", 5))
		assert.Empty(t, c.verified, "an earlier start is no surprise")
		c.getSigned(own("own:1", "inside:1", ahead))
		m, err := c.createSignedAliveMessage(true)
		require.NoError(t, err)
		assert.Equal(t, ahead+1, m.GetAliveMsg().Timestamp.IncNum)
		assert.Empty(t, c.takeGossip(), "not passed on")
		assert.Empty(t, c.GetMembership())

		pass(2 * time.Minute)
		forged := own("own:1", "inside:1", 2*ahead)
		forged.Signature[0]++
		c.getSigned(forged)
		pass(2 * time.Minute)
		c.getSigned(own("own:1", "another:1", 2*ahead)) // another peer with this identity
		pass(2 * time.Minute)
		m, err = c.createSignedAliveMessage(true)
		require.NoError(t, err)
		assert.Equal(t, ahead+1, m.GetAliveMsg().Timestamp.IncNum)
	})
}

// A message that came as part of an answer first is passed on when it comes by
// gossip, once; with a secret that was not verified, never.
func TestSimGossipIsNotStoppedByAnswers(t *testing.T) {
	simulate(t, func(w *world) {
		c := newWatch(w, everybody)
		m := says("x", 1, 1)
		bare := &gossipproto.SignedGossipMessage{GossipMessage: m.GossipMessage, Envelope: &gossipproto.Envelope{Payload: m.Payload, Signature: m.Signature}}
		c.getResponse(0, []*gossipproto.SignedGossipMessage{bare}, nil)
		c.takeGossip()
		c.getSigned(m)
		assert.Empty(t, c.takeGossip())
		c.getSigned(bare)
		c.getSigned(bare)
		assert.Equal(t, []*gossipproto.SignedGossipMessage{bare}, c.takeGossip())
		assert.Len(t, c.msgStore.Get(), 1)
	})
}
