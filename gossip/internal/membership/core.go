// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"math"
	"time"

	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Stamp orders what a peer says about itself: by its incarnation, which grows
// with each start, then by a counter.
type Stamp struct {
	Incarnation, Counter uint64
}

// NewerThan tells whether s was made after t.
func (s Stamp) NewerThan(t Stamp) bool {
	if s.Incarnation != t.Incarnation {
		return s.Incarnation > t.Incarnation
	}
	return s.Counter > t.Counter
}

// Member is what is known of a peer.
type Member struct {
	ID               string
	Endpoint         string
	InternalEndpoint string
	Metadata         []byte
	Message          *proto.SignedGossipMessage // the latest; opaque to the core

	Stamp      Stamp
	Alive      bool
	Hearsay    bool      // others called it dead; it was never alive here
	LastSeen   time.Time // when the latest message was learned
	LastGossip time.Time // when one last came by gossip; until then, when the first came
}

// Table keeps members by ID.
type Table interface {
	Get(id string) (Member, bool)
	Put(Member)
	Delete(id string)
	// Each visits all members; it ends early when visit returns false. The
	// table must not be changed meanwhile.
	Each(visit func(Member) bool)
	// CountAlive is how many members are alive.
	CountAlive() int
}

// Times are the periods that rule a membership. They do not change.
type Times struct {
	Heartbeat  time.Duration // how often a peer says that it is alive
	Expiration time.Duration // how long one may be silent before it counts as dead
	Check      time.Duration // how often to look for those
	Reconnect  time.Duration // how often to try dead members, and endpoints
	Retention  time.Duration // how long a silent member is known, and its stamp after that
}

// shortest keeps nonsensical settings from making a busy loop.
const shortest = time.Millisecond

func (t Times) sane() Times {
	for _, d := range []*time.Duration{&t.Heartbeat, &t.Expiration, &t.Check, &t.Reconnect, &t.Retention} {
		if *d < shortest {
			*d = shortest
		}
	}
	return t
}

// ChangeKind is what happened to a member.
type ChangeKind int

// The kinds of changes.
const (
	Learned   ChangeKind = iota // it was unknown and is alive
	Revived                     // it was dead and is alive
	Died                        // it was alive and is dead
	Reported                    // it was unknown and is dead
	Forgotten                   // it was known
)

// Change is one thing that happened to a member.
type Change struct {
	Kind   ChangeKind
	Reason string // one of a few
	Member Member // after the change; what it was, if it is forgotten
}

// The reasons of changes.
const (
	ReasonNew      = "new"
	ReasonNewer    = "newer message"
	ReasonSilent   = "silent"
	ReasonUnsent   = "message not sent"
	ReasonReported = "reported dead"
	ReasonPurged   = "identity gone"
)

// Request is a membership request to make to whom was identified behind an
// endpoint.
type Request struct {
	Endpoint string
	ID       string // may be empty
	SelfOrg  bool
	Nonce    uint64
}

// Ready is what the owner has to do.
type Ready struct {
	Changes  []Change
	Beat     bool      // say that one is alive
	Ping     []Member  // find out which of them answer, ask those, then call Pinged
	Identify []string  // endpoints to identify; call Identified or Unidentified for each
	Requests []Request // an answer is reported by Answered
}

// Core is the membership of one peer. It is for one goroutine at a time.
type Core struct {
	self  string
	times Times
	table Table
	nonce func() uint64

	stamp     Stamp            // of what this peer said last
	graves    map[string]grave // of members that were forgotten
	targets   map[string]*target
	strangers allowance

	nextBeat, lastBeat time.Time
	hurried            bool // nextBeat is early
	nextCheck          time.Time
	nextPing           time.Time
	pinging            bool
	lastChange         time.Time // of who is alive
	lastSync           time.Time

	ready Ready
}

// New makes the core for the peer called self, which has just started and uses
// that time as its incarnation. nonce gives numbers that are hard to guess.
func New(self string, times Times, table Table, nonce func() uint64, now time.Time) *Core {
	times = times.sane()
	return &Core{
		self:       self,
		times:      times,
		table:      table,
		nonce:      nonce,
		stamp:      Stamp{Incarnation: uint64(now.UnixNano())},
		graves:     make(map[string]grave),
		targets:    make(map[string]*target),
		strangers:  allowance{tokens: maxStrangers, at: now},
		nextBeat:   now.Add(times.Heartbeat),
		nextCheck:  now.Add(times.Check),
		nextPing:   now,
		lastChange: now,
	}
}

// Take returns what there is to do and considers it done.
func (c *Core) Take() Ready {
	ready := c.ready
	c.ready = Ready{}
	return ready
}

// Stamp is the stamp of what this peer said last.
func (c *Core) Stamp() Stamp { return c.stamp }

// NextStamp is the stamp for what this peer says next; no other call returns
// the same.
func (c *Core) NextStamp() Stamp {
	c.stamp.Counter++
	return c.stamp
}

// Outbid moves this peer to an incarnation above the one given, which it had
// before: it must have been started with its clock ahead of what it is now.
// Otherwise nobody would listen to it until they have forgotten about that.
func (c *Core) Outbid(incarnation uint64) {
	if incarnation >= c.stamp.Incarnation && incarnation < math.MaxUint64 {
		c.stamp.Incarnation = incarnation + 1
	}
}

func (c *Core) changed(kind ChangeKind, reason string, m Member, now time.Time) {
	c.ready.Changes = append(c.ready.Changes, Change{Kind: kind, Reason: reason, Member: m})
	if kind != Reported && !(kind == Forgotten && !m.Alive) {
		c.lastChange = now
	}
}
