// SPDX-License-Identifier: Apache-2.0

package mcs

import (
	"bytes"
	"strings"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// maxSignatures bounds how many signatures of a block are looked at. Orderers
// of the supported releases write one; consensus protocols that collect them
// write one per orderer.
const maxSignatures = 100

// maxSignedBytes bounds the memory for checking signatures. Each is over a few
// hundred bytes, but part of them is the sender's to choose and is copied for
// every signature.
const maxSignedBytes = 16 << 20

// VerifyBlock returns nil if signedBlock is the encoding of block seqNum of a
// channel and is signed according to the channel's block validation policy.
// Otherwise the error names the first thing that is wrong. signedBlock must not
// change during the call and is not retained.
func (m *MCS) VerifyBlock(chainID common.ChainID, seqNum uint64, signedBlock []byte) error {
	block, err := protoext.UnmarshalBlock(signedBlock)
	if err != nil {
		return refuse(err, chainID, seqNum)
	}
	return m.VerifyDecodedBlock(chainID, seqNum, block)
}

// VerifyDecodedBlock is VerifyBlock for a block that the caller has decoded
// already. The block is only read.
func (m *MCS) VerifyDecodedBlock(chainID common.ChainID, seqNum uint64, block *cb.Block) error {
	signatures, err := checkContent(chainID, seqNum, block)
	if err != nil {
		return refuse(err, chainID, seqNum)
	}
	policy, err := m.policy(chainID, policies.BlockValidation)
	if err != nil {
		return refuse(err, chainID, seqNum)
	}
	if err := policy.Evaluate(signatures); err != nil {
		return refuse(errors.WithMessagef(err, "its signatures (%s) do not satisfy policy %s",
			describeSigners(signatures), policies.BlockValidation), chainID, seqNum)
	}
	return nil
}

// refuse adds to an error which block it is about.
func refuse(err error, chainID common.ChainID, seqNum uint64) error {
	return errors.WithMessagef(err, "block [%d] of channel [%s] refused", seqNum, printable(chainID))
}

// checkContent checks all that can be checked without keys or configuration,
// and returns the signatures that remain to be verified.
func checkContent(chainID common.ChainID, seqNum uint64, block *cb.Block) ([]*cb.SignedData, error) {
	header := block.GetHeader()
	switch {
	case header == nil:
		return nil, errors.New("it has no header")
	case header.Number != seqNum:
		return nil, errors.Errorf("it was announced as number [%d] but actual seqNum inside block is [%d]", seqNum, header.Number)
	}
	if err := protoext.CheckTransactionBoundaries(block); err != nil {
		return nil, errors.WithMessage(err, "its transactions are not cut as an orderer cuts them")
	}
	if err := checkChannel(chainID, block.GetData().GetData()); err != nil {
		return nil, err
	}
	metadata := block.GetMetadata().GetMetadata()
	if len(metadata) == 0 {
		return nil, errors.New("it has no metadata, so no signatures")
	}
	value, signatures, err := signaturesOf(metadata[cb.BlockMetadataIndex_SIGNATURES], maxSignatures)
	if err != nil {
		return nil, errors.WithMessage(err, "its signatures metadata is malformed")
	}
	if actual := protoext.BlockDataHash(block.Data); !bytes.Equal(actual, header.DataHash) {
		return nil, errors.Errorf("its data hash is %x, but its header says %s", actual, describeHash(header.DataHash))
	}
	return signedData(value, signatures, header)
}

// checkChannel makes sure that the first transaction belongs to the channel.
func checkChannel(chainID common.ChainID, entries [][]byte) error {
	if len(entries) == 0 {
		return errors.New("it has no transactions, so nothing tells its channel")
	}
	id, _, err := protoext.ChannelOf(entries[0])
	if err != nil {
		return errors.WithMessage(err, "the channel of its first transaction cannot be told")
	}
	if id != string(chainID) {
		return errors.Errorf("it belongs to channel [%s]", printable([]byte(id)))
	}
	return nil
}

// signedData puts together what each signature is over. The header is encoded
// once for all of them.
func signedData(value []byte, signatures []blockSignature, header *cb.BlockHeader) ([]*cb.SignedData, error) {
	if len(signatures) == 0 {
		return nil, nil
	}
	encodedHeader := protoext.BlockHeaderBytes(header)
	total := 0
	for _, s := range signatures {
		if total += len(value) + len(s.header) + len(encodedHeader); total > maxSignedBytes {
			return nil, errors.Errorf("its %d signatures are over more than %d bytes", len(signatures), maxSignedBytes)
		}
	}
	set := make([]*cb.SignedData, len(signatures))
	for i, s := range signatures {
		data := make([]byte, 0, len(value)+len(s.header)+len(encodedHeader))
		data = append(data, value...)
		data = append(data, s.header...)
		data = append(data, encodedHeader...)
		set[i] = &cb.SignedData{Data: data, Identity: s.creator, Signature: s.signature}
	}
	return set, nil
}

// describeSigners names who signed a refused block, as far as it says.
func describeSigners(set []*cb.SignedData) string {
	const shown = 4
	if len(set) == 0 {
		return "none"
	}
	var names []string
	for i, s := range set {
		if i == shown {
			names = append(names, "...")
			break
		}
		names = append(names, "by "+describeIdentity(s.Identity))
	}
	return strings.Join(names, ", ")
}
