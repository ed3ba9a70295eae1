// SPDX-License-Identifier: Apache-2.0

// Package orderer is the ordering-service end of block delivery, embedded: it
// serves orderer.AtomicBroadcast on any gRPC server, with the statuses, checks
// and order of events of a v1.3.0 orderer.
//
// There are two servers. Orderer is a solo ordering service for one channel: it
// takes transactions, cuts them into blocks, signs and stores those, and
// follows the channel's configuration through its own config blocks. Replay
// hands out a recorded chain as it is, block by block if wished, and lets tests
// change what is sent. Neither is meant for production networks: a solo orderer
// has no second copy of anything.
//
// # Life of a transaction
//
//	Broadcast stream --admission--> queue --> ordering goroutine --> blockstore --> Deliver streams
//	                 (policy, size)           (cutter, sealer)       (one fsync)
//
// Broadcast answers SUCCESS when a message has been queued, so what is queued
// or pending at a crash is lost, as with v1.3.0. What is in a block was on disk
// before any client saw it. Stop orders what was queued before it returns.
//
// # Goroutines and ownership
//
// One goroutine per Orderer owns the cutter and the end of the chain, and is the
// only one that appends blocks or applies configurations. Each stream runs in
// the goroutine that gRPC gives it; a receive runs in one of its own, so that
// Stop need not wait for a client. Signing, hashing and fsync happen on the
// ordering goroutine only, never on a Deliver stream, which copies stored bytes
// to the transport without decoding them.
package orderer
