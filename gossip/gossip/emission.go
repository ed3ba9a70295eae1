// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
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
	if !g.audience.current() {
		g.audience = look(g, g.audience)
	}
	g.audience.keepIdentities()
	for _, item := range batch {
		g.audience.send(item.(*outgoing))
	}
}

// send sends a message to whom routing says.
func (a *audience) send(item *outgoing) {
	m := item.message.GossipMessage
	switch {
	case protoext.IsDataMsg(m):
		a.sendInChannel(item, a.crowd.neighbours)
	case protoext.IsLeadershipMsg(m):
		a.sendInChannel(item, a.crowd.everyone)
	case protoext.IsStateInfoMsg(m):
		a.sendStateInfo(item)
	case protoext.IsAliveMsg(m):
		a.sendAlive(item)
	case protoext.IsOrgRestricted(m):
		a.dispatch(item, a.crowd.neighbours(a.crowd.home(), a.errand(item)))
	default:
		a.node.logger.Errorf("There is no rule where to send a message of kind %s", protoext.Kind(m))
	}
}

// errand is what routing has to know of a message: here, to whom it need not go.
func (a *audience) errand(item *outgoing) errand {
	from := string(item.from)
	heard := a.node.rumours.about(item.message.GossipMessage, a.space[:])
	return errand{
		sent:  item.sent,
		avoid: func(id string) bool { return id == from && from != "" || heard(id) },
	}
}

// sendInChannel sends a block or leadership message to members of its channel in
// the own organization: to those that route says.
func (a *audience) sendInChannel(item *outgoing, route func(*group, errand) []int) {
	j := a.node.chanState.byName(item.message.Channel)
	if j == nil {
		return
	}
	errand := a.errand(item)
	if holder, ok := j.GossipChannel.(blockHolders); ok && protoext.IsDataMsg(item.message.GossipMessage) {
		avoid, number := errand.avoid, item.message.GetDataMsg().GetPayload().GetSeqNum()
		errand.avoid = func(id string) bool { return avoid(id) || holder.KnownHolder(number, common.PKIidType(id)) }
	}
	a.dispatch(item, route(a.inside(j).eligible, errand))
}

// blockHolders is a channel that knows which peers have which blocks.
type blockHolders interface {
	KnownHolder(seq uint64, pkiID common.PKIidType) bool
}

func (a *audience) sendStateInfo(item *outgoing) {
	info := item.message.GetStateInfo()
	errand := a.errand(item)
	errand.own = a.node.orgs.isIn(info.PkiId, a.node.selfOrg)
	j := a.node.chanState.byMAC(info.PkiId, info.Channel_MAC)
	if j == nil || !a.node.isPublic(info.PkiId) {
		a.dispatch(item, a.crowd.stateInfo(nil, errand))
		return
	}
	a.dispatch(item, a.crowd.stateInfo(a.inside(j), errand))
}

func (a *audience) sendAlive(item *outgoing) {
	subject := item.message.GetAliveMsg().GetMembership()
	origin := string(a.node.orgs.of(subject.GetPkiId()))
	public := subject.GetEndpoint() != "" && a.node.isPublic(subject.GetPkiId())
	a.dispatch(item, a.crowd.aliveMessage(origin, public, a.errand(item)))
}

// isPublic tells whether a peer is known by an endpoint for other organizations.
func (g *gossipServiceImpl) isPublic(pkiID common.PKIidType) bool {
	member := g.disc.Lookup(pkiID)
	return member != nil && member.Endpoint != ""
}

// dispatch sends a message, without its secret to those of other organizations.
func (a *audience) dispatch(item *outgoing, to []int) {
	var home, abroad []*comm.RemotePeer
	for _, i := range to {
		if a.crowd.isHome(i) {
			home = append(home, a.peers[i])
		} else {
			abroad = append(abroad, a.peers[i])
		}
		if item.sent != nil {
			item.sent[a.crowd.contacts[i].id] = true
		}
	}
	if len(home) > 0 {
		a.node.comm.Send(item.message, home...)
	}
	if len(abroad) > 0 {
		a.node.comm.Send(&proto.SignedGossipMessage{
			GossipMessage: item.message.GossipMessage,
			Envelope:      protoext.WithoutSecret(item.message.Envelope),
		}, abroad...)
	}
}
