// SPDX-License-Identifier: Apache-2.0

package progress

import "time"

const (
	// Checks of a block in doubt are repeated after firstRecheck, then after
	// twice that and so on, at most maxRecheck apart.
	firstRecheck = 50 * time.Millisecond
	maxRecheck   = 500 * time.Millisecond

	// settling is the one delay granted after the ledger is seen to hold the
	// configuration block: rules may change a moment after the height does.
	settling = 100 * time.Millisecond

	// blindPatience bounds the delays for one configuration block when the
	// ledger's height cannot be learned; a liar may cost us as much.
	blindPatience = 700 * time.Millisecond

	// sightedPatience bounds them while the height is known and does not move.
	sightedPatience = 30 * time.Second

	// outOfDoubt is how many blocks after a configuration block it must have
	// been committed: no buffer between here and the ledger holds that many.
	outOfDoubt = 300
)

type verdict int

const (
	undecided verdict = iota // check again
	innocent                 // give up on the stream but blame nobody
	guilty                   // the block is bad
)

// doubt is the benefit that a block gets while the rules it was checked by may
// be out of date: blocks cut after a configuration block obey the new rules,
// but a check goes by those that have been committed.
type doubt struct {
	pending bool   // block config was handed on and was not yet seen committed
	config  uint64 // newest configuration block handed on
	since   int    // blocks accepted after it
	settled bool   // the settling delay has been granted

	// Of the block under way.
	spent    time.Duration // sum of delays since the height last moved
	rechecks int           // number of delays since then
	seen     Height        // height when it was last looked at
}

func (d *doubt) nextBlock() {
	d.spent, d.rechecks, d.seen = 0, 0, Height{}
}

func (d *doubt) accepted(number uint64, config bool) {
	if config {
		*d = doubt{pending: true, config: number}
		return
	}
	d.since++
	if d.since >= outOfDoubt {
		d.pending = false
	}
}

// failed judges one failed check of block number; with undecided comes the
// delay before the next.
func (d *doubt) failed(number uint64, height Height) (verdict, time.Duration) {
	switch {
	case !d.pending || number <= d.config:
		return guilty, 0
	case height.Known && height.Value > d.config:
		if d.settled {
			d.pending = false
			return guilty, 0
		}
		d.settled = true
		return undecided, settling
	case height.Known:
		return d.waitFor(height)
	}
	if d.spent >= blindPatience {
		d.pending = false
		return guilty, 0
	}
	return undecided, d.pause()
}

// waitFor waits as long as the ledger moves towards the configuration block.
func (d *doubt) waitFor(height Height) (verdict, time.Duration) {
	if d.seen.Known && height.Value > d.seen.Value {
		d.spent, d.rechecks = 0, 0
	}
	d.seen = height
	if d.spent >= sightedPatience {
		return innocent, 0
	}
	return undecided, d.pause()
}

func (d *doubt) pause() time.Duration {
	p := maxRecheck
	if d.rechecks < 4 {
		p = firstRecheck << uint(d.rechecks)
	}
	d.rechecks++
	d.spent += p
	return p
}
