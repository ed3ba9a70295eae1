// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"github.com/hyperledger/fabric/gossip/internal/overlay"
)

// contact is an alive member as routing sees it.
type contact struct {
	id     string // PKI-ID
	org    string // "" if not known
	public bool   // has an endpoint for other organizations
}

// crowd is who is alive at one moment. It decides to whom a message goes, and
// nothing else: its methods return indices of contacts.
//
// Inside the organization messages follow the overlay: each kind of audience is
// a graph of its own, of which a node serves its neighbours. To other
// organizations, which the overlay does not span, a node passes a message on to
// a few contacts that change now and then, so that together the nodes of an
// organization reach everybody there.
type crowd struct {
	self   string // PKI-ID
	org    string
	fanOut int // to how many a message goes
	roll   func(n int) int
	near   neighbourCache

	contacts []contact
}

// errand is what routing has to know of a message.
type errand struct {
	avoid func(id string) bool // who has the message already
	sent  map[string]bool      // to whom it went before, if it is sent repeatedly
	own   bool                 // the node, or a peer of its organization, made it
}

// takers is a set of contacts that may get a message. The name stands for the
// rule by which they are chosen, so that what follows from it can be kept.
type takers struct {
	name string
	has  func(i int) bool
}

// everyone returns all takers but those that have the message.
func (c *crowd) everyone(t takers, e errand) []int {
	var to []int
	for i := range c.contacts {
		if t.has(i) && !e.avoid(c.contacts[i].id) {
			to = append(to, i)
		}
	}
	return to
}

// neighbours returns the takers, of the own organization, that this node serves,
// but for those that have the message.
func (c *crowd) neighbours(t takers, e errand) []int {
	if len(e.sent) > 0 {
		return c.anyOf(t, e)
	}
	var to []int
	for _, i := range c.near.of(c, t) {
		if !e.avoid(c.contacts[i].id) {
			to = append(to, i)
		}
	}
	return to
}

// anyOf returns takers at random that a message, which has been to the
// neighbours before, did not go to yet.
func (c *crowd) anyOf(t takers, e errand) []int {
	to := c.everyone(t, errand{avoid: func(id string) bool { return e.sent[id] || e.avoid(id) }})
	for i := range to {
		j := i + c.roll(len(to)-i)
		to[i], to[j] = to[j], to[i]
	}
	if len(to) > c.fanOut {
		to = to[:c.fanOut]
	}
	return to
}

// rarely is how often a message of another organization is passed on to other
// organizations by one that has peers of its own to pass it to: they have
// heard of it from elsewhere, most likely.
const rarely = 4

// abroad returns takers of other organizations. Their number is what the
// neighbours at home leave of the fan-out, but at least one, or for messages
// from abroad, one from time to time.
func (c *crowd) abroad(t takers, home takers, e errand) []int {
	quota := c.fanOut - len(c.near.of(c, home))
	if quota < 1 && (e.own || c.roll(rarely) == 0) {
		quota = 1
	}
	var candidates []int
	var ids []string
	for i, other := range c.contacts {
		if t.has(i) && !e.avoid(other.id) && !e.sent[other.id] {
			candidates, ids = append(candidates, i), append(ids, other.id)
		}
	}
	if c.fanOut <= 0 || quota <= 0 || len(ids) == 0 {
		return nil
	}
	var to []int
	for _, at := range overlay.Contacts(c.self, ids, c.fanOut, quota) {
		to = append(to, candidates[at])
	}
	return to
}

// home is the contacts of the own organization, or those of them with an
// endpoint for others.
func (c *crowd) home() takers {
	return takers{"home", func(i int) bool { return c.isHome(i) }}
}
func (c *crowd) publicHome() takers {
	return takers{"public", func(i int) bool { return c.isHome(i) && c.contacts[i].public }}
}
func (c *crowd) isHome(i int) bool { return c.org != "" && c.contacts[i].org == c.org }

// aliveMessage routes an alive message of a peer of the given organization,
// which has an endpoint for others or not.
func (c *crowd) aliveMessage(origin string, public bool, e errand) []int {
	e.own = origin == c.org
	switch {
	case origin == "":
		return nil
	case e.own && !public:
		return c.neighbours(c.home(), e)
	case e.own:
		strangers := takers{"strangers", func(i int) bool { return !c.isHome(i) }}
		return append(c.neighbours(c.home(), e), c.abroad(strangers, c.home(), e)...)
	default:
		compatriots := takers{"compatriots", func(i int) bool { return c.contacts[i].org == origin && c.contacts[i].public }}
		return append(c.neighbours(c.publicHome(), e), c.abroad(compatriots, c.publicHome(), e)...)
	}
}

// stateInfo routes what a peer of the own organization, or of another, says of
// its state in a channel. Without a channel it stays at home; otherwise it goes
// to the members of the channel in all organizations.
func (c *crowd) stateInfo(channel *takers, e errand) []int {
	if channel == nil {
		return c.neighbours(c.home(), e)
	}
	home := takers{"home of " + channel.name, func(i int) bool { return c.isHome(i) && channel.has(i) }}
	strangers := takers{"strangers", func(i int) bool { return !c.isHome(i) && channel.has(i) }}
	return append(c.neighbours(home, e), c.abroad(strangers, home, e)...)
}

// neighbourCache keeps, for each set of takers, who the neighbours among them
// are for as long as the set does not change.
type neighbourCache map[string]*neighbourhood

type neighbourhood struct {
	fanOut int
	takers map[string]bool // PKI-ID -> is a neighbour
}

// of returns the node's neighbours among the takers.
func (n neighbourCache) of(c *crowd, t takers) []int {
	var among []int
	for i := range c.contacts {
		if t.has(i) {
			among = append(among, i)
		}
	}
	kept := n[t.name]
	if kept == nil || !kept.fits(c, among) {
		kept = newNeighbourhood(c, among)
		n[t.name] = kept
	}
	to := among[:0]
	for _, i := range among {
		if kept.takers[c.contacts[i].id] {
			to = append(to, i)
		}
	}
	return to
}

func newNeighbourhood(c *crowd, among []int) *neighbourhood {
	ids := make([]string, len(among))
	n := &neighbourhood{fanOut: c.fanOut, takers: make(map[string]bool, len(among))}
	for at, i := range among {
		ids[at] = c.contacts[i].id
		n.takers[ids[at]] = false
	}
	for _, at := range overlay.Neighbours(c.self, ids, c.fanOut) {
		n.takers[ids[at]] = true
	}
	return n
}

// fits tells whether the neighbourhood is of exactly these takers.
func (n *neighbourhood) fits(c *crowd, among []int) bool {
	if n.fanOut != c.fanOut || len(among) != len(n.takers) {
		return false
	}
	for _, i := range among {
		if _, ok := n.takers[c.contacts[i].id]; !ok {
			return false
		}
	}
	return true
}
