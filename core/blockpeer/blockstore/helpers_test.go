// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The database lets this goroutine linger for up to a second after Close.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain"))
}

const testChannel = "mychannel"

// makeChain returns n chained blocks with about size bytes of data each. Every
// seventh is marked as a config block, beginning with 0.
func makeChain(t testing.TB, n, size int) []Block {
	t.Helper()
	var blocks []Block
	var previous []byte
	for i := range n {
		content := bytes.Repeat(binary.BigEndian.AppendUint64(nil, uint64(i)*0x9e3779b97f4a7c15), size/8+1)[:size]
		b := cb.NewBlock(uint64(i), previous)
		b.Data.Data = [][]byte{content[:size/2], content[size/2:]}
		b.Header.DataHash = protoext.BlockDataHash(b.Data)
		raw, err := proto.Marshal(b)
		require.NoError(t, err)
		previous = protoext.BlockHeaderHash(b.Header)
		blocks = append(blocks, Block{Number: uint64(i), Raw: raw, Header: b.Header, Config: i%7 == 0})
	}
	return blocks
}

func open(t testing.TB, dir string, opts ...Option) *Store {
	t.Helper()
	s, err := Open(dir, testChannel, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// build makes a store in a fresh folder, closes it and returns the folder.
func build(t testing.TB, blocks []Block, perAppend int) string {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(dir, testChannel)
	require.NoError(t, err)
	for from := 0; from < len(blocks); from += perAppend {
		require.NoError(t, s.Append(blocks[from:min(from+perAppend, len(blocks))]...))
	}
	require.NoError(t, s.Close())
	return dir
}

// copyDir imitates what is left after a kill: the files as they are.
func copyDir(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	entries, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(from, entry.Name()))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, entry.Name()), content, 0o600))
	}
	return to
}

// requireChain checks that the store holds exactly the first blocks of a chain.
func requireChain(t testing.TB, s *Store, want []Block) {
	t.Helper()
	require.EqualValues(t, len(want), s.Height())
	var hash []byte
	lastConfig, hasConfig := uint64(0), false
	for i, b := range want {
		raw, err := s.Raw(uint64(i))
		require.NoError(t, err)
		require.True(t, bytes.Equal(b.Raw, raw), "block %d differs", i)
		header, err := s.Header(uint64(i))
		require.NoError(t, err)
		require.True(t, proto.Equal(b.Header, header), "header %d differs", i)
		hash = protoext.BlockHeaderHash(b.Header)
		if b.Config {
			lastConfig, hasConfig = b.Number, true
		}
	}
	require.Equal(t, hash, s.LastHash())
	n, ok := s.LastConfig()
	require.Equal(t, hasConfig, ok)
	require.Equal(t, lastConfig, n)
}
