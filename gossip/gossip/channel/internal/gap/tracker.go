// SPDX-License-Identifier: Apache-2.0

package gap

import (
	"math"
	"time"
)

// Config is how patient and how busy a tracker is. All fields must be positive.
type Config struct {
	Window     uint64        // how many of the highest blocks peers keep
	GapGrace   time.Duration // before a block is asked for of which a later one is here
	ClaimGrace time.Duration // before a block is asked for that only others have
	DigestWait time.Duration // for the answer to a Hello
	UpdateWait time.Duration // for the answer to a request, and for each further part of it
	Batch      int           // so many blocks are asked for at once
	Parallel   int           // conversations at a time
}

// Tracker knows which blocks are here and what is known of other peers' blocks.
// Peers go by any name. Times must not decrease from call to call.
type Tracker struct {
	config Config
	intn   func(n int) int // at random from 0 to n-1
	random func() uint64   // a nonce

	started  bool   // floor has a meaning
	ledger   bool   // floor is the ledger's height, not the first block that came
	floor    uint64 // nothing below is missing
	end      uint64 // one past the highest block seen
	seen     map[uint64]struct{}
	progress time.Time // when a block was last seen that was not asked for

	peers   map[string]*peer
	holders map[uint64]map[string]struct{}
	wants   map[uint64]*want // of blocks that are missing
	talks   map[uint64]*talk // by nonce
}

// want is a block that is missing.
type want struct {
	hole      bool      // a later one is here
	due       time.Time // not to be asked for before
	retry     time.Time // not to be asked for again before
	attempts  int       // so often nobody delivered it
	requested bool      // it is part of a conversation
	blocked   bool      // the only ones to ask are in conversations
}

// New returns a tracker that knows nothing. intn(n) returns a number from 0 to
// n-1 at random, random any number.
func New(config Config, intn func(n int) int, random func() uint64) *Tracker {
	return &Tracker{
		config:  config,
		intn:    intn,
		random:  random,
		seen:    make(map[uint64]struct{}),
		peers:   make(map[string]*peer),
		holders: make(map[uint64]map[string]struct{}),
		wants:   make(map[uint64]*want),
		talks:   make(map[uint64]*talk),
	}
}

// Height tells that the local ledger has all blocks below height.
func (t *Tracker) Height(height uint64) {
	if t.ledger && height <= t.floor {
		return
	}
	t.started, t.ledger, t.floor = true, true, height
	t.prune()
}

// Seen tells that a block is here, by whatever way, and has been verified.
func (t *Tracker) Seen(now time.Time, number uint64) {
	if number == math.MaxUint64 {
		return // no ledger gets there, and it has no successor
	}
	if !t.started {
		t.started, t.floor = true, number
	}
	if w := t.wants[number]; w == nil || !w.requested {
		t.progress = now // by push; what was fetched says nothing about that
	}
	t.seen[number] = struct{}{}
	delete(t.wants, number)
	if number >= t.end {
		t.end = number + 1
		t.prune()
	}
}

// low is the lowest number that can be missing.
func (t *Tracker) low() uint64 {
	if kept := t.kept(); kept > t.floor {
		return kept
	}
	return t.floor
}

// kept is the lowest number that peers who are as far as this one still have.
func (t *Tracker) kept() uint64 {
	if t.end > t.config.Window {
		return t.end - t.config.Window
	}
	return 0
}

// horizon is the number from which on nothing is kept in mind.
func (t *Tracker) horizon() uint64 {
	from := t.floor
	if t.end > from {
		from = t.end
	}
	return plus(from, t.config.Window)
}

func plus(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

// prune forgets about numbers that do not matter any more.
func (t *Tracker) prune() {
	low, kept := t.low(), t.kept()
	for number := range t.seen {
		if number < kept {
			delete(t.seen, number)
		}
	}
	for number := range t.wants {
		if number < low {
			delete(t.wants, number)
		}
	}
	for number := range t.holders {
		if number < kept {
			delete(t.holders, number)
		}
	}
	for _, p := range t.peers {
		for number := range p.lacks {
			if number < low {
				delete(p.lacks, number)
			}
		}
	}
}

// refresh notes what is missing now.
func (t *Tracker) refresh(now time.Time) {
	if !t.started {
		return
	}
	low := t.low()
	limit := plus(low, t.config.Window)
	if claimed := t.claimed(); claimed < limit {
		limit = claimed
	}
	if t.end > limit {
		limit = t.end
	}
	for number := low; number < limit; number++ {
		if _, here := t.seen[number]; !here {
			t.miss(number, now)
		}
	}
}

// miss notes a block that is missing, if it is a hole or somebody has it.
func (t *Tracker) miss(number uint64, now time.Time) {
	w, hole := t.wants[number], number < t.end
	switch {
	case w == nil && hole:
		t.wants[number] = &want{hole: true, due: now.Add(t.config.GapGrace)}
	case w == nil && t.anybodyHas(number):
		t.wants[number] = &want{due: now.Add(t.config.ClaimGrace)}
	case w != nil && hole && !w.hole:
		w.hole = true
		if due := now.Add(t.config.GapGrace); due.Before(t.dueTime(w)) {
			w.due = due
		}
	}
}

// dueTime is when a missing block is to be asked for, if nobody was asked yet.
func (t *Tracker) dueTime(w *want) time.Time {
	if patient := t.progress.Add(t.config.ClaimGrace); !w.hole && patient.After(w.due) {
		return patient
	}
	return w.due
}

// when is when a missing block is to be asked for next.
func (t *Tracker) when(w *want) time.Time {
	if due := t.dueTime(w); due.After(w.retry) {
		return due
	}
	return w.retry
}

// undelivered puts a block back that was asked for in vain. The first few
// times it is to be asked of another peer at once.
func (w *want) undelivered(now time.Time) {
	w.requested = false
	w.attempts++
	w.retry = now.Add(pause(w.attempts-4, 250*time.Millisecond, 8*time.Second))
}

// unattended notes that there was nobody to ask for a block.
func (w *want) unattended(now time.Time) {
	w.attempts++
	w.retry = now.Add(pause(w.attempts-1, 250*time.Millisecond, 8*time.Second))
}

// pause is doubled with each step, up to a bound; before step 0 there is none.
func pause(step int, first, most time.Duration) time.Duration {
	if step < 0 {
		return 0
	}
	for d := first; d < most; d *= 2 {
		if step == 0 {
			return d
		}
		step--
	}
	return most
}
