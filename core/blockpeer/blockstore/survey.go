// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"bytes"
	"fmt"

	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"
	"github.com/syndtr/goleveldb/leveldb/util"
)

// opener is leveldb.Open or leveldb.Recover.
type opener func(storage.Storage, *opt.Options) (*leveldb.DB, error)

// damage is the lowest block found not to be what it should be.
type damage struct {
	number uint64
	reason string
}

// survey finds the end of the chain and removes what lies beyond it. It runs
// alone, before the store is handed out.
func (s *Store) survey(o options) (tip, error) {
	ends, bad, err := s.walkHeaders()
	if err != nil {
		return tip{}, err
	}
	ends, bad, err = s.checkBlocks(ends, bad, o.tailCheck)
	if err != nil {
		return tip{}, err
	}
	end := ends.last()
	if bad != nil {
		if err := s.judge(bad, o.truncate); err != nil {
			return tip{}, err
		}
	}
	return end, s.cut(end.height, bad)
}

// chainEnds remembers the chain's end after each of the last blocks walked, so
// that cutting some of them off needs no second walk.
type chainEnds struct {
	recent []tip // recent[i] is the end of a chain of base+i blocks
	base   uint64
}

// keepEnds bounds chainEnds: the number of blocks by which a chain can be
// shortened without walking its headers again.
const keepEnds = 1024

func (c *chainEnds) add(t tip) {
	c.recent = append(c.recent, t)
	if len(c.recent) > 2*keepEnds {
		c.base += keepEnds
		c.recent = append(c.recent[:0], c.recent[keepEnds:]...)
	}
}

func (c *chainEnds) last() tip { return c.recent[len(c.recent)-1] }

// shorten drops the ends above height; false when that end was forgotten.
func (c *chainEnds) shorten(height uint64) bool {
	if height < c.base {
		return false
	}
	c.recent = c.recent[:height-c.base+1]
	return true
}

// walkHeaders follows the header records from 0 up to the first that does not
// continue the chain.
func (s *Store) walkHeaders() (*chainEnds, *damage, error) {
	ends := &chainEnds{recent: []tip{{}}}
	it := s.db.NewIterator(util.BytesPrefix([]byte{headerPrefix}), &opt.ReadOptions{DontFillCache: true})
	defer it.Release()
	for it.Next() {
		end := ends.last()
		number, known := keyNumber(headerPrefix, it.Key())
		if !known {
			return nil, nil, fmt.Errorf("%s is not a block store of this program: it holds the key %x", s.dir, it.Key())
		}
		if number != end.height {
			return ends, &damage{end.height, "its header record is missing"}, nil
		}
		r, err := decodeRecord(number, it.Value())
		if err != nil {
			return ends, &damage{number, err.Error()}, nil
		}
		if number == 0 && s.channelID == "" {
			s.channelID = r.channel
		}
		if number == 0 && r.channel != s.channelID {
			return nil, nil, fmt.Errorf("block store %s holds channel %q, not %q", s.dir, r.channel, s.channelID)
		}
		if !bytes.Equal(r.header.PreviousHash, end.hash) {
			return ends, &damage{number, "its previous hash is not the hash of the block before"}, nil
		}
		ends.add(tip{
			height:     number + 1,
			hash:       protoext.BlockHeaderHash(r.header),
			lastConfig: r.lastConfig,
			hasConfig:  r.hasConfig,
		})
	}
	return ends, nil, it.Error()
}

// checkBlocks reads the last n blocks of the walked chain, from the top down.
// Damaged ones at the top shorten the chain; a damaged one below a whole one
// shortens it too, and is for judge to decide about.
func (s *Store) checkBlocks(ends *chainEnds, bad *damage, n uint64) (*chainEnds, *damage, error) {
	height := ends.last().height
	low := uint64(0)
	if n < height {
		low = height - n
	}
	lowest := bad
	for number := height; number > low; {
		number--
		reason, err := s.blockFault(number)
		if err != nil {
			return nil, nil, err
		}
		if reason != "" {
			lowest = &damage{number, reason}
			if number == low && low > 0 {
				low-- // the whole window is damaged: look further down
			}
		}
	}
	if lowest != bad && !ends.shorten(lowest.number) {
		again, err := s.walkTo(lowest.number)
		return again, lowest, err
	}
	return ends, lowest, nil
}

// walkTo is walkHeaders for a part of the chain that is known to be sound.
func (s *Store) walkTo(height uint64) (*chainEnds, error) {
	if height == 0 {
		return &chainEnds{recent: []tip{{}}}, nil
	}
	raw, err := s.db.Get(key(headerPrefix, height-1), nil)
	if err != nil {
		return nil, err
	}
	r, err := decodeRecord(height-1, raw)
	if err != nil {
		return nil, err
	}
	return &chainEnds{base: height, recent: []tip{{
		height:     height,
		hash:       protoext.BlockHeaderHash(r.header),
		lastConfig: r.lastConfig,
		hasConfig:  r.hasConfig,
	}}}, nil
}

// blockFault says what is wrong with the two records of a block, "" for nothing.
// It returns corruption of the database as an error.
func (s *Store) blockFault(number uint64) (string, error) {
	rawRecord, err := s.db.Get(key(headerPrefix, number), nil)
	if err == leveldb.ErrNotFound {
		return "its header record is missing", nil
	}
	if err != nil {
		return "", err
	}
	r, err := decodeRecord(number, rawRecord)
	if err != nil {
		return err.Error(), nil
	}
	raw, err := s.db.Get(key(blockPrefix, number), nil)
	if err == leveldb.ErrNotFound {
		return "its bytes are missing", nil
	}
	if err != nil {
		return "", err
	}
	return contentFault(r, raw), nil
}

// contentFault compares a block's bytes with its header record.
func contentFault(r *record, raw []byte) string {
	if uint64(len(raw)) != r.size {
		return fmt.Sprintf("it has %d bytes where %d were stored", len(raw), r.size)
	}
	block, err := protoext.UnmarshalBlock(raw)
	if err != nil {
		return fmt.Sprintf("its bytes cannot be decoded: %v", err)
	}
	if block.Header == nil || !bytes.Equal(protoext.BlockHeaderHash(block.Header), protoext.BlockHeaderHash(r.header)) {
		return "its header is not the one that was stored"
	}
	if !bytes.Equal(protoext.BlockDataHash(block.Data), r.header.DataHash) {
		return "its data does not match its data hash"
	}
	return ""
}

// judge tells a torn tail, of which nothing above the damage is whole, from a
// hole with whole blocks above it. Only the former may be cut without asking.
func (s *Store) judge(bad *damage, truncate bool) error {
	if truncate {
		return nil
	}
	it := s.db.NewIterator(&util.Range{
		Start: key(headerPrefix, bad.number),
		Limit: []byte{headerPrefix + 1},
	}, &opt.ReadOptions{DontFillCache: true})
	defer it.Release()
	for it.Next() {
		number, known := keyNumber(headerPrefix, it.Key())
		if !known || number == bad.number {
			continue
		}
		reason, err := s.blockFault(number)
		if err != nil {
			return err
		}
		if reason == "" {
			return fmt.Errorf("%w: block %d of channel %s in %s is not usable (%s) although block %d above it is whole; "+
				"restore the folder from a copy, or remove it so that the chain is fetched again, "+
				"or open it once with --repair (TruncateAtDamage) to keep blocks below %d only",
				ErrDamaged, bad.number, s.channelID, s.dir, bad.reason, number, bad.number)
		}
	}
	return it.Error()
}

// cut removes all records at or above height.
func (s *Store) cut(height uint64, bad *damage) error {
	batch := new(leveldb.Batch)
	highest := height
	for _, prefix := range []byte{blockPrefix, headerPrefix} {
		it := s.db.NewIterator(&util.Range{
			Start: key(prefix, height),
			Limit: []byte{prefix + 1},
		}, &opt.ReadOptions{DontFillCache: true})
		for it.Next() {
			batch.Delete(append([]byte(nil), it.Key()...))
			if n, known := keyNumber(prefix, it.Key()); known && n > highest {
				highest = n
			}
		}
		it.Release()
		if err := it.Error(); err != nil {
			return err
		}
	}
	if batch.Len() == 0 {
		return nil
	}
	reason := "its header record is missing"
	if bad != nil {
		reason = bad.reason
	}
	logger.Warningf("Block store %s: dropped blocks %d to %d of channel %s, as block %d was not stored whole: %s; the chain continues at height %d",
		s.dir, height, highest, s.channelID, height, reason, height)
	if err := s.db.Write(batch, &opt.WriteOptions{Sync: true}); err != nil {
		return fmt.Errorf("cannot cut block store %s at height %d: %w", s.dir, height, err)
	}
	return nil
}
