// SPDX-License-Identifier: Apache-2.0

// Package keyed keeps messages in the order in which they arrived, as long as
// no other message makes them obsolete and, if wanted, for a limited time. It is
// what is inside a msgstore.MessageStore, and for owners within gossip that know
// how their messages relate it finds the related ones without looking at all.
// It knows nothing of peers, channels or the wire.
//
// # What makes what obsolete
//
// A store has a Relation, which says which of the messages held a new one is
// obsolete by, and which it makes obsolete:
//
//	Scan     a policy that is asked about each    Add takes as long as the store is
//	Newest   of one key, the newer; one at most   a look-up
//	Window   numbers: each once, and none too     a look-up, and one step for each
//	         far below the highest                number between those that leave
//
// Newest and Window decide what Scan does with the policies that they stand for;
// the tests hold one against the other.
//
// # The life of a message
//
//	            older than TTL           older than twice TTL
//	live  ----------------------> expired -------------------> forgotten
//	  \   Expiry.Report is called     /
//	   `---- obsolete or purged: -----
//	         removed is called; forgotten
//
// An expired message is not seen any more, but still stands in the way of its
// own return: it has a say in what Add and CheckValid accept.
//
// # Locks, goroutines and callbacks
//
// A store has one lock, under which the relation, the predicates and all
// callbacks are called: none of them may call the store. An expiring store can
// be told of a lock outside. That one is taken first, and only when something
// is about to expire; the store's own lock is free meanwhile, so that whoever
// holds the outside lock can use the store.
//
// There is no goroutine. An expiring store that is not empty has one timer, on
// whose goroutine messages expire. Stop disarms it; after Stop no callback of
// expiry runs or begins to.
package keyed
