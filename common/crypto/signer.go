// SPDX-License-Identifier: Apache-2.0

// Package crypto holds the small contracts between those who sign (a node's local identity) and those who need
// something signed, together with nonces and the expiry of a serialized identity. It knows no keys: localmsp has an
// implementation on top of the local MSP. Low-S ECDSA itself is in the sub-package ecdsasig.
package crypto

import (
	"github.com/hyperledger/fabric/protos/common"
	"github.com/pkg/errors"
)

// SignatureHeaderMaker makes signature headers: who signs, and a nonce that was never used before.
type SignatureHeaderMaker interface {
	NewSignatureHeader() (*common.SignatureHeader, error)
}

// Signer signs messages (not digests).
type Signer interface {
	Sign(message []byte) ([]byte, error)
}

// IdentitySerializer returns the bytes by which others know an identity.
type IdentitySerializer interface {
	Serialize() ([]byte, error)
}

// LocalSigner is what a process signs with.
type LocalSigner interface {
	SignatureHeaderMaker
	Signer
}

// SignerSupport is what it takes to make a LocalSigner; every msp.SigningIdentity is one.
type SignerSupport interface {
	Signer
	IdentitySerializer
}

// SignatureHeaderCreator is a LocalSigner on top of a SignerSupport. Use NewSignatureHeaderCreator.
type SignatureHeaderCreator struct {
	SignerSupport
}

// NewSignatureHeaderCreator returns a LocalSigner that signs as the given identity.
func NewSignatureHeaderCreator(ss SignerSupport) *SignatureHeaderCreator {
	return &SignatureHeaderCreator{SignerSupport: ss}
}

// NewSignatureHeader names the identity as creator and adds a fresh nonce.
func (c *SignatureHeaderCreator) NewSignatureHeader() (*common.SignatureHeader, error) {
	if c.SignerSupport == nil {
		return nil, errors.New("no identity to name as creator of a signature header")
	}
	creator, err := c.Serialize()
	if err != nil {
		return nil, errors.WithMessage(err, "serializing the creator of a signature header")
	}
	nonce, err := GetRandomNonce()
	if err != nil {
		return nil, err
	}
	return &common.SignatureHeader{Creator: creator, Nonce: nonce}, nil
}
