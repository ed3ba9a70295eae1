// SPDX-License-Identifier: Apache-2.0

// Package gossip is a node of the gossip network. It wires the transport (comm),
// the membership (discovery), the identities (identity, certStore) and one
// object per channel (channel) together, checks what comes in, and decides to
// whom what goes out. The rest of the peer uses it through the interface Gossip.
// It has no protocol of its own: each of its parts has one.
//
// # A message on its way in
//
//	comm -> dispatch: shape, tag          -> membership lane -> discovery
//	                                      -> identity lane   -> certStore -> mediator
//	                                      -> a channel's lane -> channel -> subscribers
//	                                      -> relay lane: StateInfo of channels not joined
//
// Each lane is a bounded queue with one goroutine. Senders take turns in it;
// what one sends stays in order. When a lane is full, the newest message of the
// sender that takes up most of it is dropped and counted: nobody ever waits for
// a lane, so that a flood, a slow signature check or a subscriber that does not
// read is felt in its own lane only.
//
// Signatures are checked after it is known that a message is news, by whoever
// keeps what is newest: alive messages by discovery through the node's
// discoverySecurityAdapter, StateInfo by its channel, that of channels not
// joined by the relay. Nothing is stored or passed on before.
//
// # A message on its way out
//
//	Gossip, Forward -> emitter -> emit: routing -> comm
//
// The emitter collects messages for up to MaxPropagationBurstLatency. Routing
// (type crowd) is a pure function of who is alive, in which organization and
// channel. That (type audience) is looked up again only when membership, the
// identities or the channel count a change, not for each message. Blocks go to members of the channel in the own organization, along an
// overlay that all of them see alike, except to whom the node has the block from
// or who is known to have it. Alive and StateInfo messages take the same overlay
// at home, and go to a few peers of other organizations that may hear of them.
// The secret of an alive message, where to reach the peer from within its
// organization, leaves the organization in no case.
//
// # Goroutines and ownership
//
// The node runs, from construction until Stop: dispatch, one per lane (three,
// and one per channel), the membership sync, and the one on which membership
// forgets peers whose identities have left. The emitter has a timer while there
// is something to emit. Stop waits for all of them and for the transport.
//
// emit runs under the emitter's turn, which is held in no other place; it takes
// locks of discovery, the channels and the transport, one after another, none
// inside another. The identity mapper's reports come on any goroutine, and cause
// no call to discovery on it.
//
// Subscriptions by Accept without passThrough are queues of 110 messages. A
// channel waits for a full one, once, for a second; then it drops messages for
// that subscriber until it has read some.
//
// # Configuration
//
// All in Config, kept by pointer. Zero is taken as it is, not as a default:
// package integration has the defaults.
package gossip
