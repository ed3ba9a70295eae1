// SPDX-License-Identifier: Apache-2.0

package ecdsasig

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

type pair struct{ R, S *big.Int }

func der(t testing.TB, r, s *big.Int) []byte {
	t.Helper()
	raw, err := asn1.Marshal(pair{r, s})
	require.NoError(t, err)
	return raw
}

func numbers(t testing.TB, sig []byte) pair {
	t.Helper()
	var p pair
	rest, err := asn1.Unmarshal(sig, &p)
	require.NoError(t, err)
	require.Empty(t, rest)
	return p
}

func generate(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	return key
}

var curves = []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()}

func TestEverySignatureIsLowAndItsTwinIsRefused(t *testing.T) {
	digest := sha256.Sum256([]byte("message"))
	for _, curve := range curves {
		t.Run(curve.Params().Name, func(t *testing.T) {
			key := generate(t, curve)
			half := new(big.Int).Rsh(curve.Params().N, 1)
			for i := 0; i < 20; i++ {
				sig, err := Sign(key, digest[:])
				require.NoError(t, err)
				p := numbers(t, sig)
				require.True(t, p.S.Cmp(half) <= 0)

				ok, err := Verify(&key.PublicKey, digest[:], sig)
				require.NoError(t, err)
				require.True(t, ok)

				twin := der(t, p.R, new(big.Int).Sub(curve.Params().N, p.S))
				require.True(t, ecdsa.VerifyASN1(&key.PublicKey, digest[:], twin), "the twin is a signature for the library")
				_, err = Verify(&key.PublicKey, digest[:], twin)
				require.ErrorContains(t, err, "larger than half")

				back, err := Normalize(curve, twin)
				require.NoError(t, err)
				require.Equal(t, sig, back)
			}
		})
	}
}

func TestHalfOrderIsTheLargestLowS(t *testing.T) {
	for _, curve := range curves {
		half := new(big.Int).Rsh(curve.Params().N, 1)
		above := new(big.Int).Add(half, big.NewInt(1))

		same, err := Normalize(curve, der(t, big.NewInt(7), half))
		require.NoError(t, err)
		require.Equal(t, half, numbers(t, same).S)

		lowered, err := Normalize(curve, der(t, big.NewInt(7), above))
		require.NoError(t, err)
		require.Equal(t, half, numbers(t, lowered).S, "N is odd, so half+1 mirrors to half")
	}
}

func TestVerifyTellsFalseFromError(t *testing.T) {
	key := generate(t, elliptic.P256())
	digest := sha256.Sum256([]byte("message"))
	sig, err := Sign(key, digest[:])
	require.NoError(t, err)
	p := numbers(t, sig)
	n := key.Params().N
	withTail := append(append([]byte{}, sig...), 0xde, 0xad)
	widened := append(append([]byte{}, sig...), 5, 0)
	widened[1] += 2

	for _, c := range []struct {
		name string
		sig  []byte
		ok   bool
		err  string
	}{
		{"good", sig, true, ""},
		{"bytes after the sequence", withTail, true, ""},
		{"an element more in the sequence", widened, true, ""},
		{"other r", der(t, new(big.Int).Add(p.R, big.NewInt(1)), p.S), false, ""},
		{"r beyond the order", der(t, new(big.Int).Add(p.R, n), p.S), false, ""},
		{"nil", nil, false, "empty"},
		{"empty", []byte{}, false, "empty"},
		{"not a sequence", []byte{2, 1, 1}, false, "not a DER sequence"},
		{"truncated", sig[:len(sig)-1], false, "not a DER sequence"},
		{"no numbers", []byte{0x30, 0}, false, "r of the signature is not a DER integer"},
		{"one number", []byte{0x30, 3, 2, 1, 1}, false, "s of the signature is not a DER integer"},
		{"empty number", []byte{0x30, 5, 2, 0, 2, 1, 1}, false, "r of the signature is not a DER integer"},
		{"r zero", der(t, big.NewInt(0), p.S), false, "r of the signature is zero"},
		{"s zero", der(t, p.R, big.NewInt(0)), false, "s of the signature is zero"},
		{"r negative", der(t, new(big.Int).Neg(p.R), p.S), false, "negative"},
		{"r padded", []byte{0x30, 7, 2, 2, 0, 1, 2, 1, 1}, false, "padded"},
		{"enormous s", der(t, p.R, new(big.Int).Lsh(p.S, 4000)), false, "larger than half"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ok, err := Verify(&key.PublicKey, digest[:], c.sig)
			require.Equal(t, c.ok, ok)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.err)
			}
		})
	}
}

func TestVerifyRefusesOtherMessageAndKey(t *testing.T) {
	key, other := generate(t, elliptic.P256()), generate(t, elliptic.P256())
	digest, otherDigest := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
	sig, err := Sign(key, digest[:])
	require.NoError(t, err)

	ok, err := Verify(&key.PublicKey, otherDigest[:], sig)
	require.NoError(t, err)
	require.False(t, ok)
	ok, err = Verify(&other.PublicKey, digest[:], sig)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestNormalizeRemovesExtrasAndRefusesImpossibleS(t *testing.T) {
	sig := der(t, big.NewInt(5), big.NewInt(6))
	out, err := Normalize(elliptic.P256(), append(append([]byte{}, sig...), 1, 2, 3))
	require.NoError(t, err)
	require.Equal(t, sig, out)

	_, err = Normalize(elliptic.P256(), der(t, big.NewInt(5), elliptic.P256().Params().N))
	require.ErrorContains(t, err, "not smaller than the curve's order")
	_, err = Normalize(elliptic.P256(), []byte("text"))
	require.Error(t, err)
}

func TestReencodeTrimsPaddingAndKeepsHighS(t *testing.T) {
	high := new(big.Int).Sub(elliptic.P256().Params().N, big.NewInt(3))
	want := der(t, big.NewInt(1), high)
	padded := append([]byte{0x30, byte(len(want) - 2 + 1), 2, 2, 0, 1}, want[5:]...)

	out, err := Reencode(padded)
	require.NoError(t, err)
	require.Equal(t, want, out)
	out, err = Reencode(append(append([]byte{}, want...), 9))
	require.NoError(t, err)
	require.Equal(t, want, out)

	for _, bad := range [][]byte{nil, {0x30, 0}, {0x30, 3, 2, 1, 1}, {0x30, 6, 2, 1, 0, 2, 1, 1}, {0x30, 6, 2, 1, 0xff, 2, 1, 1}} {
		_, err := Reencode(bad)
		require.Error(t, err, "%x", bad)
	}
}

func TestSignerMakesLowSCertificates(t *testing.T) {
	key := generate(t, elliptic.P256())
	require.True(t, key.PublicKey.Equal(Signer(key).Public()))
	for i := 0; i < 10; i++ {
		raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, Signer(key))
		require.NoError(t, err)
		req, err := x509.ParseCertificateRequest(raw)
		require.NoError(t, err)
		require.NoError(t, req.CheckSignature())
		same, err := Normalize(key.Curve, req.Signature)
		require.NoError(t, err)
		require.True(t, bytes.Equal(req.Signature, same))
	}
}

func TestVerifyAllocatesNoMoreThanTheLibrary(t *testing.T) {
	key := generate(t, elliptic.P256())
	digest := sha256.Sum256([]byte("message"))
	sig, err := Sign(key, digest[:])
	require.NoError(t, err)
	library := testing.AllocsPerRun(20, func() { ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig) })
	ours := testing.AllocsPerRun(20, func() { Verify(&key.PublicKey, digest[:], sig) })
	require.LessOrEqual(t, ours, library)
}

func TestUnsupportedCurve(t *testing.T) {
	odd := &elliptic.CurveParams{Name: "odd", N: big.NewInt(101), P: big.NewInt(103), B: big.NewInt(1), Gx: big.NewInt(1), Gy: big.NewInt(1), BitSize: 7}
	_, err := Normalize(odd, der(t, big.NewInt(1), big.NewInt(2)))
	require.ErrorContains(t, err, "unsupported curve odd")
}
