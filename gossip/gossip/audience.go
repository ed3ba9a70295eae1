// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"time"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/util"
)

// audience is who is there. It is looked up once and kept until it is not
// current any more: most emissions are of single heartbeats, which change
// nothing. It is used by the emitter's callback only.
type audience struct {
	node    *gossipServiceImpl
	members []discovery.NetworkMember
	peers   []*comm.RemotePeer // the members as the transport takes them
	crowd   *crowd             // the members as routing sees them

	roster     uint64             // of membership, and
	departures uint64             // of identities, when the members were looked up
	unknown    []common.PKIidType // members that belong to no organization, as far as was known

	channels map[string]*standing // by name, as far as asked for
	kept     time.Time            // when the identities of all members were used for the last time
	space    [maxSubjectLength]byte
}

// standing is who of an audience is inside a channel, as of one number that the
// channel gave.
type standing struct {
	number uint64
	circle *circle
}

// rosters is a membership that counts its changes.
type rosters interface {
	Roster() uint64
}

// look makes an audience of those who are there. What they are is asked after
// the numbers that tell of changes, so that none is missed. The audience before,
// which may be nil, lends what it worked out of the overlay.
func look(g *gossipServiceImpl, before *audience) *audience {
	a := &audience{node: g, departures: g.orgs.departures(), channels: map[string]*standing{}, kept: time.Now()}
	if membership, ok := g.disc.(rosters); ok {
		a.roster = membership.Roster()
	}
	a.members = g.disc.GetMembership()
	a.peers = make([]*comm.RemotePeer, len(a.members))
	a.crowd = &crowd{
		self:     string(g.comm.GetPKIid()),
		org:      string(g.selfOrg),
		fanOut:   g.conf.PropagatePeerNum,
		roll:     util.RandomInt,
		near:     neighbourCache{},
		contacts: make([]contact, len(a.members)),
	}
	if before != nil {
		a.crowd.near = before.crowd.near
	}
	for i := range a.members {
		m := &a.members[i]
		org := g.orgs.of(m.PKIid)
		if len(org) == 0 {
			a.unknown = append(a.unknown, m.PKIid)
		}
		a.peers[i] = &comm.RemotePeer{PKIID: m.PKIid, Endpoint: m.PreferredEndpoint()}
		a.crowd.contacts[i] = contact{id: string(m.PKIid), org: string(org), public: m.Endpoint != ""}
	}
	return a
}

// current tells whether the same peers are there, each of the same organization:
// nobody has come, gone or moved, no identity has left, and none has arrived
// that was missing.
func (a *audience) current() bool {
	if a == nil {
		return false
	}
	membership, counts := a.node.disc.(rosters)
	if !counts || membership.Roster() != a.roster || a.node.orgs.departures() != a.departures {
		return false
	}
	for _, pkiID := range a.unknown {
		if len(a.node.orgs.of(pkiID)) > 0 {
			return false
		}
	}
	return true
}

// keepIdentities uses the identities of all members now and then, ten times
// within the usage threshold at least: whoever is routed to keeps its own.
func (a *audience) keepIdentities() {
	now := time.Now()
	if now.Sub(a.kept) < keepInterval() {
		return
	}
	a.kept = now
	for i := range a.members {
		a.node.orgs.of(a.members[i].PKIid)
	}
}

func keepInterval() time.Duration {
	const longest = 10 * time.Second
	if interval := identity.GetIdentityUsageThreshold() / 10; interval < longest {
		return interval
	}
	return longest
}

// inside is who of the audience is in a channel, and who may have its blocks:
// asked of each member only after the channel says that it may have changed.
func (a *audience) inside(j *joinedChannel) *circle {
	counter, counts := j.GossipChannel.(interface{ Standing() uint64 })
	number := uint64(0)
	if counts {
		number = counter.Standing()
	}
	last := a.channels[string(j.name)]
	if !counts || last == nil || last.number != number {
		in := func(i int) bool { return j.IsMemberInChan(a.members[i]) }
		eligible := func(i int) bool { return j.EligibleForChannel(a.members[i]) }
		last = &standing{number, a.crowd.circle(string(j.name), in, eligible)}
		a.channels[string(j.name)] = last
	}
	return last.circle
}
