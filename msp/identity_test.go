// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"bytes"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"testing"
	"time"

	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

func TestIdentityTellsWhoItIs(t *testing.T) {
	o := newOrg(t, "Org1")
	user := issue(t, o.ca, cryptogen.Leaf{CommonName: "user", OUs: []string{"a", "b"}})
	id := deserialize(t, o.setup(t, MSPv1_3), "Org1", user.CertPEM())

	sum := sha256.Sum256(user.Cert.Raw)
	require.Equal(t, &IdentityIdentifier{Mspid: "Org1", Id: hex.EncodeToString(sum[:])}, id.GetIdentifier())
	require.Equal(t, "Org1", id.GetMSPIdentifier())
	require.Equal(t, user.Cert.NotAfter, id.ExpiresAt())
	require.False(t, id.Anonymous())
	raw, err := id.Serialize()
	require.NoError(t, err)
	require.Equal(t, serialize(t, "Org1", user.CertPEM()), raw)

	certifiers := sha256.Sum256(o.ca.Cert.Raw)
	require.Equal(t, []*OUIdentifier{
		{CertifiersIdentifier: certifiers[:], OrganizationalUnitIdentifier: "a"},
		{CertifiersIdentifier: certifiers[:], OrganizationalUnitIdentifier: "b"},
	}, id.GetOrganizationalUnits())
}

func TestDeserializeRefuses(t *testing.T) {
	o, foreign := newOrg(t, "Org1"), newOrg(t, "Org2")
	impostor := newCA(t, "ca.Org1") // same subject as Org1's CA, another key
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	foreignRoot := newCA(t, "somebody")
	for name, c := range map[string]struct {
		serialized []byte
		err        string
	}{
		"garbage":               {[]byte("\xff\xff\xff"), "could not deserialize 3 bytes"},
		"nothing":               {nil, "expected MSP ID Org1, received "},
		"other MSP":             {serialize(t, "Org2", foreign.admin.CertPEM()), "expected MSP ID Org1, received Org2"},
		"no bytes":              {serialize(t, "Org1", nil), "no PEM block in 0 bytes"},
		"no PEM":                {serialize(t, "Org1", []byte("hello")), "no PEM block in 5 bytes"},
		"no certificate":        {serialize(t, "Org1", toPEM([]byte("hello"))), "not an X.509 certificate"},
		"stranger":              {serialize(t, "Org1", foreign.admin.CertPEM()), "does not chain"},
		"impostor's":            {serialize(t, "Org1", issue(t, impostor, cryptogen.Leaf{CommonName: "x"}).CertPEM()), "does not chain"},
		"foreign root":          {serialize(t, "Org1", foreignRoot.CertPEM()), "does not chain"},
		"unusable key":          {serialize(t, "Org1", customCertificate(t, o.ca, ed, func(*x509.Certificate) {})), "unsupported kind of key: Ed25519"},
		"for other usages only": {serialize(t, "Org1", customCertificate(t, o.ca, &newKey(t, elliptic.P256()).PublicKey, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} })), "incompatible key usage"},
		"older than its issuer": {serialize(t, "Org1", issue(t, o.ca, cryptogen.Leaf{NotBefore: time.Now().Add(-time.Hour)}).CertPEM()), "does not chain"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, version := range allVersions {
				id, err := o.setup(t, version).DeserializeIdentity(c.serialized)
				require.Nil(t, id)
				require.ErrorContains(t, err, c.err)
			}
		})
	}
}

func TestExpiryIsNotPartOfValidity(t *testing.T) {
	o := newOrg(t, "Org1")
	expired := issue(t, o.ca, cryptogen.Leaf{CommonName: "old", NotAfter: o.ca.Cert.NotBefore.Add(2 * time.Second)})
	id := deserialize(t, o.setup(t, MSPv1_3), "Org1", expired.CertPEM())
	require.True(t, id.ExpiresAt().Before(time.Now()))
	require.NoError(t, id.Validate())
}

func TestTextAndHeadersAroundPEMAreToleratedWhenDeserializing(t *testing.T) {
	o := newOrg(t, "Org1")
	m := o.setup(t, MSPv1_0)
	want := deserialize(t, m, "Org1", o.admin.CertPEM())
	odd := append([]byte("leading text\n"), bytes.Replace(o.admin.CertPEM(), []byte("CERTIFICATE"), []byte("SOMETHING"), 2)...)
	odd = append(odd, "trailing text"...)
	id := deserialize(t, m, "Org1", odd)
	require.Equal(t, want.GetIdentifier(), id.GetIdentifier())
	raw, err := id.Serialize()
	require.NoError(t, err)
	require.Equal(t, serialize(t, "Org1", o.admin.CertPEM()), raw)
}

func TestVerify(t *testing.T) {
	message := []byte("message")
	for _, family := range []string{"", "SHA2", "SHA3"} {
		for _, curve := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
			o := newOrg(t, "Org1")
			o.conf.CryptoConfig = &msp.FabricCryptoConfig{SignatureHashFamily: family}
			m := o.setup(t, MSPv1_0)
			key := newKey(t, curve)
			user := issue(t, o.ca, cryptogen.Leaf{CommonName: "user", Key: key})
			id := deserialize(t, m, "Org1", user.CertPEM())
			suite, err := newCryptoSuite(o.conf.CryptoConfig)
			require.NoError(t, err)
			digest, err := suite.digestOf(message)
			require.NoError(t, err)
			sig, err := ecdsasig.Sign(key, digest[:])
			require.NoError(t, err)

			require.NoError(t, id.Verify(message, sig))
			require.EqualError(t, id.Verify([]byte("other"), sig), "The signature is invalid")
			require.ErrorContains(t, id.Verify(message, nil), "could not determine the validity of the signature")

			var p signature
			_, err = asn1.Unmarshal(sig, &p)
			require.NoError(t, err)
			high, err := asn1.Marshal(signature{p.R, new(big.Int).Sub(curve.Params().N, p.S)})
			require.NoError(t, err)
			require.ErrorContains(t, id.Verify(message, high), "could not determine the validity of the signature")
		}
	}
}

func TestUnknownHashFamilyFailsOnlySignatures(t *testing.T) {
	o := newOrg(t, "Org1")
	o.conf.CryptoConfig = &msp.FabricCryptoConfig{SignatureHashFamily: "SHA7"}
	id := deserialize(t, o.setup(t, MSPv1_0), "Org1", o.admin.CertPEM())
	require.NoError(t, id.Validate())
	require.ErrorContains(t, id.Verify([]byte("m"), []byte("s")), `unknown hash family "SHA7"`)
}

func TestIdentifierHashes(t *testing.T) {
	for name, size := range map[string]int{"": 32, "SHA256": 32, "SHA384": 48, "SHA3_256": 32, "SHA3_384": 48} {
		o := newOrg(t, "Org1")
		o.conf.CryptoConfig = &msp.FabricCryptoConfig{IdentityIdentifierHashFunction: name}
		id := deserialize(t, o.setup(t, MSPv1_0), "Org1", o.admin.CertPEM())
		require.Len(t, id.GetIdentifier().Id, 2*size)
		require.Len(t, id.GetOrganizationalUnits()[0].CertifiersIdentifier, size)
	}
}

// Certificates of issuers that know no low-S: roots (which newer Go would not find among their own rewritten twins), intermediates and
// leaves all come out rewritten, and everything that refers to the original still finds them.
func TestHighSCertificatesAreRewrittenEverywhere(t *testing.T) {
	for _, version := range allVersions {
		o := newOrg(t, "Org1")
		highRoot := withHighS(t, o.ca.Cert)
		between := below(t, o.ca, "between")
		highBetween := withHighS(t, between.Cert)
		admin := issue(t, between, cryptogen.Leaf{CommonName: "admin", OUs: []string{"client", "COP"}})
		user := issue(t, between, cryptogen.Leaf{CommonName: "user", OUs: []string{"peer", "COP"}})
		o.conf.RootCerts = [][]byte{highRoot}
		o.conf.IntermediateCerts = [][]byte{highBetween}
		o.conf.Admins = [][]byte{withHighS(t, admin.Cert)}
		o.conf.OrganizationalUnitIdentifiers = append(unit("COP", highBetween), unit("ROOT", highRoot)...)
		o.withNodeUnits()
		o.conf.FabricNodeOus.PeerOuIdentifier.Certificate = highBetween
		o.conf.FabricNodeOus.ClientOuIdentifier.Certificate = highBetween
		m := o.setup(t, version)

		id := deserialize(t, m, "Org1", withHighS(t, user.Cert))
		require.NoError(t, id.Validate())
		raw, err := id.Serialize()
		require.NoError(t, err)
		require.Equal(t, serialize(t, "Org1", user.CertPEM()), raw)
		require.NoError(t, m.SatisfiesPrincipal(deserialize(t, m, "Org1", admin.CertPEM()), role(t, "Org1", msp.MSPRole_ADMIN)))

		certifiers := sha256.Sum256(append(append([]byte{}, between.Cert.Raw...), o.ca.Cert.Raw...))
		require.Equal(t, certifiers[:], id.GetOrganizationalUnits()[0].CertifiersIdentifier)

		for _, own := range [][]byte{highRoot, o.ca.CertPEM()} {
			require.ErrorContains(t, deserialize(t, m, "Org1", own).Validate(), "one of an authority")
		}
	}
}

func TestIntermediatesAndTheTreeOfAuthorities(t *testing.T) {
	o := newOrg(t, "Org1")
	first := below(t, o.ca, "first")
	second := below(t, first, "second")
	stray := below(t, o.ca, "stray") // not registered
	o.conf.IntermediateCerts = [][]byte{second.CertPEM(), first.CertPEM()}
	o.conf.Admins = [][]byte{issue(t, second, cryptogen.Leaf{CommonName: "admin"}).CertPEM()}
	m := o.setup(t, MSPv1_3)

	atEnd := issue(t, second, cryptogen.Leaf{CommonName: "end"})
	require.NoError(t, deserialize(t, m, "Org1", atEnd.CertPEM()).Validate())
	for _, inner := range []*cryptogen.CA{o.ca, first} {
		id := deserialize(t, m, "Org1", issue(t, inner, cryptogen.Leaf{CommonName: "inner", OUs: []string{"x"}}).CertPEM())
		require.ErrorContains(t, id.Validate(), "invalid validation chain. Parent certificate should be a leaf of the certification tree ")
		require.Empty(t, id.GetOrganizationalUnits())
	}
	_, err := m.DeserializeIdentity(serialize(t, "Org1", issue(t, stray, cryptogen.Leaf{CommonName: "x"}).CertPEM()))
	require.ErrorContains(t, err, "does not chain")

	o.conf.OrganizationalUnitIdentifiers = unit("u", first.CertPEM())
	require.ErrorContains(t, o.setupError(t, MSPv1_3), "cannot be a certifier")
}

func TestTwoChainsAreOneTooMany(t *testing.T) {
	o := newOrg(t, "Org1")
	key := newKey(t, elliptic.P256())
	authority := func(issuer *cryptogen.CA) []byte {
		return customCertificate(t, issuer, &key.PublicKey, func(c *x509.Certificate) {
			c.Subject.CommonName = "crossed"
			c.IsCA, c.SubjectKeyId, c.KeyUsage = true, []byte{4}, x509.KeyUsageCertSign
		})
	}
	other := newCA(t, "other root")
	o.conf.RootCerts = append(o.conf.RootCerts, other.CertPEM())
	o.conf.IntermediateCerts = [][]byte{authority(o.ca), authority(other)}
	o.conf.Admins = nil
	m := o.setup(t, MSPv1_3)
	block, err := readCertificate(authority(o.ca))
	require.NoError(t, err)
	crossed := &cryptogen.CA{Pair: cryptogen.Pair{Cert: block, Key: key}}
	_, err = m.DeserializeIdentity(serialize(t, "Org1", issue(t, crossed, cryptogen.Leaf{CommonName: "x"}).CertPEM()))
	require.ErrorContains(t, err, "has 2 chains")
}

func TestVerifyOfAKnownIdentityCostsOneECDSAVerification(t *testing.T) {
	o := newOrg(t, "Org1")
	m := o.setup(t, MSPv1_0)
	id := deserialize(t, m, "Org1", o.admin.CertPEM())
	message := bytes.Repeat([]byte("m"), 1000)
	digest := sha256.Sum256(message)
	sig, err := ecdsasig.Sign(o.admin.Key, digest[:])
	require.NoError(t, err)
	bare := testing.AllocsPerRun(50, func() {
		if ok, err := ecdsasig.Verify(&o.admin.Key.PublicKey, digest[:], sig); !ok || err != nil {
			t.Fatal("does not verify")
		}
	})
	whole := testing.AllocsPerRun(50, func() {
		if err := id.Verify(message, sig); err != nil {
			t.Fatal(err)
		}
	})
	require.LessOrEqual(t, whole, bare+1, "the digest is all that may be added")
	require.Zero(t, testing.AllocsPerRun(50, func() { _ = id.Validate() }))
}

func BenchmarkVerify(b *testing.B) {
	o := newOrg(b, "Org1")
	id := deserialize(b, o.setup(b, MSPv1_0), "Org1", o.admin.CertPEM())
	message := bytes.Repeat([]byte("m"), 1000)
	digest := sha256.Sum256(message)
	sig, err := ecdsasig.Sign(o.admin.Key, digest[:])
	require.NoError(b, err)
	b.Run("ecdsa alone", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			ecdsasig.Verify(&o.admin.Key.PublicKey, digest[:], sig)
		}
	})
	b.Run("identity", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			id.Verify(message, sig)
		}
	})
}

func BenchmarkDeserialize(b *testing.B) {
	o := newOrg(b, "Org1")
	m := o.setup(b, MSPv1_0)
	raw := serialize(b, "Org1", o.admin.CertPEM())
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		if _, err := m.DeserializeIdentity(raw); err != nil {
			b.Fatal(err)
		}
	}
}
