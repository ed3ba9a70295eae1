// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"bytes"
	"fmt"
	"time"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/pkg/errors"
)

const (
	// firstDelay is the rest before the first stream in a row is left; each
	// further one doubles it up to Limits.MaxDelay.
	firstDelay = 100 * time.Millisecond

	// maxDoublings keeps firstDelay << doublings inside a time.Duration.
	maxDoublings = 36

	// maxIgnored is how many messages in a row may be ignored before the stream
	// is taken for one that only pretends to be alive. It is far above what a
	// receiver may still hold of a stream that was left.
	maxIgnored = 1000

	// maxHandovers is how often one block is offered before its stream is given
	// up; with handoverDelay doubling from offer to offer that takes 3.1 s.
	maxHandovers  = 6
	handoverDelay = 100 * time.Millisecond
)

// Core is the state of one channel's delivery. The zero value has seen nothing.
type Core struct {
	started bool   // a block has been accepted; the next three fields count
	next    uint64 // number after the last accepted block
	best    uint64 // number after the highest accepted block
	hash    []byte // header hash of block next-1; empty when not known

	fresh  bool   // the stream was left: the next block starts a new one
	stream uint64 // serial of the stream that the last accepted block came from
	left   uint64 // serial of the stream that was left last; 0 for none

	overlapping uint64 // serial of the last stream that began with what the ledger had; 0 for none
	overlap     uint64 // number that must come next on it, as long as it has brought nothing else

	source  uint64 // serial of the stream that the event at hand came from
	current Block  // the block under way between Arrived and its outcome

	doublings int // of firstDelay, before the next Leave
	refusals  int // statuses in a row that fault the request
	ignored   int // messages ignored in a row
	offers    int // failed hand-overs of the current block since the ledger moved
	doubt     doubt

	offered uint64 // ledger height at the last failed hand-over
}

// Starts reports whether b would be the first block of a stream. For such a
// block Arrived looks at the ledger's height as well.
func (c *Core) Starts(b Block) bool {
	if !c.started || c.fresh {
		return true
	}
	if b.Stream != 0 {
		return b.Stream != c.stream
	}
	// A receiver that does not number its streams may have reconnected unseen.
	// Going back is what a new seek looks like; going ahead would be a hole.
	return b.Number < c.next
}

// Arrived judges the place of a block in its stream. height is looked at only
// if Starts(b). b.Number must be below the largest number there is.
func (c *Core) Arrived(b Block, height Height, lim Limits) Action {
	if act, stop := c.from(b.Stream, lim); stop {
		return act
	}
	c.current, c.offers = b, 0
	c.doubt.nextBlock()
	if c.Starts(b) {
		return c.arrivedFirst(b, height, lim)
	}
	switch {
	case c.repeats(b):
		return c.ignore(errors.Errorf("block [%d] was sent twice", b.Number), true, lim)
	case b.Number != c.next:
		return c.leave(errors.Errorf("expected block [%d] but got [%d]", c.next, b.Number), true, lim)
	case !c.chains(b):
		return c.leave(c.unchained(b), true, lim)
	}
	return Action{Do: Verify}
}

func (c *Core) arrivedFirst(b Block, height Height, lim Limits) Action {
	follows := c.started && b.Number == c.next
	if b.Stream != 0 && b.Stream == c.overlapping && b.Number != c.overlap {
		return c.leave(errors.Errorf("expected block [%d] but got [%d]", c.overlap, b.Number), true, lim)
	}
	if height.Known && b.Number < height.Value && !follows {
		// The ledger may have grown since the seek. Until the stream gets to
		// what the ledger lacks, each of its blocks is a first one.
		c.overlapping, c.overlap = b.Stream, b.Number+1
		return c.ignore(errors.Errorf("block [%d] is in the ledger, which needs [%d]", b.Number, height.Value), true, lim)
	}
	if height.Known && b.Number > height.Value && !follows {
		return c.leave(errors.Errorf("stream starts at block [%d] but the ledger needs [%d]", b.Number, height.Value), true, lim)
	}
	if follows && !c.chains(b) {
		reason := c.unchained(b)
		// Either of the two streams lied. Holding on to the old hash could
		// refuse every honest orderer from here on, so it is dropped, and the
		// signatures and the ledger decide.
		c.hash = nil
		return c.leave(reason, true, lim)
	}
	return Action{Do: Verify}
}

// repeats reports whether b is the last accepted block once more, as far as can
// be told. Anything older on the same stream is out of order.
func (c *Core) repeats(b Block) bool {
	return b.Number+1 == c.next && (len(c.hash) == 0 || bytes.Equal(b.Hash, c.hash))
}

// chains reports whether b's previous hash is that of the block before, as far
// as both are known. A block that is part of a chain must have a successor that
// names it: an empty previous hash does not get past a known one.
func (c *Core) chains(b Block) bool {
	return len(c.hash) == 0 || bytes.Equal(b.Previous, c.hash)
}

func (c *Core) unchained(b Block) error {
	return errors.Errorf("block [%d] names previous hash [%x] but the hash of block [%d] is [%x]", b.Number, b.Previous, c.next-1, c.hash)
}

// Accepted records that the current block was verified and handed on. config
// says that it carries a channel configuration.
func (c *Core) Accepted(config bool) {
	b := c.current
	c.next, c.hash, c.stream = b.Number+1, b.Hash, b.Stream
	c.fresh, c.left = false, 0
	c.refusals, c.ignored = 0, 0
	if !c.started || c.next > c.best {
		// Only a block that had not been seen before is progress: an orderer
		// that replays one good block before each bad one earns no quick retry.
		c.best, c.doublings = c.next, 0
	}
	c.started = true
	c.doubt.accepted(b.Number, config)
}

// Disproved judges a failed verification of the current block. While a
// configuration block may still be on its way into the ledger, the fault may
// lie in the rules the block was held to, and it is held to them again later.
func (c *Core) Disproved(cause error, height Height, lim Limits) Action {
	cause = errors.WithMessage(cause, fmt.Sprintf("block [%d] failed verification", c.current.Number))
	verdict, after := c.doubt.failed(c.current.Number, height)
	if verdict == undecided {
		return Action{Do: Again, After: after, Reason: cause}
	}
	return c.leave(cause, verdict == guilty, lim)
}

// Stuck judges a failed hand-over of the current block, which was valid. That
// is nobody's fault but the peer's own, and often passes: it is tried again as
// long as the ledger moves and a few times more before the stream is given up.
// A block that the ledger has got from elsewhere needs no handing over.
func (c *Core) Stuck(cause error, height Height, lim Limits) Action {
	cause = errors.WithMessage(cause, fmt.Sprintf("block [%d] could not be handed on", c.current.Number))
	if height.Known && c.current.Number < height.Value {
		c.Accepted(false)
		return Action{Do: Ignore, Reason: cause}
	}
	if height.Known && height.Value > c.offered {
		c.offered, c.offers = height.Value, 0
	}
	c.offers++
	if c.offers < maxHandovers {
		return Action{Do: Again, After: handoverDelay << uint(c.offers-1), Reason: cause}
	}
	return c.leave(cause, false, lim)
}

// Status judges a status, with which v1.3.0's orderers end what they have to
// say on a stream. SUCCESS ends delivery: the seek asked for all blocks there
// will ever be, so an orderer that calls it complete is beyond arguing with.
// So does one request-faulting status more than Limits.Threshold.
func (c *Core) Status(s cb.Status, stream uint64, lim Limits) Action {
	if act, stop := c.from(stream, lim); stop {
		return act
	}
	reason := errors.Errorf("got status %s", s)
	switch s {
	case cb.Status_SUCCESS:
		return Action{Do: End, Reason: errors.WithMessage(reason, "the seek should never complete")}
	case cb.Status_BAD_REQUEST, cb.Status_FORBIDDEN:
		c.refusals++
		if c.refusals > lim.Threshold {
			return Action{Do: End, Reason: errors.Errorf("%s, refusal %d in a row", reason, c.refusals)}
		}
		return c.leave(reason, s == cb.Status_FORBIDDEN, lim)
	}
	c.refusals = 0
	return c.leave(reason, true, lim)
}

// Garbled judges a message that is neither a status nor a block with a header.
// v1.3.0 ended delivery on it; here it costs the orderer its connection.
func (c *Core) Garbled(cause error, stream uint64, lim Limits) Action {
	if act, stop := c.from(stream, lim); stop {
		return act
	}
	return c.leave(errors.WithMessage(cause, "malformed response"), true, lim)
}

// Refreshed forgets how long the next rest would have been, because the list
// of orderers has changed.
func (c *Core) Refreshed() {
	c.doublings = 0
}

// from notes which stream an event came from. The answer is final if that is
// the stream left last: a receiver may have read ahead of what was refused,
// and taking what follows a refused block would leave a hole.
func (c *Core) from(stream uint64, lim Limits) (Action, bool) {
	c.source = stream
	if stream == 0 || stream != c.left {
		return Action{}, false
	}
	return c.ignore(errors.Errorf("message is left over from stream %d, which was given up", stream), false, lim), true
}

func (c *Core) ignore(reason error, blame bool, lim Limits) Action {
	c.ignored++
	if c.ignored > maxIgnored {
		return c.leave(errors.WithMessage(reason, "nothing else for too long"), blame, lim)
	}
	return Action{Do: Ignore, Reason: reason}
}

func (c *Core) leave(reason error, blame bool, lim Limits) Action {
	c.fresh, c.left, c.ignored = true, c.source, 0
	return Action{Do: Leave, After: c.rest(lim.MaxDelay), Blame: blame, Reason: reason}
}

// rest is the delay before a stream is left. It stops doubling once it has
// reached max, so that a lowered max does not stretch later rests.
func (c *Core) rest(max time.Duration) time.Duration {
	d := firstDelay << uint(c.doublings)
	if d < max && c.doublings < maxDoublings {
		c.doublings++
	}
	if d > max {
		d = max
	}
	if d < 0 {
		d = 0
	}
	return d
}
