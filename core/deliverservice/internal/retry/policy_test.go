// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"math"
	"testing"
	"time"
)

func TestDelayDoublesUpToTheCap(t *testing.T) {
	p := Policy{Base: 500 * time.Millisecond, Cap: 15 * time.Second, Budget: time.Hour}
	for attempt, want := range []time.Duration{
		500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
		15 * time.Second, 15 * time.Second,
	} {
		if got, again := p.Delay(attempt, 0, 0); got != want || !again {
			t.Errorf("attempt %d: %s, %t instead of %s", attempt, got, again, want)
		}
	}
}

func TestChanceOnlyShortens(t *testing.T) {
	p := Policy{Base: 500 * time.Millisecond, Cap: time.Minute}
	for attempt := 1; attempt < 10; attempt++ {
		longest, _ := p.Delay(attempt, 0, 0)
		shortest, _ := p.Delay(attempt, 0, 1)
		middle, _ := p.Delay(attempt, 0, 0.5)
		if shortest >= middle || middle >= longest {
			t.Errorf("attempt %d: %s, %s, %s are not in order", attempt, shortest, middle, longest)
		}
		if least := time.Duration(float64(longest) * (1 - Spread)); shortest < least-1 {
			t.Errorf("attempt %d: %s is shorter than %s", attempt, shortest, least)
		}
	}
}

func TestDelayStaysInRange(t *testing.T) {
	for name, p := range map[string]Policy{
		"default":   {Base: 500 * time.Millisecond, Cap: 15 * time.Second},
		"v1.3.0":    {Base: 500 * time.Millisecond, Cap: time.Hour},
		"excessive": {Base: 500 * time.Millisecond, Cap: math.MaxInt64},
		"tiny":      {Base: 500 * time.Millisecond, Cap: 1},
		"zero":      {},
	} {
		for _, attempt := range []int{-5, 0, 1, 2, 30, 62, 63, 64, 99, 1100, math.MaxInt32} {
			for _, chance := range []float64{0, 0.5, 0.999} {
				got, again := p.Delay(attempt, time.Second, chance)
				if !again || got <= 0 || got > time.Hour {
					t.Errorf("%s, attempt %d, chance %f: %s, %t", name, attempt, chance, got, again)
				}
			}
		}
	}
}

func TestBudget(t *testing.T) {
	p := Policy{Base: time.Second, Cap: time.Minute, Budget: 5 * time.Second}
	for _, c := range []struct {
		elapsed time.Duration
		again   bool
	}{{0, true}, {5 * time.Second, true}, {5*time.Second + 1, false}, {time.Hour, false}} {
		delay, again := p.Delay(1, c.elapsed, 0)
		if again != c.again {
			t.Errorf("after %s: again is %t", c.elapsed, again)
		}
		if !again && delay != 0 {
			t.Errorf("after %s: gave up but wants to wait %s", c.elapsed, delay)
		}
	}
	p.Budget = 0
	if _, again := p.Delay(1, math.MaxInt64, 0); !again {
		t.Error("gave up without having a budget")
	}
}

// An unreachable orderer and a budget of five seconds: v1.3.0's nominal waits
// are 1, 2 and 4 s, and the fourth failure is the last. Chance must not change
// the number of attempts.
func TestChanceDoesNotChangeWhenToGiveUp(t *testing.T) {
	p := Policy{Base: 500 * time.Millisecond, Cap: time.Hour, Budget: 5 * time.Second}
	for _, chance := range []float64{0, 0.25, 0.5, 0.75, 0.999} {
		var round Round
		for {
			delay, again := p.Delay(roundFailed(&round, chance))
			if !again {
				break
			}
			round.Waiting(delay)
		}
		if failures, waited := round.Spent(); failures != 4 {
			t.Errorf("chance %f: gave up after %d failures and %s", chance, failures, waited)
		}
	}
}

func roundFailed(r *Round, chance float64) (int, time.Duration, float64) {
	attempt, elapsed := r.Failed()
	return attempt, elapsed, chance
}
