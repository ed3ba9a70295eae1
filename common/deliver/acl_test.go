// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

// identityUntil is a serialized identity whose certificate expires at a time.
func identityUntil(t *testing.T, end time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return marshal(&msp.SerializedIdentity{
		Mspid:   "Org1MSP",
		IdBytes: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	})
}

type sequence uint64

func (s *sequence) Sequence() uint64 { return uint64(*s) }

func TestSessionAccessControl(t *testing.T) {
	var current sequence
	checks, verdict := 0, error(nil)
	checker := PolicyCheckerFunc(func(*cb.Envelope, string) error {
		checks++
		return verdict
	})
	expiry := time.Time{}
	ac, err := NewSessionAC(&current, seekFor(oldest, oldest), checker, channelID,
		func(identity []byte) time.Time { return expiry })
	require.NoError(t, err)

	require.NoError(t, ac.Evaluate())
	require.NoError(t, ac.Evaluate())
	require.Equal(t, 1, checks, "a positive result is kept")

	current = 3
	require.NoError(t, ac.Evaluate())
	require.NoError(t, ac.Evaluate())
	require.Equal(t, 2, checks, "until the configuration changes")

	current = 2
	require.NoError(t, ac.Evaluate())
	require.Equal(t, 2, checks, "a smaller sequence is no change")

	current, verdict = 4, errNoReader
	require.ErrorIs(t, ac.Evaluate(), errNoReader)
	require.ErrorIs(t, ac.Evaluate(), errNoReader, "a refusal stays a refusal")
	require.Equal(t, 4, checks)
	verdict = nil
	require.NoError(t, ac.Evaluate())
}

func TestSessionAccessControlExpiry(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	allow := PolicyCheckerFunc(func(*cb.Envelope, string) error { return nil })
	var current sequence
	ac, err := NewSessionAC(&current, seekFor(oldest, oldest), allow, channelID,
		func([]byte) time.Time { return now.Add(time.Minute) })
	require.NoError(t, err)
	ac.now = func() time.Time { return now }
	require.NoError(t, ac.Evaluate())
	expiry := now.Add(time.Minute)
	ac.now = func() time.Time { return expiry }
	require.NoError(t, ac.Evaluate(), "valid up to and including that instant")
	ac.now = func() time.Time { return expiry.Add(time.Nanosecond) }
	require.ErrorContains(t, ac.Evaluate(), "client identity expired")
}

func TestSessionAccessControlNeedsASigner(t *testing.T) {
	var current sequence
	never := func([]byte) time.Time { return time.Time{} }
	for name, envelope := range map[string]*cb.Envelope{
		"nil":                        nil,
		"malformed payload":          {Payload: []byte{0xff}},
		"no header":                  {Payload: marshal(&cb.Payload{})},
		"malformed signature header": {Payload: marshal(&cb.Payload{Header: &cb.Header{SignatureHeader: []byte{0xff}}})},
	} {
		_, err := NewSessionAC(&current, envelope, nil, channelID, never)
		require.Error(t, err, name)
	}
}

func TestSessionAccessControlAsksForTheCreator(t *testing.T) {
	r := newRequest(oldest, oldest)
	r.signature = marshal(&cb.SignatureHeader{Creator: []byte("somebody")})
	var current sequence
	var asked []byte
	_, err := NewSessionAC(&current, r.envelope(), nil, channelID, func(identity []byte) time.Time {
		asked = identity
		return time.Time{}
	})
	require.NoError(t, err)
	require.Equal(t, []byte("somebody"), asked)
}
