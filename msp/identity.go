// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// identity is an X.509 identity. All of it is fixed but the standing, which follows the MSP's configuration.
type identity struct {
	owner *x509MSP
	cert  *x509.Certificate
	name  IdentityIdentifier
	// standing is the latest judgement by owner, see judged.
	standing atomic.Pointer[standing]
}

// standing is what a membership concluded about a certificate. Nothing in it depends on the time of day, so it holds as
// long as the membership does.
type standing struct {
	by *membership
	// certifiers identifies the authorities above the certificate; nil if they may not issue identities.
	certifiers []byte
	// invalid is nil for a valid identity.
	invalid error
}

// newIdentity makes the identity of a certificate. It fails if the certificate has a key that no MSP works with, or if it
// is ECDSA-signed and does not chain to this membership's authorities. It does not fail for an invalid identity.
func (m *membership) newIdentity(owner *x509MSP, cert *x509.Certificate) (*identity, error) {
	switch cert.PublicKey.(type) {
	case *ecdsa.PublicKey, *rsa.PublicKey:
	default:
		return nil, errors.Errorf("the certificate has an unsupported kind of key: %s", cert.PublicKeyAlgorithm)
	}
	canonical, chain, err := m.authorities.canonical(cert)
	if err != nil {
		return nil, err
	}
	id := &identity{
		owner: owner,
		cert:  canonical,
		name:  IdentityIdentifier{Mspid: m.name, Id: m.crypto.nameOf(canonical.Raw)},
	}
	id.standing.Store(m.judge(canonical, chain))
	return id, nil
}

// judge concludes about a canonical certificate; chain may be nil for one that has none.
func (m *membership) judge(cert *x509.Certificate, chain []*x509.Certificate) *standing {
	s := &standing{by: m}
	if s.invalid = m.mayBeIdentity(cert, chain); s.invalid != nil {
		return s
	}
	s.certifiers = m.certifiers(chain[1:])
	if s.invalid = m.revoked.check(cert, chain[1]); s.invalid != nil {
		return s
	}
	s.invalid = m.units.check(cert, s.certifiers)
	return s
}

// mayBeIdentity checks that the certificate is an end of the tree of authorities, and issued at one of its ends.
func (m *membership) mayBeIdentity(cert *x509.Certificate, chain []*x509.Certificate) error {
	if cert.IsCA {
		return errors.Errorf("the certificate of %q is one of an authority, which cannot act as an identity", cert.Subject.CommonName)
	}
	if len(chain) < 2 {
		return errors.Errorf("the certificate of %q was not issued by an authority of MSP %s", cert.Subject.CommonName, m.name)
	}
	if m.inner[string(chain[1].Raw)] {
		return errors.Errorf("invalid validation chain. Parent certificate should be a leaf of the certification tree [%s]", chain[1].Subject.CommonName)
	}
	return nil
}

// judged returns what m concludes about the identity. It remembers the answer for the MSP's current configuration.
func (id *identity) judged(m *membership) *standing {
	if s := id.standing.Load(); s.by == m {
		return s
	}
	if m.name != id.name.Mspid {
		return &standing{by: m, invalid: errors.Errorf("the identity belongs to MSP %s, this is %s", id.name.Mspid, m.name)}
	}
	cert, chain, err := m.authorities.canonical(id.cert)
	if err != nil {
		return &standing{by: m, invalid: err}
	}
	s := m.judge(cert, chain)
	if id.owner.current.Load() == m {
		id.standing.Store(s)
	}
	return s
}

func (id *identity) ExpiresAt() time.Time {
	return id.cert.NotAfter
}

// GetIdentifier returns a fresh copy.
func (id *identity) GetIdentifier() *IdentityIdentifier {
	name := id.name
	return &name
}

func (id *identity) GetMSPIdentifier() string {
	return id.name.Mspid
}

func (id *identity) Anonymous() bool {
	return false
}

func (id *identity) Validate() error {
	return id.owner.Validate(id)
}

func (id *identity) SatisfiesPrincipal(principal *msp.MSPPrincipal) error {
	return id.owner.SatisfiesPrincipal(id, principal)
}

// GetOrganizationalUnits returns fresh copies, one per unit of the certificate.
func (id *identity) GetOrganizationalUnits() []*OUIdentifier {
	m, err := id.owner.membership()
	if err != nil {
		return nil
	}
	certifiers := id.judged(m).certifiers
	if certifiers == nil {
		return nil
	}
	units := make([]*OUIdentifier, len(id.cert.Subject.OrganizationalUnit))
	for i, name := range id.cert.Subject.OrganizationalUnit {
		units[i] = &OUIdentifier{
			CertifiersIdentifier:         append([]byte(nil), certifiers...),
			OrganizationalUnitIdentifier: name,
		}
	}
	return units
}

// Verify does one ECDSA verification. It does not ask whether the identity is valid.
func (id *identity) Verify(message []byte, sig []byte) error {
	m, err := id.owner.membership()
	if err != nil {
		return err
	}
	valid, err := m.crypto.verify(id.cert.PublicKey, message, sig)
	if err != nil {
		return errors.WithMessage(err, "could not determine the validity of the signature")
	}
	if !valid {
		return errors.New("The signature is invalid")
	}
	return nil
}

func (s cryptoSuite) verify(publicKey interface{}, message, sig []byte) (bool, error) {
	key, ok := publicKey.(*ecdsa.PublicKey)
	if !ok {
		return false, errors.New("only ECDSA keys can verify")
	}
	digest, err := s.digestOf(message)
	if err != nil {
		return false, err
	}
	return ecdsasig.Verify(key, digest[:], sig)
}

// Serialize returns the canonical certificate under the MSP's name.
func (id *identity) Serialize() ([]byte, error) {
	return NewSerializedIdentity(id.name.Mspid, encodeCertificate(id.cert))
}
