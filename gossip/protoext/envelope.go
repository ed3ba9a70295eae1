// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/protos/gossip"
)

// Sign puts a message into a new envelope with a signature over its bytes.
// Unlike the method of SignedGossipMessage it changes nothing that others may be
// reading.
func Sign(m *gossip.GossipMessage, sign gossip.Signer) (*gossip.SignedGossipMessage, error) {
	if m == nil {
		return nil, errors.New("no message to sign")
	}
	payload, err := proto.Marshal(m)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	signature, err := sign(payload)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	return &gossip.SignedGossipMessage{
		Envelope:      &gossip.Envelope{Payload: payload, Signature: signature},
		GossipMessage: m,
	}, nil
}

// NoopSign puts a message into a new envelope without signature, for messages
// that the connection they travel on vouches for. If it cannot be encoded, the
// result besides the error is the message without envelope.
func NoopSign(m *gossip.GossipMessage) (*gossip.SignedGossipMessage, error) {
	wrapped, err := Sign(m, func([]byte) ([]byte, error) { return nil, nil })
	if err != nil {
		return &gossip.SignedGossipMessage{GossipMessage: m}, err
	}
	return wrapped, nil
}

// EnvelopeToGossipMessage decodes what is in an envelope. The result keeps the
// very envelope, whose bytes are what signatures are checked over. It does not
// check any.
func EnvelopeToGossipMessage(e *gossip.Envelope) (*gossip.SignedGossipMessage, error) {
	if e == nil {
		return nil, errors.New("nil envelope")
	}
	m := &gossip.GossipMessage{}
	if err := proto.Unmarshal(e.Payload, m); err != nil {
		return nil, errors.Errorf("Failed unmarshaling GossipMessage from envelope: %v", err)
	}
	return &gossip.SignedGossipMessage{Envelope: e, GossipMessage: m}, nil
}

// SignSecret encodes and signs a secret and puts it beside the message in an
// envelope, in place of one that is there. On error the envelope stays as it
// was.
func SignSecret(e *gossip.Envelope, sign gossip.Signer, secret *gossip.Secret) error {
	if e == nil {
		return errors.New("nil envelope")
	}
	if secret == nil {
		return errors.New("no secret to sign")
	}
	payload, err := proto.Marshal(secret)
	if err != nil {
		return errors.WithStack(err)
	}
	signature, err := sign(payload)
	if err != nil {
		return errors.WithStack(err)
	}
	e.SecretEnvelope = &gossip.SecretEnvelope{Payload: payload, Signature: signature}
	return nil
}

// WithoutSecret is the envelope as peers may have it that must not know the
// secret: itself if it has none, else a copy that shares its bytes.
func WithoutSecret(e *gossip.Envelope) *gossip.Envelope {
	if e.GetSecretEnvelope() == nil {
		return e
	}
	return &gossip.Envelope{Payload: e.Payload, Signature: e.Signature}
}

// InternalEndpoint is where the peer that made the secret is reached from
// within its organization; "" if the secret does not say, or cannot be decoded.
func InternalEndpoint(s *gossip.SecretEnvelope) string {
	if s == nil {
		return ""
	}
	secret := &gossip.Secret{}
	if err := proto.Unmarshal(s.Payload, secret); err != nil {
		return ""
	}
	return secret.GetInternalEndpoint()
}
