// SPDX-License-Identifier: Apache-2.0

package msgstore

import (
	"fmt"
	"math/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
)

// modelEntry is an entry of the dumb model: a list in which everything is
// looked at every time.
type modelEntry struct {
	message int
	arrived time.Time
	expired bool
}

// byTens is the policy of the model test: within the same ten, the higher
// number replaces the lower one.
func byTens(this, that interface{}) common.InvalidationResult {
	x, y := this.(int), that.(int)
	switch {
	case x/10 != y/10:
		return common.MessageNoAction
	case x > y:
		return common.MessageInvalidates
	}
	return common.MessageInvalidated
}

type model struct {
	entries []modelEntry
	events  []string
}

func (m *model) add(message int, now time.Time) bool {
	valid := true
	m.keep(func(e modelEntry) bool {
		if valid && e.message/10 == message/10 {
			if valid = message > e.message; valid {
				m.events = append(m.events, fmt.Sprint("removed ", e.message))
				return false
			}
		}
		return true
	})
	if valid {
		m.entries = append(m.entries, modelEntry{message: message, arrived: now})
	}
	return valid
}

func (m *model) keep(want func(modelEntry) bool) {
	var kept []modelEntry
	for _, e := range m.entries {
		if want(e) {
			kept = append(kept, e)
		}
	}
	m.entries = kept
}

func (m *model) expire(now time.Time, ttl time.Duration) {
	for i := range m.entries {
		if e := &m.entries[i]; !e.expired && now.Sub(e.arrived) > ttl {
			e.expired = true
			m.events = append(m.events, fmt.Sprint("expired ", e.message))
		}
	}
	m.keep(func(e modelEntry) bool { return now.Sub(e.arrived) <= 2*ttl })
}

func (m *model) live() []interface{} {
	live := []interface{}{}
	for _, e := range m.entries {
		if !e.expired {
			live = append(live, e.message)
		}
	}
	return live
}

// TestBufferAgainstAModel lets random things happen to a buffer and to the
// model, and holds one against the other after each.
func TestBufferAgainstAModel(t *testing.T) {
	const ttl = 50 * time.Second
	for seed := int64(0); seed < 20; seed++ {
		dice := rand.New(rand.NewSource(seed))
		now := time.Now()
		b, m := &buffer{}, &model{}
		var events []string
		remove := func(places []int) {
			for _, old := range b.remove(places) {
				events = append(events, fmt.Sprint("removed ", old))
			}
		}
		for step := 0; step < 600; step++ {
			switch message := dice.Intn(200); dice.Intn(8) {
			case 0:
				remove(b.matching(func(x interface{}) bool { return x.(int)%7 == message%7 }))
				m.keep(func(e modelEntry) bool {
					if e.message%7 == message%7 {
						m.events = append(m.events, fmt.Sprint("removed ", e.message))
						return false
					}
					return true
				})
			case 1, 2:
				now = now.Add(time.Duration(dice.Intn(15)) * time.Second)
				wait, needed := b.change(now, ttl)
				before := len(b.entries)
				expired := b.expire(now, ttl)
				for _, old := range expired {
					events = append(events, fmt.Sprint("expired ", old))
				}
				m.expire(now, ttl)
				assert.Equal(t, needed && wait < 0, len(expired) > 0 || len(b.entries) < before, "announced, or nothing to do")
			default:
				obsolete, valid := b.judge(byTens, message)
				remove(obsolete)
				if valid {
					b.append(message, now)
				}
				assert.Equal(t, m.add(message, now), valid)
			}
			assert.Equal(t, m.live(), b.live())
			assert.Equal(t, len(m.live()), b.size())
			assert.Len(t, b.entries, len(m.entries))
			if !assert.Equal(t, m.events, events, "seed %d, step %d", seed, step) {
				return
			}
		}
		for _, gone := range b.entries[len(b.entries):cap(b.entries)] {
			assert.Nil(t, gone.data, "what is removed can be collected")
		}
	}
}

func TestDurationsDoNotOverflow(t *testing.T) {
	now := time.Now()
	b := &buffer{}
	b.append("a", now)
	wait, _ := b.change(now, maxDuration)
	assert.Equal(t, maxDuration, wait)
	assert.Empty(t, b.expire(now.Add(time.Hour), maxDuration))
	b.expired = 1
	wait, _ = b.change(now.Add(time.Hour), maxDuration)
	assert.Equal(t, maxDuration, wait)
}
