// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

// Field numbers of the envelope chain from a data entry to its type.
const (
	envelopePayloadField   = 1
	envelopeSignatureField = 2
	payloadHeaderField     = 1
	headerChannelField     = 1
	channelTypeField       = 1
)

// CheckTransactionBoundaries refuses a block whose transactions may not be the
// ones that its orderer put in. The data hash covers the entries run together,
// so the same header also fits other ways of cutting the same bytes
// (CVE-2023-46132). An orderer's entry is its own encoding of a signed
// envelope; hence outside config blocks, each entry must be exactly the
// canonical encoding of an envelope with a payload and a signature. A config
// block, whose first one is not signed, has one entry and so no boundary.
func CheckTransactionBoundaries(block *cb.Block) error {
	entries := block.GetData().GetData()
	if len(entries) == 0 {
		return nil
	}
	if IsConfigBlock(block) {
		if len(entries) > 1 {
			return errors.Errorf("config block with %d transactions", len(entries))
		}
		return nil
	}
	for i, entry := range entries {
		if err := checkCanonicalEnvelope(entry); err != nil {
			return errors.WithMessagef(err, "transaction %d", i)
		}
	}
	return nil
}

// checkCanonicalEnvelope accepts the one encoding that protobuf's encoder
// produces for an envelope with both fields set: payload, then signature, with
// minimal lengths and nothing else.
func checkCanonicalEnvelope(entry []byte) error {
	var payload, signature []byte
	next := envelopePayloadField
	err := eachField(entry, func(f wireField) error {
		if f.number != next || f.wireType != proto.WireBytes || len(f.content) == 0 {
			return errors.Errorf("field %d is not what an orderer puts there", f.number)
		}
		if next == envelopePayloadField {
			payload, next = f.content, envelopeSignatureField
		} else {
			signature, next = f.content, 0
		}
		return nil
	})
	if err != nil {
		return errors.WithMessage(err, "not an envelope")
	}
	if len(payload) == 0 || len(signature) == 0 {
		return errors.New("not an envelope: payload or signature missing")
	}
	canonical := 1 + varintSize(len(payload)) + len(payload) + 1 + varintSize(len(signature)) + len(signature)
	if canonical != len(entry) {
		return errors.New("not an envelope's own encoding: a length is not minimal")
	}
	return nil
}

func varintSize(n int) int { return proto.SizeVarint(uint64(n)) }

// IsConfigBlock tells whether a block's first transaction is a channel
// configuration. A block that does not parse that far is none.
func IsConfigBlock(block *cb.Block) bool {
	entries := block.GetData().GetData()
	if len(entries) == 0 {
		return false
	}
	content := entries[0]
	for _, field := range []int{envelopePayloadField, payloadHeaderField, headerChannelField} {
		var ok bool
		if content, ok = lastBytes(content, field); !ok {
			return false
		}
	}
	kind := uint64(0)
	err := eachField(content, func(f wireField) (err error) {
		if f.number == channelTypeField {
			kind, err = f.uint("type")
		}
		return err
	})
	return err == nil && cb.HeaderType(int32(kind)) == cb.HeaderType_CONFIG
}

// lastBytes is the content of a length-delimited field; where it occurs more
// than once the last counts.
func lastBytes(raw []byte, number int) (content []byte, found bool) {
	err := eachField(raw, func(f wireField) (err error) {
		if f.number == number {
			content, err = f.bytes("field")
			found = true
		}
		return err
	})
	return content, found && err == nil
}
