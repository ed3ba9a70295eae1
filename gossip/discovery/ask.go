// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"sync"
	"time"

	"github.com/hyperledger/fabric/gossip/internal/membership"
	"github.com/hyperledger/fabric/gossip/internal/overlay"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

const (
	// maxPinging is how many dead members are pinged at the same time.
	maxPinging = 32

	// overlayDegree is the degree of the graph whose neighbours are asked for
	// news: as many as blocks are pushed to by default, so that the same
	// connections serve for both.
	overlayDegree = 3

	// anybodyOneIn is how rarely neighbours are taken from all members instead
	// of those of this peer's organization.
	anybodyOneIn = 8
)

// InitiateSync see Discovery.
func (d *gossipDiscoveryImpl) InitiateSync(peerNum int) {
	if d.isStopped() {
		return
	}
	var count int
	var near bool
	d.input(func(now time.Time) { count, near = d.core.Sync(peerNum, now) })
	if count == 0 {
		return
	}
	chosen := d.choose(d.alive(), count, near)
	message, err := d.recent()
	if err != nil {
		if d.quiet.allow("sync") {
			d.logger.Warningf("Could not ask for the membership: %v", err)
		}
		return
	}
	for i := range chosen {
		d.send(addressOf(&chosen[i]), requestWith(message, 0))
	}
}

// choose picks up to count of the members: neighbours, if they will do, else
// anybody.
func (d *gossipDiscoveryImpl) choose(from []NetworkMember, count int, near bool) []NetworkMember {
	if count >= len(from) {
		return from
	}
	if !near {
		return pick(from, util.GetRandomIndices(count, len(from)-1))
	}
	// Only members of this peer's own organization tell it their internal
	// endpoints.
	own := Members(from).Filter(func(m NetworkMember) bool { return m.InternalEndpoint != "" })
	if len(own) >= count && util.RandomInt(anybodyOneIn) > 0 {
		from = own
	}
	ids := make([]string, len(from))
	for i := range from {
		ids[i] = string(from[i].PKIid)
	}
	return pick(from, overlay.Contacts(string(d.selfID), ids, overlayDegree, count))
}

func pick(from []NetworkMember, places []int) []NetworkMember {
	picked := make([]NetworkMember, 0, len(places))
	for _, place := range places {
		picked = append(picked, from[place])
	}
	return picked
}

// addressOf is a member without the message that made it known.
func addressOf(m *NetworkMember) *NetworkMember {
	return &NetworkMember{Endpoint: m.Endpoint, InternalEndpoint: m.InternalEndpoint, PKIid: m.PKIid, Metadata: m.Metadata}
}

// ping finds out which of some dead members answer, and introduces this peer to
// those: so each learns that the other is alive.
func (d *gossipDiscoveryImpl) ping(dead []membership.Member) {
	var message sharedAlive
	next := make(chan membership.Member)
	var pinging sync.WaitGroup
	for i := 0; i < maxPinging && i < len(dead); i++ {
		pinging.Add(1)
		go func() {
			defer pinging.Done()
			for m := range next {
				if !d.isStopped() && d.comm.Ping(recordOf(m)) {
					d.askAgain(m, &message)
				}
			}
		}()
	}
	d.feed(next, dead)
	pinging.Wait()
	d.input(func(now time.Time) { d.core.Pinged(now) })
}

// feed hands the members to whoever pings, until this peer is stopped.
func (d *gossipDiscoveryImpl) feed(next chan<- membership.Member, dead []membership.Member) {
	defer close(next)
	for _, m := range dead {
		select {
		case next <- m:
		case <-d.done:
			return
		}
	}
}

// sharedAlive is a new alive message, made when it is first needed.
type sharedAlive struct {
	once    sync.Once
	message *proto.SignedGossipMessage
	err     error
}

// askAgain asks a dead member that answers for its view of the membership.
func (d *gossipDiscoveryImpl) askAgain(m membership.Member, alive *sharedAlive) {
	alive.once.Do(func() { alive.message, alive.err = d.sayAlive() })
	if alive.err != nil {
		if d.quiet.allow("reconnect") {
			d.logger.Warningf("Could not introduce this peer to members that came back: %v", alive.err)
		}
		return
	}
	d.send(recordOf(m), requestWith(alive.message, 0))
}
