// SPDX-License-Identifier: Apache-2.0

// Package progress decides what becomes of each message that an ordering
// service sends to a delivering peer. It is the thinking half of package
// blocksprovider, which does the receiving, verifying, waiting and handing on.
//
// # One message, one or more steps
//
// The caller reports what happened and obeys the Action it gets back:
//
//	Arrived   a block, before anybody verified it   Verify, Ignore, Leave
//	Disproved verification failed                   Again, Leave
//	Stuck     verified, but could not be handed on  Again, Leave, Ignore
//	Accepted  verified and handed on                (no action: next message)
//	Status    a status                              Leave, End
//	Garbled   neither, or half of one               Leave
//
// Leave costs the orderer its connection and delivery goes on with a new
// stream, which starts where the ledger ends; so refusing a block never skips
// it. End is the caller's cue to stop delivering altogether.
//
// # What counts as the next block
//
// Numbers are judged within a stream: the first block may have any number that
// leaves no hole behind what is known, every later one must be the successor of
// the one before. Where two successive blocks carry hashes they must chain;
// stand-ins whose blocks carry none are not held to it.
//
// # Goroutines and ownership
//
// There are none: a Core is a plain value owned by one goroutine. It keeps no
// clock (delays are results, elapsed time is the sum of delays it handed out),
// draws no random numbers, takes no lock and logs nothing.
package progress
