// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"fmt"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/util"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// chain makes blocks as an orderer would, all of one size.
type chain struct {
	signer   crypto.LocalSigner
	entries  [][]byte // the transactions of every block; the first is marked with its number
	mark     []byte   // where, in the first one
	previous []byte   // header hash of the last block
	next     uint64
}

// newChain continues after a block. blockBytes is roughly what a block takes on
// the wire, transactionBytes what each of its transactions takes.
func newChain(signer crypto.LocalSigner, after *cb.Block, blockBytes, transactionBytes int) (*chain, error) {
	const besides = 1500 // header and metadata: two signatures with certificates
	count := max(1, (blockBytes-besides+transactionBytes/2)/transactionBytes)
	c := &chain{
		signer:   signer,
		previous: protoext.BlockHeaderHash(after.Header),
		next:     after.Header.Number + 1,
	}
	each := max(256, (blockBytes-besides)/count)
	for i := 0; i < count; i++ {
		entry, payloadEnd, err := transaction(each)
		if err != nil {
			return nil, err
		}
		c.entries = append(c.entries, entry)
		if i == 0 {
			c.mark = entry[payloadEnd-8 : payloadEnd]
		}
	}
	return c, nil
}

// transaction makes an envelope of about the given size, whose payload ends at
// payloadEnd with arbitrary data.
func transaction(size int) (entry []byte, payloadEnd int, err error) {
	header, err := proto.Marshal(&cb.ChannelHeader{
		Type:      int32(cb.HeaderType_ENDORSER_TRANSACTION),
		ChannelId: channelID,
		TxId:      fmt.Sprintf("%064x", size),
	})
	if err != nil {
		return nil, 0, err
	}
	const besides = 190
	data, signature := make([]byte, max(16, size-besides)), make([]byte, 70)
	rand.Read(data)
	rand.Read(signature)
	payload, err := proto.Marshal(&cb.Payload{Header: &cb.Header{ChannelHeader: header}, Data: data})
	if err != nil {
		return nil, 0, err
	}
	entry, err = proto.Marshal(&cb.Envelope{Payload: payload, Signature: signature})
	return entry, len(entry) - len(signature) - 2, err
}

// block makes and signs the next block and returns its bytes.
func (c *chain) block() ([]byte, error) {
	for i := range c.mark {
		c.mark[i] = byte(c.next >> (8 * i))
	}
	block := cb.NewBlock(c.next, c.previous)
	block.Data.Data = c.entries
	block.Header.DataHash = protoext.BlockDataHash(block.Data)
	header := protoext.BlockHeaderBytes(block.Header)
	lastConfig, err := proto.Marshal(&cb.LastConfig{})
	if err != nil {
		return nil, err
	}
	for index, value := range [][]byte{cb.BlockMetadataIndex_SIGNATURES: nil, cb.BlockMetadataIndex_LAST_CONFIG: lastConfig} {
		if block.Metadata.Metadata[index], err = c.signed(value, header); err != nil {
			return nil, fmt.Errorf("signing block %d: %w", c.next, err)
		}
	}
	c.previous = protoext.BlockHeaderHash(block.Header)
	c.next++
	return proto.Marshal(block)
}

// signed is a metadata entry with the orderer's signature.
func (c *chain) signed(value, blockHeader []byte) ([]byte, error) {
	creator, err := c.signer.NewSignatureHeader()
	if err != nil {
		return nil, err
	}
	signatureHeader, err := proto.Marshal(creator)
	if err != nil {
		return nil, err
	}
	signature, err := c.signer.Sign(util.ConcatenateBytes(value, signatureHeader, blockHeader))
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&cb.Metadata{
		Value:      value,
		Signatures: []*cb.MetadataSignature{{SignatureHeader: signatureHeader, Signature: signature}},
	})
}
