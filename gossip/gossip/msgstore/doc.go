// SPDX-License-Identifier: Apache-2.0

// Package msgstore keeps messages in the order in which they arrived, as long
// as no other message makes them obsolete and, if wanted, for a limited time.
// What makes what obsolete is a policy that the owner supplies; the store knows
// nothing of messages, peers or channels. Membership and channels own stores.
//
// It is the surface of package keyed for owners that have nothing but a policy:
// each Add and CheckValid asks it about every message held. How messages
// expire, and which locks and callbacks there are, is told in
// gossip/internal/keyed. No function given to a store may call the store.
package msgstore
