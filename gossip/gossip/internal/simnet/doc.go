// SPDX-License-Identifier: Apache-2.0

// Package simnet is a network for tests: many nodes in one process, each with a
// transport that behaves as gossip/comm does, over links that have latency,
// lose messages, have limited bandwidth and can be cut. It measures time with
// package time only, so it runs in real time as well as in a bubble of
// testing/synctest, where an hour of a large network takes seconds.
//
// It is not a model of TCP. What it keeps of gossip/comm is what the layers
// above can tell apart:
//
//   - A connection is dialed when the first message is due, shared by both
//     directions, and exists at most once between two nodes. Both ends put the
//     identity of the other into their mappers and check its signature first.
//   - Messages of a connection arrive in order. One goroutine for each end
//     hands them to the subscriptions, and waits for slow ones; what a
//     connection can hold is bounded, and Send drops what does not fit.
//   - A dial that fails takes the whole dial timeout and makes the peer
//     presumed dead. A connection over a cut link breaks after a while.
//   - Acknowledgements, Respond, Probe, Handshake, CloseConn and Stop.
//
// And what it adds: a lost message is gone although its connection lives, which
// is harsher than TCP. All that travels is bytes, encoded once by the sender
// and decoded once by each receiver; nodes share no memory but those.
//
// # Goroutines and ownership
//
// A network has no goroutine of its own, but one timer that fires when the next
// message arrives. A node has one goroutine for each connection and one for
// each dial, all of which have ended when its Stop returns. One lock, the
// network's, guards the whole state; no mapper, hook of an upper layer,
// subscription or tap is called with it held. (A node's observe.Hook is: its
// rules allow that.)
//
// Random numbers come from the seed and the names of the two ends of a link, so
// a link treats the n-th message the same in each run. Which message is the
// n-th is up to the scheduler.
package simnet
