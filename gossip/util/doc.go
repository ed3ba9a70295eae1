// SPDX-License-Identifier: Apache-2.0

// Package util is what the gossip packages and block delivery share and what
// belongs to none of them: configuration with defaults, loggers by module, a
// set and a store of members, publish and subscribe within the process, random
// choices, and the encodings in which private data travels beside a block.
//
// # Goroutines and ownership
//
// Nothing here starts a goroutine. A subscription owns one timer, which fires
// when it expires or is stopped when it is cancelled. Everything but the slice
// types of private data may be used from many goroutines at once.
//
// # Errors
//
// Two texts are part of the interface, as callers show and compare them:
// Publish's "no subscribers" and Listen's "timed out".
package util
