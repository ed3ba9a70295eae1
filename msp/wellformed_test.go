// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"bytes"
	"encoding/pem"
	"testing"

	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// spellings returns other bytes that name the same certificate; all but those listed as unreadable deserialize.
func spellings(t *testing.T, o *testOrg, id *cryptogen.Pair) map[string][]byte {
	t.Helper()
	canonical := id.CertPEM()
	shifted, err := bitShifted(id.Cert.Raw)
	require.NoError(t, err)
	return map[string][]byte{
		"leading text":          append([]byte("x\n"), canonical...),
		"trailing text":         append(append([]byte{}, canonical...), 'x'),
		"trailing newline":      append(append([]byte{}, canonical...), '\n'),
		"missing last newline":  bytes.TrimRight(canonical, "\n"),
		"carriage returns":      bytes.ReplaceAll(canonical, []byte("\n"), []byte("\r\n")),
		"second block":          append(append([]byte{}, canonical...), canonical...),
		"PEM header":            pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Headers: map[string]string{"a": "b"}, Bytes: id.Cert.Raw}),
		"high-S signature":      withHighS(t, id.Cert),
		"bit-shifted signature": toPEM(shifted),
	}
}

// bitShifted moves the two zero bits with which every DER sequence starts to the end of the bit string, as padding.
func bitShifted(raw []byte) ([]byte, error) {
	in := cryptobyte.String(raw)
	var outer, signed, algorithm, bits cryptobyte.String
	in.ReadASN1(&outer, cbasn1.SEQUENCE)
	outer.ReadASN1Element(&signed, cbasn1.SEQUENCE)
	outer.ReadASN1Element(&algorithm, cbasn1.SEQUENCE)
	outer.ReadASN1(&bits, cbasn1.BIT_STRING)
	sig := bits[1:]
	moved := make([]byte, len(sig))
	for i := range sig {
		moved[i] = sig[i] << 2
		if i+1 < len(sig) {
			moved[i] |= sig[i+1] >> 6
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(signed)
		b.AddBytes(algorithm)
		b.AddASN1(cbasn1.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(2)
			b.AddBytes(moved)
		})
	})
	return b.Bytes()
}

func TestOnlyOneSpellingIsWellFormed(t *testing.T) {
	o := newOrg(t, "Org1")
	m := o.setup(t, MSPv1_0)
	user := issue(t, o.ca, cryptogen.Leaf{CommonName: "user"})
	want := deserialize(t, m, "Org1", user.CertPEM()).GetIdentifier()
	require.NoError(t, m.IsWellFormed(&msp.SerializedIdentity{Mspid: "Org1", IdBytes: user.CertPEM()}))

	for name, idBytes := range spellings(t, o, user) {
		t.Run(name, func(t *testing.T) {
			id := deserialize(t, m, "Org1", idBytes)
			require.NoError(t, id.Validate(), "reading stays as tolerant as it was")
			require.Equal(t, want, id.GetIdentifier())
			require.ErrorContains(t, m.IsWellFormed(&msp.SerializedIdentity{Mspid: "Org1", IdBytes: idBytes}), "not in canonical form")
		})
	}
}

func TestIsWellFormedRefuses(t *testing.T) {
	o := newOrg(t, "Org1")
	m := o.setup(t, MSPv1_0)
	good := o.admin.CertPEM()
	for name, c := range map[string]struct {
		idBytes []byte
		err     string
	}{
		"nothing":           {nil, "is not PEM"},
		"text":              {[]byte("text"), "is not PEM"},
		"other type":        {bytes.ReplaceAll(good, []byte("CERTIFICATE"), []byte("PUBLIC KEY")), `pem type is "PUBLIC KEY", should be 'CERTIFICATE' or missing`},
		"missing type":      {bytes.ReplaceAll(good, []byte("CERTIFICATE"), nil), "not in canonical form"},
		"not a certificate": {toPEM([]byte("x")), "is not an X.509 certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, m.IsWellFormed(&msp.SerializedIdentity{Mspid: "Org1", IdBytes: c.idBytes}), c.err)
		})
	}
	require.Error(t, m.IsWellFormed(nil))
}

func TestHighSOfAForeignIssuerCannotBeTold(t *testing.T) {
	o, foreign := newOrg(t, "Org1"), newOrg(t, "Org2")
	high := withHighS(t, foreign.admin.Cert)
	require.NoError(t, o.setup(t, MSPv1_0).IsWellFormed(&msp.SerializedIdentity{Mspid: "Org2", IdBytes: high}))
	require.Error(t, foreign.setup(t, MSPv1_0).IsWellFormed(&msp.SerializedIdentity{Mspid: "Org2", IdBytes: high}))
}
