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
//
// Contacts do not change, so who is in which group is worked out once, when it
// is asked for; a message is a matter of the few that it goes to.
type crowd struct {
	self   string // PKI-ID
	org    string
	fanOut int // to how many a message goes
	roll   func(n int) int
	near   neighbourCache // may be that of a crowd before

	contacts []contact
	groups   map[groupKey]*group // as far as asked for
}

// errand is what routing has to know of a message.
type errand struct {
	avoid func(id string) bool // who has the message already
	sent  map[string]bool      // to whom it went before, if it is sent repeatedly
	own   bool                 // the node, or a peer of its organization, made it
}

// group is contacts that may get a message, ascending. The key stands for the
// rule by which they are chosen, so that what follows from it can be kept.
type group struct {
	key     groupKey
	members []int

	served bool
	near   []int // those of members that the node serves; valid if served
}

type groupKey struct{ rule, of string }

// circle is the groups that a channel makes in a crowd.
type circle struct {
	eligible  *group // those of the own organization that may have its blocks
	home      *group // members of the own organization
	strangers *group // members of others
}

// choose makes a group of those that a rule admits.
func (c *crowd) choose(key groupKey, admits func(i int) bool) *group {
	g := &group{key: key}
	for i := range c.contacts {
		if admits(i) {
			g.members = append(g.members, i)
		}
	}
	return g
}

// circle makes the groups of a channel, given who is in it and who, of the own
// organization, may have its blocks.
func (c *crowd) circle(name string, in, eligible func(i int) bool) *circle {
	is := make([]bool, len(c.contacts))
	for i := range is {
		is[i] = in(i)
	}
	return &circle{
		eligible:  c.choose(groupKey{"channel", name}, func(i int) bool { return is[i] && c.isHome(i) && eligible(i) }),
		home:      c.choose(groupKey{"home of", name}, func(i int) bool { return is[i] && c.isHome(i) }),
		strangers: c.choose(groupKey{"strangers of", name}, func(i int) bool { return is[i] && !c.isHome(i) }),
	}
}

// once returns the group of that key, which it makes if it is new.
func (c *crowd) once(key groupKey, admits func(i int) bool) *group {
	g := c.groups[key]
	if g == nil {
		g = c.choose(key, admits)
		if c.groups == nil {
			c.groups = map[groupKey]*group{}
		}
		c.groups[key] = g
	}
	return g
}

// home is the contacts of the own organization, publicHome those of them with
// an endpoint for others. strangers is everybody else; compatriots is those of
// another organization that others may hear of.
func (c *crowd) home() *group { return c.once(groupKey{rule: "home"}, c.isHome) }
func (c *crowd) publicHome() *group {
	return c.once(groupKey{rule: "public"}, func(i int) bool { return c.isHome(i) && c.contacts[i].public })
}
func (c *crowd) strangers() *group {
	return c.once(groupKey{rule: "strangers"}, func(i int) bool { return !c.isHome(i) })
}
func (c *crowd) compatriots(org string) *group {
	return c.once(groupKey{"compatriots", org}, func(i int) bool { return c.contacts[i].org == org && c.contacts[i].public })
}
func (c *crowd) isHome(i int) bool { return c.org != "" && c.contacts[i].org == c.org }

// served returns those of a group of the own organization that this node serves.
// The caller must not change the result.
func (c *crowd) served(g *group) []int {
	if !g.served {
		g.near, g.served = c.near.of(c, g), true
	}
	return g.near
}

// everyone returns all of a group but those that have the message.
func (c *crowd) everyone(g *group, e errand) []int { return c.lacking(g.members, e) }

func (c *crowd) lacking(among []int, e errand) []int {
	var to []int
	for _, i := range among {
		if !e.avoid(c.contacts[i].id) {
			to = append(to, i)
		}
	}
	return to
}

// neighbours returns those of a group, of the own organization, that this node
// serves, but for those that have the message.
func (c *crowd) neighbours(g *group, e errand) []int {
	if len(e.sent) > 0 {
		return c.anyOf(g, e)
	}
	return c.lacking(c.served(g), e)
}

// anyOf returns some of a group at random that a message, which has been to the
// neighbours before, did not go to yet.
func (c *crowd) anyOf(g *group, e errand) []int {
	to := c.everyone(g, errand{avoid: func(id string) bool { return e.sent[id] || e.avoid(id) }})
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

// abroad returns some of a group of other organizations. Their number is what
// the neighbours at home leave of the fan-out, but at least one, or for messages
// from abroad, one from time to time.
func (c *crowd) abroad(g, home *group, e errand) []int {
	if c.fanOut <= 0 || len(g.members) == 0 {
		return nil
	}
	quota := c.fanOut - len(c.served(home))
	if quota < 1 && (e.own || c.roll(rarely) == 0) {
		quota = 1
	}
	if quota <= 0 {
		return nil
	}
	var candidates []int
	var ids []string
	for _, i := range g.members {
		if id := c.contacts[i].id; !e.avoid(id) && !e.sent[id] {
			candidates, ids = append(candidates, i), append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var to []int
	for _, at := range overlay.Contacts(c.self, ids, c.fanOut, quota) {
		to = append(to, candidates[at])
	}
	return to
}

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
		return append(c.neighbours(c.home(), e), c.abroad(c.strangers(), c.home(), e)...)
	default:
		return append(c.neighbours(c.publicHome(), e), c.abroad(c.compatriots(origin), c.publicHome(), e)...)
	}
}

// stateInfo routes what a peer of the own organization, or of another, says of
// its state in a channel. Without a channel it stays at home; otherwise it goes
// to the members of the channel in all organizations.
func (c *crowd) stateInfo(channel *circle, e errand) []int {
	if channel == nil {
		return c.neighbours(c.home(), e)
	}
	return append(c.neighbours(channel.home, e), c.abroad(channel.strangers, channel.home, e)...)
}

// neighbourCache keeps, for each rule, who the neighbours among those it admits
// are for as long as these are the same, from one crowd to the next.
type neighbourCache map[groupKey]*neighbourhood

type neighbourhood struct {
	fanOut int
	takers map[string]bool // PKI-ID -> is a neighbour
}

// of returns the node's neighbours in a group.
func (n neighbourCache) of(c *crowd, g *group) []int {
	kept := n[g.key]
	if kept == nil || !kept.fits(c, g.members) {
		kept = newNeighbourhood(c, g.members)
		n[g.key] = kept
	}
	var near []int
	for _, i := range g.members {
		if kept.takers[c.contacts[i].id] {
			near = append(near, i)
		}
	}
	return near
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
