// SPDX-License-Identifier: Apache-2.0

// Package blockstore keeps one channel's chain of blocks on disk.
//
// It is shared by the ledger of a leader peer and by the embedded orderer. A
// block is stored as the bytes it came in, next to a small record of its
// header. The package knows hashes and numbers and nothing else: it verifies no
// signature and interprets no transaction, which is for the caller to do before
// Append.
//
// # What is promised
//
// Append returns, and Height rises, only after the blocks have reached the
// disk. Blocks are contiguous from 0 and each carries the hash of the one
// before. Open checks that again for every header, and the content of the last
// blocks: what a crash left half written at the end is cut off (and logged), so
// the chain resumes at the last whole block. Damage that is followed by whole
// blocks is not a crash's doing, and silently giving up those blocks is not
// Open's to decide: it is reported as ErrDamaged, with the first bad number.
//
// # Layout of the database
//
//	'b' number   the block's bytes
//	'h' number   header record: flags, size, last config block, hashes
//
// Numbers are eight bytes, big endian, so that both runs grow at their end and
// compaction moves tables instead of rewriting them. There is no record of the
// height: it is where the header records end.
//
// # Goroutines and locks
//
// A Store starts no goroutine of its own (the database has some, which Close
// ends). All methods may be called from any goroutine. Appends are serialised;
// readers run beside them. Nothing polls: WaitFor and Changed rest on a channel
// that each Append closes and replaces.
package blockstore
