// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

func TestRevocation(t *testing.T) {
	o := newOrg(t, "Org1")
	twinCA := &cryptogen.CA{Pair: cryptogen.Pair{Cert: o.ca.Cert, Key: newCA(t, "x").Key}} // Org1's name and key ID, another key
	gone := issue(t, o.ca, cryptogen.Leaf{CommonName: "gone"})
	kept := issue(t, o.ca, cryptogen.Leaf{CommonName: "kept"})
	for name, c := range map[string]struct {
		lists   [][]byte
		revoked bool
	}{
		"no list":                      {nil, false},
		"empty list":                   {[][]byte{crl(t, o.ca)}, false},
		"listed":                       {[][]byte{crl(t, o.ca, gone.Cert)}, true},
		"listed in the second list":    {[][]byte{crl(t, o.ca), crl(t, o.ca, gone.Cert)}, true},
		"DER":                          {[][]byte{der(t, crl(t, o.ca, gone.Cert))}, true},
		"listed by another CA":         {[][]byte{crl(t, newCA(t, "other"), gone.Cert)}, false},
		"list with a forged signature": {[][]byte{forged(t, o.ca, twinCA, gone.Cert)}, false},
		"padded signature":             {[][]byte{padded(t, crl(t, o.ca, gone.Cert))}, true},
		"lists out of date":            {[][]byte{outdated(t, o.ca, gone.Cert)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			o.conf.RevocationList = c.lists
			for _, version := range allVersions {
				m := o.setup(t, version)
				require.NoError(t, deserialize(t, m, "Org1", kept.CertPEM()).Validate())
				id := deserialize(t, m, "Org1", gone.CertPEM())
				if c.revoked {
					require.ErrorContains(t, id.Validate(), "has been revoked")
					require.Len(t, id.GetOrganizationalUnits(), len(gone.Cert.Subject.OrganizationalUnit))
				} else {
					require.NoError(t, id.Validate())
				}
			}
		})
	}
}

func TestIntermediateRevokesItsOwnOnly(t *testing.T) {
	o := newOrg(t, "Org1")
	between := below(t, o.ca, "between")
	o.conf.IntermediateCerts = [][]byte{between.CertPEM()}
	gone := issue(t, between, cryptogen.Leaf{CommonName: "gone"})
	o.conf.Admins = nil
	o.conf.RevocationList = [][]byte{crl(t, o.ca, gone.Cert)}
	require.NoError(t, deserialize(t, o.setup(t, MSPv1_3), "Org1", gone.CertPEM()).Validate(), "the root did not issue it")
	o.conf.RevocationList = append(o.conf.RevocationList, crl(t, between, gone.Cert))
	require.ErrorContains(t, deserialize(t, o.setup(t, MSPv1_3), "Org1", gone.CertPEM()).Validate(), "has been revoked")
}

func TestListWithoutIssuerInvalidatesEverybody(t *testing.T) {
	o := newOrg(t, "Org1")
	o.conf.RevocationList = [][]byte{withoutAuthority(t, crl(t, o.ca))}
	require.ErrorContains(t, o.setupError(t, MSPv1_0), "admin 0 is invalid")
	o.conf.Admins = nil
	id := deserialize(t, o.setup(t, MSPv1_0), "Org1", o.admin.CertPEM())
	require.ErrorContains(t, id.Validate(), "revocation list 0 has no authority key identifier")
}

func der(t *testing.T, item []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(item)
	require.NotNil(t, block)
	return block.Bytes
}

// forged is a list of victim that another key signed.
func forged(t *testing.T, victim, forger *cryptogen.CA, revoked *x509.Certificate) []byte {
	t.Helper()
	posing := *victim.Cert
	posing.PublicKey = &forger.Key.PublicKey
	list, err := (&cryptogen.CA{Pair: cryptogen.Pair{Cert: &posing, Key: forger.Key}}).RevocationList(revoked)
	require.NoError(t, err)
	return list
}

func outdated(t *testing.T, ca *cryptogen.CA, revoked *x509.Certificate) []byte {
	t.Helper()
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: start, NextUpdate: start.Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: revoked.SerialNumber, RevocationTime: start}},
	}, ca.Cert, ca.Key)
	require.NoError(t, err)
	return list
}

// padded rewrites the list's signature with a superfluous zero byte in front of r, as older tools did.
func padded(t *testing.T, item []byte) []byte {
	t.Helper()
	list, err := x509.ParseRevocationList(der(t, item))
	require.NoError(t, err)
	in := cryptobyte.String(list.Signature)
	var seq, r cryptobyte.String
	require.True(t, in.ReadASN1(&seq, cbasn1.SEQUENCE) && seq.ReadASN1(&r, cbasn1.INTEGER))
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.INTEGER, func(b *cryptobyte.Builder) { b.AddUint8(0); b.AddBytes(r) })
		b.AddBytes(seq)
	})
	sig, err := b.Bytes()
	require.NoError(t, err)
	raw, err := reassemble(list.Raw, sig)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: raw})
}

// withoutAuthority renames the extension that tells a list's issuer.
func withoutAuthority(t *testing.T, item []byte) []byte {
	t.Helper()
	return replaceOnce(t, der(t, item), []byte{0x06, 0x03, 0x55, 0x1d, 0x23}, []byte{0x06, 0x03, 0x55, 0x1d, 0x7f})
}
