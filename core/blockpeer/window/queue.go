// SPDX-License-Identifier: Apache-2.0

package window

import "github.com/hyperledger/fabric/core/blockpeer/blockstore"

// queue orders blocks by number: it is the deciding half of a Window and knows
// no goroutine or lock.
//
// Invariants: held has only numbers >= next; bytes is the sum of their sizes.
type queue struct {
	next  uint64 // number of the next block to commit
	held  map[uint64]blockstore.Block
	bytes int
}

// verdict is what push did with a block.
type verdict int

const (
	stored    verdict = iota
	duplicate         // committed already, or held already
	full              // no room now
)

// limits bound what a queue holds. The next block to commit always fits: it
// makes room.
type limits struct {
	blocks, bytes int
}

func newQueue(next uint64) *queue {
	return &queue{next: next, held: map[uint64]blockstore.Block{}}
}

func (q *queue) push(b blockstore.Block, most limits) verdict {
	if _, have := q.held[b.Number]; have || b.Number < q.next {
		return duplicate
	}
	room := len(q.held) < most.blocks && q.bytes+len(b.Raw) <= most.bytes
	if !room && b.Number != q.next {
		return full
	}
	q.held[b.Number] = b
	q.bytes += len(b.Raw)
	return stored
}

// run is the longest sequence that may be committed together, up to bytes: a
// config block stands alone, because what follows it is judged by it.
func (q *queue) run(bytes int) []blockstore.Block {
	var run []blockstore.Block
	size := 0
	for number := q.next; ; number++ {
		b, have := q.held[number]
		switch {
		case !have,
			b.Config && len(run) > 0,
			len(run) > 0 && size+len(b.Raw) > bytes:
			return run
		}
		run = append(run, b)
		size += len(b.Raw)
		if b.Config {
			return run
		}
	}
}

// committed forgets a run and moves past it.
func (q *queue) committed(run []blockstore.Block) {
	for _, b := range run {
		delete(q.held, b.Number)
		q.bytes -= len(b.Raw)
	}
	q.next += uint64(len(run))
}
