// SPDX-License-Identifier: Apache-2.0

package msgstore

import (
	"sync"
	"time"

	"github.com/hyperledger/fabric/gossip/common"
)

// roundsPerTTL bounds how often messages expire: what falls due within this
// part of the time to live is done together.
const roundsPerTTL = 100

// invalidationTrigger is told of a message that was removed because another
// made it obsolete, or because it was purged.
type invalidationTrigger func(message interface{})

// Noop is a trigger for who need not be told.
func Noop(interface{}) {}

// MessageStore keeps messages. It may be used from many goroutines.
type MessageStore interface {
	// Add takes a message in and returns true, unless one that is in the store
	// makes it obsolete. Those that it makes obsolete are removed; that happens
	// in the order of arrival and ends with the one that refuses it.
	Add(msg interface{}) bool

	// CheckValid tells whether Add would take a message in.
	CheckValid(msg interface{}) bool

	// Size is how many messages there are that have not expired.
	Size() int

	// Get lists the messages that have not expired, in the order of arrival.
	// The slice is the caller's and never nil.
	Get() []interface{}

	// Stop keeps messages from expiring from now on. It may be called more than
	// once. The store can be used as before.
	Stop()

	// Purge removes the messages that satisfy pred, expired ones as well.
	Purge(pred func(msg interface{}) bool)
}

// NewMessageStore makes a store whose messages do not expire.
func NewMessageStore(pol common.MessageReplacingPolicy, trigger invalidationTrigger) MessageStore {
	return &store{policy: pol, trigger: trigger}
}

// NewMessageStoreExpirable makes a store whose messages expire after msgTTL and
// are forgotten after twice that time; either may happen a hundredth of msgTTL
// late. While messages expire the store holds externalLock; externalExpire is
// told of each. Any of the last three may be nil.
func NewMessageStoreExpirable(pol common.MessageReplacingPolicy, trigger invalidationTrigger, msgTTL time.Duration, externalLock func(), externalUnlock func(), externalExpire func(interface{})) MessageStore {
	if msgTTL < 0 {
		msgTTL = 0
	}
	return &store{
		policy:  pol,
		trigger: trigger,
		expiry: &expiry{
			ttl:    msgTTL,
			lock:   orNothing(externalLock),
			unlock: orNothing(externalUnlock),
			report: orNoop(externalExpire),
		},
	}
}

func orNothing(f func()) func() {
	if f == nil {
		return func() {}
	}
	return f
}

func orNoop(f func(interface{})) func(interface{}) {
	if f == nil {
		return Noop
	}
	return f
}

// store is the one implementation of MessageStore.
type store struct {
	policy  common.MessageReplacingPolicy
	trigger invalidationTrigger
	expiry  *expiry // nil: messages do not expire

	mutex   sync.RWMutex
	content buffer // guarded by mutex
	// Guarded by mutex as well:
	timer   *time.Timer // runs expireDue; made when first needed
	armed   bool        // the timer is running, or expireDue is
	stopped bool
}

func (s *store) Add(message interface{}) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	// The content is changed before anybody is told, so that a policy or
	// trigger that panics leaves it whole.
	obsolete, valid := s.content.judge(s.policy, message)
	for _, old := range s.content.remove(obsolete) {
		s.trigger(old)
	}
	if valid {
		s.content.append(message, time.Now())
		s.arm()
	}
	return valid
}

func (s *store) CheckValid(message interface{}) bool {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	_, valid := s.content.judge(s.policy, message)
	return valid
}

func (s *store) Purge(pred func(message interface{}) bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, old := range s.content.remove(s.content.matching(pred)) {
		s.trigger(old)
	}
}

func (s *store) Size() int {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.content.size()
}

func (s *store) Get() []interface{} {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.content.live()
}

func (s *store) Stop() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.stopped = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
