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
		return nil, errors.New("the payload has no header that would tell its type")
	}
	header, err := UnmarshalChannelHeader(payload.Header.ChannelHeader)
	if err != nil {
		return nil, err
	}
	if header.Type != int32(headerType) {
		return nil, errors.Errorf("the envelope is of type %s where %s was wanted", cb.HeaderType(header.Type), headerType)
	}
	return header, decode(payload.Data, message, "content of type "+headerType.String())
}

// NewSignatureHeaderOrPanic asks a signer for a signature header.
func NewSignatureHeaderOrPanic(signer crypto.LocalSigner) *cb.SignatureHeader {
	needSigner(signer)
	header, err := signer.NewSignatureHeader()
	must(err)
	return header
}

// SignOrPanic signs msg.
func SignOrPanic(signer crypto.LocalSigner, msg []byte) []byte {
	needSigner(signer)
	signature, err := signer.Sign(msg)
	must(err)
	return signature
}

// needSigner panics with a reason where a nil call would panic without.
func needSigner(signer crypto.LocalSigner) {
	if signer == nil {
		panic(errors.New("there is no signer, yet something has to be signed"))
	}
}

// CreateNonce returns 24 random bytes.
func CreateNonce() ([]byte, error) { return crypto.GetRandomNonce() }

// CreateNonceOrPanic is CreateNonce.
func CreateNonceOrPanic() []byte {
	nonce, err := CreateNonce()
	must(err)
	return nonce
}
