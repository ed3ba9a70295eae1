// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"crypto/x509"
	"encoding/pem"
)

// AddPemToCertPool adds the certificates of all PEM blocks to the pool. Block
// types and headers do not matter. Input without a PEM block adds nothing and
// is no error. If a certificate cannot be parsed none is added.
func AddPemToCertPool(pemCerts []byte, pool *x509.CertPool) error {
	certs, err := parsePEM(pemCerts)
	if err != nil {
		return err
	}
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return nil
}

// parsePEM returns the certificates in all PEM blocks; none if there is no
// block. It goes on after a block that is no certificate; the error is the X.509
// parser's for the first such block.
func parsePEM(text []byte) (certs []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, parseErr := x509.ParseCertificate(block.Bytes)
		switch {
		case parseErr == nil:
			certs = append(certs, cert)
		case err == nil:
			err = parseErr
		}
	}
	return certs, err
}
