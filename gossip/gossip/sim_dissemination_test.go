// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"fmt"
	"math"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet"
)

// simCourse is what happens while blocks are being spread.
type simCourse struct {
	blocks    uint64
	perSecond int
	size      int           // of a block, in bytes
	partition time.Duration // for how long a third of each organization is cut off
	cutAt     uint64        // when: at this block
	restarts  int           // how many peers restart, the first leader among them
	restartAt uint64        // the first of them
	downFor   time.Duration // each of them
}

// simRun is one course on one network.
type simRun struct {
	*simWorld
	simCourse
	published map[string]map[uint64]time.Duration // organization -> block -> when its leader gossiped it
	healAt    time.Time                           // zero if there is no partition
	ups       []simUp
	restarted map[*simPeer]bool
}

// simUp is a peer that will start again.
type simUp struct {
	at time.Time
	p  *simPeer
}

// run is the course from the start of all peers until each has all blocks and
// knows everybody again.
func (w *simWorld) run(c simCourse) simResult {
	r := &simRun{simWorld: w, simCourse: c, published: map[string]map[uint64]time.Duration{}, restarted: map[*simPeer]bool{}}
	w.start(20*time.Millisecond, w.peers...)
	w.t.Logf("%d peers of %d organizations, %d of each reachable from outside", len(w.peers), len(w.orgs), w.plan.external)
	members := w.within(2*time.Minute, 100*time.Millisecond, "membership", w.membershipComplete)
	w.t.Logf("full membership %v after the last start", members.Round(time.Second/10))
	channels := w.within(2*time.Minute, 100*time.Millisecond, "channel membership", w.channelComplete)
	w.t.Logf("full channel membership %v after that", channels.Round(time.Second/10))
	before := w.wire.traffic()
	for n := uint64(1); n <= c.blocks; n++ {
		r.disturb(n)
		r.publish(n)
		r.membershipComplete() // it never is more than that
		w.pass(time.Second / time.Duration(c.perSecond))
	}
	behind := w.within(3*time.Minute, time.Second/10, "the last block", r.complete)
	again := w.within(3*time.Minute, time.Second/10, "membership afterwards", w.membershipComplete)
	w.t.Logf("everybody has all %d blocks %v after the last, and full membership %v later", c.blocks, behind.Round(time.Second/10), again.Round(time.Second/10))
	return r.judge(before)
}

// disturb does what is due before a block.
func (r *simRun) disturb(n uint64) {
	now := time.Now()
	if r.partition > 0 && n == r.cutAt {
		var cut []string
		for _, org := range r.orgs {
			peers := r.org(org)
			for _, p := range peers[len(peers)-len(peers)/3:] {
				cut = append(cut, p.internal)
			}
		}
		r.Partition(cut)
		r.healAt = now.Add(r.partition)
	}
	if !r.healAt.IsZero() && !now.Before(r.healAt) {
		r.Heal()
		r.healAt = time.Time{}
	}
	if every := uint64(r.perSecond); n >= r.restartAt && len(r.restarted) < r.restarts && (n-r.restartAt)%every == 0 {
		r.takeDown()
	}
	for len(r.ups) > 0 && !now.Before(r.ups[0].at) {
		r.ups[0].p.start()
		r.ups = r.ups[1:]
	}
}

// takeDown stops a peer, or has it crash.
func (r *simRun) takeDown() {
	p := r.peers[0]
	for r.restarted[p] {
		p = r.peers[r.random.Intn(len(r.peers))]
	}
	r.restarted[p] = true
	if len(r.restarted)%2 == 0 {
		r.Crash(p.internal)
	}
	p.stop()
	r.ups = append(r.ups, simUp{time.Now().Add(r.downFor), p})
}

// publish has the leader of each organization, its first running peer, gossip
// what it does not have up to the block.
func (r *simRun) publish(n uint64) {
	for _, org := range r.orgs {
		for _, p := range r.org(org) {
			if p.node == nil {
				continue
			}
			if r.published[org] == nil {
				r.published[org] = map[uint64]time.Duration{}
			}
			r.published[org][n] = r.Now()
			p.lead(n, r.size)
			break
		}
	}
}

func (r *simRun) complete() bool {
	for _, p := range r.peers {
		if p.ledger.height() != r.blocks+1 {
			return false
		}
	}
	return true
}

// simResult is what a course came to.
type simResult struct {
	calm   []time.Duration // how long blocks took before the first disturbance, in order
	copies float64         // of each block, delivered to each peer
}

// judge checks each peer's ledger and prints how long blocks took.
func (r *simRun) judge(before map[string]simTraffic) simResult {
	var calm, all []time.Duration
	old := 0
	for _, p := range r.peers {
		fault, first := p.ledger.state()
		assert.Empty(r.t, fault, p.internal)
		old += p.ledger.old
		for n, at := range first {
			took := at - r.published[p.org][n]
			all = append(all, took)
			if (r.cutAt == 0 || n < r.cutAt) && (r.restartAt == 0 || n < r.restartAt) {
				calm = append(calm, took)
			}
		}
	}
	mean := r.plan.link.Latency + r.plan.link.Jitter/2
	hops, reached := 0, 1
	for reached < r.plan.peers {
		hops++
		reached += 3 << uint(hops-1)
	}
	r.t.Logf("latency before any disturbance %s; in all %s; at least %v over the %d hops to the last, by 3 copies a peer",
		simPercentiles(calm), simPercentiles(all), time.Duration(hops)*mean, hops)
	copies := r.wire.perBlock(r.t, before, int(r.blocks), len(r.peers), len(r.orgs))
	if r.restarts > 0 {
		r.t.Logf("%d blocks came again to restarted peers", old)
	}
	return simResult{calm, copies}
}

// simPercentiles describes durations, which it sorts.
func simPercentiles(d []time.Duration) string {
	if len(d) == 0 {
		return "unknown"
	}
	sort.Slice(d, func(i, j int) bool { return d[i] < d[j] })
	at := func(q float64) time.Duration { return simQuantile(d, q).Round(time.Millisecond) }
	return fmt.Sprintf("p50 %v, p90 %v, p99 %v, max %v", at(.5), at(.9), at(.99), at(1))
}

func simQuantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[int(math.Ceil(q*float64(len(sorted))))-1]
}

var simRegularLink = simnet.Link{
	Latency:   5 * time.Millisecond,
	Jitter:    5 * time.Millisecond,
	Loss:      0.05,
	Bandwidth: 12500000, // 100 Mbit/s
}

// Four organizations that lose one message in twenty, that are split, and of
// which peers restart, get all blocks all the same.
func TestSimDissemination(t *testing.T) {
	plan := simPlan{orgs: 4, peers: 6, external: 2, link: simRegularLink, config: func(c *Config) { c.MaxBlockCountToStore = 200 }}
	simulateWorld(t, plan, func(w *simWorld) {
		w.run(simCourse{
			blocks: 120, perSecond: 2, size: 1000,
			partition: 30 * time.Second, cutAt: 20,
			restarts: 3, restartAt: 85, downFor: 5 * time.Second,
		})
	})
}

// In an undisturbed network of one large organization, blocks take no longer
// than a few hops, on about as few copies as that takes.
func TestSimDisseminationUndisturbed(t *testing.T) {
	link := simRegularLink
	link.Loss = 0
	simulateWorld(t, simPlan{orgs: 1, peers: simUnlessRace(50, 20), link: link}, func(w *simWorld) {
		r := w.run(simCourse{blocks: uint64(simUnlessRace(100, 20)), perSecond: 6, size: 1000})
		assert.True(t, simQuantile(r.calm, .99) <= 100*time.Millisecond)
		assert.True(t, simQuantile(r.calm, 1) <= 500*time.Millisecond)
		assert.True(t, r.copies <= 2.0)
	})
}
