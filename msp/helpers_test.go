// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

var allVersions = []MSPVersion{MSPv1_0, MSPv1_1, MSPv1_3}

// testOrg is an organisation made for one test: change conf, then setup.
type testOrg struct {
	name  string
	ca    *cryptogen.CA
	tls   *cryptogen.CA
	admin *cryptogen.Pair
	conf  *msp.FabricMSPConfig
}

func newOrg(t testing.TB, name string) *testOrg {
	t.Helper()
	o := &testOrg{name: name, ca: newCA(t, "ca."+name), tls: newCA(t, "tlsca."+name)}
	o.admin = issue(t, o.ca, cryptogen.Leaf{CommonName: "admin", OUs: []string{"client"}})
	o.conf = &msp.FabricMSPConfig{
		Name:         name,
		RootCerts:    [][]byte{o.ca.CertPEM()},
		Admins:       [][]byte{o.admin.CertPEM()},
		TlsRootCerts: [][]byte{o.tls.CertPEM()},
	}
	return o
}

// withNodeUnits turns node units on, vouched for by the organisation's CA.
func (o *testOrg) withNodeUnits() *testOrg {
	o.conf.FabricNodeOus = &msp.FabricNodeOUs{
		Enable:             true,
		ClientOuIdentifier: &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: "client", Certificate: o.ca.CertPEM()},
		PeerOuIdentifier:   &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: "peer", Certificate: o.ca.CertPEM()},
	}
	return o
}

func (o *testOrg) config(t testing.TB) *msp.MSPConfig {
	t.Helper()
	raw, err := proto.Marshal(o.conf)
	require.NoError(t, err)
	return &msp.MSPConfig{Config: raw}
}

func (o *testOrg) setup(t testing.TB, version MSPVersion) MSP {
	t.Helper()
	m := newMSP(t, version)
	require.NoError(t, m.Setup(o.config(t)))
	return m
}

// setupError returns why the organisation cannot be set up.
func (o *testOrg) setupError(t testing.TB, version MSPVersion) error {
	t.Helper()
	return newMSP(t, version).Setup(o.config(t))
}

func newMSP(t testing.TB, version MSPVersion) MSP {
	t.Helper()
	m, err := New(&BCCSPNewOpts{NewBaseOpts{Version: version}})
	require.NoError(t, err)
	return m
}

func newCA(t testing.TB, name string) *cryptogen.CA {
	t.Helper()
	ca, err := cryptogen.NewCA("org", name)
	require.NoError(t, err)
	return ca
}

func below(t testing.TB, ca *cryptogen.CA, name string) *cryptogen.CA {
	t.Helper()
	between, err := ca.Intermediate(name)
	require.NoError(t, err)
	return between
}

func issue(t testing.TB, ca *cryptogen.CA, leaf cryptogen.Leaf) *cryptogen.Pair {
	t.Helper()
	id, err := ca.Issue(leaf)
	require.NoError(t, err)
	return id
}

func serialize(t testing.TB, mspID string, idBytes []byte) []byte {
	t.Helper()
	raw, err := NewSerializedIdentity(mspID, idBytes)
	require.NoError(t, err)
	return raw
}

func deserialize(t testing.TB, d IdentityDeserializer, mspID string, certPEM []byte) Identity {
	t.Helper()
	id, err := d.DeserializeIdentity(serialize(t, mspID, certPEM))
	require.NoError(t, err)
	return id
}

func toPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

type signature struct{ R, S *big.Int }

// withHighS returns the certificate, issued with a P-256 key, as an issuer would have made it that knows no low-S.
func withHighS(t testing.TB, cert *x509.Certificate) []byte {
	t.Helper()
	var sig signature
	_, err := asn1.Unmarshal(cert.Signature, &sig)
	require.NoError(t, err)
	sig.S.Sub(elliptic.P256().Params().N, sig.S)
	der, err := asn1.Marshal(sig)
	require.NoError(t, err)
	raw, err := reassemble(cert.Raw, der)
	require.NoError(t, err)
	return toPEM(raw)
}

// customCertificate issues a certificate that the cryptogen package would not: edit the template as needed.
func customCertificate(t testing.TB, issuer *cryptogen.CA, public interface{}, edit func(*x509.Certificate)) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "custom"},
		NotBefore:             issuer.Cert.NotBefore,
		NotAfter:              issuer.Cert.NotAfter,
		BasicConstraintsValid: true,
	}
	edit(template)
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.Cert, public, issuer.Key)
	require.NoError(t, err)
	return toPEM(der)
}

func newKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return key
}

func principal(t testing.TB, class msp.MSPPrincipal_Classification, content proto.Message) *msp.MSPPrincipal {
	t.Helper()
	raw, err := proto.Marshal(content)
	require.NoError(t, err)
	return &msp.MSPPrincipal{PrincipalClassification: class, Principal: raw}
}

func role(t testing.TB, mspID string, kind msp.MSPRole_MSPRoleType) *msp.MSPPrincipal {
	t.Helper()
	return principal(t, msp.MSPPrincipal_ROLE, &msp.MSPRole{MspIdentifier: mspID, Role: kind})
}

var bigOne = big.NewInt(1)

// replaceOnce swaps a byte string that occurs exactly once for another of the same length.
func replaceOnce(t testing.TB, in, old, with []byte) []byte {
	t.Helper()
	require.Equal(t, 1, bytes.Count(in, old))
	require.Len(t, with, len(old))
	return bytes.Replace(in, old, with, 1)
}
