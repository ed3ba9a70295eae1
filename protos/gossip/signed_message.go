// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"errors"
	"fmt"

	"github.com/golang/protobuf/proto"
)

// SignedGossipMessage is a message and the envelope that it arrived in or was
// signed into. Either pointer may be nil. It is not itself a protobuf message.
type SignedGossipMessage struct {
	*Envelope
	*GossipMessage
}

// Sign encodes the message, signs the encoding, and installs and returns the
// resulting envelope, which keeps the secret envelope the message had. When it
// fails the message is left without an envelope. Not safe for concurrent use
// with readers of the same wrapper.
func (m *SignedGossipMessage) Sign(sign Signer) (*Envelope, error) {
	var secret *SecretEnvelope
	if m.Envelope != nil {
		secret = m.Envelope.SecretEnvelope
	}
	m.Envelope = nil
	payload, err := proto.Marshal(m.GossipMessage)
	if err != nil {
		return nil, err
	}
	signature, err := sign(payload)
	if err != nil {
		return nil, err
	}
	m.Envelope = &Envelope{Payload: payload, Signature: signature, SecretEnvelope: secret}
	return m.Envelope, nil
}

// NoopSign wraps the message into an envelope without a signature, as used for
// everything that the stream it travels on authenticates.
func (m *SignedGossipMessage) NoopSign() (*SignedGossipMessage, error) {
	unsigned := &SignedGossipMessage{GossipMessage: m.GossipMessage}
	_, err := unsigned.Sign(func([]byte) ([]byte, error) { return nil, nil })
	return unsigned, err
}

// IsSigned tells whether there is an envelope with both payload and signature.
func (m *SignedGossipMessage) IsSigned() bool {
	return m.Envelope != nil && m.Envelope.Payload != nil && m.Envelope.Signature != nil
}

// Verify checks the envelope's signature over the bytes as received and, where
// a secret envelope is attached, that one's signature too.
func (m *SignedGossipMessage) Verify(peerIdentity []byte, verify Verifier) error {
	if m.Envelope == nil {
		return errors.New("Missing envelope")
	}
	if err := verifyPart(peerIdentity, m.Envelope.Payload, m.Envelope.Signature, verify); err != nil {
		return err
	}
	if secret := m.Envelope.SecretEnvelope; secret != nil {
		return verifyPart(peerIdentity, secret.Payload, secret.Signature, verify)
	}
	return nil
}

func verifyPart(peerIdentity, payload, signature []byte, verify Verifier) error {
	if len(payload) == 0 {
		return errors.New("Empty payload")
	}
	if len(signature) == 0 {
		return errors.New("Empty signature")
	}
	return verify(peerIdentity, signature, payload)
}

// ToGossipMessage decodes the envelope's payload. The result shares the
// envelope with the receiver. Unlike v1.3.0's, it refuses a missing envelope
// with an error.
func (m *SignedGossipMessage) ToGossipMessage() (*SignedGossipMessage, error) {
	if m.Envelope == nil {
		return nil, errors.New("nil envelope")
	}
	decoded := &GossipMessage{}
	if err := proto.Unmarshal(m.Envelope.Payload, decoded); err != nil {
		return nil, fmt.Errorf("Failed unmarshaling GossipMessage from envelope: %v", err)
	}
	return &SignedGossipMessage{Envelope: m.Envelope, GossipMessage: decoded}, nil
}

// SignSecret encodes and signs a secret and attaches it to the envelope, which
// must exist. On error the envelope is unchanged.
func (m *SignedGossipMessage) SignSecret(sign Signer, secret *Secret) error {
	if m.Envelope == nil {
		return errors.New("nil envelope")
	}
	payload, err := proto.Marshal(secret)
	if err != nil {
		return err
	}
	signature, err := sign(payload)
	if err != nil {
		return err
	}
	m.Envelope.SecretEnvelope = &SecretEnvelope{Payload: payload, Signature: signature}
	return nil
}
