// SPDX-License-Identifier: Apache-2.0

package algo

import (
	"fmt"
	"math/rand"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func anything(string) bool { return true }

// counter returns numbers that repeat each other every second time.
func counter() func() uint64 {
	calls := uint64(0)
	return func() uint64 {
		calls++
		return calls / 2
	}
}

func mustAsk(t *testing.T, s *roundSet, r *pullRound, peer string, random func() uint64) uint64 {
	nonce, ok := s.ask(r, peer, random)
	assert.True(t, ok)
	return nonce
}

func TestRoundAsksEachPeerOnceUnderItsOwnNonce(t *testing.T) {
	s := newRoundSet()
	r, random := s.begin(), counter()
	nonces := map[uint64]bool{}
	for i := 0; i < 20; i++ {
		nonces[mustAsk(t, &s, r, fmt.Sprint(i), random)] = true
	}
	assert.Len(t, nonces, 20)
	assert.True(t, nonces[0], "zero is a number like others")
	_, ok := s.ask(r, "7", random)
	assert.False(t, ok)
	assert.False(t, nonces[mustAsk(t, &s, s.begin(), "7", random)], "another round, another nonce")
}

func TestDigestsCountInTheirTimeOnly(t *testing.T) {
	s := newRoundSet()
	r, random := s.begin(), counter()
	a, b := mustAsk(t, &s, r, "a", random), mustAsk(t, &s, r, "b", random)
	missing := func(item string) bool { return item != "held" }
	s.announce(a, []string{"1", "held", "2", "1"}, missing)
	s.announce(99, []string{"forged"}, missing)
	r.phase = digesting
	s.announce(b, []string{"3", "came meanwhile"}, missing)
	assert.False(t, s.expects(a))
	requests := r.choose(func(item string) bool { return item != "came meanwhile" }, func(int) int { return 0 })
	assert.Equal(t, []request{{"a", a, []string{"1", "2"}}, {"b", b, []string{"3"}}}, requests)
	s.announce(a, []string{"late"}, missing)
	assert.True(t, s.expects(a) && s.expects(b) && s.awaitsResponses())
	assert.False(t, s.expects(99))
	s.end(r)
	assert.False(t, s.expects(a) || s.expects(b) || s.awaitsResponses())
	s.announce(a, []string{"very late"}, missing)
	assert.Empty(t, s.byNonce)
	assert.Empty(t, s.rounds)
}

func TestRoundsDoNotDisturbEachOther(t *testing.T) {
	s := newRoundSet()
	first, random := s.begin(), counter()
	a := mustAsk(t, &s, first, "p", random)
	first.choose(anything, nil)
	second := s.begin()
	b := mustAsk(t, &s, second, "p", random)
	s.end(first)
	assert.False(t, s.expects(a))
	s.announce(b, []string{"1"}, anything)
	assert.Len(t, second.choose(anything, func(int) int { return 0 }), 1)
	assert.True(t, s.expects(b))
	s.endAll()
	assert.False(t, s.expects(b))
}

func TestRoundsAreBounded(t *testing.T) {
	s := newRoundSet()
	r := s.begin()
	nonce := mustAsk(t, &s, r, "flooder", counter())
	for batch := 0; batch < 3; batch++ {
		items := make([]string, maxItems/2+1)
		for i := range items {
			items[i] = fmt.Sprint(batch, " ", i)
		}
		s.announce(nonce, items, anything)
	}
	assert.Len(t, r.items, maxItems)
	for i := 1; i < maxRounds; i++ {
		assert.NotNil(t, s.begin())
	}
	assert.Nil(t, s.begin())
	s.end(r)
	assert.NotNil(t, s.begin())
}

func TestEarliestRound(t *testing.T) {
	s := newRoundSet()
	assert.Nil(t, s.earliest())
	a, b, c := s.begin(), s.begin(), s.begin()
	assert.Nil(t, s.earliest(), "none waits yet")
	now := time.Now()
	a.phase, a.due = digesting, now.Add(2)
	b.phase, b.due = receiving, now.Add(1)
	c.phase, c.due = requesting, now
	assert.True(t, s.earliest() == b)
}

// TestRoundsAgainstAModel lets random things happen, and holds what is
// requested against plain lists of who announced what.
func TestRoundsAgainstAModel(t *testing.T) {
	for seed := int64(0); seed < 20; seed++ {
		dice := rand.New(rand.NewSource(seed))
		s := newRoundSet()
		type asked struct {
			round int
			peer  string
		}
		var rounds []*pullRound
		who := map[uint64]asked{}                    // of all nonces ever
		told := map[int]map[string]map[string]bool{} // round, item, peer
		state := map[int]phase{}
		for step := 0; step < 400; step++ {
			if len(rounds) == 0 || dice.Intn(20) == 0 {
				state[len(rounds)] = greeting
				told[len(rounds)] = map[string]map[string]bool{}
				rounds = append(rounds, s.begin())
			}
			n := len(rounds) - 1 - dice.Intn(3)
			if n < 0 {
				n = 0
			}
			switch dice.Intn(6) {
			case 0, 1:
				peer := fmt.Sprint(dice.Intn(6))
				if state[n] != greeting {
					break
				}
				if nonce, ok := s.ask(rounds[n], peer, func() uint64 { return uint64(dice.Intn(1000)) }); ok {
					_, current := who[nonce]
					assert.False(t, current && state[who[nonce].round] != over, "in use")
					who[nonce] = asked{n, peer}
				}
			case 2, 3, 4:
				nonce, item := uint64(dice.Intn(1000)), fmt.Sprint(dice.Intn(30))
				for issued := range who { // any one, more likely than a forged one
					if dice.Intn(3) > 0 {
						nonce = issued
					}
					break
				}
				s.announce(nonce, []string{item}, func(item string) bool { return item > "15" })
				if a, ok := who[nonce]; ok && state[a.round] == greeting && item > "15" {
					if told[a.round][item] == nil {
						told[a.round][item] = map[string]bool{}
					}
					told[a.round][item][a.peer] = true
				}
			case 5:
				if state[n] == greeting {
					state[n] = requesting
					checkRequests(t, rounds[n].choose(anything, dice.Intn), told[n], func(nonce uint64) string { return who[nonce].peer })
				} else if state[n] == requesting {
					state[n] = over
					s.end(rounds[n])
				}
			}
			accepting := false
			for nonce, a := range who {
				if !assert.Equal(t, state[a.round] == requesting, s.expects(nonce)) {
					return
				}
			}
			for _, p := range state {
				accepting = accepting || p == requesting
			}
			assert.Equal(t, accepting, s.awaitsResponses())
		}
	}
}

// checkRequests makes sure that every item that was announced is requested
// once, from one that announced it.
func checkRequests(t *testing.T, requests []request, told map[string]map[string]bool, peerOf func(nonce uint64) string) {
	var requested, announced []string
	for _, r := range requests {
		assert.Equal(t, r.peer, peerOf(r.nonce))
		assert.NotEmpty(t, r.items)
		for _, item := range r.items {
			assert.True(t, told[item][r.peer], "%s did not announce %s", r.peer, item)
			requested = append(requested, item)
		}
	}
	for item := range told {
		announced = append(announced, item)
	}
	sort.Strings(requested)
	sort.Strings(announced)
	assert.Equal(t, announced, requested)
}

func TestNoncesAreRememberedForTheirTime(t *testing.T) {
	m, now := newNonceMemory(), time.Now()
	m.remember(7, now, time.Second)
	assert.True(t, m.knows(7, now.Add(time.Second-1)))
	assert.False(t, m.knows(7, now.Add(time.Second)))
	assert.False(t, m.knows(0, now))
	m.remember(7, now.Add(time.Second/2), time.Second)
	m.remember(0, now.Add(time.Second), time.Second)
	assert.True(t, m.knows(7, now.Add(time.Second)), "anew with each Hello")
	assert.True(t, m.knows(0, now.Add(time.Second)))
	m.remember(8, now.Add(time.Hour), time.Second)
	assert.Len(t, m.until, 1)
	assert.Len(t, m.order, 1)
	m.remember(9, now.Add(time.Hour), -time.Second)
	assert.False(t, m.knows(9, now.Add(time.Hour)))
}

func TestNoncesAreBounded(t *testing.T) {
	m, now := newNonceMemory(), time.Now()
	for i := uint64(0); i < maxNonces+10; i++ {
		m.remember(i, now, time.Hour)
		m.remember(i, now, time.Hour)
	}
	assert.True(t, len(m.until) <= maxNonces && len(m.order) <= maxNonces)
	assert.False(t, m.knows(0, now), "the oldest had to go")
	assert.True(t, m.knows(maxNonces+9, now))
}
