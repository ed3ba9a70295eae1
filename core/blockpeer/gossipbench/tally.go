// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// tally notes when each block left and when it arrived at each node. Safe for
// concurrent use.
type tally struct {
	complete chan struct{} // closed once every block is everywhere

	mutex    sync.Mutex
	left     []time.Time // by number, from 1
	arrivals []arrival
	expected int
}

// arrival is one delivery of one block.
type arrival struct {
	latency time.Duration
	number  uint64
	node    int
}

// newTally expects blocks at as many receivers.
func newTally(blocks, receivers int) *tally {
	return &tally{complete: make(chan struct{}), left: make([]time.Time, 1, 1+blocks), expected: blocks * receivers}
}

// sent notes that the next block is about to be gossiped.
func (t *tally) sent(number uint64) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if uint64(len(t.left)) == number {
		t.left = append(t.left, time.Now())
	}
}

// arrived notes that a receiver got a block. Gossip delivers a block once.
func (t *tally) arrived(node int, number uint64) {
	now := time.Now()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if number < uint64(len(t.left)) {
		t.arrivals = append(t.arrivals, arrival{now.Sub(t.left[number]), number, node})
	}
	if len(t.arrivals) == t.expected {
		close(t.complete)
	}
}

// results are the deliveries, the fastest first, and how many are missing.
func (t *tally) results() (arrivals []arrival, lost int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	sorted := slices.SortedFunc(slices.Values(t.arrivals), func(a, b arrival) int { return cmp.Compare(a.latency, b.latency) })
	return sorted, t.expected - len(sorted)
}

// percentile of the latencies of arrivals, the fastest first: the least that this
// share of them does not exceed.
func percentile(sorted []arrival, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(share*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1].latency
}
