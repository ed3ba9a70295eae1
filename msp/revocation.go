// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"

	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/pkg/errors"
)

// revocations is which certificates their issuers took back. Immutable once built. Dates and reasons of revocation lists
// play no part: what is listed is revoked.
type revocations struct {
	// serials holds, by an issuer's certificate, the serial numbers it revoked.
	serials map[string]map[string]bool
	// unusable is set if a list does not tell whose it is. It then might revoke anything, so nothing passes.
	unusable error
}

// readRevocations decodes revocation lists and keeps what they say about the issuers given. A list that claims to be of
// one of them but was not signed by it is left out with a warning.
func readRevocations(lists [][]byte, issuers []*x509.Certificate) (*revocations, error) {
	r := &revocations{serials: make(map[string]map[string]bool)}
	for i, item := range lists {
		list, err := readRevocationList(item)
		if err != nil {
			return nil, errors.WithMessagef(err, "revocation list %d", i)
		}
		if !tellsIssuer(list) {
			r.unusable = errors.Errorf("revocation list %d has no authority key identifier", i)
			continue
		}
		for _, issuer := range issuers {
			if !bytes.Equal(list.AuthorityKeyId, issuer.SubjectKeyId) {
				continue
			}
			if err := checkListSignature(list, issuer); err != nil {
				logger.Warningf("Revocation list %d is left out: not signed by %q, whose key it names: %v", i, issuer.Subject.CommonName, err)
				continue
			}
			r.add(list, issuer)
		}
	}
	return r, nil
}

// readRevocationList accepts PEM, if the item starts with it, and DER.
func readRevocationList(item []byte) (*x509.RevocationList, error) {
	der := item
	if bytes.HasPrefix(item, []byte("-----BEGIN X509 CRL")) {
		if block, _ := pem.Decode(item); block != nil {
			der = block.Bytes
		}
	}
	list, err := x509.ParseRevocationList(der)
	return list, errors.Wrap(err, "not an X.509 revocation list")
}

func tellsIssuer(list *x509.RevocationList) bool {
	for _, ext := range list.Extensions {
		if ext.Id.Equal(authorityKeyIDExtension) {
			return true
		}
	}
	return false
}

// checkListSignature verifies the list with the issuer's key, whatever the key is said to be for. The signature is brought
// to minimal DER first, as tools of v1.3.0's time wrote others.
func checkListSignature(list *x509.RevocationList, issuer *x509.Certificate) error {
	sig := list.Signature
	if minimal, err := ecdsasig.Reencode(sig); err == nil && issuer.PublicKeyAlgorithm == x509.ECDSA {
		sig = minimal
	}
	return issuer.CheckSignature(list.SignatureAlgorithm, list.RawTBSRevocationList, sig)
}

func (r *revocations) add(list *x509.RevocationList, issuer *x509.Certificate) {
	serials := r.serials[string(issuer.Raw)]
	if serials == nil {
		serials = make(map[string]bool, len(list.RevokedCertificateEntries))
		r.serials[string(issuer.Raw)] = serials
	}
	for _, entry := range list.RevokedCertificateEntries {
		serials[entry.SerialNumber.Text(16)] = true
	}
}

// check returns an error if the issuer revoked the certificate.
func (r *revocations) check(cert, issuer *x509.Certificate) error {
	if r.unusable != nil {
		return r.unusable
	}
	if r.serials[string(issuer.Raw)][cert.SerialNumber.Text(16)] {
		return errors.Errorf("the certificate with serial %x has been revoked by %q", cert.SerialNumber, issuer.Subject.CommonName)
	}
	return nil
}
