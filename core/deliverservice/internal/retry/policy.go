// SPDX-License-Identifier: Apache-2.0

// Package retry decides how long a delivery client waits after a failure and
// when it gives up. Everything in it is a plain value: time, elapsed waits and
// randomness come in as arguments, so that the whole behaviour can be tabled.
// The timers belong to package deliverclient, which is its only caller.
package retry

import (
	"math"
	"time"
)

const (
	// LongestDelay bounds every delay, whatever an operator configured: a peer
	// that sleeps longer than this looks dead to those who watch it.
	LongestDelay = time.Hour

	// Spread is the part of a delay that is left to chance. Delays are only
	// ever shortened, so that sums of delays stay within what a budget in
	// round numbers was made for.
	Spread = 0.2
)

// Policy is an exponential back-off with an optional limit on the sum of waits.
type Policy struct {
	// Base is the nominal delay of attempt 0; every further attempt doubles it.
	Base time.Duration
	// Cap is the longest nominal delay.
	Cap time.Duration
	// Budget is the sum of waits beyond which there is no further attempt.
	// Zero or less means that there always is one.
	Budget time.Duration
}

// Delay returns the wait after the given failed attempt, counted from 1, when
// the waits before it added up to elapsed; false means that the budget is spent.
// chance, from 0 up to 1, picks the delay within its spread. The result is
// positive and at most LongestDelay for any attempt number.
func (p Policy) Delay(attempt int, elapsed time.Duration, chance float64) (time.Duration, bool) {
	if p.Budget > 0 && elapsed > p.Budget {
		return 0, false
	}
	nominal := math.Ldexp(float64(p.Base), attempt)
	nominal = math.Min(nominal, float64(p.Cap))
	nominal = math.Min(nominal, float64(LongestDelay))
	delay := time.Duration(nominal * (1 - Spread*chance))
	if delay < 1 {
		delay = 1
	}
	return delay, true
}
