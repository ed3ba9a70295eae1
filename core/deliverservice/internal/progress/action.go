// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"fmt"
	"time"
)

// Verb is what to do with the message at hand.
type Verb int

const (
	// Verify the block; then report Disproved, or hand it on and report
	// Accepted or Stuck.
	Verify Verb = iota + 1
	// Ignore the message and receive the next one.
	Ignore
	// Again do what has just failed, after the delay.
	Again
	// Leave the stream: wait for the delay, then disconnect, then receive. Blame
	// says whether the orderer's endpoint should be avoided for a while.
	Leave
	// End delivery.
	End
)

// String names the verb as golden scripts and logs spell it.
func (v Verb) String() string {
	names := [...]string{"none", "verify", "ignore", "again", "leave", "end"}
	if v < 0 || int(v) >= len(names) {
		return fmt.Sprintf("verb(%d)", int(v))
	}
	return names[v]
}

// Action is the answer to one event.
type Action struct {
	Do     Verb
	After  time.Duration // how long to wait first; never negative; with Again and Leave only
	Blame  bool          // with Leave only: the orderer is at fault
	Reason error         // why the message was not taken; nil for Verify
}

// Block is what the core needs to know of a block.
type Block struct {
	Number   uint64
	Stream   uint64 // serial of the stream it came from; 0 if the receiver does not say
	Previous []byte // previous hash, as the header claims it
	Hash     []byte // hash of the header; empty if the block does not take part in a hash chain
}

// Height is a ledger height as far as it could be learned.
type Height struct {
	Value uint64
	Known bool
}

// Limits are read by the caller whenever it asks, since they may change while
// delivery is running.
type Limits struct {
	// MaxDelay caps the delay before a stream is left; values below zero mean
	// zero.
	MaxDelay time.Duration
	// Threshold is how many statuses in a row that fault the request itself
	// are put up with; the next one ends delivery.
	Threshold int
}
