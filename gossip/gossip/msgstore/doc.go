// SPDX-License-Identifier: Apache-2.0

// Package msgstore keeps messages in the order in which they arrived, as long
// as no other message makes them obsolete and, if wanted, for a limited time.
// What makes what obsolete is a policy that the owner supplies; the store knows
// nothing of messages, peers or channels. Membership and channels own stores.
//
// # The life of a message
//
//	            older than TTL           older than twice TTL
//	live  ----------------------> expired -------------------> forgotten
//	  \   externalExpire is called    /
//	   `---- obsolete or purged: -----
//	         trigger is called; forgotten
//
// An expired message is not seen any more, but still stands in the way of its
// own return: it has a say in what Add and CheckValid accept.
//
// # Locks, goroutines and callbacks
//
// The store has one lock, under which the policy, the predicates and all
// callbacks are called: none of them may call the store. An expirable store can
// be told of a lock outside. That one is taken first, and only when something
// is about to expire; the store's own lock is free meanwhile, so that whoever
// holds the outside lock can use the store.
//
// There is no goroutine. An expirable store that is not empty has one timer, on
// whose goroutine messages expire. Stop disarms it; after Stop no callback of
// expiry runs or begins to.
package msgstore
