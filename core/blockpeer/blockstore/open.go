// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"fmt"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

var logger = flogging.MustGetLogger("blockstore")

// defaultTailCheck is how many of the last blocks Open reads whole. A crash
// damages what was written last; 16 blocks cover several writes and cost
// milliseconds.
const defaultTailCheck = 16

// Option changes how Open works.
type Option func(*options)

type options struct {
	tailCheck uint64
	truncate  bool
}

// FullCheck makes Open read and hash every block, not only the last ones. It
// takes as long as reading the whole store.
func FullCheck() Option {
	return func(o *options) { o.tailCheck = ^uint64(0) }
}

// TruncateAtDamage lets Open cut the chain at the first damaged block even when
// whole blocks follow it, which it otherwise refuses to do. Those blocks are
// lost; a peer fetches them again.
func TruncateAtDamage() Option {
	return func(o *options) { o.truncate = true }
}

// databaseOptions: block bytes are mostly signatures and hashes, so compressing
// them wastes time; tables and write buffer are sized for values of up to a few
// megabytes; batches of any size go through the journal, where an unfinished
// one disappears as a whole.
func databaseOptions() *opt.Options {
	return &opt.Options{
		Compression:                  opt.NoCompression,
		WriteBuffer:                  8 * opt.MiB,
		CompactionTableSize:          8 * opt.MiB,
		DisableLargeBatchTransaction: true,
		OpenFilesCacheCapacity:       64,
	}
}

// Open opens the chain of a channel in dir, creating an empty one when dir is
// empty or absent. An empty channelID takes whatever chain is there. It locks
// dir for this process until Close.
//
// Headers are checked from block 0 up (numbers, hash chain), the last blocks
// also by content. Damage at the end of the chain is cut off and logged. Errors:
// dir in use, the chain of another channel, ErrDamaged when whole blocks follow
// a damaged one (see TruncateAtDamage), and what the file system reports.
func Open(dir, channelID string, opts ...Option) (*Store, error) {
	o := options{tailCheck: defaultTailCheck}
	for _, set := range opts {
		set(&o)
	}
	files, err := openFiles(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, channelID: channelID, files: files, changed: make(chan struct{})}
	err = s.load(o)
	if err == nil && s.channelID == "" {
		err = fmt.Errorf("block store %s holds no chain yet, and no channel was named to start one", dir)
	}
	if err != nil {
		if s.db != nil {
			s.db.Close()
		}
		files.Close()
		return nil, err
	}
	return s, nil
}

// load opens the database and finds the end of the chain. Damage that the
// database cannot read past is repaired by rebuilding it from its tables, after
// which nothing is taken for granted and every block is read.
func (s *Store) load(o options) error {
	err := s.attempt(o, leveldb.Open)
	if !isCorrupted(err) {
		return err
	}
	logger.Warningf("Block store %s is damaged (%v): rebuilding it from what can be read, and checking every block", s.dir, err)
	if s.db != nil {
		s.db.Close()
		s.db = nil
	}
	aside, err := s.files.setAsideTables()
	if err != nil {
		return fmt.Errorf("cannot repair block store %s: %w", s.dir, err)
	}
	if len(aside) > 0 {
		logger.Warningf("Block store %s: unreadable tables were set aside as %v", s.dir, aside)
	}
	o.tailCheck = ^uint64(0)
	if err := s.attempt(o, leveldb.Recover); err != nil {
		if isCorrupted(err) {
			err = fmt.Errorf("%w: %s cannot be repaired: %v; restore it from a copy, or remove it so that the chain is fetched again", ErrDamaged, s.dir, err)
		}
		return err
	}
	return nil
}

// attempt opens the database one way and scans it. Errors of the database are
// returned unwrapped when they mean corruption.
func (s *Store) attempt(o options, open opener) (err error) {
	defer func() {
		// The database checks its checksums, but panics on some impossible
		// states that checksums do not exclude.
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: the database in %s failed on its files: %v", ErrDamaged, s.dir, r)
		}
	}()
	s.db, err = open(s.files, databaseOptions())
	for _, lost := range s.files.takeDropped() {
		logger.Warningf("Block store %s: the journal was not whole, its reader skipped: %s", s.dir, lost)
	}
	if err != nil {
		s.db = nil
		if isCorrupted(err) {
			return err
		}
		return fmt.Errorf("cannot open block store %s: %w", s.dir, err)
	}
	found, err := s.survey(o)
	if err != nil {
		return err
	}
	s.tip = found
	return nil
}
