// SPDX-License-Identifier: Apache-2.0

package retry

import "time"

// Round counts the failures of one Recv or Send call. The zero value is ready.
type Round struct {
	failures int
	waited   time.Duration
}

// Connected forgets all failures: a connection is up and its seek was sent.
func (r *Round) Connected() { *r = Round{} }

// Redirected forgets the number of failures but not the time they took: there
// are other endpoints to try now, and they deserve a fresh back-off.
func (r *Round) Redirected() { r.failures = 0 }

// Failed counts one more failure and returns what a policy is to be asked with.
func (r *Round) Failed() (attempt int, elapsed time.Duration) {
	r.failures++
	return r.failures, r.waited
}

// Waiting adds a delay that the policy returned. Only those count, so that a
// slow network does not use up the budget for waiting.
func (r *Round) Waiting(delay time.Duration) { r.waited += delay }

// Spent returns the failures and the sum of waits so far.
func (r *Round) Spent() (failures int, waited time.Duration) { return r.failures, r.waited }

const (
	// freeLosses is the number of useless connections in a row that are put
	// down to bad luck, such as an orderer that is being restarted.
	freeLosses = 2

	// LongEnough is how long a connection has to last to be no failure even if
	// no block came over it: a channel may simply have nothing to say.
	LongEnough = 10 * time.Second
)

// History remembers, from one call to the next, that connections come about but
// yield nothing. Rounds alone cannot see that, since each connection clears
// them: an orderer that accepts and then hangs up would be called every second
// for ever. The zero value is ready.
type History struct {
	losses int
	waited time.Duration
}

// Progress forgets everything: a block arrived and was found good.
func (h *History) Progress() { *h = History{} }

// Redirected forgets the losses, which were those of other endpoints, but not
// the waits.
func (h *History) Redirected() { h.losses = 0 }

// Lost records the end of a connection that brought no good block and lasted
// for the given time.
func (h *History) Lost(lasted time.Duration) {
	if lasted >= LongEnough {
		*h = History{}
		return
	}
	h.losses++
}

// Waiting adds a delay that the policy returned.
func (h *History) Waiting(delay time.Duration) { h.waited += delay }

// Adjust takes what a Round says and returns what the policy is to be asked
// with, given the useless connections before: a later attempt and all the waits
// since the last progress.
func (h *History) Adjust(attempt int, elapsed time.Duration) (int, time.Duration) {
	extra := h.losses - freeLosses
	if extra <= 0 {
		return attempt, elapsed
	}
	if h.waited > elapsed {
		elapsed = h.waited
	}
	return attempt + extra, elapsed
}
