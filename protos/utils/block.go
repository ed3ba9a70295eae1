// SPDX-License-Identifier: Apache-2.0

package utils

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

// initializedMetadata is how many entries InitBlockMetadata makes sure of: up
// to and including the transactions filter.
const initializedMetadata = 3

// ExtractEnvelope decodes the envelope at index of a block's data.
func ExtractEnvelope(block *cb.Block, index int) (*cb.Envelope, error) {
	if block.GetData() == nil {
		return nil, errors.New("the block has no data")
	}
	count := len(block.Data.Data)
	if index < 0 || index >= count {
		return nil, errors.Errorf("the block has %d envelopes, none with index %d", count, index)
	}
	envelope, err := UnmarshalEnvelope(block.Data.Data[index])
	return envelope, errors.WithMessagef(err, "entry %d of the block is no envelope", index)
}

// ExtractEnvelopeOrPanic is ExtractEnvelope for a block known to be good.
func ExtractEnvelopeOrPanic(block *cb.Block, index int) *cb.Envelope {
	envelope, err := ExtractEnvelope(block, index)
	must(err)
	return envelope
}

// firstChannelHeader is the channel header of a block's first transaction: the
// one that says which channel the block is of and whether it is a config block.
func firstChannelHeader(block *cb.Block) (*cb.ChannelHeader, error) {
	envelope, err := ExtractEnvelope(block, 0)
	if err != nil {
		return nil, err
	}
	return ChannelHeader(envelope)
}

// GetChainIDFromBlock returns the channel that a block belongs to.
func GetChainIDFromBlock(block *cb.Block) (string, error) {
	if block == nil || block.Data == nil || len(block.Data.Data) == 0 {
		return "", errors.New("an empty block does not tell its channel")
	}
	header, err := firstChannelHeader(block)
	if err != nil {
		return "", err
	}
	return header.ChannelId, nil
}

// GetChainIDFromBlockBytes is GetChainIDFromBlock for a marshaled block.
func GetChainIDFromBlockBytes(encoded []byte) (string, error) {
	block, err := UnmarshalBlock(encoded)
	if err != nil {
		return "", err
	}
	return GetChainIDFromBlock(block)
}

// IsConfigBlock tells whether a block's first transaction is a configuration.
// Any block may be asked; one that does not parse is not a config block.
func IsConfigBlock(block *cb.Block) bool {
	header, err := firstChannelHeader(block)
	return err == nil && cb.HeaderType(header.Type) == cb.HeaderType_CONFIG
}

// GetMetadataFromBlock decodes one metadata entry. An index beyond the entries
// is an error here, where v1.3.0 panics.
func GetMetadataFromBlock(block *cb.Block, index cb.BlockMetadataIndex) (*cb.Metadata, error) {
	entries := block.GetMetadata().GetMetadata()
	if int(index) < 0 || int(index) >= len(entries) {
		return nil, errors.Errorf("block has %d metadata entries, none at index %s", len(entries), index)
	}
	metadata := &cb.Metadata{}
	err := proto.Unmarshal(entries[index], metadata)
	return metadata, errors.Wrapf(err, "cannot decode the %s metadata of a block", index)
}

// GetMetadataFromBlockOrPanic is GetMetadataFromBlock for good blocks.
func GetMetadataFromBlockOrPanic(block *cb.Block, index cb.BlockMetadataIndex) *cb.Metadata {
	metadata, err := GetMetadataFromBlock(block, index)
	must(err)
	return metadata
}

// GetLastConfigIndexFromBlock returns the number of the config block that a
// block was cut under; an empty entry means 0.
func GetLastConfigIndexFromBlock(block *cb.Block) (uint64, error) {
	metadata, err := GetMetadataFromBlock(block, cb.BlockMetadataIndex_LAST_CONFIG)
	if err != nil {
		return 0, err
	}
	last := &cb.LastConfig{}
	if err := proto.Unmarshal(metadata.Value, last); err != nil {
		return 0, errors.Wrap(err, "cannot decode LastConfig")
	}
	return last.Index, nil
}

// GetLastConfigIndexFromBlockOrPanic is GetLastConfigIndexFromBlock for good
// blocks.
func GetLastConfigIndexFromBlockOrPanic(block *cb.Block) uint64 {
	index, err := GetLastConfigIndexFromBlock(block)
	must(err)
	return index
}

// CopyBlockMetadata gives dst the metadata of src, padded as InitBlockMetadata
// does.
func CopyBlockMetadata(src *cb.Block, dst *cb.Block) {
	dst.Metadata = src.Metadata
	InitBlockMetadata(dst)
}

// InitBlockMetadata makes sure that a block has metadata entries for the
// signatures, the last config and the transactions filter.
func InitBlockMetadata(block *cb.Block) {
	if block.Metadata == nil {
		block.Metadata = &cb.BlockMetadata{}
	}
	for len(block.Metadata.Metadata) < initializedMetadata {
		block.Metadata.Metadata = append(block.Metadata.Metadata, []byte{})
	}
}
