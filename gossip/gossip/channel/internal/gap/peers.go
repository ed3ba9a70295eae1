// SPDX-License-Identifier: Apache-2.0

package gap

import "time"

// For how long a peer is not asked again for a block that was not in its
// digest: it may be about to get it. Each time it is twice as long, up to a
// bound. A block that was announced but not delivered makes a longer difference.
const (
	lackTime     = 100 * time.Millisecond
	maxLackTime  = 8 * time.Second
	withheldTime = 2 * time.Second
)

// peer is what is known of another peer.
type peer struct {
	height   uint64    // it says that it has all blocks below
	highest  uint64    // one past the highest block that it has shown to have
	failures int       // conversations in a row that brought nothing
	rest     time.Time // it is not to be asked before
	busy     bool
	lacks    map[uint64]lack // blocks that it did not have when it was asked
}

// lack is how often a peer did not have a block, and until when to believe that
// it still does not.
type lack struct {
	times int
	until time.Time
}

func (t *Tracker) peer(name string) *peer {
	p := t.peers[name]
	if p == nil {
		p = &peer{lacks: make(map[uint64]lack)}
		t.peers[name] = p
	}
	return p
}

// Holds tells that a peer has blocks: it has sent or announced them, or got
// them from here.
func (t *Tracker) Holds(name string, numbers ...uint64) {
	if !t.started {
		return // no number means anything yet
	}
	p, low, horizon := t.peer(name), t.kept(), t.horizon()
	for _, number := range numbers {
		if number < low || number >= horizon {
			continue
		}
		if number >= p.highest {
			p.highest = number + 1
		}
		if _, known := t.holders[number][name]; known {
			continue
		}
		if t.holders[number] == nil {
			t.holders[number] = make(map[string]struct{})
		}
		t.holders[number][name] = struct{}{}
		delete(p.lacks, number)
		t.found(number)
	}
}

// found notes that there is another peer to ask for a block.
func (t *Tracker) found(number uint64) {
	if w := t.wants[number]; w != nil {
		w.retry, w.blocked = time.Time{}, false
	}
}

// Claims tells that a peer says its ledger has all blocks below height.
func (t *Tracker) Claims(name string, height uint64) {
	p := t.peer(name)
	before := *p
	p.height = height
	for number := range t.wants {
		if t.rank(name, &before, number) == hasNot && t.rank(name, p, number) != hasNot {
			t.found(number)
		}
	}
}

// Has tells whether a peer has a block, as far as is known.
func (t *Tracker) Has(name string, number uint64) bool {
	if _, shown := t.holders[number][name]; shown {
		return true
	}
	p := t.peers[name]
	return p != nil && p.height > number
}

// Retain forgets the peers that keep does not name.
func (t *Tracker) Retain(keep func(name string) bool) {
	for name, p := range t.peers {
		if !p.busy && !keep(name) {
			delete(t.peers, name)
			for _, names := range t.holders {
				delete(names, name)
			}
		}
	}
}

// ranks of a peer for a block, the best first.
type rank int

const (
	hasShown  rank = iota // the very block
	hasLedger             // says so by its ledger's height, and still keeps it
	hasLater              // has shown a later one
	hasNot
)

// rank tells how likely a peer is to have a block, whatever was in its digests.
func (t *Tracker) rank(name string, p *peer, number uint64) rank {
	if _, shown := t.holders[number][name]; shown {
		return hasShown
	}
	switch {
	case p.height > number && p.height-number <= t.config.Window:
		return hasLedger
	case p.highest > number && p.highest-number <= t.config.Window:
		return hasLater
	}
	return hasNot
}

// claimed is one past the highest block that anybody may have.
func (t *Tracker) claimed() uint64 {
	highest := uint64(0)
	for _, p := range t.peers {
		if p.height > highest {
			highest = p.height
		}
		if p.highest > highest {
			highest = p.highest
		}
	}
	return highest
}

func (t *Tracker) anybodyHas(number uint64) bool {
	for name, p := range t.peers {
		if t.rank(name, p, number) != hasNot {
			return true
		}
	}
	return false
}

// failed notes that a conversation with a peer brought nothing.
func (p *peer) failed(now time.Time) {
	p.failures++
	p.rest = now.Add(pause(p.failures-1, time.Second, 30*time.Second))
}

// lacked notes that a peer did not announce a block.
func (p *peer) lacked(number uint64, now time.Time) {
	l := p.lacks[number]
	p.lacks[number] = lack{l.times + 1, now.Add(pause(l.times, lackTime, maxLackTime))}
}

// withheld notes that a peer announced a block and did not deliver it.
func (p *peer) withheld(number uint64, now time.Time) {
	p.lacks[number] = lack{p.lacks[number].times + 1, now.Add(withheldTime)}
}

// available is when a peer may be asked for a block that it may have.
func (p *peer) available(number uint64) time.Time {
	if until := p.lacks[number].until; until.After(p.rest) {
		return until
	}
	return p.rest
}
