// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/internal/overlay"
)

const (
	// manyMembers is from how many members on identities are pulled from
	// contacts only.
	manyMembers = 8
	// calmRounds is for how many rounds nobody new and no unknown signer must
	// have been seen for pulling from one contact instead of several.
	calmRounds = 3
)

// pullContacts is the membership as the pull of identities sees it: everybody,
// or in a large network a few that change from round to round, so that pulling
// does not connect each with all. As long as no identity seems to be missing,
// they are fewer.
type pullContacts struct {
	missed int64 // when a signer was unknown for the last time, in nanoseconds; used atomically
	node   *gossipServiceImpl

	mutex sync.Mutex
	// Guarded by mutex:
	chosen  []discovery.NetworkMember
	until   time.Time       // when others are chosen
	members map[string]bool // by PKI-ID, when the last ones were chosen
	changed time.Time       // when there were others than before, for the last time
}

// noteMissing is called when a message comes from a signer of unknown identity.
func (p *pullContacts) noteMissing() { atomic.StoreInt64(&p.missed, time.Now().UnixNano()) }

// GetMembership lists the peers to pull from. One round sees the same.
func (p *pullContacts) GetMembership() []discovery.NetworkMember {
	if !p.node.isReady() {
		return nil
	}
	members := p.node.disc.GetMembership()
	if len(members) <= manyMembers {
		return members
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if now := time.Now(); now.After(p.until) {
		p.look(members, now)
		count := p.node.conf.PullPeerNum
		if p.calm(now) && count > 1 {
			count = 1
		}
		p.chosen = p.node.someOf(members, count)
		p.until = now.Add(p.node.conf.PullInterval * 3 / 4)
	}
	return p.chosen
}

// look notes whether there are members that were not there before. It is called
// with the mutex held.
func (p *pullContacts) look(members []discovery.NetworkMember, now time.Time) {
	present := make(map[string]bool, len(members))
	for i := range members {
		present[string(members[i].PKIid)] = true
		if !p.members[string(members[i].PKIid)] {
			p.changed = now
		}
	}
	p.members = present
}

func (p *pullContacts) calm(now time.Time) bool {
	restless := now.Add(-calmRounds * p.node.conf.PullInterval)
	return p.changed.Before(restless) && time.Unix(0, atomic.LoadInt64(&p.missed)).Before(restless)
}

// someOf picks contacts in the own organization, and as many in others.
func (g *gossipServiceImpl) someOf(members []discovery.NetworkMember, count int) []discovery.NetworkMember {
	var chosen []discovery.NetworkMember
	for _, home := range []bool{true, false} {
		var group []discovery.NetworkMember
		var ids []string
		for i := range members {
			if g.orgs.isIn(members[i].PKIid, g.selfOrg) == home {
				group, ids = append(group, members[i]), append(ids, string(members[i].PKIid))
			}
		}
		for _, at := range overlay.Contacts(string(g.comm.GetPKIid()), ids, g.conf.PropagatePeerNum, count) {
			chosen = append(chosen, group[at])
		}
	}
	return chosen
}
