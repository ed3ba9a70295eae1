// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

// Field numbers of the messages that a block is made of.
const (
	blockHeaderField   = 1
	blockDataField     = 2
	blockMetadataField = 3

	headerNumberField   = 1
	headerPreviousField = 2
	headerDataHashField = 3

	entriesField = 1 // of both BlockData and BlockMetadata
)

// UnmarshalBlock decodes a marshaled common.Block like proto.Unmarshal does,
// but without copying: every byte slice of the result points into raw, which
// must not change afterwards. Unknown fields are skipped, a part that occurs
// more than once is merged, as protobuf demands.
func UnmarshalBlock(raw []byte) (*cb.Block, error) {
	block := &cb.Block{}
	err := eachField(raw, func(f wireField) error {
		switch f.number {
		case blockHeaderField:
			return f.message("header", func(content []byte) error {
				if block.Header == nil {
					block.Header = &cb.BlockHeader{}
				}
				return unmarshalHeader(content, block.Header)
			})
		case blockDataField:
			return f.message("data", func(content []byte) error {
				if block.Data == nil {
					block.Data = &cb.BlockData{}
				}
				return appendEntries(content, &block.Data.Data)
			})
		case blockMetadataField:
			return f.message("metadata", func(content []byte) error {
				if block.Metadata == nil {
					block.Metadata = &cb.BlockMetadata{}
				}
				return appendEntries(content, &block.Metadata.Metadata)
			})
		}
		return nil
	})
	if err != nil {
		return nil, errors.WithMessage(err, "malformed block")
	}
	return block, nil
}

func unmarshalHeader(raw []byte, header *cb.BlockHeader) error {
	return eachField(raw, func(f wireField) (err error) {
		switch f.number {
		case headerNumberField:
			header.Number, err = f.uint("number")
		case headerPreviousField:
			header.PreviousHash, err = f.bytes("previous_hash")
		case headerDataHashField:
			header.DataHash, err = f.bytes("data_hash")
		}
		return err
	})
}

// appendEntries collects the repeated bytes field of block data or metadata.
func appendEntries(raw []byte, entries *[][]byte) error {
	if *entries == nil {
		*entries = make([][]byte, 0, countEntries(raw))
	}
	err := eachField(raw, func(f wireField) error {
		if f.number != entriesField {
			return nil
		}
		entry, err := f.bytes("entry")
		if err == nil {
			*entries = append(*entries, entry)
		}
		return err
	})
	if len(*entries) == 0 {
		*entries = nil
	}
	return err
}

// countEntries is how many entries raw holds, so that their slice is made in
// one piece. A malformed rest is left to whoever decodes it.
func countEntries(raw []byte) int {
	count := 0
	eachField(raw, func(f wireField) error {
		if f.number == entriesField {
			count++
		}
		return nil
	})
	return count
}
