// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// whom lists the names of actors that got messages of a kind, for each message.
func (n *stubbed) whom(kind string, actors ...*actor) []string {
	names := map[string]string{}
	for _, a := range actors {
		names[string(a.pkiID)] = a.name
	}
	var all []string
	for _, s := range n.wire.recorded(kind) {
		var to []string
		for _, id := range s.to {
			to = append(to, names[id])
		}
		sort.Strings(to)
		all = append(all, strings.Join(to, " "))
	}
	return all
}

func TestBlocksGoToWhoMayHaveThem(t *testing.T) {
	n := stubbedNode(t, func(c *Config) { c.PropagatePeerNum = 10 })
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A", "B"}}, common.ChainID("c"))
	a1, a2, a3, b1 := n.actor("A", "1"), n.actor("A", "2"), n.actor("A", "3"), n.actor("B", "1+")
	n.knows("c", a1, a2, b1)
	n.knows("", a1, a2, b1, a3)

	n.Gossip(blockOf("c", 1))
	assert.Equal(t, []string{"1 2"}, n.whom("data_msg", a1, a2), "not to who has not joined, not to other organizations")
	n.receives(a1.from(unsigned(t, blockOf("c", 2))))
	n.eventually("forwarded", func() bool { return len(n.wire.recorded("data_msg")) == 2 })
	assert.Equal(t, "2", n.whom("data_msg", a1, a2)[1], "not back")
	n.receives(a1.from(unsigned(t, blockOf("c", 2))), b1.from(b1.stateInfo(t, "c", 2)))
	n.eventually("handled", func() bool { return n.PeersOfChannel(common.ChainID("c"))[0].Properties != nil })
	assert.Len(t, n.wire.recorded("data_msg"), 2, "once")

	n.Gossip(leadership(n.wire.self))
	assert.Equal(t, []string{"1 2"}, n.whom("leadership_msg", a1, a2))
	n.Gossip(blockOf("unknown", 1))
	assert.Len(t, n.wire.recorded("data_msg"), 2)
	assert.Panics(t, func() { n.Gossip(&proto.GossipMessage{}) })
	wrongTag := blockOf("c", 3)
	wrongTag.Tag = proto.GossipMessage_ORG_ONLY
	assert.Panics(t, func() { n.Gossip(wrongTag) })
}

func TestLeadershipGoesToAllWhateverTheFanOut(t *testing.T) {
	n := stubbedNode(t, func(c *Config) { c.PropagatePeerNum = 0 })
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID("c"))
	a1, a2 := n.actor("A", "1"), n.actor("A", "2")
	n.knows("c", a1, a2)
	n.Gossip(leadership(n.wire.self))
	n.Gossip(blockOf("c", 1))
	assert.Equal(t, []string{"1 2"}, n.whom("leadership_msg", a1, a2))
	assert.Empty(t, n.wire.recorded("data_msg"))
}

func TestPullOnlyNodePushesNothing(t *testing.T) {
	n := stubbedNode(t, func(c *Config) { c.PropagateIterations = 0 })
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID("c"))
	a1 := n.actor("A", "1")
	n.knows("c", a1)
	n.Gossip(blockOf("c", 1))
	n.Gossip(leadership(n.wire.self))
	assert.Empty(t, n.wire.recorded("data_msg"))
	assert.Empty(t, n.wire.recorded("leadership_msg"))
}

func TestAliveMessagesKeepTheirSecretAtHome(t *testing.T) {
	n := stubbedNode(t, func(c *Config) { c.PropagatePeerNum = 10 })
	defer n.Stop()
	a1, a2, b1, b2 := n.actor("A", "a1"), n.actor("A", "a2+"), n.actor("B", "b1+"), n.actor("B", "b2+")
	n.knows("", a1, a2, b1, b2)
	before := len(n.wire.recorded("alive_msg"))

	original := a2.alive(t, 2)
	n.receives(a1.from(original))
	n.eventually("forwarded", func() bool { return len(n.wire.recorded("alive_msg")) == before+2 })
	assert.Equal(t, []string{"a2+", "b1+ b2+"}, n.whom("alive_msg", a1, a2, b1, b2)[before:])
	sent := n.wire.recorded("alive_msg")[before:]
	assert.True(t, original.Envelope == sent[0].message.Envelope, "the very envelope")
	assert.NotNil(t, original.Envelope.SecretEnvelope)
	assert.Nil(t, sent[1].message.Envelope.SecretEnvelope)
	assert.Equal(t, original.Envelope.Signature, sent[1].message.Envelope.Signature)

	n.receives(a2.from(a1.alive(t, 2)))
	n.eventually("forwarded", func() bool { return len(n.wire.recorded("alive_msg")) == before+3 })
	assert.Equal(t, "a1", n.whom("alive_msg", a1, a2, b1, b2)[before+2], "who cannot be reached from outside is not known there")

	n.receives(b2.from(b1.alive(t, 2)))
	n.eventually("forwarded", func() bool { return len(n.wire.recorded("alive_msg")) == before+5 })
	assert.Equal(t, []string{"a2+", "b1+"}, n.whom("alive_msg", a1, a2, b1, b2)[before+3:])
}

func TestWhoHasToldDoesNotHearIt(t *testing.T) {
	n := stubbedNode(t, func(c *Config) { c.MaxPropagationBurstSize = 1000; c.MaxPropagationBurstLatency = 1 << 40 })
	defer n.Stop()
	a1, a2, a3 := n.actor("A", "1"), n.actor("A", "2"), n.actor("A", "3")
	n.knows("", a1, a2, a3)
	n.receives(a2.from(a1.alive(t, 2)), a3.from(a1.alive(t, 2)), a2.from(n.actor("A", "sync").stateInfo(t, "c", 1)))
	n.eventually("handled", func() bool { return n.counted(observe.Rejected, unknownSigner) == 1 })
	n.eventually("queued", func() bool { return n.emitter.Size() >= 4 })
	n.emit([]interface{}{&outgoing{message: a1.alive(t, 2), from: a2.pkiID}})
	assert.Equal(t, []string{"1"}, n.whom("alive_msg", a1, a2, a3))
}

func TestStateInfoOfChannelsThatAreNotJoined(t *testing.T) {
	n := stubbedNode(t, func(c *Config) { c.PropagatePeerNum = 10 })
	defer n.Stop()
	a1, a2, b1 := n.actor("A", "1+"), n.actor("A", "2"), n.actor("B", "3+")
	n.knows("", a1, a2, b1)
	m := a1.stateInfo(t, "c", 5)
	n.receives(a1.from(m))
	n.eventually("relayed", func() bool { return len(n.wire.recorded("state_info")) == 1 })
	n.receives(a2.from(m), b1.from(a1.stateInfo(t, "c", 6)))
	assert.Equal(t, []string{"2"}, n.whom("state_info", a1, a2, b1), "inside the organization only, and not back")
	n.eventually("the rest is dropped", func() bool {
		return n.counted(observe.Dropped, stale) == 1 && n.counted(observe.Dropped, foreignRelay) == 1
	})
	assert.Equal(t, 1, n.crypto.verifications(m.Envelope.Payload), "duplicates are not verified")

	forged := a1.stateInfo(t, "c", 7)
	forged.Envelope.Signature = []byte("forged")
	n.receives(a1.from(forged))
	n.eventually("refused", func() bool { return n.counted(observe.Rejected, badSignature) == 1 })
	n.receives(a1.from(a1.stateInfo(t, "c", 7)))
	n.eventually("the forgery left no trace", func() bool { return len(n.wire.recorded("state_info")) == 2 })
}

func TestStateInfoOfJoinedChannels(t *testing.T) {
	n := stubbedNode(t, func(c *Config) { c.PropagatePeerNum = 10 })
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A", "B"}}, common.ChainID("c"))
	a1, a2, b1, x1 := n.actor("A", "a1+"), n.actor("A", "a2"), n.actor("B", "b1+"), n.actor("X", "x1+")
	n.knows("", a1, a2, b1, x1)
	n.receives(a1.from(a1.stateInfo(t, "c", 5)))
	n.eventually("forwarded", func() bool { return len(n.wire.recorded("state_info")) == 2 })
	assert.Equal(t, []string{"a2", "b1+"}, n.whom("state_info", a1, a2, b1, x1))
	n.receives(a2.from(a2.stateInfo(t, "c", 5)))
	n.eventually("forwarded", func() bool { return len(n.wire.recorded("state_info")) == 3 })
	assert.Equal(t, "a1+", n.whom("state_info", a1, a2, b1, x1)[2], "who cannot be reached from outside is not known there")
}

func TestRepeatedEmissionReachesOthers(t *testing.T) {
	n := stubbedNode(t, func(c *Config) { c.PropagateIterations = 2; c.PropagatePeerNum = 1; c.MaxPropagationBurstSize = 100 })
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID("c"))
	a1, a2 := n.actor("A", "1"), n.actor("A", "2")
	n.knows("c", a1, a2)
	n.Gossip(blockOf("c", 1))
	n.eventually("twice", func() bool { return len(n.wire.recorded("data_msg")) == 2 })
	to := n.whom("data_msg", a1, a2)
	assert.NotEqual(t, to[0], to[1])
}
