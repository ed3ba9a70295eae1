// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
)

// emitting is a node of which only the test emits.
func emitting(t *testing.T) *stubbed {
	n := stubbedNode(t, func(c *Config) { c.PropagatePeerNum = 10 })
	n.emitter.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A", "B"}}, common.ChainID("c"))
	return n
}

// blockReaches emits a block and names the actors that it goes to.
func (n *stubbed) blockReaches(number uint64, actors ...*actor) string {
	before := len(n.wire.recorded("data_msg"))
	n.emit([]interface{}{&outgoing{message: unsigned(n.t, blockOf("c", number))}})
	if got := n.whom("data_msg", actors...); len(got) > before {
		return got[before]
	}
	return ""
}

func TestHeartbeatsLeaveTheAudienceAsItIs(t *testing.T) {
	n := emitting(t)
	defer n.Stop()
	a1, a2, a3 := n.actor("A", "1"), n.actor("A", "2"), n.actor("A", "3")
	n.knows("c", a1, a2)
	assert.Equal(t, "1 2", n.blockReaches(1, a1, a2, a3))
	audience, inside := n.audience, n.audience.channels["c"]

	height := func() uint64 { return n.PeersOfChannel(common.ChainID("c"))[0].Properties.LedgerHeight }
	n.receives(a1.from(a1.alive(t, 2)), a2.from(a2.alive(t, 2)), a1.from(a1.stateInfo(t, "c", 2)), a2.from(a2.stateInfo(t, "c", 2)))
	n.eventually("taken in", func() bool { return height() == 2 })
	assert.Equal(t, "1 2", n.blockReaches(3, a1, a2, a3))
	assert.True(t, audience == n.audience, "nobody came or went")
	assert.True(t, inside == n.audience.channels["c"], "nor in the channel")

	n.knows("", a3)
	assert.Equal(t, "1 2", n.blockReaches(4, a1, a2, a3))
	assert.False(t, audience == n.audience)
	audience = n.audience
	n.knows("c", a3)
	assert.Equal(t, "1 2 3", n.blockReaches(5, a1, a2, a3), "at once")
	assert.True(t, audience == n.audience, "it was there before, but not in the channel")
}

func TestWhoLosesItsIdentityGetsNothingMore(t *testing.T) {
	n := emitting(t)
	defer n.Stop()
	a1, a2 := n.actor("A", "1"), n.actor("A", "2")
	n.knows("c", a1, a2)
	assert.Equal(t, "1 2", n.blockReaches(1, a1, a2))
	n.authority.Revoke(a1.id)
	n.SuspectPeers(func(id api.PeerIdentityType) bool { return string(id) == string(a1.id) })
	assert.Equal(t, "2", n.blockReaches(2, a1, a2))
}

func TestWhoseIdentityComesLaterIsServedThen(t *testing.T) {
	n := emitting(t)
	defer n.Stop()
	a1, a2 := n.actor("A", "1"), n.actor("A", "2")
	n.knows("c", a1, a2)
	// The identity is lost for want of use; the peer stays a member.
	before := identity.GetIdentityUsageThreshold()
	defer identity.SetIdentityUsageThreshold(before)
	identity.SetIdentityUsageThreshold(-1)
	n.SuspectPeers(func(api.PeerIdentityType) bool { return false })
	identity.SetIdentityUsageThreshold(before)
	assert.Equal(t, "", n.blockReaches(1, a1, a2))
	assert.Len(t, n.audience.unknown, 2)
	assert.NoError(t, n.idMapper.Put(a1.pkiID, a1.id))
	assert.Equal(t, "1", n.blockReaches(2, a1, a2))
	assert.Len(t, n.audience.unknown, 1)
}

func TestWhoIsNotInTheChannelAnyMoreGetsNoBlocks(t *testing.T) {
	n := emitting(t)
	defer n.Stop()
	a1, a2 := n.actor("A", "1"), n.actor("A", "2")
	n.knows("c", a1, a2)
	assert.Equal(t, "1 2", n.blockReaches(1, a1, a2))
	n.JoinChan(&joinOf{orgs: []string{"B"}, number: 1}, common.ChainID("c"))
	assert.Equal(t, "", n.blockReaches(2, a1, a2))
	n.JoinChan(&joinOf{orgs: []string{"A"}, number: 2}, common.ChainID("c"))
	n.receives(a1.from(a1.stateInfo(t, "c", 2)))
	n.eventually("it shows again", func() bool { return len(n.PeersOfChannel(common.ChainID("c"))) == 1 })
	assert.Equal(t, "1", n.blockReaches(3, a1, a2))
}

func TestEmissionsKeepIdentitiesInUse(t *testing.T) {
	defer identity.SetIdentityUsageThreshold(identity.GetIdentityUsageThreshold())
	const threshold = time.Second
	identity.SetIdentityUsageThreshold(threshold)
	n := emitting(t)
	defer n.Stop()
	a, b := n.actor("A", "1"), n.actor("A", "2")
	n.knows("", a, b)
	told := &outgoing{message: a.alive(t, 2)}
	start := time.Now()
	n.eventually("a long time has passed", func() bool {
		n.emit([]interface{}{told})
		return time.Since(start) > 2*threshold
	})
	assert.Len(t, n.IdentityInfo(), 3, "whoever may be routed to, subject of a message or not")
}
