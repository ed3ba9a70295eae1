// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/util"
)

// RoutingFilter tells whether a member is among those that something is for.
type RoutingFilter func(discovery.NetworkMember) bool

// SelectNonePolicy accepts no member.
var SelectNonePolicy = func(discovery.NetworkMember) bool { return false }

// SelectAllPolicy accepts every member.
var SelectAllPolicy = func(discovery.NetworkMember) bool { return true }

// CombineRoutingFilters accepts the members that all filters accept. Filters
// after one that refuses are not asked.
func CombineRoutingFilters(filters ...RoutingFilter) RoutingFilter {
	return func(member discovery.NetworkMember) bool {
		for _, accepts := range filters {
			if !accepts(member) {
				return false
			}
		}
		return true
	}
}

// SelectPeers picks k members that the filter accepts, at random and in random
// order, or all such members if there are fewer or k is negative; nil if there
// are none. It asks the filter about each member at most once, and no longer
// than until k are found.
func SelectPeers(k int, peerPool []discovery.NetworkMember, filter RoutingFilter) []*comm.RemotePeer {
	var picked []*comm.RemotePeer
	order := make([]int, len(peerPool)) // shuffled as far as it is needed
	for i := range order {
		order[i] = i
	}
	for i := 0; i < len(order) && len(picked) != k; i++ {
		j := i + util.RandomInt(len(order)-i)
		order[i], order[j] = order[j], order[i]
		if member := peerPool[order[i]]; filter(member) {
			picked = append(picked, remotePeer(member))
		}
	}
	return picked
}

// First returns the first member of the pool that the filter accepts, nil if it
// accepts none.
func First(peerPool []discovery.NetworkMember, filter RoutingFilter) *comm.RemotePeer {
	for i := range peerPool {
		if filter(peerPool[i]) {
			return remotePeer(peerPool[i])
		}
	}
	return nil
}

// AnyMatch returns the members that at least one of the filters accepts, in the
// order of the pool; nil if there are none.
func AnyMatch(peerPool []discovery.NetworkMember, filters ...RoutingFilter) []discovery.NetworkMember {
	var matching []discovery.NetworkMember
	for i := range peerPool {
		for _, accepts := range filters {
			if accepts(peerPool[i]) {
				matching = append(matching, peerPool[i])
				break
			}
		}
	}
	return matching
}

// remotePeer is the member as the layer that sends knows it.
func remotePeer(member discovery.NetworkMember) *comm.RemotePeer {
	return &comm.RemotePeer{PKIID: member.PKIid, Endpoint: member.PreferredEndpoint()}
}
