// SPDX-License-Identifier: Apache-2.0

package observe

import (
	"sync"
	"sync/atomic"
)

// Hook counts events and passes them on. The zero value counts and passes on
// to nobody. It is safe for concurrent use; it must not be copied.
type Hook struct {
	counts sync.Map     // Count -> *uint64
	next   atomic.Value // holder
}

// Count names one counter of a Hook.
type Count struct {
	Kind    Kind
	Reason  string
	Message string
}

// holder lets an atomic.Value hold observers of different types, and none.
type holder struct{ Observer }

// Set makes o the one observer that hears every later event; nil for none.
func (h *Hook) Set(o Observer) { h.next.Store(holder{o}) }

// Observe counts the event and passes it on. It does not block unless the
// observer does.
func (h *Hook) Observe(e Event) {
	atomic.AddUint64(h.counter(Count{e.Kind, e.Reason, e.Message}), 1)
	if next, _ := h.next.Load().(holder); next.Observer != nil {
		next.Observe(e)
	}
}

func (h *Hook) counter(c Count) *uint64 {
	if n, ok := h.counts.Load(c); ok {
		return n.(*uint64)
	}
	n, _ := h.counts.LoadOrStore(c, new(uint64))
	return n.(*uint64)
}

// Counts is a copy of all counters that are not zero.
func (h *Hook) Counts() map[Count]uint64 {
	counts := map[Count]uint64{}
	h.counts.Range(func(c, n interface{}) bool {
		counts[c.(Count)] = atomic.LoadUint64(n.(*uint64))
		return true
	})
	return counts
}

// Total is how many events of a kind there were; with a reason, only those.
func (h *Hook) Total(kind Kind, reason ...string) uint64 {
	total := uint64(0)
	for c, n := range h.Counts() {
		if c.Kind == kind && (len(reason) == 0 || c.Reason == reason[0]) {
			total += n
		}
	}
	return total
}
