// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// signingIdentity is an identity with its key.
type signingIdentity struct {
	*identity
	crypto cryptoSuite
	key    *ecdsa.PrivateKey
}

// Sign returns a low-S ECDSA signature over the digest of the message.
func (s *signingIdentity) Sign(message []byte) ([]byte, error) {
	digest, err := s.crypto.digestOf(message)
	if err != nil {
		return nil, err
	}
	return ecdsasig.Sign(s.key, digest[:])
}

func (s *signingIdentity) GetPublicVersion() Identity {
	return s.identity
}

// loadSigner makes the MSP's own signing identity, nil if the configuration has none.
func (m *membership) loadSigner(owner *x509MSP, info *msp.SigningIdentityInfo) (*signingIdentity, error) {
	if info == nil {
		return nil, nil
	}
	cert, err := readCertificate(info.PublicSigner)
	if err != nil {
		return nil, errors.WithMessage(err, "certificate of the signing identity")
	}
	id, err := m.newIdentity(owner, cert)
	if err != nil {
		return nil, errors.WithMessage(err, "certificate of the signing identity")
	}
	key, err := signingKey(info.PrivateSigner, id.cert)
	if err != nil {
		return nil, err
	}
	if left := time.Until(cert.NotAfter); left <= 0 {
		return nil, errors.Errorf("signing identity expired %v ago, on %s", -left.Round(time.Second), cert.NotAfter.Format(time.RFC3339))
	}
	warnOfExpiry(m.name, "signing identity", []*x509.Certificate{cert})
	return &signingIdentity{identity: id, crypto: m.crypto, key: key}, nil
}

// signingKey decodes the private key and checks that it is the certificate's.
func signingKey(info *msp.KeyInfo, cert *x509.Certificate) (*ecdsa.PrivateKey, error) {
	material := info.GetKeyMaterial()
	if len(material) == 0 {
		return nil, errors.New("KeyMaterial not found in SigningIdentityInfo")
	}
	block, _ := pem.Decode(material)
	if block == nil {
		return nil, errors.New("the key material of the signing identity is not PEM")
	}
	key, err := parsePrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.WithMessage(err, "key material of the signing identity")
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, errors.Errorf("the private key does not belong to the certificate of %q", cert.Subject.CommonName)
	}
	return key, nil
}
