// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

// withSigner makes the pair the organisation's signing identity.
func withSigner(t testing.TB, o *testOrg, p *cryptogen.Pair) {
	t.Helper()
	key, err := p.KeyPEM()
	require.NoError(t, err)
	o.conf.SigningIdentity = &msp.SigningIdentityInfo{PublicSigner: p.CertPEM(), PrivateSigner: &msp.KeyInfo{KeyMaterial: key}}
}

func TestSigningIdentity(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		o := newOrg(t, "Org1")
		self := issue(t, o.ca, cryptogen.Leaf{CommonName: "self", Key: newKey(t, curve)})
		withSigner(t, o, self)
		m := o.setup(t, MSPv1_0)
		signer, err := m.GetDefaultSigningIdentity()
		require.NoError(t, err)
		same, err := m.GetSigningIdentity(signer.GetIdentifier())
		require.NoError(t, err)
		require.Equal(t, signer, same)

		raw, err := signer.Serialize()
		require.NoError(t, err)
		require.Equal(t, serialize(t, "Org1", self.CertPEM()), raw)
		other, err := m.DeserializeIdentity(raw)
		require.NoError(t, err)
		for i := 0; i < 10; i++ {
			sig, err := signer.Sign([]byte("message"))
			require.NoError(t, err)
			require.NoError(t, other.Verify([]byte("message"), sig))
			require.NoError(t, signer.GetPublicVersion().Verify([]byte("message"), sig))
		}
		_, isSigner := signer.GetPublicVersion().(SigningIdentity)
		require.False(t, isSigner)
		require.NoError(t, signer.Validate())
		require.NoError(t, signer.SatisfiesPrincipal(role(t, "Org1", msp.MSPRole_MEMBER)))
	}
}

func TestOtherSigningIdentities(t *testing.T) {
	o := newOrg(t, "Org1")
	withSigner(t, o, o.admin)
	m := o.setup(t, MSPv1_0)
	_, err := m.GetSigningIdentity(nil)
	require.Error(t, err)
	_, err = m.GetSigningIdentity(&IdentityIdentifier{Mspid: "Org1", Id: "1234"})
	require.ErrorContains(t, err, "no signing identity 1234")
	_, err = newOrg(t, "Org2").setup(t, MSPv1_0).GetSigningIdentity(&IdentityIdentifier{})
	require.Error(t, err)
}

func TestBadSigningIdentities(t *testing.T) {
	o := newOrg(t, "Org1")
	foreign := newOrg(t, "Org2")
	goodKey, err := o.admin.KeyPEM()
	require.NoError(t, err)
	foreignKey, err := foreign.admin.KeyPEM()
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	edDER, err := x509.MarshalPKCS8PrivateKey(ed)
	require.NoError(t, err)
	expired := issue(t, o.ca, cryptogen.Leaf{NotAfter: o.ca.Cert.NotBefore.Add(2 * time.Second)})
	expiredKey, err := expired.KeyPEM()
	require.NoError(t, err)
	key := func(material []byte) *msp.KeyInfo { return &msp.KeyInfo{KeyMaterial: material} }
	for name, c := range map[string]struct {
		cert []byte
		key  *msp.KeyInfo
		err  string
	}{
		"no certificate":       {nil, key(goodKey), "certificate of the signing identity: no PEM block"},
		"foreign certificate":  {foreign.admin.CertPEM(), key(foreignKey), "does not chain"},
		"no key info":          {o.admin.CertPEM(), nil, "KeyMaterial not found in SigningIdentityInfo"},
		"no key":               {o.admin.CertPEM(), key(nil), "KeyMaterial not found in SigningIdentityInfo"},
		"key that is not PEM":  {o.admin.CertPEM(), key([]byte("secret")), "is not PEM"},
		"key that is no key":   {o.admin.CertPEM(), key(toPEM([]byte("secret"))), "not an unencrypted private key"},
		"certificate as key":   {o.admin.CertPEM(), key(o.admin.CertPEM()), "not an unencrypted private key"},
		"key of another kind":  {o.admin.CertPEM(), key(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: edDER})), "type ed25519.PrivateKey"},
		"key of somebody else": {o.admin.CertPEM(), key(foreignKey), "does not belong to the certificate"},
		"expired":              {expired.CertPEM(), key(expiredKey), "signing identity expired"},
	} {
		t.Run(name, func(t *testing.T) {
			o.conf.SigningIdentity = &msp.SigningIdentityInfo{PublicSigner: c.cert, PrivateSigner: c.key}
			err := o.setupError(t, MSPv1_0)
			require.ErrorContains(t, err, c.err)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestSEC1KeysAreRead(t *testing.T) {
	o := newOrg(t, "Org1")
	raw, err := x509.MarshalECPrivateKey(o.admin.Key)
	require.NoError(t, err)
	o.conf.SigningIdentity = &msp.SigningIdentityInfo{
		PublicSigner:  o.admin.CertPEM(),
		PrivateSigner: &msp.KeyInfo{KeyMaterial: pem.EncodeToMemory(&pem.Block{Type: "whatever", Bytes: raw})},
	}
	o.setup(t, MSPv1_0)
}

func TestSignWithUnknownHashFamily(t *testing.T) {
	o := newOrg(t, "Org1")
	withSigner(t, o, o.admin)
	o.conf.CryptoConfig = &msp.FabricCryptoConfig{SignatureHashFamily: "SHA7"}
	signer, err := o.setup(t, MSPv1_0).GetDefaultSigningIdentity()
	require.NoError(t, err)
	_, err = signer.Sign([]byte("m"))
	require.ErrorContains(t, err, "SHA7")
}
