// SPDX-License-Identifier: Apache-2.0

package crypto

import (
	"errors"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

func TestNoncesAreRandom(t *testing.T) {
	seen := map[string]bool{}
	for i := 0; i < 50; i++ {
		nonce, err := GetRandomNonce()
		require.NoError(t, err)
		require.Len(t, nonce, 24)
		require.False(t, seen[string(nonce)])
		seen[string(nonce)] = true
	}
	_, err := GetRandomBytes(-1)
	require.ErrorContains(t, err, "-1 random bytes")
	none, err := GetRandomBytes(0)
	require.NoError(t, err)
	require.Empty(t, none)
}

type fakeIdentity struct {
	serialized []byte
	err        error
}

func (f fakeIdentity) Serialize() ([]byte, error) { return f.serialized, f.err }
func (f fakeIdentity) Sign(message []byte) ([]byte, error) {
	return append([]byte("signed "), message...), nil
}

func TestSignatureHeaderCreator(t *testing.T) {
	var signer LocalSigner = NewSignatureHeaderCreator(fakeIdentity{serialized: []byte("somebody")})
	first, err := signer.NewSignatureHeader()
	require.NoError(t, err)
	require.Equal(t, "somebody", string(first.Creator))
	require.Len(t, first.Nonce, NonceSize)
	second, err := signer.NewSignatureHeader()
	require.NoError(t, err)
	require.NotEqual(t, first.Nonce, second.Nonce)

	sig, err := signer.Sign([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, "signed x", string(sig))
}

func TestSignatureHeaderNeedsAnIdentity(t *testing.T) {
	header, err := NewSignatureHeaderCreator(fakeIdentity{err: errors.New("no key")}).NewSignatureHeader()
	require.Nil(t, header)
	require.ErrorContains(t, err, "no key")
	header, err = NewSignatureHeaderCreator(nil).NewSignatureHeader()
	require.Nil(t, header)
	require.Error(t, err)
}

func TestExpiresAt(t *testing.T) {
	ca, err := cryptogen.NewCA("org", "ca")
	require.NoError(t, err)
	end := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	id, err := ca.Issue(cryptogen.Leaf{CommonName: "x", NotAfter: end})
	require.NoError(t, err)
	serialize := func(idBytes []byte) []byte {
		raw, err := proto.Marshal(&msp.SerializedIdentity{Mspid: "any", IdBytes: idBytes})
		require.NoError(t, err)
		return raw
	}
	require.Equal(t, end, ExpiresAt(serialize(id.CertPEM())))
	for name, raw := range map[string][]byte{
		"nothing":         nil,
		"not a message":   []byte("\xffoops"),
		"not PEM":         serialize([]byte("text")),
		"no bytes":        serialize(nil),
		"not certificate": serialize([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
	} {
		require.True(t, ExpiresAt(raw).IsZero(), name)
	}
}
