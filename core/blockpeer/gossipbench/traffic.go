// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hyperledger/fabric/gossip/gossip"
	"github.com/hyperledger/fabric/gossip/observe"
)

// traffic counts what all nodes send by kind of message, and whatever they
// reject, drop or refuse, if they let themselves be observed.
type traffic struct {
	mutex  sync.Mutex
	kinds  map[string]sent
	events map[string]int
}

// sent is how much of one kind was sent.
type sent struct {
	messages int
	bytes    int // of envelopes
}

func newTraffic() *traffic { return &traffic{kinds: map[string]sent{}, events: map[string]int{}} }

// watch observes a node, if it can be.
func (t *traffic) watch(node gossip.Gossip) {
	if observed, ok := node.(interface{ Hook() *observe.Hook }); ok {
		observed.Hook().Set(t)
	}
}

// Observe implements observe.Observer.
func (t *traffic) Observe(e observe.Event) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	switch e.Kind {
	case observe.Sent:
		kind := t.kinds[e.Message]
		t.kinds[e.Message] = sent{kind.messages + 1, kind.bytes + e.Bytes}
	case observe.Received, observe.Verified:
	default:
		t.events[fmt.Sprintf("%s: %s (%s)", e.Kind, e.Reason, e.Message)]++
	}
}

// reset starts counting anew.
func (t *traffic) reset() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.kinds, t.events = map[string]sent{}, map[string]int{}
}

// print lists the kinds, those with the most bytes first, and events.
func (t *traffic) print(out io.Writer, phase string, elapsed time.Duration) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	fmt.Fprintf(out, "%s, sent by all nodes in a second:\n", phase)
	for _, kind := range sortedBy(t.kinds, func(s sent) int { return -s.bytes }) {
		s := t.kinds[kind]
		fmt.Fprintf(out, "  %10.1f messages %10.1f KB  %s\n", float64(s.messages)/elapsed.Seconds(), float64(s.bytes)/1e3/elapsed.Seconds(), kind)
	}
	fmt.Fprintf(out, "%s, happened at all nodes:\n", phase)
	for _, event := range sortedBy(t.events, func(n int) int { return -n }) {
		fmt.Fprintf(out, "  %10d %s\n", t.events[event], event)
	}
}

func sortedBy[V any](m map[string]V, rank func(V) int) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(m[a]), rank(m[b])), cmp.Compare(a, b))
	})
}
