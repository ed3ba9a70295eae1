// SPDX-License-Identifier: Apache-2.0

package protoext_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"io/ioutil"
	"math"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// recorded are blocks of a real network: a config block, one with small and
// one with large transactions, with their header hashes in the file name.
func recorded(t testing.TB) map[string][]byte {
	files, err := filepath.Glob("testdata/*.block")
	assert.NoError(t, err)
	assert.NotEmpty(t, files)
	blocks := make(map[string][]byte)
	for _, file := range files {
		raw, err := ioutil.ReadFile(file)
		assert.NoError(t, err)
		blocks[strings.TrimSuffix(filepath.Base(file), ".block")] = raw
	}
	return blocks
}

func TestRecordedBlocksDecodeAndHash(t *testing.T) {
	for name, raw := range recorded(t) {
		block, err := protoext.UnmarshalBlock(raw)
		assert.NoError(t, err, name)
		plain := &cb.Block{}
		assert.NoError(t, proto.Unmarshal(raw, plain))
		assert.True(t, proto.Equal(plain, block), name)
		assert.Equal(t, strings.Split(name, "-")[1], hex.EncodeToString(protoext.BlockHeaderHash(block.Header)))
		assert.Equal(t, block.Header.DataHash, protoext.BlockDataHash(block.Data), name)
		assert.NoError(t, protoext.CheckTransactionBoundaries(block), name)
		assert.Equal(t, strings.HasPrefix(name, "config"), protoext.IsConfigBlock(block), name)
	}
}

func TestUnmarshalBlockSharesTheBytes(t *testing.T) {
	raw, err := proto.Marshal(&cb.Block{
		Header:   &cb.BlockHeader{Number: 7, DataHash: []byte("xxxx")},
		Data:     &cb.BlockData{Data: [][]byte{[]byte("yyyy"), {}}},
		Metadata: &cb.BlockMetadata{Metadata: [][]byte{{}, []byte("zzzz")}},
	})
	assert.NoError(t, err)
	block, err := protoext.UnmarshalBlock(raw)
	assert.NoError(t, err)
	for _, part := range [][]byte{block.Header.DataHash, block.Data.Data[0], block.Metadata.Metadata[1]} {
		at := bytes.Index(raw, part)
		raw[at] = '!'
		assert.Equal(t, byte('!'), part[0])
		assert.Equal(t, len(part), cap(part), "appending must not write into a neighbour")
	}
	assert.NotNil(t, block.Data.Data[1])
	allocs := testing.AllocsPerRun(100, func() { protoext.UnmarshalBlock(raw) })
	assert.True(t, allocs <= 12, "%v allocations", allocs)
}

func TestUnmarshalBlockRefusesWhatIsNoBlock(t *testing.T) {
	good, err := proto.Marshal(&cb.Block{Header: &cb.BlockHeader{Number: 1}, Data: &cb.BlockData{Data: [][]byte{[]byte("d")}}})
	assert.NoError(t, err)
	for what, raw := range map[string][]byte{
		"cut off":            good[:len(good)-1],
		"header as a number": {0x08, 1},
		"number as bytes":    {0x0a, 2, 0x0a, 0},
		"a group":            {0x3b, 0x3c},
		"half a group":       {0x0b},
		"a huge number":      {0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x05},
		"field zero":         {0x02, 0},
		"length beyond end":  {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"endless varint":     bytes.Repeat([]byte{0x80}, 20),
	} {
		_, err := protoext.UnmarshalBlock(raw)
		assert.Error(t, err, what)
	}
	block, err := protoext.UnmarshalBlock(nil)
	assert.NoError(t, err)
	assert.Nil(t, block.Header)
}

func TestHeaderBytesAreDER(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 300)
	for _, number := range []uint64{0, 1, 127, 128, 200, 255, 256, 1 << 31, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		for _, hash := range [][]byte{nil, {1}, long[:32], long[:127], long[:128], long} {
			header := &cb.BlockHeader{Number: number, PreviousHash: hash, DataHash: []byte{2, 3}}
			want, err := asn1.Marshal(struct {
				Number       *big.Int
				PreviousHash []byte
				DataHash     []byte
			}{new(big.Int).SetUint64(number), hash, header.DataHash})
			assert.NoError(t, err)
			assert.Equal(t, want, protoext.BlockHeaderBytes(header), "number %d, %d bytes", number, len(hash))
		}
	}
	assert.Equal(t, "300702010004000400", hex.EncodeToString(protoext.BlockHeaderBytes(nil)))
	assert.Equal(t, "1d1c288c6851505be0b47a0f8e7dfb91ab2abe6ad71cef63a3791d14588d1d0e", hex.EncodeToString(protoext.BlockHeaderHash(nil)))
	empty := sha256.Sum256(nil)
	assert.Equal(t, empty[:], protoext.BlockDataHash(nil))
}

func TestResplitTransactionsAreRefused(t *testing.T) {
	envelope := func(payload, signature string) []byte {
		raw, err := proto.Marshal(&cb.Envelope{Payload: []byte(payload), Signature: []byte(signature)})
		assert.NoError(t, err)
		return raw
	}
	a, b := envelope("payload a", "signature a"), envelope("payload b", "signature b")
	half := len(a) / 2
	joined := append(append([]byte{}, a...), b...)
	longLength := append([]byte{0x0a, 0x81, 0x00, 'p', 0x12, 1}, 's')
	for what, c := range map[string]struct {
		entries [][]byte
		ok      bool
	}{
		"as the orderer cut them":    {[][]byte{a, b}, true},
		"two entries run together":   {[][]byte{joined}, false},
		"cut elsewhere":              {[][]byte{joined[:half], joined[half:]}, false},
		"cut between the fields":     {[][]byte{a[:11], a[11:], b}, false},
		"an empty entry in between":  {[][]byte{a, {}, b}, false},
		"no signature":               {[][]byte{envelope("p", "")}, false},
		"no payload":                 {[][]byte{envelope("", "s")}, false},
		"another field behind":       {[][]byte{append(append([]byte{}, a...), 0x18, 1)}, true},
		"another field in front":     {[][]byte{append([]byte{0x18, 1}, a...)}, false},
		"a length in too many bytes": {[][]byte{longLength}, false},
		"no entries":                 {nil, true},
	} {
		err := protoext.CheckTransactionBoundaries(&cb.Block{Data: &cb.BlockData{Data: c.entries}})
		assert.Equal(t, c.ok, err == nil, "%s: %v", what, err)
	}
	for name, raw := range recorded(t) {
		if !strings.HasPrefix(name, "config") {
			continue
		}
		block, err := protoext.UnmarshalBlock(raw)
		assert.NoError(t, err)
		env := &cb.Envelope{}
		assert.NoError(t, proto.Unmarshal(block.Data.Data[0], env))
		only, err := proto.Marshal(&cb.Envelope{Payload: env.Payload})
		assert.NoError(t, err)
		block.Data.Data = [][]byte{only, block.Data.Data[0][len(only):]}
		assert.True(t, protoext.IsConfigBlock(block))
		assert.EqualError(t, protoext.CheckTransactionBoundaries(block), "config block with 2 transactions")
	}
	assert.False(t, protoext.IsConfigBlock(nil))
	assert.NoError(t, protoext.CheckTransactionBoundaries(nil))
}
