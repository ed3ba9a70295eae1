// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// outgoing is a message on its way to whom it concerns.
type outgoing struct {
	message *proto.SignedGossipMessage
	from    common.PKIidType // whom the node has it from; nil for its own
	sent    map[string]bool  // to whom it went; kept only if it is emitted repeatedly
}

// spread queues a message for emission; from is whom it came from.
func (g *gossipServiceImpl) spread(m *proto.SignedGossipMessage, from common.PKIidType) {
	if g.conf.PropagateIterations == 0 {
		return
	}
	item := &outgoing{message: m, from: from}
	if g.conf.PropagateIterations > 1 {
		item.sent = map[string]bool{}
	}
	g.emitter.Add(item)
}

// forward queues a message of another peer's for emission.
func (g *gossipServiceImpl) forward(m proto.ReceivedMessage) {
	var from common.PKIidType
	if info := m.GetConnectionInfo(); info != nil {
		from = info.ID
	}
	g.spread(m.GetGossipMessage(), from)
}

// emit sends a batch of messages. It is the emitter's callback: one call at a
// time.
func (g *gossipServiceImpl) emit(batch []interface{}) {
	if !g.isReady() || g.isStopping() {
		return
	}
	e := newEmission(g)
	for _, item := range batch {
		e.send(item.(*outgoing))
	}
}

// emission is one call of emit: who is there during it.
type emission struct {
	node    *gossipServiceImpl
	members []discovery.NetworkMember
	crowd   *crowd
	inside  map[string]takers // of channels, as far as asked for
}

func newEmission(g *gossipServiceImpl) *emission {
	members, crowd := g.audience.now(g)
	return &emission{node: g, members: members, crowd: crowd, inside: map[string]takers{}}
}

// audience is who is there, kept for as long as that does not change: most
// emissions are of single heartbeats, which change nothing. It is used by the
// emitter's callback only, but for outdated.
type audience struct {
	outdated int32 // 1 if an identity has left since; used atomically
	members  []discovery.NetworkMember
	crowd    *crowd
	roster   uint64
	until    time.Time
}

// now returns who is there now. The identities of all of them count as used at
// least ten times within the usage threshold.
func (a *audience) now(g *gossipServiceImpl) ([]discovery.NetworkMember, *crowd) {
	now := time.Now()
	membership, versioned := g.disc.(interface{ Roster() uint64 })
	roster := uint64(0)
	if versioned {
		roster = membership.Roster()
	}
	outdated := atomic.SwapInt32(&a.outdated, 0) == 1
	if outdated || !versioned || a.crowd == nil || a.roster != roster || now.After(a.until) {
		a.members, a.crowd = look(g)
		a.roster = roster
		a.until = now.Add(audienceAge())
	}
	return a.members, a.crowd
}

func audienceAge() time.Duration {
	if age := identity.GetIdentityUsageThreshold() / 10; age < time.Second {
		return age
	}
	return time.Second
}

// look makes the crowd of those who are there.
func look(g *gossipServiceImpl) ([]discovery.NetworkMember, *crowd) {
	members := g.disc.GetMembership()
	c := &crowd{
		self:     string(g.comm.GetPKIid()),
		org:      string(g.selfOrg),
		fanOut:   g.conf.PropagatePeerNum,
		roll:     util.RandomInt,
		near:     g.routes,
		contacts: make([]contact, len(members)),
	}
	for i := range members {
		c.contacts[i] = contact{
			id:     string(members[i].PKIid),
			org:    string(g.orgs.of(members[i].PKIid)),
			public: members[i].Endpoint != "",
		}
	}
	return members, c
}

// send sends a message to whom routing says.
func (e *emission) send(item *outgoing) {
	m := item.message.GossipMessage
	switch {
	case protoext.IsDataMsg(m):
		e.sendInChannel(item, e.crowd.neighbours)
	case protoext.IsLeadershipMsg(m):
		e.sendInChannel(item, e.crowd.everyone)
	case protoext.IsStateInfoMsg(m):
		e.sendStateInfo(item)
	case protoext.IsAliveMsg(m):
		e.sendAlive(item)
	case protoext.IsOrgRestricted(m):
		e.dispatch(item, e.crowd.neighbours(e.crowd.home(), e.errand(item)))
	default:
		e.node.logger.Errorf("There is no rule where to send a message of kind %s", protoext.Kind(m))
	}
}

// errand is what routing has to know of a message: here, to whom it need not go.
func (e *emission) errand(item *outgoing) errand {
	from := string(item.from)
	heard := e.node.rumours.about(item.message.GossipMessage)
	return errand{
		sent:  item.sent,
		avoid: func(id string) bool { return id == from && from != "" || heard(id) },
	}
}

// sendInChannel sends a block or leadership message to members of its channel in
// the own organization: to those that route says.
func (e *emission) sendInChannel(item *outgoing, route func(takers, errand) []int) {
	j := e.node.chanState.byName(item.message.Channel)
	if j == nil {
		return
	}
	errand := e.errand(item)
	if holder, ok := j.GossipChannel.(blockHolders); ok && protoext.IsDataMsg(item.message.GossipMessage) {
		avoid, number := errand.avoid, item.message.GetDataMsg().GetPayload().GetSeqNum()
		errand.avoid = func(id string) bool { return avoid(id) || holder.KnownHolder(number, common.PKIidType(id)) }
	}
	e.dispatch(item, route(e.eligible(j), errand))
}

// blockHolders is a channel that knows which peers have which blocks.
type blockHolders interface {
	KnownHolder(seq uint64, pkiID common.PKIidType) bool
}

// eligible is the members of the own organization that may have the blocks of a
// channel. They are determined once in an emission.
func (e *emission) eligible(j *joinedChannel) takers {
	if t, known := e.inside[string(j.name)]; known {
		return t
	}
	is := make([]bool, len(e.members))
	for i := range e.members {
		is[i] = e.crowd.isHome(i) && j.EligibleForChannel(e.members[i]) && j.IsMemberInChan(e.members[i])
	}
	t := takers{"channel " + string(j.name), func(i int) bool { return is[i] }}
	e.inside[string(j.name)] = t
	return t
}

func (e *emission) sendStateInfo(item *outgoing) {
	info := item.message.GetStateInfo()
	errand := e.errand(item)
	errand.own = e.node.orgs.isIn(info.PkiId, e.node.selfOrg)
	j := e.node.chanState.byMAC(info.PkiId, info.Channel_MAC)
	if j == nil || !e.node.isPublic(info.PkiId) {
		e.dispatch(item, e.crowd.stateInfo(nil, errand))
		return
	}
	members := takers{"members of " + string(j.name), func(i int) bool { return j.IsMemberInChan(e.members[i]) }}
	e.dispatch(item, e.crowd.stateInfo(&members, errand))
}

func (e *emission) sendAlive(item *outgoing) {
	subject := item.message.GetAliveMsg().GetMembership()
	origin := string(e.node.orgs.of(subject.GetPkiId()))
	public := subject.GetEndpoint() != "" && e.node.isPublic(subject.GetPkiId())
	e.dispatch(item, e.crowd.aliveMessage(origin, public, e.errand(item)))
}

// isPublic tells whether a peer is known by an endpoint for other organizations.
func (g *gossipServiceImpl) isPublic(pkiID common.PKIidType) bool {
	member := g.disc.Lookup(pkiID)
	return member != nil && member.Endpoint != ""
}

// dispatch sends a message, without its secret to those of other organizations.
func (e *emission) dispatch(item *outgoing, to []int) {
	var home, abroad []*comm.RemotePeer
	for _, i := range to {
		peer := &comm.RemotePeer{PKIID: e.members[i].PKIid, Endpoint: e.members[i].PreferredEndpoint()}
		if e.crowd.isHome(i) {
			home = append(home, peer)
		} else {
			abroad = append(abroad, peer)
		}
		if item.sent != nil {
			item.sent[string(peer.PKIID)] = true
		}
	}
	if len(home) > 0 {
		e.node.comm.Send(item.message, home...)
	}
	if len(abroad) > 0 {
		e.node.comm.Send(&proto.SignedGossipMessage{
			GossipMessage: item.message.GossipMessage,
			Envelope:      protoext.WithoutSecret(item.message.Envelope),
		}, abroad...)
	}
}
