// SPDX-License-Identifier: Apache-2.0

package mcs

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

type channels = map[string]msp.IdentityDeserializer

func TestIdentityResolution(t *testing.T) {
	msps := &fakeMSPs{
		local: &fakeMSP{knows: "Local Neighbour Hermit"},
		channels: channels{
			"a": &fakeMSP{knows: "Org1 Local"},
			"b": &fakeMSP{knows: "Org1 Org2 Neighbour"},
			"n": nil,
		},
	}
	m := New(nil, nil, msps)
	cases := []struct {
		name     string
		identity []byte
		wants    string // part of the error; "" if valid
	}{
		{"own organization", serialized("Local", "x"), ""},
		{"in a channel", serialized("Org1", "x"), ""},
		{"in another channel", serialized("Org2", "x"), ""},
		{"the local MSP knows it but it is not its own", serialized("Neighbour", "x"), ""},
		{"nil", nil, "empty"},
		{"empty", []byte{}, "empty"},
		{"garbage", []byte{0xff}, "cannot decode identity"},
		{"own and revoked, although a channel knows it too", serialized("Local", "revoked"), "it is revoked"},
		{"own and odd", serialized("Local", "odd"), "identity is not well formed: it is odd"},
		{"odd in a channel", serialized("Org1", "odd"), "identity is not well formed: it is odd"},
		{"revoked in all channels", serialized("Org1", "revoked"), "No MSP found able to do that"},
		{"the local MSP knows it, no channel does", serialized("Hermit", "x"), "No MSP found able to do that"},
		{"of nobody", serialized("Org9", "x"), "No MSP found able to do that"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := m.ValidateIdentity(c.identity)
			expires, expErr := m.Expiration(c.identity)
			if c.wants == "" {
				require.NoError(t, err)
				require.NoError(t, expErr)
				require.Equal(t, expiry, expires)
				return
			}
			require.ErrorContains(t, err, c.wants)
			require.EqualError(t, expErr, "Unable to extract msp.Identity from peer Identity: "+err.Error())
			require.Equal(t, time.Time{}, expires)
		})
	}
}

func TestResolutionWithoutLocalMSP(t *testing.T) {
	m := New(nil, nil, &fakeMSPs{channels: channels{"a": &fakeMSP{knows: "Org1"}}})
	require.NoError(t, m.ValidateIdentity(serialized("Org1", "x")))
	require.Error(t, m.ValidateIdentity(serialized("Local", "x")))
}

func TestVerify(t *testing.T) {
	identity := func(mspID string) []byte { return serialized(mspID, "x") }
	var asked []string
	readers := func(channel string, result error) *fakePolicy {
		return &fakePolicy{evaluate: func(set []*cb.SignedData) error {
			asked = append(asked, channel)
			require.Equal(t, []*cb.SignedData{{Data: []byte("message"), Identity: set[0].Identity, Signature: []byte("signature")}}, set)
			return result
		}}
	}
	getter := fakePolicies{
		"a": readers("a", errors.New("no reader in a")),
		"b": readers("b", nil),
		"c": readers("c", errors.New("no reader in c")),
		"d": nil,
	}
	m := New(getter, nil, &fakeMSPs{
		local: &fakeMSP{knows: "Local"},
		channels: channels{
			"a": &fakeMSP{knows: "Both Reader"},
			"b": &fakeMSP{knows: "Both"},
			"c": &fakeMSP{knows: "Both Reader"},
			"d": &fakeMSP{knows: "Dark"},
		},
	})
	verify := func(id []byte) ([]string, error) {
		asked = nil
		err := m.Verify(id, []byte("signature"), []byte("message"))
		return asked, err
	}

	t.Run("all channels that know the identity are tried, until one agrees", func(t *testing.T) {
		for i := 0; i < 10; i++ { // the order must not be that of a map
			channels, err := verify(identity("Both"))
			require.NoError(t, err)
			require.Equal(t, []string{"a", "b"}, channels)
		}
		require.Equal(t, "/Channel/Application/Readers", getter["a"].asked)
	})
	t.Run("refused everywhere", func(t *testing.T) {
		channels, err := verify(identity("Reader"))
		require.ErrorContains(t, err, "refused in all 2 channels")
		require.ErrorContains(t, err, "no reader in a")
		require.ErrorContains(t, err, "MSP Reader")
		require.Equal(t, []string{"a", "c"}, channels)
	})
	t.Run("no policies", func(t *testing.T) {
		_, err := verify(identity("Dark"))
		require.ErrorContains(t, err, "Could not acquire policy manager")
	})
	t.Run("unknown", func(t *testing.T) {
		_, err := verify(identity("Nobody"))
		require.ErrorContains(t, err, "No MSP found able to do that")
	})
	t.Run("empty", func(t *testing.T) {
		_, err := verify(nil)
		require.Error(t, err)
	})
	t.Run("own organization is verified without any channel", func(t *testing.T) {
		require.NoError(t, m.Verify(identity("Local"), []byte("x signs m"), []byte("m")))
		require.EqualError(t, m.Verify(identity("Local"), []byte("scribble"), []byte("m")), "bad signature")
	})
}

func TestVerifyByChannel(t *testing.T) {
	m := New(fakePolicies{"yes": {evaluate: agrees}, "no": {evaluate: refuses}, "dark": nil, "bare": {}}, nil, nil)
	id := api.PeerIdentityType("not even decodable \xff")
	require.NoError(t, m.VerifyByChannel(common.ChainID("yes"), id, nil, nil))
	for channel, wants := range map[string]string{
		"no":      "policy says no",
		"dark":    "Could not acquire policy manager",
		"unknown": "Could not acquire policy manager for channel [unknown]",
		"bare":    "has no policy",
		"x\n":     `[x\n]`,
	} {
		require.ErrorContains(t, m.VerifyByChannel(common.ChainID(channel), id, nil, nil), wants)
	}
	require.ErrorContains(t, m.VerifyByChannel(common.ChainID("yes"), nil, nil, nil), "empty")
}

func TestPKIID(t *testing.T) {
	m := New(nil, nil, &fakeMSPs{})
	expected := sha256.Sum256([]byte("Org1MSP" + "certificate"))
	require.Equal(t, common.PKIidType(expected[:]), m.GetPKIidOfCert(serialized("Org1MSP", "certificate")))
	require.Nil(t, m.GetPKIidOfCert(nil))
	require.Nil(t, m.GetPKIidOfCert(api.PeerIdentityType{}))
	require.Nil(t, m.GetPKIidOfCert(api.PeerIdentityType{0xff}))
}

type scribe struct{}

func (scribe) Sign(message []byte) ([]byte, error)              { return append([]byte("signed "), message...), nil }
func (scribe) NewSignatureHeader() (*cb.SignatureHeader, error) { return nil, errors.New("not needed") }

func TestSign(t *testing.T) {
	signature, err := New(nil, scribe{}, nil).Sign([]byte("this"))
	require.NoError(t, err)
	require.Equal(t, "signed this", string(signature))
}

func TestMissingCollaboratorsAreErrors(t *testing.T) {
	m := New(nil, nil, nil)
	id := serialized("Org1", "x")
	require.Nil(t, m.GetPKIidOfCert(id))
	require.Error(t, m.ValidateIdentity(id))
	require.Error(t, m.Verify(id, nil, nil))
	require.ErrorContains(t, m.VerifyByChannel(nil, id, nil, nil), "Could not acquire policy manager")
	_, err := m.Sign(nil)
	require.Error(t, err)
	_, err = m.Expiration(id)
	require.Error(t, err)
	require.Nil(t, NewSecurityAdvisor(nil).OrgByPeerIdentity(id))
}

func TestSecurityAdvisor(t *testing.T) {
	advisor := NewSecurityAdvisor(&fakeMSPs{
		local:    &fakeMSP{knows: "Local"},
		channels: channels{"a": &fakeMSP{knows: "Org1"}, "b": &fakeMSP{knows: "Org2"}, "n": nil},
	})
	for identity, org := range map[string]api.OrgIdentityType{
		string(serialized("Local", "x")):      api.OrgIdentityType("Local"),
		string(serialized("Org1", "x")):       api.OrgIdentityType("Org1"),
		string(serialized("Org2", "revoked")): api.OrgIdentityType("Org2"), // validates nothing
		string(serialized("Org3", "x")):       nil,
		"":                                    nil,
		"\xff\xff":                            nil,
	} {
		require.Equal(t, org, advisor.OrgByPeerIdentity(api.PeerIdentityType(identity)))
	}
	onlyChannels := NewSecurityAdvisor(&fakeMSPs{channels: channels{"a": &fakeMSP{knows: "Org1"}}})
	require.Equal(t, api.OrgIdentityType("Org1"), onlyChannels.OrgByPeerIdentity(serialized("Org1", "x")))
}

func TestDescriptionsAreFitForLogs(t *testing.T) {
	long := make([]byte, 5000)
	for i := range long {
		long[i] = 'x'
	}
	for _, c := range []struct {
		identity []byte
		wants    string
	}{
		{nil, "an empty identity"},
		{[]byte{0xff}, "an undecodable identity of 1 bytes"},
		{serialized("Org1", "no PEM"), "somebody without certificate of MSP Org1"},
		{serialized("Org1\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), `somebody with an unreadable certificate of MSP Org1\n`},
		{serialized(string(long), string(long)), ""},
	} {
		text := describeIdentity(c.identity)
		require.Less(t, len(text), 200)
		require.Contains(t, text, c.wants)
	}
}
