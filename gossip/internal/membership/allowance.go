// SPDX-License-Identifier: Apache-2.0

package membership

import "time"

// Messages about strangers that do not verify cost work and may be invented
// without end. Of those a peer looks at so many, and at so many more each
// second. In a network that large, and new to it, a peer meets that many whose
// identities it has yet to pull; a flood of them does not occupy it.
const (
	maxStrangers       = 10000
	strangersPerSecond = 1000
)

// allowance is what remains of a budget that refills with time.
type allowance struct {
	tokens float64
	at     time.Time // when tokens was right
}

func (a *allowance) refill(now time.Time) {
	if elapsed := now.Sub(a.at); elapsed > 0 {
		a.tokens += elapsed.Seconds() * strangersPerSecond
		a.at = now
	}
	if a.tokens > maxStrangers {
		a.tokens = maxStrangers
	}
}

func (a *allowance) left(now time.Time) bool {
	a.refill(now)
	return a.tokens >= 1
}

func (a *allowance) spend(now time.Time) {
	a.refill(now)
	if a.tokens >= 1 {
		a.tokens--
	}
}
