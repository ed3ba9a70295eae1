// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/stretchr/testify/require"
	"github.com/syndtr/goleveldb/leveldb"
)

// tamper changes the database of a closed store directly.
func tamper(t *testing.T, dir string, change func(db *leveldb.DB)) {
	t.Helper()
	db, err := leveldb.OpenFile(dir, databaseOptions())
	require.NoError(t, err)
	change(db)
	require.NoError(t, db.Close())
}

func remove(t *testing.T, dir string, keys ...[]byte) {
	tamper(t, dir, func(db *leveldb.DB) {
		for _, k := range keys {
			require.NoError(t, db.Delete(k, nil))
		}
	})
}

func TestTornTailIsCutOff(t *testing.T) {
	chain := makeChain(t, 30, 400)
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string)
		left   int
	}{
		"last block's bytes missing":  {func(t *testing.T, dir string) { remove(t, dir, key(blockPrefix, 29)) }, 29},
		"last block's header missing": {func(t *testing.T, dir string) { remove(t, dir, key(headerPrefix, 29)) }, 29},
		"bytes of the last three missing": {func(t *testing.T, dir string) {
			remove(t, dir, key(blockPrefix, 29), key(blockPrefix, 27), key(blockPrefix, 28))
		}, 27},
		"a mix at the end": {func(t *testing.T, dir string) {
			remove(t, dir, key(blockPrefix, 29), key(headerPrefix, 28), key(blockPrefix, 27))
		}, 27},
		"more than the checked tail": {func(t *testing.T, dir string) {
			for n := uint64(5); n < 30; n++ {
				remove(t, dir, key(blockPrefix, n))
			}
		}, 5},
		"everything": {func(t *testing.T, dir string) {
			for n := uint64(0); n < 30; n++ {
				remove(t, dir, key(blockPrefix, n))
			}
		}, 0},
		"last block's bytes cut short": {func(t *testing.T, dir string) {
			tamper(t, dir, func(db *leveldb.DB) {
				require.NoError(t, db.Put(key(blockPrefix, 29), chain[29].Raw[:100], nil))
			})
		}, 29},
		"last block's data changed": {func(t *testing.T, dir string) {
			raw := append([]byte(nil), chain[29].Raw...)
			raw[len(raw)-30] ^= 1
			tamper(t, dir, func(db *leveldb.DB) { require.NoError(t, db.Put(key(blockPrefix, 29), raw, nil)) })
		}, 29},
		"last record from a later version": {func(t *testing.T, dir string) {
			tamper(t, dir, func(db *leveldb.DB) { require.NoError(t, db.Put(key(headerPrefix, 29), []byte{2, 0}, nil)) })
		}, 29},
		"last block of another chain": {func(t *testing.T, dir string) {
			other := makeChain(t, 30, 401)[29]
			r := record{header: other.Header, size: uint64(len(other.Raw))}
			tamper(t, dir, func(db *leveldb.DB) {
				require.NoError(t, db.Put(key(blockPrefix, 29), other.Raw, nil))
				require.NoError(t, db.Put(key(headerPrefix, 29), r.encode(), nil))
			})
		}, 29},
	} {
		t.Run(name, func(t *testing.T) {
			dir := build(t, chain, 10)
			c.damage(t, dir)
			s := open(t, dir)
			requireChain(t, s, chain[:c.left])
			require.NoError(t, s.Append(chain[c.left:]...))
			require.NoError(t, s.Close())
			requireChain(t, open(t, dir, FullCheck()), chain)
		})
	}
}

func TestHoleIsReported(t *testing.T) {
	chain := makeChain(t, 30, 400)
	for name, c := range map[string]struct {
		key   []byte
		first int
	}{
		"header in the middle":     {key(headerPrefix, 12), 12},
		"bytes below the last":     {key(blockPrefix, 28), 28},
		"first header":             {key(headerPrefix, 0), 0},
		"header below the last":    {key(headerPrefix, 28), 28},
		"bytes, in a longer check": {key(blockPrefix, 3), 3},
	} {
		t.Run(name, func(t *testing.T) {
			dir := build(t, chain, 10)
			remove(t, dir, c.key)
			_, err := Open(dir, testChannel, FullCheck())
			require.ErrorIs(t, err, ErrDamaged)
			require.ErrorContains(t, err, fmt.Sprintf("block %d of channel mychannel in %s", c.first, dir))
			require.ErrorContains(t, err, "remove it so that the chain is fetched again")

			s := open(t, dir, FullCheck(), TruncateAtDamage())
			requireChain(t, s, chain[:c.first])
			require.NoError(t, s.Append(chain[c.first:]...))
			requireChain(t, s, chain)
		})
	}
}

func TestReadingADamagedBlockNamesIt(t *testing.T) {
	chain := makeChain(t, 40, 50)
	dir := build(t, chain, 40)
	remove(t, dir, key(blockPrefix, 3))
	s := open(t, dir)
	require.EqualValues(t, 40, s.Height(), "the start does not read all blocks")
	_, err := s.Raw(3)
	require.ErrorIs(t, err, ErrDamaged)
	require.ErrorContains(t, err, "block 3")
	require.ErrorContains(t, err, dir)
}

func TestForeignDatabase(t *testing.T) {
	dir := t.TempDir()
	tamper(t, dir, func(db *leveldb.DB) { require.NoError(t, db.Put([]byte("hello"), []byte("world"), nil)) })
	_, err := Open(dir, testChannel)
	require.ErrorContains(t, err, "is not a block store of this program")
}

func TestRecordsWithoutHeadersAreDropped(t *testing.T) {
	chain := makeChain(t, 10, 60)
	dir := build(t, chain, 10)
	tamper(t, dir, func(db *leveldb.DB) {
		require.NoError(t, db.Put(key(blockPrefix, 10), []byte("stray"), nil))
		require.NoError(t, db.Put(key(blockPrefix, 11), []byte("stray"), nil))
	})
	s := open(t, dir)
	requireChain(t, s, chain)
	_, err := s.db.Get(key(blockPrefix, 11), nil)
	require.ErrorIs(t, err, leveldb.ErrNotFound)
}

// TestAnyDamage truncates and flips bytes of a store's files, one at a time, and
// demands that opening and reading yields either an error or blocks that are
// intact and chained up to some height. The store has several tables, a
// journal, and both small and large blocks.
func TestAnyDamage(t *testing.T) {
	chain := makeChain(t, 12, 700)
	origin := build(t, chain[:4], 2)
	for _, upTo := range []int{8, 12} { // each opening moves the journal into a table
		s := open(t, origin)
		require.NoError(t, s.Append(chain[upTo-4:upTo]...))
		require.NoError(t, s.Close())
	}
	entries, err := os.ReadDir(origin)
	require.NoError(t, err)
	tried := map[string]int{}
	for _, entry := range entries {
		name := entry.Name()
		content, err := os.ReadFile(filepath.Join(origin, name))
		require.NoError(t, err)
		if name == "LOCK" || strings.HasPrefix(name, "LOG") {
			continue
		}
		step := max(1, len(content)/12)
		for at := 0; at < len(content); at += step {
			tryDamage(t, origin, name, "truncated", at, chain, content[:at])
			flipped := append([]byte(nil), content...)
			flipped[at] ^= 1 << (at % 8)
			tryDamage(t, origin, name, "flipped", at, chain, flipped)
			tried[filepath.Ext(name)] += 2
		}
		tryDamage(t, origin, name, "removed", 0, chain, nil)
		for at := max(0, len(content)-48); at < len(content); at += 5 { // table footers have no checksum
			flipped := append([]byte(nil), content...)
			flipped[at] ^= 0x80
			tryDamage(t, origin, name, "flipped", at, chain, flipped)
		}
	}
	require.Positive(t, tried[".ldb"], "the store must have tables: %v", tried)
	require.Positive(t, tried[".log"], "the store must have a journal: %v", tried)
}

func tryDamage(t *testing.T, origin, name, how string, at int, chain []Block, content []byte) {
	t.Helper()
	what := fmt.Sprintf("%s %s at %d", name, how, at)
	dir := copyDir(t, origin)
	if how == "removed" {
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
	} else {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	defer os.RemoveAll(dir)

	s, err := Open(dir, testChannel)
	if err != nil {
		require.NotEmpty(t, err.Error(), what)
		require.Contains(t, err.Error(), dir, what)
		return
	}
	defer s.Close()
	require.LessOrEqual(t, s.Height(), uint64(len(chain)), what)
	for n := range s.Height() {
		raw, err := s.Raw(n)
		if err != nil {
			require.True(t, errors.Is(err, ErrDamaged), "%s: block %d: %v", what, n, err)
			return
		}
		require.Equal(t, chain[n].Raw, raw, "%s: block %d", what, n)
	}
	if s.Height() > 0 {
		require.Equal(t, protoext.BlockHeaderHash(chain[s.Height()-1].Header), s.LastHash(), what)
	}
	// The chain goes on where it was cut, and reads back.
	require.NoError(t, s.Append(chain[s.Height():]...), what)
	require.EqualValues(t, len(chain), s.Height(), what)
}

// Cutting off more than what the walk over the headers remembers.
func TestLongDamagedTail(t *testing.T) {
	chain := makeChain(t, 2*keepEnds+1500, 16)
	dir := build(t, chain, len(chain))
	tamper(t, dir, func(db *leveldb.DB) {
		batch := new(leveldb.Batch)
		for n := uint64(50); n < uint64(len(chain)); n++ {
			batch.Delete(key(blockPrefix, n))
		}
		require.NoError(t, db.Write(batch, nil))
	})
	requireChain(t, open(t, dir), chain[:50])
}

// A crash while a write is under way leaves any prefix of it.
func TestEveryPrefixOfTheJournal(t *testing.T) {
	chain := makeChain(t, 9, 300)
	dir := t.TempDir()
	s := open(t, dir)
	sizes := []int64{}
	journal := func() string {
		found, err := filepath.Glob(filepath.Join(dir, "*.log"))
		require.NoError(t, err)
		require.Len(t, found, 1)
		return found[0]
	}
	for i := 0; i < len(chain); i += 3 {
		require.NoError(t, s.Append(chain[i:i+3]...))
		info, err := os.Stat(journal())
		require.NoError(t, err)
		sizes = append(sizes, info.Size())
	}
	require.NoError(t, s.Close())
	content, err := os.ReadFile(journal())
	require.NoError(t, err)
	for size := 0; size <= len(content); size += 131 {
		whole := 0
		for _, end := range sizes {
			if int64(size) >= end {
				whole += 3
			}
		}
		copied := copyDir(t, dir)
		require.NoError(t, os.WriteFile(filepath.Join(copied, filepath.Base(journal())), content[:size], 0o600))
		requireChain(t, open(t, copied), chain[:whole])
	}
}
