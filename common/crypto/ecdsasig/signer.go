// SPDX-License-Identifier: Apache-2.0

package ecdsasig

import (
	stdcrypto "crypto"
	"crypto/ecdsa"
	"io"
)

// lowSigner is an ECDSA key as crypto/x509 wants it, that signs with low s.
type lowSigner struct {
	key *ecdsa.PrivateKey
}

// Signer returns key as a crypto.Signer whose signatures have low s, to be given to x509.CreateCertificate and the
// like. Its randomness is always the system's.
func Signer(key *ecdsa.PrivateKey) stdcrypto.Signer {
	return lowSigner{key: key}
}

func (l lowSigner) Public() stdcrypto.PublicKey {
	return &l.key.PublicKey
}

func (l lowSigner) Sign(_ io.Reader, digest []byte, _ stdcrypto.SignerOpts) ([]byte, error) {
	return Sign(l.key, digest)
}
