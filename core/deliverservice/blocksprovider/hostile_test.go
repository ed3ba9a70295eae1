// SPDX-License-Identifier: Apache-2.0

package blocksprovider

import (
	"math"
	"testing"

	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// Whatever an orderer sends instead of block 1, it costs the orderer its stream
// and endpoint, and the next stream goes on with block 1.
func TestHostileResponses(t *testing.T) {
	defer shortRests()()
	good := endorserChain(2)
	altered := func(change func(b *cb.Block)) *ab.DeliverResponse {
		b := endorserChain(2)[1]
		change(b)
		return blockResponse(b)
	}
	for name, response := range map[string]*ab.DeliverResponse{
		"nothing":          nil,
		"no type":          {},
		"nil status":       {Type: (*ab.DeliverResponse_Status)(nil)},
		"nil block type":   {Type: (*ab.DeliverResponse_Block)(nil)},
		"nil block":        blockResponse(nil),
		"empty block":      blockResponse(&cb.Block{}),
		"no header":        altered(func(b *cb.Block) { b.Header = nil }),
		"number too large": altered(func(b *cb.Block) { b.Header.Number = math.MaxInt64 + 1 }),
		"largest number":   altered(func(b *cb.Block) { b.Header.Number = math.MaxUint64 }),
		"gap":              altered(func(b *cb.Block) { b.Header.Number = 3 }),
		"wrong previous":   altered(func(b *cb.Block) { b.Header.PreviousHash[0]++ }),
		"no previous":      altered(func(b *cb.Block) { b.Header.PreviousHash = nil }),
		"empty entry":      altered(func(b *cb.Block) { b.Data.Data = append(b.Data.Data, nil) }),
		"entry is garbage": altered(func(b *cb.Block) { b.Data.Data[0] = []byte("\xff\xff\xff") }),
		"entry has a tail": altered(func(b *cb.Block) { b.Data.Data[0] = append(b.Data.Data[0], 0x0a, 0x01, 0x00) }),
	} {
		response := response
		t.Run(name, func(t *testing.T) {
			b := newBench(giveBlock(good[0]), answer(response), giveBlock(good[1]))
			b.start()
			b.stop(t, 4)
			b.wrote(t,
				"recv", "verify 0", "add 0", "gossip 0",
				"recv", "disconnect true",
				"recv", "verify 1", "add 1", "gossip 1",
				"recv", "close", "close")
		})
	}
}

// As a first message they find nothing to compare with.
func TestHostileFirstResponses(t *testing.T) {
	defer shortRests()()
	for _, response := range []*ab.DeliverResponse{
		nil, {}, blockResponse(nil), blockResponse(&cb.Block{}),
		blockResponse(&cb.Block{Header: &cb.BlockHeader{Number: math.MaxUint64}}),
	} {
		b := newBench(answer(response))
		b.start()
		b.stop(t, 2)
		b.wrote(t, "recv", "disconnect true", "recv", "close", "close")
	}
}

// Parts that stand-ins leave out are no offence.
func TestBareBlocksAreTolerated(t *testing.T) {
	for _, block := range []*cb.Block{
		{Header: &cb.BlockHeader{Number: 100}},
		{Header: &cb.BlockHeader{Number: math.MaxInt64}, Data: &cb.BlockData{}},
		{Header: &cb.BlockHeader{}, Metadata: &cb.BlockMetadata{}},
	} {
		b := newBench(giveBlock(block))
		b.start()
		b.stop(t, 2)
		if b.diary.count("gossip") != 1 {
			t.Errorf("%v: %s", block, b.diary.read())
		}
	}
}

func TestBlockWithoutCryptoServiceIsRefused(t *testing.T) {
	defer shortRests()()
	b := newBench(giveBlock(bareBlock(0)))
	b.provider.mcs = nil
	b.start()
	b.stop(t, 2)
	b.wrote(t, "recv", "disconnect true", "recv", "close", "close")
}
