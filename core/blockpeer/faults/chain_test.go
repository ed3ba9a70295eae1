// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/hyperledger/fabric/gossip/api"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

const (
	channelID = "pipeline"
	// chainLength blocks exist in all, of which the first firstBlocks are there
	// from the beginning and the others once these have been delivered.
	chainLength = 60
	firstBlocks = 45
	// turningPoint is the block at which the faults strike that strike in the
	// middle of a stream.
	turningPoint = 20
)

// chain is the one true chain, as marshaled blocks.
var chain = makeChain()

// makeChain makes blocks of about 3 KB, so that the whole chain does not fit
// into the window that HTTP/2 opens at first. Some of them are config blocks.
func makeChain() [][]byte {
	var raws [][]byte
	var previous []byte
	for number := range uint64(chainLength) {
		kind, transactions := cb.HeaderType_ENDORSER_TRANSACTION, 3
		if number == 0 || number == 10 || number == 30 {
			kind, transactions = cb.HeaderType_CONFIG, 1
		}
		data := &cb.BlockData{}
		for i := range transactions {
			data.Data = append(data.Data, transaction(kind, number, i))
		}
		block := &cb.Block{
			Header:   &cb.BlockHeader{Number: number, PreviousHash: previous, DataHash: protoext.BlockDataHash(data)},
			Data:     data,
			Metadata: &cb.BlockMetadata{Metadata: [][]byte{nil, nil, nil, nil}},
		}
		block.Metadata.Metadata[0] = seal(block.Header)
		raws = append(raws, utils.MarshalOrPanic(block))
		previous = protoext.BlockHeaderHash(block.Header)
	}
	return raws
}

func transaction(kind cb.HeaderType, number uint64, index int) []byte {
	return utils.MarshalOrPanic(&cb.Envelope{
		Payload: utils.MarshalOrPanic(&cb.Payload{
			Header: &cb.Header{ChannelHeader: utils.MarshalOrPanic(&cb.ChannelHeader{Type: int32(kind), ChannelId: channelID})},
			Data:   bytes.Repeat([]byte(fmt.Sprintf("%d/%d ", number, index)), 200),
		}),
		Signature: []byte("sealed with the block"),
	})
}

// seal stands for the signatures of the ordering service.
func seal(header *cb.BlockHeader) []byte {
	sum := sha256.Sum256(append([]byte("ordered "), protoext.BlockHeaderBytes(header)...))
	return sum[:]
}

// notary verifies blocks of the chain by their seals. Its other methods are not
// called.
type notary struct{ api.MessageCryptoService }

func (notary) VerifyBlock(channel gossipcommon.ChainID, number uint64, raw []byte) error {
	block, err := protoext.UnmarshalBlock(raw)
	switch {
	case err != nil:
		return err
	case string(channel) != channelID:
		return fmt.Errorf("asked about channel %s", channel)
	case block.Header.Number != number:
		return fmt.Errorf("block %d was announced as %d", block.Header.Number, number)
	case !bytes.Equal(block.Header.DataHash, protoext.BlockDataHash(block.Data)):
		return fmt.Errorf("block %d: data hash does not match", number)
	case len(block.Metadata.GetMetadata()) == 0 || !bytes.Equal(block.Metadata.Metadata[0], seal(block.Header)):
		return fmt.Errorf("block %d is not sealed", number)
	}
	return nil
}
