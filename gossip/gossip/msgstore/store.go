// SPDX-License-Identifier: Apache-2.0

package msgstore

import (
	"time"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/keyed"
)

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
	return keyed.New(keyed.Scan(pol), trigger)
}

// NewMessageStoreExpirable makes a store whose messages expire after msgTTL and
// are forgotten after twice that time; either may happen a hundredth of msgTTL
// late. While messages expire the store holds externalLock; externalExpire is
// told of each. Any of the last three may be nil.
func NewMessageStoreExpirable(pol common.MessageReplacingPolicy, trigger invalidationTrigger, msgTTL time.Duration, externalLock func(), externalUnlock func(), externalExpire func(interface{})) MessageStore {
	return keyed.NewExpiring(keyed.Scan(pol), trigger, keyed.Expiry{
		TTL:    msgTTL,
		Lock:   externalLock,
		Unlock: externalUnlock,
		Report: externalExpire,
	})
}
