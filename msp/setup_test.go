// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

func TestSetupPublishesTheConfiguration(t *testing.T) {
	o := newOrg(t, "Org1")
	between := below(t, o.tls, "tls between")
	o.conf.TlsIntermediateCerts = [][]byte{between.CertPEM()}
	for _, version := range allVersions {
		m := o.setup(t, version)
		id, err := m.GetIdentifier()
		require.NoError(t, err)
		require.Equal(t, "Org1", id)
		require.Equal(t, version, m.GetVersion())
		require.Equal(t, FABRIC, m.GetType())
		require.Equal(t, [][]byte{o.tls.CertPEM()}, m.GetTLSRootCerts())
		require.Equal(t, [][]byte{between.CertPEM()}, m.GetTLSIntermediateCerts())
		_, err = m.GetDefaultSigningIdentity()
		require.ErrorContains(t, err, "no signing identity")
	}
}

func TestBeforeSetupNothingWorksAndNothingPanics(t *testing.T) {
	o := newOrg(t, "Org1")
	id := deserialize(t, o.setup(t, MSPv1_0), "Org1", o.admin.CertPEM())
	m := newMSP(t, MSPv1_0)
	name, err := m.GetIdentifier()
	require.NoError(t, err)
	require.Empty(t, name)
	require.Nil(t, m.GetTLSRootCerts())
	require.Nil(t, m.GetTLSIntermediateCerts())
	const want = "has not been set up"
	for _, mspID := range []string{"", "Org1"} {
		_, err = m.DeserializeIdentity(serialize(t, mspID, o.admin.CertPEM()))
		require.ErrorContains(t, err, want)
	}
	_, err = m.GetDefaultSigningIdentity()
	require.ErrorContains(t, err, want)
	_, err = m.GetSigningIdentity(&IdentityIdentifier{})
	require.ErrorContains(t, err, want)
	require.ErrorContains(t, m.Validate(id), want)
	require.ErrorContains(t, m.SatisfiesPrincipal(id, role(t, "Org1", msp.MSPRole_MEMBER)), want)
	require.NoError(t, m.IsWellFormed(&msp.SerializedIdentity{Mspid: "Org1", IdBytes: o.admin.CertPEM()}), "form needs no membership")
}

func TestSetupRefuses(t *testing.T) {
	foreign := newOrg(t, "Foreign")
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		edit func(*testOrg)
		err  string
	}{
		"no name":                   {func(o *testOrg) { o.conf.Name = "" }, "no name"},
		"no roots":                  {func(o *testOrg) { o.conf.RootCerts = nil }, "no root certificate"},
		"root that is not PEM":      {func(o *testOrg) { o.conf.RootCerts[0] = []byte("x") }, "root certificate 0: no PEM block"},
		"root that is no cert":      {func(o *testOrg) { o.conf.RootCerts[0] = toPEM([]byte("x")) }, "root certificate 0: not an X.509 certificate"},
		"root that is no authority": {func(o *testOrg) { o.conf.RootCerts = append(o.conf.RootCerts, o.admin.CertPEM()) }, "is not one of a certificate authority"},
		"root without key ID": {func(o *testOrg) {
			o.conf.RootCerts = append(o.conf.RootCerts, withoutKeyID(t))
		}, "has no subject key identifier"},
		"foreign intermediate":                           {func(o *testOrg) { o.conf.IntermediateCerts = [][]byte{below(t, foreign.ca, "x").CertPEM()} }, "intermediate certificate 0: the certificate does not chain"},
		"garbled intermediate":                           {func(o *testOrg) { o.conf.IntermediateCerts = [][]byte{nil} }, "intermediate certificate 0: no PEM block in 0 bytes"},
		"leaf as intermediate":                           {func(o *testOrg) { o.conf.IntermediateCerts = [][]byte{o.admin.CertPEM()} }, "is not one of a certificate authority"},
		"garbled admin":                                  {func(o *testOrg) { o.conf.Admins = append(o.conf.Admins, []byte("x")) }, "admin certificate 1: no PEM block"},
		"foreign admin":                                  {func(o *testOrg) { o.conf.Admins = [][]byte{foreign.admin.CertPEM()} }, "admin certificate 0: the certificate does not chain"},
		"authority as admin":                             {func(o *testOrg) { o.conf.Admins = [][]byte{o.ca.CertPEM()} }, "admin 0 is invalid"},
		"admin of another key type":                      {func(o *testOrg) { o.conf.Admins = [][]byte{customCertificate(t, o.ca, ed, func(*x509.Certificate) {})} }, "unsupported kind of key: Ed25519"},
		"revoked admin":                                  {func(o *testOrg) { o.conf.RevocationList = [][]byte{crl(t, o.ca, o.admin.Cert)} }, "admin 0 is invalid"},
		"garbled revocation list":                        {func(o *testOrg) { o.conf.RevocationList = [][]byte{[]byte("x")} }, "revocation list 0: not an X.509 revocation list"},
		"garbled TLS root":                               {func(o *testOrg) { o.conf.TlsRootCerts[0] = []byte("x") }, "TLS root certificate 0"},
		"garbled TLS intermediate":                       {func(o *testOrg) { o.conf.TlsIntermediateCerts = [][]byte{[]byte("x")} }, "TLS intermediate certificate 0"},
		"TLS leaf as root":                               {func(o *testOrg) { o.conf.TlsRootCerts = [][]byte{issue(t, o.tls, cryptogen.Leaf{TLS: true}).CertPEM()} }, "TLS authority"},
		"foreign TLS intermediate":                       {func(o *testOrg) { o.conf.TlsIntermediateCerts = [][]byte{below(t, foreign.tls, "x").CertPEM()} }, "TLS authority \"x\": the certificate does not chain"},
		"revoked TLS intermediate":                       {revokeTLSIntermediate(t), "has been revoked"},
		"revoked intermediate":                           {revokeIntermediate(t), "has been revoked"},
		"unknown identifier hash":                        {func(o *testOrg) { o.conf.CryptoConfig = &msp.FabricCryptoConfig{IdentityIdentifierHashFunction: "MD5"} }, `unknown hash function "MD5"`},
		"unit of a foreign authority":                    {func(o *testOrg) { o.conf.OrganizationalUnitIdentifiers = unit("COP", foreign.ca.CertPEM()) }, "organizational unit 0"},
		"unit of a leaf":                                 {func(o *testOrg) { o.conf.OrganizationalUnitIdentifiers = unit("COP", o.admin.CertPEM()) }, "Failed adding OU. Certificate ["},
		"unit of an intermediate that is not registered": {func(o *testOrg) { o.conf.OrganizationalUnitIdentifiers = unit("COP", below(t, o.ca, "x").CertPEM()) }, "not in root or intermediate certs."},
		"unit without certificate":                       {func(o *testOrg) { o.conf.OrganizationalUnitIdentifiers = unit("COP", nil) }, "certificate of the certifier"},
		"admin without required unit":                    {func(o *testOrg) { o.conf.OrganizationalUnitIdentifiers = unit("COP", o.ca.CertPEM()) }, "none of the identity's organizational units"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, version := range allVersions {
				o := newOrg(t, "Org1")
				c.edit(o)
				require.ErrorContains(t, o.setupError(t, version), c.err)
			}
		})
	}
	m := newMSP(t, MSPv1_0)
	require.ErrorContains(t, m.Setup(nil), "without a configuration")
	require.ErrorContains(t, m.Setup(&msp.MSPConfig{Config: []byte{0xff}}), "not one of an X.509 MSP")
	require.ErrorContains(t, m.Setup(&msp.MSPConfig{}), "no name")
}

func unit(name string, certificate []byte) []*msp.FabricOUIdentifier {
	return []*msp.FabricOUIdentifier{{OrganizationalUnitIdentifier: name, Certificate: certificate}}
}

func crl(t testing.TB, ca *cryptogen.CA, revoked ...*x509.Certificate) []byte {
	t.Helper()
	list, err := ca.RevocationList(revoked...)
	require.NoError(t, err)
	return list
}

func revokeIntermediate(t *testing.T) func(*testOrg) {
	return func(o *testOrg) {
		between := below(t, o.ca, "between")
		o.conf.IntermediateCerts = [][]byte{between.CertPEM()}
		o.conf.Admins = nil
		o.conf.RevocationList = [][]byte{crl(t, o.ca, between.Cert)}
	}
}

func revokeTLSIntermediate(t *testing.T) func(*testOrg) {
	return func(o *testOrg) {
		between := below(t, o.tls, "between")
		o.conf.TlsIntermediateCerts = [][]byte{between.CertPEM()}
		o.conf.RevocationList = [][]byte{crl(t, o.tls, between.Cert)}
	}
}

// withoutKeyID is a root whose certificate lacks the extension that tells its key.
func withoutKeyID(t *testing.T) []byte {
	t.Helper()
	issuer := newCA(t, "above")
	bare := *issuer.Cert
	bare.SubjectKeyId = nil
	key := newKey(t, elliptic.P256())
	raw := customCertificate(t, &cryptogen.CA{Pair: cryptogen.Pair{Cert: &bare, Key: issuer.Key}}, &key.PublicKey, func(c *x509.Certificate) {
		c.IsCA = true
		c.SubjectKeyId = []byte{1}
	})
	block, _ := pem.Decode(raw)
	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	// The library always writes the extension for an authority; rename it to one nobody knows.
	return toPEM(replaceOnce(t, cert.Raw, []byte{0x06, 0x03, 0x55, 0x1d, 0x0e}, []byte{0x06, 0x03, 0x55, 0x1d, 0x7f}))
}

func TestFailedSetupKeepsTheFormerMembership(t *testing.T) {
	o := newOrg(t, "Org1")
	m := o.setup(t, MSPv1_1)
	id := deserialize(t, m, "Org1", o.admin.CertPEM())

	broken := newOrg(t, "Org1")
	broken.conf.Admins = [][]byte{o.admin.CertPEM()}
	require.Error(t, m.Setup(broken.config(t)))
	require.NoError(t, id.Validate())
	require.NoError(t, m.SatisfiesPrincipal(id, role(t, "Org1", msp.MSPRole_ADMIN)))
}

func TestIdentitiesFollowANewSetup(t *testing.T) {
	o := newOrg(t, "Org1")
	m := o.setup(t, MSPv1_1)
	user := issue(t, o.ca, cryptogen.Leaf{CommonName: "user"})
	id := deserialize(t, m, "Org1", user.CertPEM())
	require.NoError(t, id.Validate())

	o.conf.RevocationList = [][]byte{crl(t, o.ca, user.Cert)}
	require.NoError(t, m.Setup(o.config(t)))
	require.ErrorContains(t, id.Validate(), "has been revoked")

	o.conf.RevocationList = nil
	require.NoError(t, m.Setup(o.config(t)))
	require.NoError(t, id.Validate())

	other := newOrg(t, "Org1")
	require.NoError(t, m.Setup(other.config(t)))
	require.ErrorContains(t, id.Validate(), "does not chain")
	require.Empty(t, id.GetOrganizationalUnits())

	require.NoError(t, m.Setup(newOrg(t, "Renamed").config(t)))
	require.ErrorContains(t, id.Validate(), "the identity belongs to MSP Org1, this is Renamed")
}

func TestExpiredTLSAuthorityDoesNotStopTheChannel(t *testing.T) {
	o := newOrg(t, "Org1")
	key := newKey(t, elliptic.P256())
	o.conf.TlsIntermediateCerts = [][]byte{customCertificate(t, o.tls, &key.PublicKey, func(c *x509.Certificate) {
		c.IsCA, c.SubjectKeyId, c.KeyUsage = true, []byte{1, 2, 3}, x509.KeyUsageCertSign
		c.NotAfter = c.NotBefore.Add(2 * time.Second)
	})}
	m := o.setup(t, MSPv1_3)
	require.Len(t, m.GetTLSIntermediateCerts(), 1)
}

func TestRSAAuthorityMayIssueECDSAIdentities(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	root := &x509.Certificate{
		SerialNumber: bigOne, Subject: newCA(t, "rsa root").Cert.Subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: []byte{9},
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rsaKey.PublicKey, rsaKey)
	require.NoError(t, err)
	key := newKey(t, elliptic.P256())
	leaf := &x509.Certificate{SerialNumber: bigOne, NotBefore: root.NotBefore, NotAfter: root.NotAfter, BasicConstraintsValid: true}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, rsaKey)
	require.NoError(t, err)

	o := newOrg(t, "Org1")
	o.conf.RootCerts = append(o.conf.RootCerts, toPEM(rootDER))
	m := o.setup(t, MSPv1_1)
	id := deserialize(t, m, "Org1", toPEM(leafDER))
	require.NoError(t, id.Validate())
	require.NoError(t, m.IsWellFormed(&msp.SerializedIdentity{Mspid: "Org1", IdBytes: toPEM(leafDER)}))

	// Its own certificate has an RSA key: it is an identity, though never a valid one, and cannot verify.
	own := deserialize(t, m, "Org1", toPEM(rootDER))
	require.ErrorContains(t, own.Validate(), "one of an authority")
	require.ErrorContains(t, own.Verify([]byte("m"), []byte("s")), "could not determine the validity of the signature")
}

func TestRSASignedStrangerDeserializesButIsInvalid(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: bigOne, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &rsaKey.PublicKey, rsaKey)
	require.NoError(t, err)
	m := newOrg(t, "Org1").setup(t, MSPv1_3)
	id := deserialize(t, m, "Org1", toPEM(der))
	require.ErrorContains(t, id.Validate(), "was not issued by an authority of MSP Org1")
	require.Nil(t, id.GetOrganizationalUnits())
}
