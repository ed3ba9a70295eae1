// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"sync"

	"github.com/hyperledger/fabric/common/ledger/blockledger"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// replayView is the recording as one stream sees it.
type replayView struct {
	replay *Replay
	taken  *transit
}

// Sequence implements deliver.Chain. A recording's configuration is not
// followed.
func (v *replayView) Sequence() uint64 { return 0 }

// PolicyManager implements deliver.Chain; nothing asks for it.
func (v *replayView) PolicyManager() policies.Manager { return nil }

// Errored implements deliver.Chain.
func (v *replayView) Errored() <-chan struct{} {
	v.replay.mu.Lock()
	defer v.replay.mu.Unlock()
	return v.replay.errored
}

// Reader implements deliver.Chain.
func (v *replayView) Reader() blockledger.Reader { return v }

// Height implements blockledger.Reader.
func (v *replayView) Height() uint64 { return v.replay.Height() }

// Iterator implements blockledger.Reader.
func (v *replayView) Iterator(start *ab.SeekPosition) (blockledger.Iterator, uint64) {
	number, ok := blockstore.Resolve(start, v.replay.Height())
	if !ok {
		return &blockledger.NotFoundErrorIterator{}, 0
	}
	return &carrier{cursor: &replayCursor{replay: v.replay, next: number, closed: make(chan struct{})}, taken: v.taken}, number
}

// replayCursor walks the recording.
type replayCursor struct {
	replay *Replay
	next   uint64
	once   sync.Once
	closed chan struct{}
}

var ready = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// ReadyChan implements cursor.
func (c *replayCursor) ReadyChan() <-chan struct{} {
	height, changed := c.replay.end()
	if height > c.next {
		return ready
	}
	return changed
}

// NextRaw implements cursor.
func (c *replayCursor) NextRaw() (uint64, []byte, cb.Status) {
	for {
		height, changed := c.replay.end()
		if height > c.next {
			number := c.next
			c.next++
			return number, c.replay.blocks[number], cb.Status_SUCCESS
		}
		select {
		case <-changed:
		case <-c.closed:
			return 0, nil, cb.Status_SERVICE_UNAVAILABLE
		}
	}
}

// Close implements cursor.
func (c *replayCursor) Close() { c.once.Do(func() { close(c.closed) }) }
