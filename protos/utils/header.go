// SPDX-License-Identifier: Apache-2.0

package utils

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes/timestamp"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/common/crypto"
	cb "github.com/hyperledger/fabric/protos/common"
)

// MakeChannelHeader returns a channel header stamped with the present time in
// whole seconds.
func MakeChannelHeader(headerType cb.HeaderType, version int32, chainID string, epoch uint64) *cb.ChannelHeader {
	return &cb.ChannelHeader{
		Type:      int32(headerType),
		Version:   version,
		Timestamp: &timestamp.Timestamp{Seconds: time.Now().Unix()},
		ChannelId: chainID,
		Epoch:     epoch,
	}
}

// MakeSignatureHeader returns a signature header.
func MakeSignatureHeader(serializedCreatorCertChain []byte, nonce []byte) *cb.SignatureHeader {
	return &cb.SignatureHeader{Creator: serializedCreatorCertChain, Nonce: nonce}
}

// MakePayloadHeader encodes both headers into a payload's header.
func MakePayloadHeader(ch *cb.ChannelHeader, sh *cb.SignatureHeader) *cb.Header {
	return &cb.Header{ChannelHeader: MarshalOrPanic(ch), SignatureHeader: MarshalOrPanic(sh)}
}

// ComputeProposalTxID derives a transaction's identifier from what makes it
// unique: hex(SHA-256(nonce then creator)).
func ComputeProposalTxID(nonce, creator []byte) (string, error) {
	hash := sha256.New()
	hash.Write(nonce)
	hash.Write(creator)
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// SetTxID puts the identifier that follows from the signature header into the
// channel header.
func SetTxID(channelHeader *cb.ChannelHeader, signatureHeader *cb.SignatureHeader) error {
	id, err := ComputeProposalTxID(signatureHeader.GetNonce(), signatureHeader.GetCreator())
	if err != nil {
		return err
	}
	channelHeader.TxId = id
	return nil
}

// ChannelHeader decodes an envelope down to its channel header.
func ChannelHeader(env *cb.Envelope) (*cb.ChannelHeader, error) {
	payload, err := GetPayload(env)
	if err != nil {
		return nil, err
	}
	if payload.Header == nil {
		return nil, errors.New("header not set")
	}
	if payload.Header.ChannelHeader == nil {
		return nil, errors.New("channel header not set")
	}
	return UnmarshalChannelHeader(payload.Header.ChannelHeader)
}

// ChannelID returns the channel that an envelope is for.
func ChannelID(env *cb.Envelope) (string, error) {
	header, err := ChannelHeader(env)
	if err != nil {
		return "", err
	}
	return header.ChannelId, nil
}

// UnmarshalEnvelopeOfType decodes an envelope's data into message after making
// sure that the envelope is of the type which says so.
func UnmarshalEnvelopeOfType(envelope *cb.Envelope, headerType cb.HeaderType, message proto.Message) (*cb.ChannelHeader, error) {
	payload, err := GetPayload(envelope)
	if err != nil {
		return nil, err
	}
	if payload.Header == nil {
		return nil, errors.New("envelope must have a Header")
	}
	header, err := UnmarshalChannelHeader(payload.Header.ChannelHeader)
	if err != nil {
		return nil, err
	}
	if header.Type != int32(headerType) {
		return nil, errors.Errorf("invalid type %s, expected %s", cb.HeaderType(header.Type), headerType)
	}
	return header, errors.Wrapf(proto.Unmarshal(payload.Data, message), "error unmarshaling message for type %s", headerType)
}

// NewSignatureHeaderOrPanic asks a signer for a signature header.
func NewSignatureHeaderOrPanic(signer crypto.LocalSigner) *cb.SignatureHeader {
	if signer == nil {
		panic(errors.New("invalid signer: cannot be nil"))
	}
	header, err := signer.NewSignatureHeader()
	must(err)
	return header
}

// SignOrPanic signs msg.
func SignOrPanic(signer crypto.LocalSigner, msg []byte) []byte {
	if signer == nil {
		panic(errors.New("invalid signer: cannot be nil"))
	}
	signature, err := signer.Sign(msg)
	must(err)
	return signature
}

// CreateNonce returns 24 random bytes.
func CreateNonce() ([]byte, error) { return crypto.GetRandomNonce() }

// CreateNonceOrPanic is CreateNonce.
func CreateNonceOrPanic() []byte {
	nonce, err := CreateNonce()
	must(err)
	return nonce
}
