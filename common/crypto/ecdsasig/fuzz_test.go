// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package ecdsasig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzVerify holds Verify to the library's opinion about the signature without extras, and Normalize to its fixed point.
func FuzzVerify(f *testing.F) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), append(make([]byte, 31), 7))
	require.NoError(f, err)
	digest := make([]byte, 32)
	sig, err := Sign(key, digest)
	require.NoError(f, err)
	f.Add(sig)
	f.Add(append(append([]byte{}, sig...), 0))
	f.Add([]byte{0x30, 6, 2, 1, 1, 2, 1, 1})
	f.Add(der(f, big.NewInt(1), new(big.Int).Sub(key.Params().N, big.NewInt(1))))
	f.Fuzz(func(t *testing.T, sig []byte) {
		ok, err := Verify(&key.PublicKey, digest, sig)
		if ok && err != nil {
			t.Fatal("both verified and failed")
		}
		normal, nerr := Normalize(elliptic.P256(), sig)
		if nerr != nil {
			if ok {
				t.Fatalf("verified, but has no normal form: %v", nerr)
			}
			return
		}
		again, err := Normalize(elliptic.P256(), normal)
		require.NoError(t, err)
		require.Equal(t, normal, again)
		normalOK, err := Verify(&key.PublicKey, digest, normal)
		require.NoError(t, err)
		require.Equal(t, ecdsa.VerifyASN1(&key.PublicKey, digest, normal), normalOK)
		if ok {
			require.True(t, normalOK)
		}
	})
}
