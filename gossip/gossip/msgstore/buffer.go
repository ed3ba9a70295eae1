// SPDX-License-Identifier: Apache-2.0

package msgstore

import (
	"time"

	"github.com/hyperledger/fabric/gossip/common"
)

// entry is a message and when it arrived.
type entry struct {
	data    interface{}
	arrived time.Time
}

// buffer is what is in a store: a plain value without lock, clock or callbacks.
type buffer struct {
	entries []entry // in the order of arrival; none arrived before the one in front of it
	expired int     // so many of the first entries have expired
}

// judge asks the policy about a new message and each entry in turn. It returns
// the places of the entries that the message makes obsolete, and whether the
// message itself is valid. The first entry that it is obsolete by ends the
// questions.
func (b *buffer) judge(policy common.MessageReplacingPolicy, message interface{}) (obsolete []int, valid bool) {
	for place := range b.entries {
		switch policy(message, b.entries[place].data) {
		case common.MessageInvalidated:
			return obsolete, false
		case common.MessageInvalidates:
			obsolete = append(obsolete, place)
		}
	}
	return obsolete, true
}

// matching returns the places of the entries whose message satisfies pred.
func (b *buffer) matching(pred func(message interface{}) bool) []int {
	var places []int
	for place := range b.entries {
		if pred(b.entries[place].data) {
			places = append(places, place)
		}
	}
	return places
}

// remove takes the entries at these places, in ascending order, out and returns
// their messages.
func (b *buffer) remove(places []int) []interface{} {
	if len(places) == 0 {
		return nil
	}
	removed := make([]interface{}, 0, len(places))
	kept := places[0]
	expired := b.expired
	for place := places[0]; place < len(b.entries); place++ {
		if len(removed) < len(places) && place == places[len(removed)] {
			removed = append(removed, b.entries[place].data)
			if place < expired {
				b.expired--
			}
			continue
		}
		b.entries[kept] = b.entries[place]
		kept++
	}
	b.truncate(kept)
	return removed
}

// truncate drops the entries from a place on, and what they point to.
func (b *buffer) truncate(size int) {
	for place := size; place < len(b.entries); place++ {
		b.entries[place] = entry{}
	}
	b.entries = b.entries[:size]
}

func (b *buffer) append(message interface{}, now time.Time) {
	b.entries = append(b.entries, entry{data: message, arrived: now})
}

// live returns the messages that have not expired.
func (b *buffer) live() []interface{} {
	messages := make([]interface{}, 0, b.size())
	for _, e := range b.entries[b.expired:] {
		messages = append(messages, e.data)
	}
	return messages
}

// size is how many messages have not expired.
func (b *buffer) size() int {
	return len(b.entries) - b.expired
}

// expire forgets what is older than twice ttl and returns the messages that
// have become older than ttl since the last call.
func (b *buffer) expire(now time.Time, ttl time.Duration) []interface{} {
	var messages []interface{}
	for b.expired < len(b.entries) && b.entries[b.expired].remaining(now, ttl) < 0 {
		messages = append(messages, b.entries[b.expired].data)
		b.expired++
	}
	forgotten := 0
	for forgotten < b.expired && b.entries[forgotten].memory(now, ttl) < 0 {
		forgotten++
	}
	if forgotten > 0 {
		copy(b.entries, b.entries[forgotten:])
		b.truncate(len(b.entries) - forgotten)
		b.expired -= forgotten
	}
	return messages
}

// change returns for how long expire has nothing to do yet, negative if it has,
// and false if it will not have before the next append.
func (b *buffer) change(now time.Time, ttl time.Duration) (time.Duration, bool) {
	if len(b.entries) == 0 {
		return 0, false
	}
	if b.expired == 0 {
		return b.entries[0].remaining(now, ttl), true
	}
	wait := b.entries[0].memory(now, ttl)
	if b.expired < len(b.entries) {
		if first := b.entries[b.expired].remaining(now, ttl); first < wait {
			wait = first
		}
	}
	return wait, true
}

// remaining is how long the entry has until it is as old as ttl; negative if it
// is older.
func (e entry) remaining(now time.Time, ttl time.Duration) time.Duration {
	return ttl - now.Sub(e.arrived)
}

// memory is how long the entry has until it is twice as old as ttl. It is
// written so that no ttl overflows.
func (e entry) memory(now time.Time, ttl time.Duration) time.Duration {
	left := e.remaining(now, ttl)
	if left > 0 && ttl > maxDuration-left {
		return maxDuration
	}
	return left + ttl
}

const maxDuration time.Duration = 1<<63 - 1
