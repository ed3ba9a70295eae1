// SPDX-License-Identifier: Apache-2.0

// Package channel is what a node does for one channel by gossip. It publishes
// what the local peer has of the channel (StateInfo) and collects what others
// publish, which makes them eligible for blocks; it takes in blocks that are
// pushed to it, pulls those that were not, and serves them to others; it passes
// on who claims to lead the organization. It does not choose whom anything is
// sent to by push (package gossip), nor put blocks in order or into a ledger
// (state transfer, which consumes what is de-multiplexed).
//
// A node (package gossip) makes one object per channel when it joins, feeds it
// the messages of that channel, and never drops it: a channel that was left
// goes on telling that it was.
//
// # The life of a block
//
//	pushed by a peer, or pulled: number not here -> verified, once -> stored
//	  -> forwarded (only if pushed) -> handed to subscribers
//	from the local orderer: stored, as the node sends it itself
//	evicted by a later block, by the byte budget, or by age: not announced any
//	  more, its bytes are freed; its number is remembered for a while, so that
//	  it is not taken in again
//
// Store and pull mediator hold the same messages and change together. Of a
// block's bytes there is one copy: what a message says is a part of the
// envelope it came in, which is also what others are served.
//
// # Missing blocks
//
// Besides the periodic pull, which finds everything in the end, a block is
// asked for within moments of the first sign that it is missing, in a
// conversation with one peer that has it (fetch.go; what and whom is decided in
// internal/gap).
//
// # Goroutines and ownership
//
// Per channel two goroutines run from construction until Stop, for publishing
// and for everything else that is periodic, besides the one of the pull engine.
// Timers run expiry and the fetching of missing blocks. Answers to other peers
// wait on lanes, so that no peer's slowness reaches HandleMessage. HandleMessage
// itself is synchronous: when it returns, everything but answers has been done;
// it blocks while subscribers do.
//
// Each piece of state has its own mutex, and neither the Adapter nor the crypto
// service is called while one is held. The mutexes of the block store, the
// mediator and its engine are taken in this order; the others stand alone.
//
// The Adapter is called through the embedded field each time.
//
// # Configuration
//
// Config comes from the Adapter, at construction. One key is read then:
//
//	peer.gossip.election.leaderAliveThreshold  10s  a tenth of how long leadership messages are remembered
package channel
