// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package msp

import (
	"bytes"
	"encoding/pem"
	"path/filepath"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

func addIdentitySeeds(f *testing.F, network []recordedMSP) {
	for _, org := range network {
		for _, certPEM := range org.members {
			f.Add(serialize(f, org.id, certPEM))
			f.Add(serialize(f, org.id, append([]byte("x\n"), certPEM...)))
			if block, _ := pem.Decode(certPEM); block != nil {
				block.Bytes[len(block.Bytes)-1]++
				f.Add(serialize(f, org.id, pem.EncodeToMemory(block)))
			}
			break
		}
	}
	f.Add([]byte{})
	f.Add([]byte("\x0a\x07Org1MSP\x12\x00"))
}

// FuzzDeserializeIdentity: whatever is recognised has one canonical form, which is recognised as the same identity.
func FuzzDeserializeIdentity(f *testing.F) {
	network := recordedNetwork(f, MSPv1_3)
	mgr := manage(f, network[0].msp, network[1].msp, network[2].msp)
	addIdentitySeeds(f, network)
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, err := mgr.DeserializeIdentity(raw)
		if err != nil {
			return
		}
		_ = id.Validate()
		canonical, err := id.Serialize()
		require.NoError(t, err)
		again, err := mgr.DeserializeIdentity(canonical)
		require.NoError(t, err)
		require.Equal(t, id.GetIdentifier(), again.GetIdentifier())
		sid := &msp.SerializedIdentity{}
		require.NoError(t, proto.Unmarshal(canonical, sid))
		require.NoError(t, mgr.IsWellFormed(sid))
	})
}

// FuzzIsWellFormed: no two well-formed spellings of one identity exist.
func FuzzIsWellFormed(f *testing.F) {
	network := recordedNetwork(f, MSPv1_3)
	mgr := manage(f, network[0].msp, network[1].msp, network[2].msp)
	addIdentitySeeds(f, network)
	f.Fuzz(func(t *testing.T, raw []byte) {
		sid := &msp.SerializedIdentity{}
		if proto.Unmarshal(raw, sid) != nil || mgr.IsWellFormed(sid) != nil {
			return
		}
		id, err := mgr.DeserializeIdentity(raw)
		if err != nil {
			return
		}
		canonical, err := id.Serialize()
		require.NoError(t, err)
		want := &msp.SerializedIdentity{}
		require.NoError(t, proto.Unmarshal(canonical, want))
		if sid.Mspid != want.Mspid || !bytes.Equal(sid.IdBytes, want.IdBytes) {
			t.Fatal("well-formed, but not what the identity serializes to")
		}
	})
}

// FuzzPeekMSPID holds the short cut to the decoder's opinion.
func FuzzPeekMSPID(f *testing.F) {
	f.Add(serialize(f, "Org1MSP", []byte("bytes")))
	f.Add([]byte("\x0a\x01\xff\x12\x00"))
	f.Add([]byte("\x0a\x00\x12\x00\x12\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, ok := peekMSPID(raw)
		if !ok {
			return
		}
		sid := &msp.SerializedIdentity{}
		require.NoError(t, proto.Unmarshal(raw, sid))
		require.Equal(t, sid.Mspid, string(id))
	})
}

// FuzzSetup: a configuration comes from a config block, that is from others.
func FuzzSetup(f *testing.F) {
	conf, err := VerifyingConfigFromDir(filepath.Join(recordedCrypto, "peerOrganizations/org1.fixtures.test/msp"), "Org1MSP")
	require.NoError(f, err)
	f.Add(conf.Config)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := newMSP(t, MSPv1_3)
		if m.Setup(&msp.MSPConfig{Config: raw}) == nil {
			name, err := m.GetIdentifier()
			require.NoError(t, err)
			require.NotEmpty(t, name)
		}
		_, _ = m.DeserializeIdentity(raw)
	})
}
