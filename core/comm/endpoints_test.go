// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// loadedDice leave the order as it is and always draw the same number.
type loadedDice int

func (d loadedDice) Perm(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

func (d loadedDice) Intn(n int) int { return int(d) % n }

const (
	noRevival = loadedDice(1)
	revival   = loadedDice(0)
	interval  = 10 * time.Second
)

var bookEpoch = time.Date(2018, 10, 10, 0, 0, 0, 0, time.UTC)

func bookAt(seconds float64) time.Time {
	return bookEpoch.Add(time.Duration(seconds * float64(time.Second)))
}

func bookOf(endpoints string) *endpointBook {
	b := &endpointBook{}
	b.replace(strings.Fields(endpoints))
	return b
}

func bookOrder(b *endpointBook, seconds float64, dice endpointDice) string {
	return strings.Join(b.candidates(bookAt(seconds), interval, dice), " ")
}

// Each case does something to a, b and c at second 0 (or as it says) and looks
// at the order at the given second. All dice leave a, b, c in that order.
func TestBookOrdersCandidates(t *testing.T) {
	type book = *endpointBook
	for _, c := range []struct {
		name  string
		past  func(b book)
		at    float64
		dice  loadedDice
		order string
	}{
		{"untouched", func(b book) {}, 0, noRevival, "a b c"},
		{"the promoted one leads", func(b book) { b.promote("c") }, 0, noRevival, "c a b"},
		{"the latest promotion counts", func(b book) { b.promote("c"); b.promote("b") }, 0, noRevival, "b a c"},
		{"promotion does not wear off", func(b book) { b.promote("c") }, 1e6, noRevival, "c a b"},
		{"promotion of a stranger", func(b book) { b.promote("x") }, 0, noRevival, "a b c"},
		{"a failed dial stands back", func(b book) { b.dialFailed("a", bookAt(0)) }, 29.9, noRevival, "b c a"},
		{"a failed dial is forgotten", func(b book) { b.dialFailed("a", bookAt(0)) }, 30, noRevival, "a b c"},
		{"a failed dial gets its chance", func(b book) { b.dialFailed("a", bookAt(0)) }, 1, revival, "a b c"},
		{"a successful dial makes good", func(b book) {
			b.dialFailed("a", bookAt(0))
			b.dialSucceeded("a")
		}, 1, noRevival, "a b c"},
		{"a failed dial ends the preference", func(b book) {
			b.promote("c")
			b.dialFailed("c", bookAt(0))
			b.dialSucceeded("c")
		}, 1, noRevival, "a b c"},
		{"a successful dial leaves a demotion", func(b book) {
			b.demote("a", bookAt(0))
			b.dialSucceeded("a")
		}, 1, noRevival, "b c a"},
		{"the demoted one is last", func(b book) {
			b.dialFailed("c", bookAt(0))
			b.demote("a", bookAt(0))
		}, 1, noRevival, "b c a"},
		{"demotion wears off", func(b book) { b.demote("a", bookAt(0)) }, 60, noRevival, "a b c"},
		{"demotion holds until then", func(b book) { b.demote("a", bookAt(0)) }, 59.9, noRevival, "b c a"},
		{"the longest demoted is tried first", func(b book) {
			b.demote("a", bookAt(3))
			b.demote("b", bookAt(1))
			b.demote("c", bookAt(2))
		}, 4, noRevival, "b c a"},
		{"demotion ends the preference for good", func(b book) {
			b.promote("c")
			b.demote("c", bookAt(0))
		}, 100, noRevival, "a b c"},
		{"promotion undoes demotion and failure", func(b book) {
			b.demote("c", bookAt(0))
			b.dialFailed("c", bookAt(0))
			b.promote("c")
		}, 1, noRevival, "c a b"},
		{"strangers are not entered", func(b book) {
			b.demote("x", bookAt(0))
			b.dialFailed("x", bookAt(0))
			b.dialSucceeded("x")
		}, 1, noRevival, "a b c"},
	} {
		b := bookOf("a b c")
		c.past(b)
		assert.Equal(t, c.order, bookOrder(b, c.at, c.dice), c.name)
	}
}

func TestBookQuarantine(t *testing.T) {
	b := bookOf("a b c")
	assert.True(t, b.quarantine("a", bookAt(0), interval))
	assert.Equal(t, "b c", bookOrder(b, 9.9, noRevival))
	assert.Equal(t, "a b c", bookOrder(b, 10, noRevival), "usable again right after the interval")
	assert.Equal(t, []string{"a", "b", "c"}, b.candidates(bookAt(1), 0, noRevival), "no interval, no quarantine")

	assert.False(t, b.quarantine("x", bookAt(1), interval), "unknown")
	assert.True(t, b.quarantine("b", bookAt(1), interval))
	assert.False(t, b.quarantine("c", bookAt(2), interval), "the last one in use")
	assert.False(t, b.quarantine("a", bookAt(2), interval), "only one left in use: nothing changes")
	assert.Equal(t, "c", bookOrder(b, 9.9, noRevival))
	assert.True(t, b.quarantine("c", bookAt(10), interval), "a is back, so c may go")
	assert.Equal(t, "a", bookOrder(b, 10, noRevival))

	assert.False(t, bookOf("a").quarantine("a", bookAt(0), interval), "an only endpoint")
	assert.False(t, bookOf("a a").quarantine("a", bookAt(0), interval), "an only endpoint, listed twice")
}

func TestBookQuarantineEndsPreference(t *testing.T) {
	b := bookOf("a b c")
	b.promote("c")
	b.quarantine("c", bookAt(0), interval)
	assert.Equal(t, "a b c", bookOrder(b, 10, noRevival))
}

// Shrinking the list can leave only quarantined endpoints; they are used then.
func TestBookIgnoresQuarantineOfAll(t *testing.T) {
	b := bookOf("a b c")
	b.quarantine("a", bookAt(0), interval)
	b.quarantine("b", bookAt(0), interval)
	b.replace([]string{"a", "b"})
	assert.Equal(t, "a b", bookOrder(b, 1, noRevival))
	b.replace([]string{"b"})
	assert.Equal(t, "b", bookOrder(b, 1, noRevival))
}

func TestBookReplace(t *testing.T) {
	b := bookOf("a b c")
	b.promote("c")
	b.quarantine("a", bookAt(0), interval)
	b.demote("b", bookAt(0))

	b.replace([]string{"c", "a", "b", "d"})
	assert.Equal(t, "c d b", bookOrder(b, 1, noRevival), "those that stay keep their past")

	b.replace([]string{"d"})
	b.replace([]string{"a", "b", "c", "d"})
	assert.Equal(t, "a b c d", bookOrder(b, 1, noRevival), "those that leave are forgotten")

	b.replace([]string{"b", "a", "b"})
	assert.Equal(t, "b a", bookOrder(b, 1, noRevival), "duplicates are dialled once")
	assert.Equal(t, []string{"b", "a", "b"}, b.listed)
}

// Whatever happens, the candidates are distinct listed endpoints, never none,
// and a quarantined one is among them only if all are quarantined.
func TestBookAlwaysOffersSomething(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	names := strings.Fields("a b c d")
	b := bookOf("a b")
	until := make(map[string]time.Time) // the end of each quarantine
	for step := 0; step < 20000; step++ {
		now := bookAt(float64(step))
		name := names[rnd.Intn(len(names))]
		switch rnd.Intn(6) {
		case 0:
			var list []string
			for _, i := range rnd.Perm(len(names))[:1+rnd.Intn(len(names))] {
				list = append(list, names[i])
			}
			b.replace(list)
			for _, gone := range names {
				if !b.has(gone) {
					delete(until, gone)
				}
			}
		case 1:
			if b.quarantine(name, now, interval) {
				until[name] = now.Add(interval)
			}
		case 2:
			b.demote(name, now)
		case 3:
			b.promote(name)
		case 4:
			b.dialFailed(name, now)
		case 5:
			b.dialSucceeded(name)
		}
		free := 0
		for _, endpoint := range b.listed {
			if !now.Before(until[endpoint]) {
				free++
			}
		}
		seen := make(map[string]bool)
		for _, endpoint := range b.candidates(now, interval, rnd) {
			assert.True(t, b.has(endpoint) && !seen[endpoint], "%s at step %d", endpoint, step)
			assert.True(t, free == 0 || !now.Before(until[endpoint]), "%s at step %d", endpoint, step)
			seen[endpoint] = true
		}
		if free == 0 {
			free = len(b.listed)
		}
		if !assert.Equal(t, free, len(seen), "step %d", step) {
			return
		}
	}
}
