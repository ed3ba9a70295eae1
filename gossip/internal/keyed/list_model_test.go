// SPDX-License-Identifier: Apache-2.0

package keyed

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

func (m *model) purge(pred func(message int) bool) {
	m.keep(func(e modelEntry) bool {
		if pred(e.message) {
			m.events = append(m.events, fmt.Sprint("removed ", e.message))
			return false
		}
		return true
	})
}

func (m *model) all() []interface{} {
	all := []interface{}{}
	for _, e := range m.entries {
		all = append(all, e.message)
	}
	return all
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

// subject is a list under test and what came of it.
type subject struct {
	list
	events []string
}

func (s *subject) add(message int, now time.Time) bool {
	obsolete, valid := Scan(byTens).judge(&s.list, message)
	s.drop(obsolete)
	if valid {
		s.append(message, now)
	}
	return valid
}

func (s *subject) drop(entries []*entry) {
	for _, e := range entries {
		s.remove(e)
		s.events = append(s.events, fmt.Sprint("removed ", e.message))
	}
}

// age does what is due, and tells whether anything was.
func (s *subject) age(now time.Time, ttl time.Duration) (due bool) {
	for _, old := range s.expire(now, ttl) {
		s.events = append(s.events, fmt.Sprint("expired ", old))
		due = true
	}
	for e := s.outlived(now, ttl); e != nil; e = s.outlived(now, ttl) {
		s.remove(e)
		due = true
	}
	return due
}

// all lists the messages forward, and checks that the way back is the same.
func (s *subject) all(t *testing.T) []interface{} {
	all := []interface{}{}
	var last *entry
	for e := s.first; e != nil; e = e.next {
		assert.True(t, e.prev == last)
		all, last = append(all, e.message), e
	}
	assert.True(t, s.last == last)
	return all
}

// TestListAgainstAModel lets random things happen to a list and to the model,
// and holds one against the other after each.
func TestListAgainstAModel(t *testing.T) {
	const ttl = 50 * time.Second
	for seed := int64(0); seed < 20; seed++ {
		dice := rand.New(rand.NewSource(seed))
		now := time.Now()
		s, m := &subject{}, &model{}
		for step := 0; step < 600; step++ {
			switch message := dice.Intn(200); dice.Intn(8) {
			case 0:
				s.drop(s.matching(func(x interface{}) bool { return x.(int)%7 == message%7 }))
				m.purge(func(x int) bool { return x%7 == message%7 })
			case 1, 2:
				now = now.Add(time.Duration(dice.Intn(15)) * time.Second)
				wait, needed := s.change(now, ttl)
				m.expire(now, ttl)
				assert.Equal(t, needed && wait < 0, s.age(now, ttl), "announced, or nothing to do")
			default:
				assert.Equal(t, m.add(message, now), s.add(message, now))
			}
			assert.Equal(t, m.live(), s.messages())
			assert.Equal(t, len(m.live()), s.live)
			assert.Equal(t, m.all(), s.all(t))
			if !assert.Equal(t, m.events, s.events, "seed %d, step %d", seed, step) {
				return
			}
		}
	}
}

func TestWhatIsRemovedHoldsNothing(t *testing.T) {
	var l list
	var all []*entry
	for i := 0; i < 3; i++ {
		all = append(all, l.append(i, time.Now()))
	}
	for _, e := range all {
		l.remove(e)
		assert.True(t, e.prev == nil && e.next == nil)
	}
	assert.True(t, l.first == nil && l.last == nil && l.firstLive == nil)
}

func TestDurationsDoNotOverflow(t *testing.T) {
	now := time.Now()
	l := &list{}
	l.append("a", now)
	wait, _ := l.change(now, maxDuration)
	assert.Equal(t, maxDuration, wait)
	assert.Empty(t, l.expire(now.Add(time.Hour), maxDuration))
	l.first.expired, l.firstLive = true, nil
	wait, _ = l.change(now.Add(time.Hour), maxDuration)
	assert.Equal(t, maxDuration, wait)
}
