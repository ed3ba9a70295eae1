// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/ledger/blockledger"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/stretchr/testify/require"
)

var (
	oldest = &ab.SeekPosition{Type: &ab.SeekPosition_Oldest{Oldest: &ab.SeekOldest{}}}
	newest = &ab.SeekPosition{Type: &ab.SeekPosition_Newest{Newest: &ab.SeekNewest{}}}
)

func specified(n uint64) *ab.SeekPosition {
	return &ab.SeekPosition{Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: n}}}
}

func TestResolve(t *testing.T) {
	for name, c := range map[string]struct {
		position *ab.SeekPosition
		height   uint64
		number   uint64
		ok       bool
	}{
		"oldest":                      {oldest, 4, 0, true},
		"oldest of nothing":           {oldest, 0, 0, true},
		"newest":                      {newest, 4, 3, true},
		"newest of nothing":           {newest, 0, 0, false},
		"specified":                   {specified(2), 4, 2, true},
		"next to come":                {specified(4), 4, 4, true},
		"beyond the next":             {specified(5), 4, 5, false},
		"far beyond":                  {specified(^uint64(0)), 4, ^uint64(0), false},
		"specified without a message": {&ab.SeekPosition{Type: &ab.SeekPosition_Specified{}}, 4, 0, true},
		"nothing set":                 {&ab.SeekPosition{}, 4, 0, false},
		"nil":                         {nil, 4, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			number, ok := Resolve(c.position, c.height)
			require.Equal(t, c.ok, ok)
			require.Equal(t, c.number, number)
		})
	}
}

func decoded(t *testing.T, b Block) *cb.Block {
	block, err := protoext.UnmarshalBlock(b.Raw)
	require.NoError(t, err)
	return block
}

func TestLedger(t *testing.T) {
	chain := makeChain(t, 4, 100)
	var l blockledger.ReadWriter = NewLedger(open(t, t.TempDir()))
	for _, b := range chain[:3] {
		require.NoError(t, l.Append(decoded(t, b)))
	}
	require.EqualValues(t, 3, l.Height())
	require.ErrorIs(t, l.Append(decoded(t, chain[0])), ErrOutOfOrder)
	require.ErrorContains(t, l.Append(nil), "without header")
	require.ErrorContains(t, l.Append(&cb.Block{}), "without header")

	it, start := l.Iterator(specified(1))
	require.EqualValues(t, 1, start)
	for n := 1; n < 3; n++ {
		block, status := it.Next()
		require.Equal(t, cb.Status_SUCCESS, status)
		require.True(t, proto.Equal(decoded(t, chain[n]), block))
	}
	it.Close()
	_, status := it.Next()
	require.Equal(t, cb.Status_SERVICE_UNAVAILABLE, status, "closed")

	it, start = l.Iterator(specified(4))
	require.Zero(t, start)
	_, status = it.Next()
	require.Equal(t, cb.Status_NOT_FOUND, status)
}

func isReady(c *Cursor) bool {
	select {
	case <-c.ReadyChan():
		return true
	default:
		return false
	}
}

func TestCursorWakesOnAppend(t *testing.T) {
	chain := makeChain(t, 3, 100)
	s := open(t, t.TempDir())
	require.NoError(t, s.Append(chain[0]))
	c := s.Cursor(0)
	defer c.Close()
	require.True(t, isReady(c))
	number, raw, status := c.NextRaw()
	require.Equal(t, cb.Status_SUCCESS, status)
	require.Zero(t, number)
	require.Equal(t, chain[0].Raw, raw)

	require.False(t, isReady(c))
	wake := c.ReadyChan()
	got := make(chan uint64)
	go func() {
		number, _, _ := c.NextRaw()
		got <- number
	}()
	require.NoError(t, s.Append(chain[1:]...))
	<-wake
	require.EqualValues(t, 1, <-got)
	require.True(t, isReady(c))
}

func TestWaitingCursorEnds(t *testing.T) {
	for name, end := range map[string]func(*Store, *Cursor){
		"cursor closed": func(_ *Store, c *Cursor) { c.Close(); c.Close() },
		"store closed":  func(s *Store, _ *Cursor) { require.NoError(t, s.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			c := s.Cursor(0)
			got := make(chan cb.Status)
			go func() {
				_, status := c.Next()
				got <- status
			}()
			end(s, c)
			require.Equal(t, cb.Status_SERVICE_UNAVAILABLE, <-got)
		})
	}
}

func TestCursorOverDamage(t *testing.T) {
	chain := makeChain(t, 2, 100)
	s := open(t, t.TempDir())
	require.NoError(t, s.Append(chain...))
	require.NoError(t, s.db.Delete(key(blockPrefix, 0), nil))
	require.NoError(t, s.db.Put(key(blockPrefix, 1), []byte("no block"), nil))
	for n := range uint64(2) {
		c := s.Cursor(n)
		_, status := c.Next()
		require.Equal(t, cb.Status_SERVICE_UNAVAILABLE, status)
		c.Close()
	}
	_, err := s.Block(1)
	require.ErrorIs(t, err, ErrDamaged)
}
