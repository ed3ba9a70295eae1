// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"time"

	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Source is how something about a member came here.
type Source int

// The sources.
const (
	ByGossip   Source = iota // an alive message, passed on by whomever
	ByRequest                // the member's own membership request
	ByResponse               // among the living in a membership response
	AsDead                   // among the dead in one
)

// News is what a peer says about itself.
type News struct {
	ID               string
	Stamp            Stamp
	Endpoint         string
	InternalEndpoint string // "" if it does not say, which is not to have none
	Metadata         []byte
	Message          *proto.SignedGossipMessage
}

// Verdict is what something about a member is worth before it is verified.
type Verdict int

// The verdicts.
const (
	Stale  Verdict = iota // what is known of the peer is newer, or it is of no use
	Same                  // it carries the stamp of what is known of the peer
	Own                   // it is about this peer itself
	Fresh                 // it is news, if it is true
	Excess                // it is about a stranger, of whom too many proved false
)

// Judge tells whether something about a peer is worth verifying.
func (c *Core) Judge(id string, stamp Stamp, by Source, now time.Time) Verdict {
	if id == c.self {
		return Own
	}
	verdict, known := c.compare(id, stamp, by)
	if verdict == Fresh && !known && by != ByRequest && !c.strangers.left(now) {
		return Excess
	}
	return verdict
}

// compare holds a stamp against what is known of a peer, or was until it was
// forgotten. That somebody is dead is news about strangers only: of members it
// will show, and of the forgotten it was known.
func (c *Core) compare(id string, stamp Stamp, by Source) (verdict Verdict, known bool) {
	m, known := c.table.Get(id)
	g, forgotten := c.graves[id]
	switch {
	case known && stamp == m.Stamp:
		return Same, true
	case known && !stamp.NewerThan(m.Stamp), forgotten && !stamp.NewerThan(g.stamp):
		return Stale, known
	case by == AsDead && (known || forgotten):
		return Stale, known
	}
	return Fresh, known
}

// Refuted is told that something judged to be fresh did not verify.
func (c *Core) Refuted(id string, now time.Time) {
	if _, known := c.table.Get(id); !known {
		c.strangers.spend(now)
	}
}

// Learn takes in verified news. It returns false if they are stale by now.
// appeared tells whether the peer was not alive before and is now.
func (c *Core) Learn(n News, by Source, now time.Time) (learned, appeared bool) {
	if n.ID == c.self {
		return false, false
	}
	verdict, known := c.compare(n.ID, n.Stamp, by)
	if verdict != Fresh {
		return false, false
	}
	delete(c.graves, n.ID)
	m, _ := c.table.Get(n.ID)
	wasAlive := m.Alive
	m.update(n, now)
	if by == ByGossip || !wasAlive {
		m.LastGossip = now
	}
	m.Alive, m.Hearsay = by != AsDead, by == AsDead
	nobody := c.table.CountAlive() == 0
	c.table.Put(m)
	if m.Alive == wasAlive {
		if !m.Alive {
			c.changed(Reported, ReasonReported, m, now)
		}
		return true, false
	}
	if nobody {
		c.hurryBeat(now)
	}
	if known {
		c.changed(Revived, ReasonNewer, m, now)
	} else {
		c.changed(Learned, ReasonNew, m, now)
	}
	return true, true
}

func (m *Member) update(n News, now time.Time) {
	m.ID, m.Stamp, m.LastSeen = n.ID, n.Stamp, now
	m.Endpoint, m.Metadata, m.Message = n.Endpoint, n.Metadata, n.Message
	if n.InternalEndpoint != "" {
		m.InternalEndpoint = n.InternalEndpoint
	}
}
