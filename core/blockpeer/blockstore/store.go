// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

var (
	// ErrClosed is what every method returns after Close.
	ErrClosed = errors.New("block store is closed")
	// ErrNotFound is wrapped by reads of a block at or above the height.
	ErrNotFound = errors.New("no such block")
	// ErrDamaged is wrapped by Open and by reads when the files do not hold
	// what was once stored in them.
	ErrDamaged = errors.New("block store is damaged")
	// ErrOutOfOrder is wrapped by Append for a block that is not the next one of
	// this chain; nothing of the call has been stored then.
	ErrOutOfOrder = errors.New("block does not continue the chain")
)

// Block is one block to store.
type Block struct {
	Number uint64
	Raw    []byte          // the marshalled common.Block, stored as it is
	Header *cb.BlockHeader // decoded from Raw by the caller
	Config bool            // a config block; LastConfig follows it
}

// Store is one channel's chain on disk. Create with Open.
type Store struct {
	// Immutable after Open.
	dir       string
	channelID string
	db        *leveldb.DB
	files     *guard

	// appending serialises Append, and guards broken: the first failed write,
	// after which what is on disk is unknown until the next Open.
	appending sync.Mutex
	broken    error

	// open is held shared by reads of db, and exclusively by Close.
	open   sync.RWMutex
	closed bool

	// mu guards the published end of the chain.
	mu      sync.Mutex
	tip     tip
	changed chan struct{} // closed and replaced when tip changes, closed for good by Close
	ended   bool          // changed is closed for good
}

// tip is the end of a chain.
type tip struct {
	height     uint64 // number of the next block
	hash       []byte // of the last header, nil when there is none
	lastConfig uint64
	hasConfig  bool
}

// Dir returns the folder that holds the store.
func (s *Store) Dir() string { return s.dir }

// ChannelID returns the channel whose chain this is.
func (s *Store) ChannelID() string { return s.channelID }

// Height returns the number of stored blocks, which is the number of the next
// one. All blocks below it are on disk.
func (s *Store) Height() uint64 { return s.current().height }

// LastHash returns the header hash of the last block, nil for an empty chain.
// The caller must not change it.
func (s *Store) LastHash() []byte { return s.current().hash }

// LastConfig returns the number of the newest block that was appended with
// Config set; false when there was none.
func (s *Store) LastConfig() (uint64, bool) {
	t := s.current()
	return t.lastConfig, t.hasConfig
}

func (s *Store) current() tip {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tip
}

// Append stores blocks that continue the chain, with one disk synchronisation
// for all of them, and returns once they are durable. It stores all or nothing;
// their bytes are held in memory meanwhile, so callers bound how much they
// pass. The slices may be reused afterwards.
//
// After a failed write the end of the files is unknown: every further Append
// returns that error until the store is opened again. Reads still work.
func (s *Store) Append(blocks ...Block) error {
	s.appending.Lock()
	defer s.appending.Unlock()
	if s.broken != nil {
		return fmt.Errorf("block store %s stopped writing after a failure: %w", s.dir, s.broken)
	}
	if len(blocks) == 0 {
		return nil
	}
	next := s.current()
	batch := new(leveldb.Batch)
	for i := range blocks {
		if err := s.stage(batch, &next, &blocks[i]); err != nil {
			return fmt.Errorf("channel %s: cannot append block %d: %w", s.channelID, blocks[i].Number, err)
		}
	}
	if err := s.write(batch); err != nil {
		if err != ErrClosed {
			s.broken = err
			err = fmt.Errorf("cannot write to block store %s: %w", s.dir, err)
		}
		return err
	}
	s.publish(next)
	return nil
}

// stage adds a block to the batch and moves end past it.
func (s *Store) stage(batch *leveldb.Batch, end *tip, b *Block) error {
	switch {
	case b.Header == nil || len(b.Raw) == 0:
		return fmt.Errorf("%w: header or bytes missing", ErrOutOfOrder)
	case b.Number != end.height:
		return fmt.Errorf("%w: next number is %d", ErrOutOfOrder, end.height)
	case b.Header.Number != b.Number:
		return fmt.Errorf("%w: header says %d", ErrOutOfOrder, b.Header.Number)
	case !bytes.Equal(b.Header.PreviousHash, end.hash):
		return fmt.Errorf("%w: previous hash is %x, last block has %x", ErrOutOfOrder, b.Header.PreviousHash, end.hash)
	}
	if b.Config {
		end.lastConfig, end.hasConfig = b.Number, true
	}
	r := record{
		header:     b.Header,
		size:       uint64(len(b.Raw)),
		config:     b.Config,
		lastConfig: end.lastConfig,
		hasConfig:  end.hasConfig,
	}
	if b.Number == 0 {
		r.channel = s.channelID
	}
	batch.Put(key(blockPrefix, b.Number), b.Raw)
	batch.Put(key(headerPrefix, b.Number), r.encode())
	end.height, end.hash = b.Number+1, protoext.BlockHeaderHash(b.Header)
	return nil
}

func (s *Store) write(batch *leveldb.Batch) error {
	s.open.RLock()
	defer s.open.RUnlock()
	if s.closed {
		return ErrClosed
	}
	return s.db.Write(batch, &opt.WriteOptions{Sync: true})
}

func (s *Store) publish(end tip) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tip = end
	if !s.ended {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// Changed returns the height and a channel that is closed when the height
// changes or the store is closed.
func (s *Store) Changed() (uint64, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tip.height, s.changed
}

// WaitFor returns nil as soon as block n is stored, ErrClosed when the store is
// closed first, or the context's error.
func (s *Store) WaitFor(ctx context.Context, n uint64) error {
	for {
		height, changed := s.Changed()
		if height > n {
			return nil
		}
		if s.isClosed() {
			return ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Store) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// Raw returns the stored bytes of block n. They belong to the caller.
func (s *Store) Raw(n uint64) ([]byte, error) {
	if height := s.Height(); n >= height {
		return nil, fmt.Errorf("channel %s: block %d: %w, height is %d", s.channelID, n, ErrNotFound, height)
	}
	return s.get(blockPrefix, n)
}

// Block returns block n, decoded. Its fields share memory that belongs to the
// caller.
func (s *Store) Block(n uint64) (*cb.Block, error) {
	raw, err := s.Raw(n)
	if err != nil {
		return nil, err
	}
	b, err := protoext.UnmarshalBlock(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: block %d in %s cannot be decoded: %v", ErrDamaged, n, s.dir, err)
	}
	return b, nil
}

// Header returns the header of block n without reading its data.
func (s *Store) Header(n uint64) (*cb.BlockHeader, error) {
	if height := s.Height(); n >= height {
		return nil, fmt.Errorf("channel %s: header %d: %w, height is %d", s.channelID, n, ErrNotFound, height)
	}
	raw, err := s.get(headerPrefix, n)
	if err != nil {
		return nil, err
	}
	r, err := decodeRecord(n, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: header record %d in %s: %v", ErrDamaged, n, s.dir, err)
	}
	return r.header, nil
}

// get reads a record that must exist.
func (s *Store) get(prefix byte, n uint64) ([]byte, error) {
	s.open.RLock()
	defer s.open.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	raw, err := s.db.Get(key(prefix, n), nil)
	if err == leveldb.ErrNotFound || isCorrupted(err) {
		return nil, fmt.Errorf("%w: block %d in %s cannot be read: %v", ErrDamaged, n, s.dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read block %d from %s: %w", n, s.dir, err)
	}
	return raw, nil
}

// Close waits for running calls, releases the files and wakes all that wait.
// It may be called more than once.
func (s *Store) Close() error {
	s.open.Lock()
	defer s.open.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true

	s.mu.Lock()
	s.ended = true
	close(s.changed)
	s.mu.Unlock()

	err := s.db.Close()
	if fileErr := s.files.Close(); err == nil {
		err = fileErr
	}
	if err != nil {
		return fmt.Errorf("cannot close block store %s cleanly: %w", s.dir, err)
	}
	return nil
}
