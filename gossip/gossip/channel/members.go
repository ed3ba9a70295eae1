// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"bytes"
	"sync"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/filter"
	"github.com/hyperledger/fabric/gossip/internal/overlay"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// orgList is the organizations of a channel, as the latest configuration has
// them.
type orgList struct {
	configuring sync.Mutex             // held by ConfigureChannel
	latest      api.JoinChannelMessage // guarded by configuring

	mutex sync.RWMutex
	orgs  []api.OrgIdentityType // guarded by mutex; the slice is never changed
	epoch int                   // guarded by mutex; grows when orgs are replaced
}

func (l *orgList) get() ([]api.OrgIdentityType, int) {
	l.mutex.RLock()
	defer l.mutex.RUnlock()
	return l.orgs, l.epoch
}

func (l *orgList) replace(orgs []api.OrgIdentityType) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.orgs = append([]api.OrgIdentityType(nil), orgs...)
	l.epoch++
}

func (gc *gossipChannel) ConfigureChannel(joinMsg api.JoinChannelMessage) {
	orgs := joinMsg.Members()
	if len(orgs) == 0 {
		gc.logger.Warningf("Channel %s: keeping its configuration, as the new one has no organizations", gc.chainID)
		return
	}
	gc.orgs.configuring.Lock()
	defer gc.orgs.configuring.Unlock()
	// Messages may compute their number when asked: the latest is asked first,
	// so that of two that count up the new one is the higher.
	if gc.orgs.latest != nil {
		if latest, next := gc.orgs.latest.SequenceNumber(), joinMsg.SequenceNumber(); latest > next {
			gc.logger.Warningf("Channel %s: keeping configuration %d, as %d is older", gc.chainID, latest, next)
			return
		}
	}
	gc.orgs.latest = joinMsg
	gc.orgs.replace(orgs)
	gc.reviewStateInfos()
}

func (gc *gossipChannel) IsOrgInChannel(membersOrg api.OrgIdentityType) bool {
	orgs, _ := gc.orgs.get()
	for _, org := range orgs {
		if isOrg(membersOrg, org) {
			return true
		}
	}
	return false
}

func (gc *gossipChannel) IsMemberInChan(member discovery.NetworkMember) bool {
	return gc.IsOrgInChannel(gc.GetOrgOfPeer(member.PKIid))
}

func (gc *gossipChannel) EligibleForChannel(member discovery.NetworkMember) bool {
	return gc.eligible(member.PKIid) != nil
}

// Standing is a number that changes whenever EligibleForChannel or
// IsMemberInChan may begin to answer otherwise than before, as far as that is
// the channel's doing: not when an identity arrives or leaves. The node finds it
// by interface assertion, and asks about every member only if it has changed.
func (gc *gossipChannel) Standing() uint64 {
	_, epoch := gc.orgs.get()
	return uint64(epoch) + gc.stateInfos.movement() // neither ever shrinks
}

// eligible is a peer's StateInfo, nil if the peer may not have blocks.
func (gc *gossipChannel) eligible(pkiID common.PKIidType) *proto.SignedGossipMessage {
	if len(gc.GetIdentityByPKIID(pkiID)) == 0 {
		return nil
	}
	return gc.stateInfoOf(pkiID)
}

func (gc *gossipChannel) GetPeers() []discovery.NetworkMember {
	if gc.hasLeftChannel() {
		return nil
	}
	var members []discovery.NetworkMember
	for _, member := range gc.GetMembership() {
		message := gc.eligible(member.PKIid)
		if message == nil || message.GetStateInfo().GetProperties().GetLeftChannel() {
			continue
		}
		member.Properties = message.GetStateInfo().Properties
		member.Envelope = message.Envelope
		members = append(members, member)
	}
	return members
}

func (gc *gossipChannel) PeerFilter(messagePredicate api.SubChannelSelectionCriteria) filter.RoutingFilter {
	return func(member discovery.NetworkMember) bool {
		identity := gc.GetIdentityByPKIID(member.PKIid)
		message := gc.stateInfoOf(member.PKIid)
		if len(identity) == 0 || message == nil || messagePredicate == nil {
			return false
		}
		return messagePredicate(api.PeerSignature{
			Message:      message.Payload,
			Signature:    message.Signature,
			PeerIdentity: identity,
		})
	}
}

// sources lists the peers that blocks can be got from: those of the own
// organization that are alive and eligible; none after the channel was left.
func (gc *gossipChannel) sources() []discovery.NetworkMember {
	if gc.hasLeftChannel() {
		return nil
	}
	return discovery.Members(gc.GetMembership()).Filter(func(member discovery.NetworkMember) bool {
		return gc.isOwnOrg(member.PKIid) && gc.eligible(member.PKIid) != nil
	})
}

// pullMembers is the membership that the block puller selects from.
type pullMembers struct{ *gossipChannel }

// GetMembership lists the sources, or contacts among them if they are many.
func (gc pullMembers) GetMembership() []discovery.NetworkMember {
	return gc.contacts(gc.sources(), gc.conf.PullPeerNum)
}

// contacts narrows a pool of peers of the own organization that is large down
// to k of them.
func (gc *gossipChannel) contacts(pool []discovery.NetworkMember, k int) []discovery.NetworkMember {
	if len(pool) <= smallPool {
		return pool
	}
	ids := make([]string, len(pool))
	for i := range pool {
		ids[i] = string(pool[i].PKIid)
	}
	var picked []discovery.NetworkMember
	for _, i := range overlay.Contacts(string(gc.pkiID), ids, gc.conf.PullPeerNum, k) {
		picked = append(picked, pool[i])
	}
	return picked
}

// split separates the members of the own organization from others of the
// channel.
func (gc *gossipChannel) split(members []discovery.NetworkMember) (own, foreign []discovery.NetworkMember) {
	for _, member := range members {
		switch org := gc.GetOrgOfPeer(member.PKIid); {
		case !gc.IsOrgInChannel(org):
		case isOrg(org, gc.selfOrg):
			own = append(own, member)
		default:
			foreign = append(foreign, member)
		}
	}
	return own, foreign
}

// anyOf is one of the members, none if there are none.
func anyOf(members []discovery.NetworkMember) []discovery.NetworkMember {
	if len(members) == 0 {
		return nil
	}
	i := util.RandomInt(len(members))
	return members[i : i+1]
}

// sameMember tells whether two PKI-IDs name one peer.
func sameMember(a, b common.PKIidType) bool { return bytes.Equal(a, b) }
