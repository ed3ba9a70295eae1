// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"fmt"
	"sync"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/ledger/blockledger"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// Ledger is a Store in the shape that common/deliver reads.
type Ledger struct {
	store *Store
}

var _ blockledger.ReadWriter = (*Ledger)(nil)

// NewLedger returns the ledger view of a store. It holds nothing of its own.
func NewLedger(store *Store) *Ledger { return &Ledger{store: store} }

// Height returns the number of stored blocks.
func (l *Ledger) Height() uint64 { return l.store.Height() }

// Append marshals a block and stores it durably. See Store.Append.
func (l *Ledger) Append(block *cb.Block) error {
	if block == nil || block.Header == nil {
		return fmt.Errorf("channel %s: cannot append a block without header", l.store.ChannelID())
	}
	raw, err := proto.Marshal(block)
	if err != nil {
		return fmt.Errorf("channel %s: cannot marshal block %d: %w", l.store.ChannelID(), block.Header.Number, err)
	}
	return l.store.Append(Block{
		Number: block.Header.Number,
		Raw:    raw,
		Header: block.Header,
		Config: protoext.IsConfigBlock(block),
	})
}

// Iterator implements blockledger.Reader. The position after the last block is
// valid: the iterator then waits for that block.
func (l *Ledger) Iterator(start *ab.SeekPosition) (blockledger.Iterator, uint64) {
	number, ok := Resolve(start, l.store.Height())
	if !ok {
		return &blockledger.NotFoundErrorIterator{}, 0
	}
	return l.store.Cursor(number), number
}

// Resolve turns a seek position into the number of the first block, for a chain
// of the given height; false when the position lies beyond the next block, or
// names nothing.
func Resolve(start *ab.SeekPosition, height uint64) (uint64, bool) {
	switch position := start.GetType().(type) {
	case *ab.SeekPosition_Oldest:
		return 0, true
	case *ab.SeekPosition_Newest:
		if height == 0 {
			return 0, false
		}
		return height - 1, true
	case *ab.SeekPosition_Specified:
		number := position.Specified.GetNumber()
		return number, number <= height
	default:
		return 0, false
	}
}

// Cursor reads a store upwards from a block on, waiting at the end. One
// goroutine uses it; Close may come from any.
type Cursor struct {
	store *Store
	next  uint64

	once   sync.Once
	closed chan struct{}
}

// Cursor returns a cursor whose first block is number next, which may be at or
// above the height.
func (s *Store) Cursor(next uint64) *Cursor {
	return &Cursor{store: s, next: next, closed: make(chan struct{})}
}

// ReadyChan returns a channel that is closed when Next can answer without
// waiting, or when the chain has grown and it is worth asking again.
func (c *Cursor) ReadyChan() <-chan struct{} {
	height, changed := c.store.Changed()
	if height > c.next {
		return closedChan
	}
	return changed
}

var closedChan = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// Next implements blockledger.Iterator.
func (c *Cursor) Next() (*cb.Block, cb.Status) {
	number, raw, status := c.NextRaw()
	if status != cb.Status_SUCCESS {
		return nil, status
	}
	block, err := protoext.UnmarshalBlock(raw)
	if err != nil {
		logger.Errorf("Channel %s: stored block %d cannot be decoded: %s", c.store.ChannelID(), number, err)
		return nil, cb.Status_SERVICE_UNAVAILABLE
	}
	return block, cb.Status_SUCCESS
}

// NextRaw is Next for callers that pass a block on as it is stored.
func (c *Cursor) NextRaw() (uint64, []byte, cb.Status) {
	for {
		height, changed := c.store.Changed()
		if height > c.next {
			break
		}
		if c.store.isClosed() {
			return 0, nil, cb.Status_SERVICE_UNAVAILABLE
		}
		select {
		case <-changed:
		case <-c.closed:
			return 0, nil, cb.Status_SERVICE_UNAVAILABLE
		}
	}
	select {
	case <-c.closed:
		return 0, nil, cb.Status_SERVICE_UNAVAILABLE
	default:
	}
	number := c.next
	raw, err := c.store.Raw(number)
	if err != nil {
		if err != ErrClosed {
			logger.Errorf("Channel %s: %s", c.store.ChannelID(), err)
		}
		return 0, nil, cb.Status_SERVICE_UNAVAILABLE
	}
	c.next++
	return number, raw, cb.Status_SUCCESS
}

// Close ends the cursor; a Next that waits returns SERVICE_UNAVAILABLE.
func (c *Cursor) Close() {
	c.once.Do(func() { close(c.closed) })
}
