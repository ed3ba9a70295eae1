// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/stretchr/testify/require"
)

func TestAppendedBlocksSurviveReopening(t *testing.T) {
	chain := makeChain(t, 40, 300)
	dir := t.TempDir()
	s := open(t, dir)
	require.Equal(t, dir, s.Dir())
	require.Equal(t, testChannel, s.ChannelID())
	requireChain(t, s, nil)
	require.NoError(t, s.Append())
	require.NoError(t, s.Append(chain[:1]...))
	requireChain(t, s, chain[:1])
	require.NoError(t, s.Append(chain[1:25]...))
	require.NoError(t, s.Close())

	s = open(t, dir)
	requireChain(t, s, chain[:25])
	require.NoError(t, s.Append(chain[25:]...))
	block, err := s.Block(30)
	require.NoError(t, err)
	require.EqualValues(t, 30, block.Header.Number)
	require.NoError(t, s.Close())

	requireChain(t, open(t, dir, FullCheck()), chain)
}

func TestAppendIsDurableWithoutClose(t *testing.T) {
	chain := makeChain(t, 4, 5000)
	dir := t.TempDir()
	s := open(t, dir)
	for i := range chain {
		require.NoError(t, s.Append(chain[i]))
		requireChain(t, open(t, copyDir(t, dir)), chain[:i+1])
	}
}

func TestAppendStoresAllOrNothing(t *testing.T) {
	chain := makeChain(t, 6, 100)
	other := makeChain(t, 6, 101)
	s := open(t, t.TempDir())
	require.NoError(t, s.Append(chain[:3]...))

	misnumbered := chain[3]
	misnumbered.Number = 4
	headless := chain[3]
	headless.Header = nil
	empty := chain[3]
	empty.Raw = nil
	wrongHeader := chain[3]
	wrongHeader.Header = &cb.BlockHeader{Number: 9, PreviousHash: chain[3].Header.PreviousHash}
	for name, blocks := range map[string][]Block{
		"gap":                  {chain[4]},
		"repetition":           {chain[2]},
		"other chain":          {other[3]},
		"good, then gap":       {chain[3], chain[5]},
		"number of its own":    {misnumbered},
		"no header":            {headless},
		"no bytes":             {empty},
		"header's number":      {wrongHeader},
		"first of other chain": {other[0]},
	} {
		require.ErrorIs(t, s.Append(blocks...), ErrOutOfOrder, name)
		requireChain(t, s, chain[:3])
	}
	require.NoError(t, s.Append(chain[3:]...))
	requireChain(t, s, chain)
}

func TestReadsBeyondTheEnd(t *testing.T) {
	chain := makeChain(t, 2, 10)
	s := open(t, t.TempDir())
	require.NoError(t, s.Append(chain...))
	for _, n := range []uint64{2, 3, math.MaxUint64} {
		_, err := s.Raw(n)
		require.ErrorIs(t, err, ErrNotFound)
		_, err = s.Block(n)
		require.ErrorIs(t, err, ErrNotFound)
		_, err = s.Header(n)
		require.ErrorIs(t, err, ErrNotFound)
	}
}

func TestOpenRefuses(t *testing.T) {
	chain := makeChain(t, 2, 10)
	dir := build(t, chain, 2)

	_, err := Open(dir, "otherchannel")
	require.ErrorContains(t, err, `holds channel "mychannel", not "otherchannel"`)
	_, err = Open(t.TempDir(), "")
	require.ErrorContains(t, err, "holds no chain yet")

	s, err := Open(dir, "")
	require.NoError(t, err)
	require.Equal(t, testChannel, s.ChannelID())
	_, err = Open(dir, testChannel)
	require.ErrorContains(t, err, "is in use")
	require.ErrorContains(t, err, dir)
	require.NoError(t, s.Close())

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = Open(file, testChannel)
	require.ErrorContains(t, err, file)
}

func TestWaitFor(t *testing.T) {
	chain := makeChain(t, 10, 10)
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())

	var waiting sync.WaitGroup
	for n := range chain {
		waiting.Go(func() { require.NoError(t, s.WaitFor(ctx, uint64(n))) })
	}
	cancelled := make(chan error, 1)
	go func() { cancelled <- s.WaitFor(ctx, 1000) }()
	require.NoError(t, s.Append(chain[:3]...))
	for i := 3; i < len(chain); i++ {
		require.NoError(t, s.Append(chain[i]))
	}
	waiting.Wait()

	cancel()
	require.ErrorIs(t, <-cancelled, context.Canceled)
	require.NoError(t, s.WaitFor(ctx, 0), "no waiting, so the context does not matter")

	closed := make(chan error, 1)
	go func() { closed <- s.WaitFor(context.Background(), 1000) }()
	require.NoError(t, s.Close())
	require.ErrorIs(t, <-closed, ErrClosed)
}

func TestAfterClose(t *testing.T) {
	chain := makeChain(t, 3, 10)
	s := open(t, t.TempDir())
	require.NoError(t, s.Append(chain[:2]...))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())

	require.ErrorIs(t, s.Append(chain[2]), ErrClosed)
	_, err := s.Raw(0)
	require.ErrorIs(t, err, ErrClosed)
	_, err = s.Header(0)
	require.ErrorIs(t, err, ErrClosed)
	require.EqualValues(t, 2, s.Height(), "what was learned stays known")
	require.NoError(t, s.WaitFor(context.Background(), 1))
	require.ErrorIs(t, s.WaitFor(context.Background(), 2), ErrClosed)
}

func TestReadersBesideAWriter(t *testing.T) {
	chain := makeChain(t, 60, 2000)
	s := open(t, t.TempDir())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for n := range chain {
				require.NoError(t, s.WaitFor(context.Background(), uint64(n)))
				raw, err := s.Raw(uint64(n))
				require.NoError(t, err)
				require.Equal(t, chain[n].Raw, raw)
			}
		})
	}
	for i := 0; i < len(chain); i += 3 {
		require.NoError(t, s.Append(chain[i:i+3]...))
	}
	readers.Wait()
}

// A failed write leaves the end of the files unknown, so nothing may follow it.
func TestWritingStopsAfterAFailure(t *testing.T) {
	chain := makeChain(t, 3, 10)
	s := open(t, t.TempDir())
	require.NoError(t, s.Append(chain[0]))
	require.NoError(t, s.db.SetReadOnly())
	require.Error(t, s.Append(chain[1]))
	require.ErrorContains(t, s.Append(chain[1]), "stopped writing")
	requireChain(t, s, chain[:1])
}
