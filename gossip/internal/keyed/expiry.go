// SPDX-License-Identifier: Apache-2.0

package keyed

import "time"

// roundsPerTTL bounds how often messages expire: what falls due within this
// part of the time to live is done together.
const roundsPerTTL = 100

// Expiry is how messages of a store expire: they do after TTL, and are forgotten
// after twice that time; either may happen a hundredth of TTL late. A TTL below
// zero counts as zero. Each of the functions may be nil.
type Expiry struct {
	TTL          time.Duration
	Lock, Unlock func()                    // of a lock outside, held while messages expire
	Report       func(message interface{}) // is told of each that expires
}

func (e Expiry) complete() *Expiry {
	if e.TTL < 0 {
		e.TTL = 0
	}
	if e.Lock == nil {
		e.Lock = func() {}
	}
	if e.Unlock == nil {
		e.Unlock = func() {}
	}
	e.Report = orNothing(e.Report)
	return &e
}

// arm sets the timer for the next message to expire or be forgotten, unless it
// is set or there is none. The caller holds the mutex.
//
// A timer that is set is never late for what has been added since: that arrived
// after everything the timer was set for.
func (s *Store) arm() {
	if s.expiry == nil || s.stopped || s.armed {
		return
	}
	wait, needed := s.content.change(time.Now(), s.expiry.TTL)
	if !needed {
		return
	}
	if wait < 0 {
		wait = 0
	}
	// A little later, to do what falls due until then as well; by a nanosecond
	// at least, as a message has to be older than its time, not just as old.
	grace := s.expiry.TTL/roundsPerTTL + 1
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
func (s *Store) expireDue() {
	if s.anythingDue() {
		s.expireUnderBothLocks()
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.armed = false
	s.arm()
}

func (s *Store) anythingDue() bool {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	wait, needed := s.content.change(time.Now(), s.expiry.TTL)
	return needed && wait < 0 && !s.stopped
}

// expireUnderBothLocks does what is due, unless the store was stopped while
// this waited for the lock outside.
func (s *Store) expireUnderBothLocks() {
	s.expiry.Lock()
	defer s.expiry.Unlock()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.stopped {
		s.expire(time.Now())
	}
}

// expire does what is due. The caller holds the mutex.
func (s *Store) expire(now time.Time) {
	expired := s.content.expire(now, s.expiry.TTL)
	for e := s.content.outlived(now, s.expiry.TTL); e != nil; e = s.content.outlived(now, s.expiry.TTL) {
		s.forget(e)
	}
	for _, message := range expired {
		s.expiry.Report(message)
	}
}
