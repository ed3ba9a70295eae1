// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"fmt"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/util"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// sealer turns batches into signed blocks, one after the other. It belongs to
// the ordering goroutine.
type sealer struct {
	signer     crypto.LocalSigner
	next       uint64 // number of the next block
	previous   []byte // header hash of the block before it
	lastConfig uint64 // newest config block so far
}

// seal makes the next block. Metadata is laid out as a v1.3.0 orderer does:
// entries 0 (SIGNATURES) and 1 (LAST_CONFIG) signed apart, 2 and 3 empty.
func (s *sealer) seal(entries batch, config bool) (*cb.Block, blockstore.Block, error) {
	block := cb.NewBlock(s.next, s.previous)
	block.Data.Data = entries
	block.Header.DataHash = protoext.BlockDataHash(block.Data)
	lastConfig := s.lastConfig
	if config {
		lastConfig = s.next
	}
	if err := s.sign(block, lastConfig); err != nil {
		return nil, blockstore.Block{}, fmt.Errorf("cannot sign block %d: %w", s.next, err)
	}
	raw, err := proto.Marshal(block)
	if err != nil {
		return nil, blockstore.Block{}, fmt.Errorf("cannot marshal block %d: %w", s.next, err)
	}
	stored := blockstore.Block{Number: s.next, Raw: raw, Header: block.Header, Config: config}
	s.next, s.previous, s.lastConfig = s.next+1, protoext.BlockHeaderHash(block.Header), lastConfig
	return block, stored, nil
}

func (s *sealer) sign(block *cb.Block, lastConfig uint64) error {
	header := protoext.BlockHeaderBytes(block.Header)
	index, err := proto.Marshal(&cb.LastConfig{Index: lastConfig})
	if err != nil {
		return err
	}
	values := map[cb.BlockMetadataIndex][]byte{
		cb.BlockMetadataIndex_SIGNATURES:  nil,
		cb.BlockMetadataIndex_LAST_CONFIG: index,
	}
	for i, value := range values {
		if block.Metadata.Metadata[i], err = signedMetadata(s.signer, value, header); err != nil {
			return err
		}
	}
	return nil
}

// signedMetadata encodes a metadata entry with one signature, which covers the
// value, its own signature header, and the block header.
func signedMetadata(signer crypto.LocalSigner, value, blockHeader []byte) ([]byte, error) {
	header, err := signer.NewSignatureHeader()
	if err != nil {
		return nil, err
	}
	rawHeader, err := proto.Marshal(header)
	if err != nil {
		return nil, err
	}
	signature, err := signer.Sign(util.ConcatenateBytes(value, rawHeader, blockHeader))
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&cb.Metadata{
		Value:      value,
		Signatures: []*cb.MetadataSignature{{SignatureHeader: rawHeader, Signature: signature}},
	})
}
