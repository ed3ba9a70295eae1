// SPDX-License-Identifier: Apache-2.0

// Package window puts verified blocks into order and commits them: it stands
// where gossip's state provider stands in a full peer, between delivery, which
// hands over blocks one by one, and the ledger, which wants them in sequence.
//
// # Ownership
//
// One goroutine, started by New and ended by Stop, commits; it takes whatever
// is in sequence in one go, so that one disk synchronisation serves many
// blocks. Add may be called from any goroutine. It blocks while the window is
// full, which is how a slow disk slows the orderer down, and, for a config
// block, until that block is committed: the next block must be verified under
// the configuration that it was cut under.
package window

import (
	"errors"
	"fmt"
	"sync"

	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/gossip/protoext"
)

// Bounds on what one channel's window holds. A block of any size passes when
// it is the next one.
const (
	maxBlocks   = 200
	maxBytes    = 64 << 20
	maxRunBytes = 16 << 20
)

// ErrStopped is what Add returns once the window is stopped.
var ErrStopped = errors.New("the payload window is stopped")

// Commit writes blocks that continue the chain; it returns when they are
// durable. A config block comes alone.
type Commit func(run []blockstore.Block) error

// Window orders and commits the blocks of one channel.
type Window struct {
	commit Commit        // immutable
	most   limits        // immutable
	done   chan struct{} // closed when the committing goroutine has ended

	mutex   sync.Mutex // guards all below
	changed *sync.Cond // signalled at each change of what is below
	queue   *queue
	stopped bool
	failure error // of the commit that ended the window
}

// New starts a window that waits for block next.
func New(next uint64, commit Commit) *Window {
	return start(next, commit, limits{blocks: maxBlocks, bytes: maxBytes})
}

func start(next uint64, commit Commit, most limits) *Window {
	w := &Window{commit: commit, most: most, done: make(chan struct{}), queue: newQueue(next)}
	w.changed = sync.NewCond(&w.mutex)
	go w.work()
	return w
}

// Add takes in a verified block, given by its number and its marshaled bytes,
// which must not change afterwards. A block that is committed or held already
// is ignored. Add returns ErrStopped after Stop, and the error of a failed
// commit after that.
func (w *Window) Add(number uint64, raw []byte) error {
	b, err := decode(number, raw)
	if err != nil {
		return err
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for {
		if err := w.endedLocked(); err != nil {
			return err
		}
		switch w.queue.push(b, w.most) {
		case duplicate:
			return nil
		case stored:
			w.changed.Broadcast()
			if b.Config {
				return w.awaitLocked(number)
			}
			return nil
		case full:
			w.changed.Wait()
		}
	}
}

func decode(number uint64, raw []byte) (blockstore.Block, error) {
	block, err := protoext.UnmarshalBlock(raw)
	if err != nil {
		return blockstore.Block{}, fmt.Errorf("payload %d: %w", number, err)
	}
	if block.Header == nil || block.Header.Number != number {
		return blockstore.Block{}, fmt.Errorf("payload %d holds block %d", number, block.GetHeader().GetNumber())
	}
	return blockstore.Block{Number: number, Raw: raw, Header: block.Header, Config: protoext.IsConfigBlock(block)}, nil
}

// awaitLocked waits until a block is committed.
func (w *Window) awaitLocked(number uint64) error {
	for w.queue.next <= number {
		if err := w.endedLocked(); err != nil {
			return err
		}
		w.changed.Wait()
	}
	return nil
}

func (w *Window) endedLocked() error {
	switch {
	case w.failure != nil:
		return w.failure
	case w.stopped:
		return ErrStopped
	}
	return nil
}

// Next is the number of the next block to be committed.
func (w *Window) Next() uint64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.queue.next
}

// Done is closed when nothing more will be committed: after Stop, or after a
// commit failed, which Err then tells.
func (w *Window) Done() <-chan struct{} { return w.done }

// Err is the failure that ended the window, nil while there is none.
func (w *Window) Err() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.failure
}

// Stop ends the window and waits for a commit in progress. Blocks that are
// held but not committed are forgotten; delivery fetches them again. It may be
// called more than once.
func (w *Window) Stop() {
	w.mutex.Lock()
	w.stopped = true
	w.changed.Broadcast()
	w.mutex.Unlock()
	<-w.done
}

// work commits runs until the window ends.
func (w *Window) work() {
	defer close(w.done)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for w.endedLocked() == nil {
		run := w.queue.run(maxRunBytes)
		if len(run) == 0 {
			w.changed.Wait()
			continue
		}
		w.mutex.Unlock()
		err := w.commit(run)
		w.mutex.Lock()
		if err != nil {
			w.failure = fmt.Errorf("committing block %d: %w", run[0].Number, err)
		} else {
			w.queue.committed(run)
		}
		w.changed.Broadcast()
	}
}
