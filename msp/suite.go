// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha3"
	_ "crypto/sha512" // registers SHA-384
	"encoding/hex"

	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// digestFunc computes the digest that is signed. Its size does not depend on the signer's curve.
type digestFunc func(message []byte) [32]byte

// cryptoSuite is an MSP's choice of hash functions.
type cryptoSuite struct {
	// digest is for signatures; nil if the configuration names a family that does not exist, which v1.3.0 notices only
	// when a signature comes along.
	digest digestFunc
	family string
	// naming makes identifiers of certificates and of chains.
	naming crypto.Hash
}

func newCryptoSuite(conf *msp.FabricCryptoConfig) (cryptoSuite, error) {
	s := cryptoSuite{family: conf.GetSignatureHashFamily()}
	switch s.family {
	case "", "SHA2":
		s.digest = sha256.Sum256
	case "SHA3":
		s.digest = sha3.Sum256
	}
	switch name := conf.GetIdentityIdentifierHashFunction(); name {
	case "", "SHA256":
		s.naming = crypto.SHA256
	case "SHA384":
		s.naming = crypto.SHA384
	case "SHA3_256":
		s.naming = crypto.SHA3_256
	case "SHA3_384":
		s.naming = crypto.SHA3_384
	default:
		return s, errors.Errorf("unknown hash function %q for identifiers", name)
	}
	return s, nil
}

// sum hashes the parts one after another with the naming hash.
func (s cryptoSuite) sum(parts ...[]byte) []byte {
	h := s.naming.New()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// nameOf is the identifier of a certificate inside its MSP.
func (s cryptoSuite) nameOf(der []byte) string {
	return hex.EncodeToString(s.sum(der))
}

// digestOf hashes a message to be signed or verified.
func (s cryptoSuite) digestOf(message []byte) ([32]byte, error) {
	if s.digest == nil {
		return [32]byte{}, errors.Errorf("unknown hash family %q for signatures", s.family)
	}
	return s.digest(message), nil
}
