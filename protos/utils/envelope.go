// SPDX-License-Identifier: Apache-2.0

package utils

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/util"
	cb "github.com/hyperledger/fabric/protos/common"
)

// CreateSignedEnvelope wraps dataMsg into an envelope of the given type and
// signs it; a nil signer makes an unsigned one.
func CreateSignedEnvelope(txType cb.HeaderType, channelID string, signer crypto.LocalSigner, dataMsg proto.Message, msgVersion int32, epoch uint64) (*cb.Envelope, error) {
	return CreateSignedEnvelopeWithTLSBinding(txType, channelID, signer, dataMsg, msgVersion, epoch, nil)
}

// CreateSignedEnvelopeWithTLSBinding is CreateSignedEnvelope for a request that
// is only good on a connection made with the TLS certificate whose DER hashes
// to tlsCertHash.
//
// What is signed is the marshaled payload exactly as it stands in the
// envelope. Nothing that uses this envelope needs to encode it again.
func CreateSignedEnvelopeWithTLSBinding(txType cb.HeaderType, channelID string, signer crypto.LocalSigner, dataMsg proto.Message, msgVersion int32, epoch uint64, tlsCertHash []byte) (*cb.Envelope, error) {
	channelHeader := MakeChannelHeader(txType, msgVersion, channelID, epoch)
	channelHeader.TlsCertHash = tlsCertHash
	signatureHeader := &cb.SignatureHeader{}
	if signer != nil {
		var err error
		if signatureHeader, err = signer.NewSignatureHeader(); err != nil {
			return nil, err
		}
	}
	data, err := proto.Marshal(dataMsg)
	if err != nil {
		return nil, errors.Wrap(err, "error marshaling")
	}
	envelope := &cb.Envelope{Payload: MarshalOrPanic(&cb.Payload{
		Header: MakePayloadHeader(channelHeader, signatureHeader),
		Data:   data,
	})}
	if signer == nil {
		return envelope, nil
	}
	if envelope.Signature, err = signer.Sign(envelope.Payload); err != nil {
		return nil, err
	}
	return envelope, nil
}

// EnvelopeAsSignedData says who signed what in an envelope: one entry. (In
// v1.3.0 this is the method AsSignedData of the generated type.)
func EnvelopeAsSignedData(env *cb.Envelope) ([]*cb.SignedData, error) {
	if env == nil {
		return nil, errors.New("a nil envelope is signed by nobody")
	}
	payload, err := UnmarshalPayload(env.Payload)
	if err != nil {
		return nil, err
	}
	if payload.Header == nil {
		return nil, errors.New("Missing Header")
	}
	header, err := GetSignatureHeader(payload.Header.SignatureHeader)
	if err != nil {
		return nil, err
	}
	return []*cb.SignedData{{Data: env.Payload, Identity: header.Creator, Signature: env.Signature}}, nil
}

// ConfigUpdateEnvelopeAsSignedData says who signed a config update: one entry
// for each signature, over its own header followed by the update.
func ConfigUpdateEnvelopeAsSignedData(ce *cb.ConfigUpdateEnvelope) ([]*cb.SignedData, error) {
	if ce == nil {
		return nil, errors.New("a nil config update is signed by nobody")
	}
	signed := make([]*cb.SignedData, 0, len(ce.Signatures))
	for i, s := range ce.Signatures {
		header, err := GetSignatureHeader(s.GetSignatureHeader())
		if err != nil {
			return nil, errors.WithMessagef(err, "signature %d of the config update", i)
		}
		signed = append(signed, &cb.SignedData{
			Data:      util.ConcatenateBytes(s.GetSignatureHeader(), ce.ConfigUpdate),
			Identity:  header.Creator,
			Signature: s.GetSignature(),
		})
	}
	return signed, nil
}
