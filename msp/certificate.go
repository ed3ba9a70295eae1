// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"

	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/pkg/errors"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// certificateBlock is the PEM type of certificates.
const certificateBlock = "CERTIFICATE"

var (
	subjectKeyIDExtension   = asn1.ObjectIdentifier{2, 5, 29, 14}
	authorityKeyIDExtension = asn1.ObjectIdentifier{2, 5, 29, 35}
)

// readCertificate takes the certificate from the first PEM block of item, whatever the block's type and whatever
// surrounds it. Its ECDSA signature is brought to minimal DER: releases built with older Go accepted other spellings, and
// today's crypto/x509 would not verify them.
func readCertificate(item []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(item)
	if block == nil {
		return nil, errors.Errorf("no PEM block in %d bytes", len(item))
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errors.Wrap(err, "not an X.509 certificate")
	}
	return tidy(cert), nil
}

// encodeCertificate is the one way certificates are written.
func encodeCertificate(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: cert.Raw})
}

// signedWithECDSA tells what kind of key made the certificate's signature.
func signedWithECDSA(cert *x509.Certificate) bool {
	switch cert.SignatureAlgorithm {
	case x509.ECDSAWithSHA1, x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512:
		return true
	}
	return false
}

// tidy returns the certificate in canonical DER around its signed part, s of an ECDSA signature left as it is. What
// cannot be read is returned unchanged, to fail where it is verified.
func tidy(cert *x509.Certificate) *x509.Certificate {
	sig := cert.Signature
	if signedWithECDSA(cert) {
		minimal, err := ecdsasig.Reencode(sig)
		if err != nil {
			return cert
		}
		sig = minimal
	}
	tidied, err := withSignature(cert, sig)
	if err != nil {
		return cert
	}
	return tidied
}

// lowS returns the certificate with the low-S form of its signature. The issuer's key tells which half of the values of
// s is the low one; if it is no ECDSA key there is nothing to do.
func lowS(cert *x509.Certificate, issuerKey interface{}) (*x509.Certificate, error) {
	key, ok := issuerKey.(*ecdsa.PublicKey)
	if !ok || !signedWithECDSA(cert) {
		return cert, nil
	}
	sig, err := ecdsasig.Normalize(key.Curve, cert.Signature)
	if err != nil {
		return nil, errors.WithMessage(err, "signature of the certificate")
	}
	return withSignature(cert, sig)
}

// withSignature rebuilds the certificate around its signed part with the given signature, which must be the same
// signature spelled otherwise. If that changes nothing the result is cert itself.
func withSignature(cert *x509.Certificate, sig []byte) (*x509.Certificate, error) {
	raw, err := reassemble(cert.Raw, sig)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(raw, cert.Raw) {
		return cert, nil
	}
	rebuilt, err := x509.ParseCertificate(raw)
	return rebuilt, errors.Wrap(err, "rebuilding the certificate")
}

// reassemble keeps the signed part and the algorithm of a certificate and replaces the rest.
func reassemble(raw, sig []byte) ([]byte, error) {
	in := cryptobyte.String(raw)
	var outer, signed, algorithm cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) ||
		!outer.ReadASN1Element(&signed, cbasn1.SEQUENCE) ||
		!outer.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) {
		return nil, errors.New("not the DER of a certificate")
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, len(raw)+8))
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(signed)
		b.AddBytes(algorithm)
		b.AddASN1BitString(sig)
	})
	return b.Bytes()
}

// checkAuthority returns an error unless the certificate may issue others and says by which key identifier.
func checkAuthority(cert *x509.Certificate) error {
	if !cert.IsCA {
		return errors.Errorf("the certificate of %q, serial %x, is not one of a certificate authority", cert.Subject.CommonName, cert.SerialNumber)
	}
	for _, ext := range cert.Extensions {
		if ext.Id.Equal(subjectKeyIDExtension) {
			return nil
		}
	}
	return errors.Errorf("the certificate of the authority %q, serial %x, has no subject key identifier", cert.Subject.CommonName, cert.SerialNumber)
}
