// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"crypto/x509"
	"time"

	"github.com/pkg/errors"
)

// authorities is a set of certificate authorities: trusted roots, and intermediates that must lead to one. Immutable
// once built. An MSP has two of them, for identities and for TLS.
type authorities struct {
	roots, intermediates []*x509.Certificate
	// byDER finds an authority by its certificate; true marks a root.
	byDER map[string]bool

	rootPool, intermediatePool *x509.CertPool
}

func newAuthorities(roots, intermediates []*x509.Certificate) *authorities {
	a := &authorities{
		roots:            roots,
		intermediates:    intermediates,
		byDER:            make(map[string]bool, len(roots)+len(intermediates)),
		rootPool:         x509.NewCertPool(),
		intermediatePool: x509.NewCertPool(),
	}
	for _, cert := range intermediates {
		a.byDER[string(cert.Raw)] = false
		a.intermediatePool.AddCert(cert)
	}
	for _, cert := range roots {
		a.byDER[string(cert.Raw)] = true
		a.rootPool.AddCert(cert)
	}
	return a
}

// readAuthorities builds the authorities of identities, with low-S certificates throughout. Roots are brought to low-S on
// their own: looking for a root's chain among rewritten roots would find it to be its own issuer and give up.
func readAuthorities(roots, intermediates [][]byte) (*authorities, error) {
	rootCerts, err := readCertificates(roots, "root")
	if err != nil {
		return nil, err
	}
	for i, cert := range rootCerts {
		if rootCerts[i], err = lowS(cert, cert.PublicKey); err != nil {
			return nil, errors.WithMessagef(err, "root certificate %d", i)
		}
	}
	between, err := readCertificates(intermediates, "intermediate")
	if err != nil {
		return nil, err
	}
	asGiven := newAuthorities(rootCerts, between)
	low := make([]*x509.Certificate, len(between))
	for i, cert := range between {
		if low[i], _, err = asGiven.canonical(cert); err != nil {
			return nil, errors.WithMessagef(err, "intermediate certificate %d", i)
		}
	}
	return newAuthorities(rootCerts, low), nil
}

// readCertificates decodes one certificate per item.
func readCertificates(items [][]byte, kind string) ([]*x509.Certificate, error) {
	certs := make([]*x509.Certificate, len(items))
	for i, item := range items {
		cert, err := readCertificate(item)
		if err != nil {
			return nil, errors.WithMessagef(err, "%s certificate %d", kind, i)
		}
		certs[i] = cert
	}
	return certs, nil
}

func (a *authorities) all() []*x509.Certificate {
	return append(append(make([]*x509.Certificate, 0, len(a.byDER)), a.roots...), a.intermediates...)
}

// chain returns the only way from the certificate up to a root, the certificate first. More than one way is an error,
// for an identity's certifiers would be ambiguous. Certificates are judged at the moment after their own issuing, so
// that chains do not change with time; it is up to others to care about expiry.
func (a *authorities) chain(cert *x509.Certificate) ([]*x509.Certificate, error) {
	chains, err := cert.Verify(x509.VerifyOptions{
		Roots:         a.rootPool,
		Intermediates: a.intermediatePool,
		CurrentTime:   cert.NotBefore.Add(time.Second),
	})
	if err != nil {
		return nil, errors.Wrap(err, "the certificate does not chain to this MSP's authorities")
	}
	if len(chains) != 1 {
		return nil, errors.Errorf("the certificate has %d chains to this MSP's authorities, it must have one", len(chains))
	}
	return chains[0], nil
}

// canonical returns the certificate as this MSP spells it, with its chain. An RSA-signed certificate has but one spelling
// and is returned even if it has no chain; chain is nil then.
func (a *authorities) canonical(cert *x509.Certificate) (*x509.Certificate, []*x509.Certificate, error) {
	if cert.IsCA {
		if root, err := lowS(cert, cert.PublicKey); err == nil && a.byDER[string(root.Raw)] {
			return root, []*x509.Certificate{root}, nil
		}
	}
	chain, err := a.chain(cert)
	if err != nil {
		if signedWithECDSA(cert) {
			return nil, nil, err
		}
		return cert, nil, nil
	}
	if len(chain) == 1 {
		return cert, chain, nil
	}
	low, err := lowS(cert, chain[1].PublicKey)
	if err != nil {
		return nil, nil, err
	}
	return low, append([]*x509.Certificate{low}, chain[1:]...), nil
}

// inner returns the authorities that have a registered intermediate below them. They may not issue identities.
func (a *authorities) inner() (map[string]bool, error) {
	inner := make(map[string]bool)
	for _, cert := range a.intermediates {
		chain, err := a.chain(cert)
		if err != nil {
			return nil, err
		}
		for _, above := range chain[1:] {
			inner[string(above.Raw)] = true
		}
	}
	return inner, nil
}

// check verifies each authority's own fitness: it may issue, it chains to a root, its issuer did not revoke it.
func (a *authorities) check(kind string, revoked *revocations) error {
	for _, cert := range a.all() {
		if err := a.checkOne(cert, revoked); err != nil {
			return errors.WithMessagef(err, "%s %q", kind, cert.Subject.CommonName)
		}
	}
	return nil
}

func (a *authorities) checkOne(cert *x509.Certificate, revoked *revocations) error {
	if err := checkAuthority(cert); err != nil {
		return err
	}
	chain, err := a.chain(cert)
	if err != nil || len(chain) == 1 {
		return err
	}
	return revoked.check(cert, chain[1])
}
