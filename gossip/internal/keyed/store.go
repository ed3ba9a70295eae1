// SPDX-License-Identifier: Apache-2.0

package keyed

import (
	"sync"
	"time"
)

// Store keeps messages. It may be used from many goroutines.
type Store struct {
	relation Relation // guarded by mutex
	removed  func(message interface{})
	expiry   *Expiry // nil: messages do not expire

	mutex   sync.RWMutex
	content list // guarded by mutex
	// Guarded by mutex as well:
	timer   *time.Timer // runs expireDue; made when first needed
	armed   bool        // the timer is running, or expireDue is
	stopped bool
}

// New makes a store whose messages do not expire. It tells removed, which may be
// nil, of each message that another made obsolete, or that was purged.
func New(relation Relation, removed func(message interface{})) *Store {
	return &Store{relation: relation, removed: orNothing(removed)}
}

// NewExpiring makes a store like New whose messages expire.
func NewExpiring(relation Relation, removed func(message interface{}), expiry Expiry) *Store {
	s := New(relation, removed)
	s.expiry = expiry.complete()
	return s
}

func orNothing(f func(interface{})) func(interface{}) {
	if f == nil {
		return func(interface{}) {}
	}
	return f
}

// Add takes a message in and returns true, unless one that is held makes it
// obsolete. Those that it makes obsolete are removed, in the order of arrival.
func (s *Store) Add(message interface{}) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	obsolete, valid := s.relation.judge(&s.content, message)
	s.remove(obsolete)
	if valid {
		s.relation.note(s.content.append(message, time.Now()))
		s.arm()
	}
	return valid
}

// remove takes entries out and tells of each. The content is changed before
// anybody is told, so that a callback that panics leaves it whole. The caller
// holds the mutex.
func (s *Store) remove(entries []*entry) {
	for _, e := range entries {
		s.forget(e)
	}
	for _, e := range entries {
		s.removed(e.message)
	}
}

// forget takes an entry out and tells nobody. The caller holds the mutex.
func (s *Store) forget(e *entry) {
	s.content.remove(e)
	s.relation.forget(e)
}

// CheckValid tells whether Add would take a message in.
func (s *Store) CheckValid(message interface{}) bool {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	_, valid := s.relation.judge(&s.content, message)
	return valid
}

// Purge removes the messages that satisfy pred, expired ones as well. It asks
// about each.
func (s *Store) Purge(pred func(message interface{}) bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.remove(s.content.matching(pred))
}

// Size is how many messages there are that have not expired.
func (s *Store) Size() int {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.content.live
}

// Get lists the messages that have not expired, in the order of arrival. The
// slice is the caller's and never nil.
func (s *Store) Get() []interface{} {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.content.messages()
}

// Stop keeps messages from expiring from now on. It may be called more than
// once. The store can be used as before.
func (s *Store) Stop() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.stopped = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
