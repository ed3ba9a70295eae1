// SPDX-License-Identifier: Apache-2.0

// Package gap decides which missing blocks of a channel to ask for at once, and
// whom. Periodic pulling finds every block that pushing missed, but after four
// seconds or more; most of the time it is plain much earlier that a block is
// missing: a later one has arrived, or others say that they have it.
//
// It is a plain value without goroutine, lock or clock. Its owner tells what
// happens (Height, Seen, Holds, Claims, Digest, Update), and gets told whom to
// greet (Ask), what to request of whom (Digest) and when to come again (Wake).
//
// # When
//
//	a hole: a later block is here       due GapGrace after the later one came
//	ahead: only others have it          due ClaimGrace after it was claimed and
//	                                    after the last block of any number was pushed
//
// Both graces are for blocks that are on their way by push. They cost nothing
// but time when a block was lost, and each block fetched too early is a copy
// too many on the wire. What the local ledger has is never missing, nor what
// lies so far below the highest block that peers, which keep only so many, have
// dropped it: that is for state transfer to get.
//
// # Whom
//
// Peers that have shown or announced that very block come first, then those
// that publish a ledger height above it, then those that have shown a later
// one. A peer is asked for several blocks at once, in one conversation at a
// time: Hello, its digest, a request for what is in it, its update. A peer that
// does not answer is left alone for a while, each time for longer; its blocks
// are asked of another. A block that nobody delivers is asked for ever more
// rarely.
//
// # What others say
//
// Claims are anybody's word. They decide only who is asked, within bounds that
// hold whatever is claimed: conversations at a time, numbers in each, numbers
// kept in mind.
package gap
