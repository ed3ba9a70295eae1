// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

// Field numbers of the envelope of a transaction.
const (
	envelopePayloadField   = 1
	envelopeSignatureField = 2
)

// CheckTransactionBoundaries refuses a block whose transactions may not be the
// ones that its orderer put in. The data hash covers the entries run together,
// so the same header also fits other ways of cutting the same bytes
// (CVE-2023-46132). An orderer's entry is its own encoding of a signed
// envelope; hence outside config blocks, each entry must begin with a payload
// and a signature, encoded as an orderer does, and hold neither of them again:
// then it can end nowhere but before the next payload. A config block has one
// entry, of which the signature may be missing: nobody signs the first one.
func CheckTransactionBoundaries(block *cb.Block) error {
	entries := block.GetData().GetData()
	if len(entries) == 0 {
		return nil
	}
	config := IsConfigBlock(block)
	if config && len(entries) > 1 {
		return errors.Errorf("config block with %d transactions", len(entries))
	}
	for i, entry := range entries {
		if err := checkEnvelope(entry, config); err != nil {
			return errors.Wrapf(err, "transaction %d: not an envelope as orderers write them", i)
		}
	}
	return nil
}

// checkEnvelope accepts what an orderer's protobuf library produces for an
// envelope with payload and signature: these two, then any fields that the
// library does not know. Such fields come from the client, and orderers keep
// them.
func checkEnvelope(entry []byte, mayBeUnsigned bool) error {
	rest, err := takeOrdererField(entry, envelopePayloadField, "payload")
	if err != nil {
		return err
	}
	if mayBeUnsigned && len(rest) == 0 {
		return nil
	}
	if rest, err = takeOrdererField(rest, envelopeSignatureField, "signature"); err != nil {
		return err
	}
	return eachClientField(rest, func(f wireField) error {
		if f.wireType == proto.WireBytes && (f.number == envelopePayloadField || f.number == envelopeSignatureField) {
			return errors.Errorf("field %d occurs again", f.number)
		}
		return nil
	})
}

// takeOrdererField splits the field with that number off raw, which must begin
// with it. It must not be empty, nor its length take more bytes than needed.
func takeOrdererField(raw []byte, number uint64, name string) ([]byte, error) {
	if len(raw) == 0 {
		return nil, errors.Errorf("no %s", name)
	}
	f, rest, err := nextField(raw)
	switch {
	case err != nil:
		return nil, err
	case f.number != number || f.wireType != proto.WireBytes:
		return nil, errors.Errorf("field %d stands in place of the %s", f.number, name)
	case len(f.content) == 0:
		return nil, errors.Errorf("empty %s", name)
	case len(raw)-len(rest) != 1+proto.SizeVarint(uint64(len(f.content)))+len(f.content):
		return nil, errors.Errorf("the length of the %s is not minimal", name)
	}
	return rest, nil
}

// IsConfigBlock tells whether a block's first transaction is a channel
// configuration. A block that does not parse that far is none.
func IsConfigBlock(block *cb.Block) bool {
	entries := block.GetData().GetData()
	if len(entries) == 0 {
		return false
	}
	_, kind, err := ChannelOf(entries[0])
	return err == nil && kind == cb.HeaderType_CONFIG
}
