// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// people makes a crowd as seen by "me" of organization A, out of words such as
// "A.x" or, with an endpoint for others, "B.y+".
func people(fanOut int, words string) *crowd {
	c := &crowd{self: "me", org: "A", fanOut: fanOut, near: neighbourCache{}, roll: func(int) int { return 0 }}
	for _, word := range strings.Fields(words) {
		id := strings.TrimSuffix(word, "+")
		org := strings.Split(id, ".")[0]
		if org == "?" {
			org = ""
		}
		c.contacts = append(c.contacts, contact{id: id, org: org, public: id != word})
	}
	return c
}

func (c *crowd) names(to []int) string {
	var names []string
	for _, i := range to {
		names = append(names, c.contacts[i].id)
	}
	sort.Strings(names)
	return strings.Join(names, " ")
}

func notTo(ids ...string) errand {
	return errand{avoid: func(id string) bool { return strings.Contains(" "+strings.Join(ids, " ")+" ", " "+id+" ") }}
}

const mixed = "A.1 A.2+ B.1 B.2+ C.1+ ?.1+"

func TestRoutingOfAliveMessages(t *testing.T) {
	for _, c := range []struct {
		what, origin string
		public       bool
		e            errand
		to           string
	}{
		{"of unknown organization", "", true, notTo(), ""},
		{"of ours, internal", "A", false, notTo(), "A.1 A.2"},
		{"of ours, internal, from A.1", "A", false, notTo("A.1"), "A.2"},
		{"of ours, public", "A", true, notTo(), "?.1 A.1 A.2 B.1 B.2 C.1"},
		{"of ours, public, had by some", "A", true, notTo("A.2", "B.2", "?.1"), "A.1 B.1 C.1"},
		{"of B: not to A.1, nor B.1, which have no endpoint, nor to C", "B", true, notTo(), "A.2 B.2"},
		{"of B, from B.2", "B", true, notTo("B.2"), "A.2"},
		{"of an organization that nobody else is of", "D", true, notTo(), "A.2"},
	} {
		crowd := people(10, mixed)
		assert.Equal(t, c.to, crowd.names(crowd.aliveMessage(c.origin, c.public, c.e)), c.what)
	}
}

func TestRoutingOfStateInfo(t *testing.T) {
	inChannel := func(i int) bool { return i != 2 && i != 5 } // all of mixed but B.1 and ?.1
	for _, c := range []struct {
		what    string
		channel func(i int) bool
		e       errand
		to      string
	}{
		{"not in a channel, or not public", nil, notTo(), "A.1 A.2"},
		{"not in a channel, from A.2", nil, notTo("A.2"), "A.1"},
		{"in a channel", inChannel, notTo(), "A.1 A.2 B.2 C.1"},
		{"in a channel, from B.2", inChannel, notTo("B.2"), "A.1 A.2 C.1"},
	} {
		crowd := people(10, mixed)
		var inside *circle
		if c.channel != nil {
			inside = crowd.circle("c", c.channel, c.channel)
		}
		assert.Equal(t, c.to, crowd.names(crowd.stateInfo(inside, c.e)), c.what)
	}
}

func TestRoutingToNobody(t *testing.T) {
	c := people(0, mixed)
	own, all := notTo(), func(int) bool { return true }
	own.own = true
	assert.Empty(t, c.neighbours(c.home(), notTo()))
	assert.Empty(t, c.stateInfo(c.circle("all", all, all), own))
	assert.Empty(t, c.aliveMessage("A", true, notTo()))
	assert.Equal(t, "A.1 A.2", c.names(c.everyone(c.home(), notTo())), "leadership messages go to all in any case")
	stateless := people(10, mixed)
	stateless.org = ""
	assert.Empty(t, stateless.neighbours(stateless.home(), notTo()), "who belongs nowhere has no compatriots")
	empty := people(3, "")
	assert.Empty(t, empty.aliveMessage("A", true, notTo()))
}

// large is 20 peers of A and 30 of B, all public.
func large() string {
	var words []string
	for i := 0; i < 20; i++ {
		words = append(words, fmt.Sprintf("A.%d+", i))
	}
	for i := 0; i < 30; i++ {
		words = append(words, fmt.Sprintf("B.%d+", i))
	}
	return strings.Join(words, " ")
}

func TestRoutingInLargeNetworks(t *testing.T) {
	c := people(3, large())
	near := c.names(c.neighbours(c.home(), notTo()))
	assert.Len(t, strings.Fields(near), 3)
	assert.Equal(t, near, c.names(c.neighbours(c.home(), notTo())), "the same each time")

	from := strings.Fields(near)[1]
	assert.Equal(t, strings.Replace(near, from+" ", "", 1), c.names(c.neighbours(c.home(), notTo(from))), "whoever has it is not replaced by another")

	to := c.names(c.aliveMessage("A", true, notTo()))
	assert.Equal(t, 1, strings.Count(to, "B."), "one goes abroad")
	assert.Equal(t, 3, strings.Count(to, "A."))

	c.roll = func(n int) int { return n - 1 }
	assert.NotContains(t, c.names(c.aliveMessage("B", true, notTo())), "B.", "what comes from abroad goes abroad seldom")
	c.roll = func(int) int { return 0 }
	assert.Contains(t, c.names(c.aliveMessage("B", true, notTo())), "B.", "but not never")

	few := people(3, "A.1+ "+strings.Join(strings.Fields(large())[20:], " "))
	assert.Equal(t, 2, strings.Count(few.names(few.aliveMessage("A", true, notTo())), "B."), "a small organization has more contacts abroad")
}

func TestRoutingAgainGoesToOthers(t *testing.T) {
	c := people(3, large())
	first := c.names(c.neighbours(c.home(), notTo()))
	again := errand{avoid: notTo("A.7").avoid, sent: map[string]bool{}}
	for _, id := range strings.Fields(first) {
		again.sent[id] = true
	}
	second := c.names(c.neighbours(c.home(), again))
	assert.Len(t, strings.Fields(second), 3)
	for _, id := range strings.Fields(second) {
		assert.NotContains(t, strings.Fields(first+" A.7"), id)
	}
}

func TestNeighboursChangeWithTheMembership(t *testing.T) {
	c := people(3, large())
	before := c.names(c.neighbours(c.home(), notTo()))
	gone := strings.Fields(before)[0]
	smaller := people(3, strings.Replace(large(), gone+"+ ", "", 1))
	smaller.near = c.near
	after := smaller.names(smaller.neighbours(smaller.home(), notTo()))
	assert.Len(t, strings.Fields(after), 3)
	assert.NotContains(t, strings.Fields(after), gone)

	fresh := people(3, strings.Replace(large(), gone+"+ ", "", 1))
	assert.Equal(t, fresh.names(fresh.neighbours(fresh.home(), notTo())), after, "what was kept does not show")
	whole, wider := people(3, large()), people(5, large())
	whole.near, wider.near = smaller.near, smaller.near
	assert.Equal(t, before, whole.names(whole.neighbours(whole.home(), notTo())))
	assert.True(t, len(wider.neighbours(wider.home(), notTo())) > 3)
}
