// SPDX-License-Identifier: Apache-2.0

package gap

import (
	"sort"
	"time"
)

// Hello is a conversation to begin: a Hello with the nonce to the peer.
type Hello struct {
	Peer  string
	Nonce uint64
}

// talk is a conversation in progress.
type talk struct {
	peer      string
	numbers   []uint64  // asked for
	requested bool      // the digest has come
	delivered bool      // at least one has come
	deadline  time.Time // for the next answer
}

// Ask ends the conversations whose time is over and begins others, with peers
// that are eligible, about blocks that are due.
func (t *Tracker) Ask(now time.Time, eligible func(peer string) bool) []Hello {
	t.expire(now)
	t.refresh(now)
	var hellos []Hello
	for _, number := range t.missing() {
		if len(t.talks) >= t.config.Parallel {
			break
		}
		w := t.wants[number]
		if !t.ready(w, now) {
			continue
		}
		name, busy, later := t.choose(number, now, eligible)
		switch {
		case name != "":
			hellos = append(hellos, t.begin(name, number, now))
		case busy:
			w.blocked = true
		case !later.IsZero():
			w.retry = later
		case !w.hole && !t.anybodyHas(number):
			delete(t.wants, number) // those who said so are gone
		default:
			w.unattended(now)
		}
	}
	return hellos
}

// Wake is when to call Ask next: not later than now if it has something to do.
// It is false if it has not, until something happens.
func (t *Tracker) Wake(now time.Time) (at time.Time, ok bool) {
	t.refresh(now)
	for _, about := range t.talks {
		if !ok || about.deadline.Before(at) {
			at, ok = about.deadline, true
		}
	}
	if len(t.talks) >= t.config.Parallel {
		return at, ok
	}
	for _, w := range t.wants {
		if when := t.when(w); !w.requested && !w.blocked && (!ok || when.Before(at)) {
			at, ok = when, true
		}
	}
	return at, ok
}

// ready tells whether a block is to be asked for now.
func (t *Tracker) ready(w *want, now time.Time) bool {
	return !w.requested && !w.blocked && !t.when(w).After(now)
}

// missing lists the missing numbers in ascending order.
func (t *Tracker) missing() []uint64 {
	numbers := make([]uint64, 0, len(t.wants))
	for number := range t.wants {
		numbers = append(numbers, number)
	}
	sort.Slice(numbers, func(i, j int) bool { return numbers[i] < numbers[j] })
	return numbers
}

// merit is how good a peer is to ask.
type merit struct {
	rank     rank
	failures int
}

func (m merit) above(other merit) bool {
	return m.rank < other.rank || m.rank == other.rank && m.failures < other.failures
}

// choose picks whom to ask for a block: any of the most likely ones, among these
// of those who failed least. If there is nobody now, busy tells whether there
// will be after a conversation, and later when there will be otherwise, if ever.
func (t *Tracker) choose(number uint64, now time.Time, eligible func(peer string) bool) (name string, busy bool, later time.Time) {
	var best merit
	var names []string
	for name, p := range t.peers {
		m := merit{t.rank(name, p, number), p.failures}
		if m.rank == hasNot || !eligible(name) {
			continue
		}
		at := p.available(number)
		switch {
		case at.After(now):
			if later.IsZero() || at.Before(later) {
				later = at
			}
			continue
		case p.busy:
			busy = true
			continue
		case len(names) > 0 && best.above(m):
			continue
		case m.above(best):
			names = nil
		}
		best, names = m, append(names, name)
	}
	if len(names) == 0 {
		return "", busy, later
	}
	sort.Strings(names) // so that what is picked depends on intn only
	return names[t.intn(len(names))], false, later
}

// begin begins a conversation about a block, and others that are due and that
// the same peer may have.
func (t *Tracker) begin(name string, number uint64, now time.Time) Hello {
	nonce := t.random()
	for t.talks[nonce] != nil {
		nonce++
	}
	p := t.peer(name)
	p.busy = true
	about := &talk{peer: name, numbers: []uint64{number}, deadline: now.Add(t.config.DigestWait)}
	t.wants[number].requested = true
	t.extend(about, now, func(other uint64) bool {
		return t.rank(name, p, other) != hasNot && !p.available(other).After(now)
	})
	t.talks[nonce] = about
	return Hello{Peer: name, Nonce: nonce}
}

// extend makes further blocks that are due part of a conversation.
func (t *Tracker) extend(about *talk, now time.Time, has func(number uint64) bool) {
	for _, number := range t.missing() {
		if len(about.numbers) >= t.config.Batch {
			return
		}
		if w := t.wants[number]; !w.requested && !t.when(w).After(now) && has(number) {
			w.requested, w.blocked = true, false
			about.numbers = append(about.numbers, number)
		}
	}
}

// Digest tells what a peer announced. If that answers a Hello of Ask, ours is
// true and request is what to ask that peer for, with the same nonce; nothing if
// it is empty. That the peer holds the blocks is to be told to Holds besides.
func (t *Tracker) Digest(now time.Time, name string, nonce uint64, numbers []uint64) (request []uint64, ours bool) {
	about := t.talks[nonce]
	if about == nil || about.peer != name {
		return nil, false
	}
	if about.requested {
		return nil, true
	}
	announced := make(map[uint64]bool, len(numbers))
	for _, number := range numbers {
		announced[number] = true
	}
	asked := about.numbers
	about.numbers = nil
	for _, number := range asked {
		w := t.wants[number]
		switch {
		case w == nil: // it has come meanwhile
		case announced[number]:
			about.numbers = append(about.numbers, number)
		default:
			t.peer(name).lacked(number, now)
			w.undelivered(now)
		}
	}
	t.extend(about, now, func(number uint64) bool { return announced[number] })
	if len(about.numbers) == 0 {
		t.conclude(nonce, about)
		return nil, true
	}
	about.requested, about.deadline = true, now.Add(t.config.UpdateWait)
	return append([]uint64(nil), about.numbers...), true
}

// Update tells that a peer sent blocks, after Seen was told of those that hold.
// It is true if that answers a request of Digest.
func (t *Tracker) Update(now time.Time, name string, nonce uint64) bool {
	about := t.talks[nonce]
	if about == nil || about.peer != name || !about.requested {
		return false
	}
	open := t.open(about)
	switch {
	case len(open) == 0:
		t.peer(name).failures = 0
		t.conclude(nonce, about)
	case len(open) < len(about.numbers): // there may be another part on its way
		about.numbers, about.delivered, about.deadline = open, true, now.Add(t.config.UpdateWait)
	default:
		t.giveUp(nonce, about, now)
	}
	return true
}

// open lists what a conversation is about that is still missing.
func (t *Tracker) open(about *talk) []uint64 {
	var numbers []uint64
	for _, number := range about.numbers {
		if t.wants[number] != nil {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// expire ends the conversations whose time is over.
func (t *Tracker) expire(now time.Time) {
	for nonce, about := range t.talks {
		if !now.Before(about.deadline) {
			t.giveUp(nonce, about, now)
		}
	}
}

// giveUp ends a conversation that did not bring all it was about.
func (t *Tracker) giveUp(nonce uint64, about *talk, now time.Time) {
	p, open := t.peer(about.peer), t.open(about)
	for _, number := range open {
		if about.requested {
			p.withheld(number, now)
		}
		t.wants[number].undelivered(now)
	}
	if about.delivered || len(open) == 0 && about.requested {
		p.failures = 0
	} else {
		p.failed(now)
	}
	t.conclude(nonce, about)
}

// conclude ends a conversation. Its peer may be asked for what had to wait.
func (t *Tracker) conclude(nonce uint64, about *talk) {
	delete(t.talks, nonce)
	t.peer(about.peer).busy = false
	for _, w := range t.wants {
		w.blocked = false
	}
}
