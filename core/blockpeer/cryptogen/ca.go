// SPDX-License-Identifier: Apache-2.0

package cryptogen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
)

const (
	// lifetime is how long certificates last unless asked otherwise.
	lifetime = 10 * 365 * 24 * time.Hour
	// backdating lets machines whose clocks lag use a certificate at once.
	backdating = 5 * time.Minute
)

// CA is a certificate authority with its key.
type CA struct {
	Pair
}

// Leaf describes a certificate to be issued to a node or user. Zero values stand for what the tool would do.
type Leaf struct {
	CommonName string
	OUs        []string
	// TLS makes it a certificate for TLS servers and clients instead of one for signing.
	TLS bool
	// SANs are names and, where they parse as such, IP addresses.
	SANs []string
	// NotBefore is by default five minutes ago, NotAfter ten years after NotBefore.
	NotBefore, NotAfter time.Time
	// Key is the key to certify; by default a new one is made.
	Key *ecdsa.PrivateKey
}

// NewCA makes a self-signed authority.
func NewCA(organization, commonName string) (*CA, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template, err := authorityTemplate(organization, commonName, key)
	if err != nil {
		return nil, err
	}
	return certifyCA(template, template, key, key)
}

// Intermediate makes an authority below this one.
func (ca *CA) Intermediate(commonName string) (*CA, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	organization := ""
	if names := ca.Cert.Subject.Organization; len(names) > 0 {
		organization = names[0]
	}
	template, err := authorityTemplate(organization, commonName, key)
	if err != nil {
		return nil, err
	}
	return certifyCA(template, ca.Cert, key, ca.Key)
}

// Issue makes a certificate.
func (ca *CA) Issue(leaf Leaf) (*Pair, error) {
	key := leaf.Key
	if key == nil {
		var err error
		if key, err = newKey(); err != nil {
			return nil, err
		}
	}
	template, err := leafTemplate(leaf)
	if err != nil {
		return nil, err
	}
	cert, err := certify(template, ca.Cert, &key.PublicKey, ca.Key)
	if err != nil {
		return nil, err
	}
	return &Pair{Cert: cert, Key: key}, nil
}

// RevocationList makes a revocation list in PEM over the given certificates. It says that it is valid for ten years.
func (ca *CA) RevocationList(revoked ...*x509.Certificate) ([]byte, error) {
	now := time.Now().UTC()
	template := &x509.RevocationList{Number: big.NewInt(now.UnixNano()), ThisUpdate: now, NextUpdate: now.Add(lifetime)}
	for _, cert := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber:   cert.SerialNumber,
			RevocationTime: now,
		})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, ca.Cert, ecdsasig.Signer(ca.Key))
	if err != nil {
		return nil, fmt.Errorf("making a revocation list of %s: %w", ca.Cert.Subject.CommonName, err)
	}
	return encodePEM("X509 CRL", der), nil
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return key, nil
}

// baseTemplate has what all certificates share.
func baseTemplate(commonName string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, fmt.Errorf("choosing a serial number: %w", err)
	}
	start := time.Now().Truncate(time.Minute).Add(-backdating).UTC()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject: pkix.Name{
			Country:    []string{"US"},
			Province:   []string{"California"},
			Locality:   []string{"San Francisco"},
			CommonName: commonName,
		},
		NotBefore:             start,
		NotAfter:              start.Add(lifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}, nil
}

func authorityTemplate(organization, commonName string, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	t, err := baseTemplate(commonName)
	if err != nil {
		return nil, err
	}
	if organization != "" {
		t.Subject.Organization = []string{organization}
	}
	t.IsCA = true
	t.KeyUsage |= x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	t.SubjectKeyId, err = keyID(key)
	return t, err
}

func leafTemplate(leaf Leaf) (*x509.Certificate, error) {
	t, err := baseTemplate(leaf.CommonName)
	if err != nil {
		return nil, err
	}
	t.Subject.OrganizationalUnit = leaf.OUs
	if !leaf.NotBefore.IsZero() {
		t.NotBefore = leaf.NotBefore.UTC()
		t.NotAfter = t.NotBefore.Add(lifetime)
	}
	if !leaf.NotAfter.IsZero() {
		t.NotAfter = leaf.NotAfter.UTC()
	}
	if t.NotAfter.Before(t.NotBefore) {
		return nil, fmt.Errorf("a certificate for %q cannot end (%s) before it begins (%s)", leaf.CommonName, t.NotAfter, t.NotBefore)
	}
	if leaf.TLS {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	for _, name := range leaf.SANs {
		if ip := net.ParseIP(name); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, name)
		}
	}
	return t, nil
}

// certify signs a certificate and reads it back as others will see it.
func certify(template, issuer *x509.Certificate, subject *ecdsa.PublicKey, issuerKey *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, subject, ecdsasig.Signer(issuerKey))
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate for %q: %w", template.Subject.CommonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading back the certificate for %q: %w", template.Subject.CommonName, err)
	}
	return cert, nil
}

func certifyCA(template, issuer *x509.Certificate, key, issuerKey *ecdsa.PrivateKey) (*CA, error) {
	cert, err := certify(template, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		return nil, err
	}
	return &CA{Pair{Cert: cert, Key: key}}, nil
}
