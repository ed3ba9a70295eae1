// SPDX-License-Identifier: Apache-2.0

package msgstore

import "time"

// expiry is how messages of a store expire.
type expiry struct {
	ttl          time.Duration
	lock, unlock func() // of the lock outside
	report       func(message interface{})
}

// arm sets the timer for the next message to expire or be forgotten, unless it
// is set or there is none. The caller holds the mutex.
//
// A timer that is set is never late for what has been added since: that arrived
// after everything the timer was set for.
func (s *store) arm() {
	if s.expiry == nil || s.stopped || s.armed {
		return
	}
	wait, needed := s.content.change(time.Now(), s.expiry.ttl)
	if !needed {
		return
	}
	if wait < 0 {
		wait = 0
	}
	// A little later, to do what falls due until then as well; by a nanosecond
	// at least, as a message has to be older than its time, not just as old.
	grace := s.expiry.ttl/roundsPerTTL + 1
	if wait <= maxDuration-grace {
		wait += grace
	}
	s.armed = true
	if s.timer == nil {
		s.timer = time.AfterFunc(wait, s.expireDue)
	} else {
		s.timer.Reset(wait)
	}
}

// expireDue runs when the timer fires. It takes the lock outside only if
// something is due, and never while it holds the mutex.
func (s *store) expireDue() {
	if s.anythingDue() {
		s.expireUnderBothLocks()
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.armed = false
	s.arm()
}

func (s *store) anythingDue() bool {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	wait, needed := s.content.change(time.Now(), s.expiry.ttl)
	return needed && wait < 0 && !s.stopped
}

// expireUnderBothLocks does what is due, unless the store was stopped while
// this waited for the lock outside.
func (s *store) expireUnderBothLocks() {
	s.expiry.lock()
	defer s.expiry.unlock()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.stopped {
		return
	}
	for _, message := range s.content.expire(time.Now(), s.expiry.ttl) {
		s.expiry.report(message)
	}
}
