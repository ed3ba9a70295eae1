// SPDX-License-Identifier: Apache-2.0

package keyed

import "time"

// entry is a message in a list.
type entry struct {
	message    interface{}
	arrived    time.Time
	ordinal    uint64 // of arrivals
	expired    bool
	prev, next *entry
}

// list is the entries of a store in the order of arrival; none arrived before
// the one in front of it, and the expired ones are in front. It is a plain value
// without lock, clock or callbacks. Each change takes as long as there are
// entries that it concerns.
type list struct {
	first, last *entry
	firstLive   *entry // nil if there is none
	live        int
	arrivals    uint64
}

func (l *list) append(message interface{}, now time.Time) *entry {
	l.arrivals++
	e := &entry{message: message, arrived: now, ordinal: l.arrivals, prev: l.last}
	if l.last == nil {
		l.first = e
	} else {
		l.last.next = e
	}
	l.last = e
	if l.firstLive == nil {
		l.firstLive = e
	}
	l.live++
	return e
}

// remove takes an entry of the list out of it.
func (l *list) remove(e *entry) {
	if e.prev == nil {
		l.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	if l.firstLive == e {
		l.firstLive = e.next
	}
	if !e.expired {
		l.live--
	}
	e.prev, e.next = nil, nil
}

// matching returns the entries whose message satisfies pred.
func (l *list) matching(pred func(message interface{}) bool) []*entry {
	var found []*entry
	for e := l.first; e != nil; e = e.next {
		if pred(e.message) {
			found = append(found, e)
		}
	}
	return found
}

// messages returns those that have not expired.
func (l *list) messages() []interface{} {
	messages := make([]interface{}, 0, l.live)
	for e := l.firstLive; e != nil; e = e.next {
		messages = append(messages, e.message)
	}
	return messages
}

// expire marks the entries that have become older than ttl since the last call,
// and returns their messages.
func (l *list) expire(now time.Time, ttl time.Duration) []interface{} {
	var messages []interface{}
	for l.firstLive != nil && l.firstLive.remaining(now, ttl) < 0 {
		messages = append(messages, l.firstLive.message)
		l.firstLive.expired = true
		l.firstLive = l.firstLive.next
		l.live--
	}
	return messages
}

// outlived returns an expired entry that is older than twice ttl, nil if there
// is none.
func (l *list) outlived(now time.Time, ttl time.Duration) *entry {
	if l.first == nil || !l.first.expired || l.first.memory(now, ttl) >= 0 {
		return nil
	}
	return l.first
}

// change returns for how long nothing will expire or be outlived yet, negative
// if something is due, and false if nothing will before the next append.
func (l *list) change(now time.Time, ttl time.Duration) (time.Duration, bool) {
	if l.first == nil {
		return 0, false
	}
	if !l.first.expired {
		return l.first.remaining(now, ttl), true
	}
	wait := l.first.memory(now, ttl)
	if l.firstLive != nil {
		if next := l.firstLive.remaining(now, ttl); next < wait {
			wait = next
		}
	}
	return wait, true
}

// remaining is how long the entry has until it is as old as ttl; negative if it
// is older.
func (e *entry) remaining(now time.Time, ttl time.Duration) time.Duration {
	return ttl - now.Sub(e.arrived)
}

// memory is how long the entry has until it is twice as old as ttl. It is
// written so that no ttl overflows.
func (e *entry) memory(now time.Time, ttl time.Duration) time.Duration {
	left := e.remaining(now, ttl)
	if left > 0 && ttl > maxDuration-left {
		return maxDuration
	}
	return left + ttl
}

const maxDuration time.Duration = 1<<63 - 1
