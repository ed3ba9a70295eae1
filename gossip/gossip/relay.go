// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"sync"
	"time"

	proto "github.com/hyperledger/fabric/protos/gossip"
)

// relay passes on what a peer says of its state in a channel that this node has
// not joined, so that members of that channel in the organization hear of it
// through nodes that are not. The node cannot tell which channel it is. It runs
// on the relay lane.
func (g *gossipServiceImpl) relay(m proto.ReceivedMessage) {
	if !g.orgs.isIn(m.GetConnectionInfo().ID, g.selfOrg) {
		g.drop(m, foreignRelay)
		return
	}
	received := m.GetGossipMessage()
	info := received.GetStateInfo()
	if !g.relays.isNews(info, time.Now()) {
		g.drop(m, stale)
		return
	}
	if reason, err := g.verifySigner(received, info.PkiId); err != nil {
		g.reject(m, reason, err)
		return
	}
	if !g.relays.note(info, time.Now()) {
		g.drop(m, tooManyChannels)
		return
	}
	g.forward(m)
}

// Bounds of a relayMemory.
const (
	maxRelayedPerPeer = 1024
	relaySweepEvery   = 1024 // notes between two looks for what is too old
)

// relayMemory remembers the latest of what was relayed about each peer in each
// channel, for a while.
type relayMemory struct {
	ttl time.Duration

	mutex sync.Mutex
	// Guarded by mutex:
	peers map[string]map[string]relayed // by PKI-ID and MAC
	notes int
}

type relayed struct {
	stamp stamp
	at    time.Time
}

func newRelayMemory(ttl time.Duration) *relayMemory {
	return &relayMemory{ttl: ttl, peers: map[string]map[string]relayed{}}
}

// isNews tells whether nothing as new has been noted.
func (r *relayMemory) isNews(info *proto.StateInfo, now time.Time) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	last, known := r.peers[string(info.PkiId)][string(info.Channel_MAC)]
	return !known || r.outdated(last, now) || last.stamp.before(stampOf(info.Timestamp))
}

// note remembers a message, of which the signature holds. It refuses the
// channels of a peer that claims to be in too many.
func (r *relayMemory) note(info *proto.StateInfo, now time.Time) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.notes++; r.notes%relaySweepEvery == 0 {
		r.sweep(now)
	}
	channels := r.peers[string(info.PkiId)]
	if channels == nil {
		channels = map[string]relayed{}
		r.peers[string(info.PkiId)] = channels
	}
	if _, known := channels[string(info.Channel_MAC)]; !known && len(channels) >= maxRelayedPerPeer {
		return false
	}
	channels[string(info.Channel_MAC)] = relayed{stampOf(info.Timestamp), now}
	return true
}

func (r *relayMemory) outdated(entry relayed, now time.Time) bool { return now.Sub(entry.at) > r.ttl }

// sweep drops what is too old. It is called with the mutex held.
func (r *relayMemory) sweep(now time.Time) {
	for pkiID, channels := range r.peers {
		for mac, entry := range channels {
			if r.outdated(entry, now) {
				delete(channels, mac)
			}
		}
		if len(channels) == 0 {
			delete(r.peers, pkiID)
		}
	}
}

// forget is called when the identity of a peer has left.
func (r *relayMemory) forget(pkiID string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.peers, pkiID)
}
