// SPDX-License-Identifier: Apache-2.0

package observe

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

type recorder struct {
	sync.Mutex
	events []Event
}

func (r *recorder) Observe(e Event) {
	r.Lock()
	defer r.Unlock()
	r.events = append(r.events, e)
}

func TestHookCountsAndPassesOn(t *testing.T) {
	part, node, last := &Hook{}, &Hook{}, &recorder{}
	part.Observe(Event{Kind: Dropped, Reason: "send buffer full"}) // nobody listens yet
	part.Set(node)
	node.Set(last)
	part.Observe(Event{Kind: Dropped, Reason: "send buffer full", Bytes: 7})
	part.Observe(Event{Kind: Rejected, Reason: "bad signature", Message: "alive_msg"})
	part.Set(nil)
	part.Observe(Event{Kind: Rejected, Reason: "bad signature", Message: "alive_msg"})

	assert.Equal(t, uint64(2), part.Total(Dropped))
	assert.Equal(t, uint64(2), part.Total(Rejected, "bad signature"))
	assert.Zero(t, part.Total(Rejected, "other"))
	assert.Equal(t, uint64(1), node.Total(Dropped, "send buffer full"))
	assert.Equal(t, map[Count]uint64{
		{Kind: Dropped, Reason: "send buffer full"}:                     1,
		{Kind: Rejected, Reason: "bad signature", Message: "alive_msg"}: 1,
	}, node.Counts())
	assert.Len(t, last.events, 2)
	assert.Equal(t, 7, last.events[0].Bytes)
}

func TestHookIsSafeForConcurrentUse(t *testing.T) {
	h := &Hook{}
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for j := 0; j < 100; j++ {
				h.Observe(Event{Kind: Sent})
				h.Set(&Hook{})
			}
		}()
	}
	all.Wait()
	assert.Equal(t, uint64(800), h.Total(Sent))
}
