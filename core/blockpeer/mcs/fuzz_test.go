// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package mcs_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	cb "github.com/hyperledger/fabric/protos/common"
)

// lenient is a channel whose policies accept all signature sets, so that
// everything else about a block decides.
type lenient struct{}

func (lenient) Manager(string) (policies.Manager, bool) { return lenientManager{}, true }

type lenientManager struct{}

func (lenientManager) Manager([]string) (policies.Manager, bool)  { return nil, false }
func (m lenientManager) GetPolicy(string) (policies.Policy, bool) { return m, true }
func (lenientManager) Evaluate([]*cb.SignedData) error            { return nil }

// FuzzVerifyBlock verifies arbitrary bytes, under the real policies and under
// ones that accept everything. The former accept nothing but the recorded
// blocks; what passes the latter must decode and have the right number and data
// hash, as found by other means.
func FuzzVerifyBlock(f *testing.F) {
	strict, _ := recordedService(f)
	easy := mcs.New(lenient{}, nil, nil)
	recorded := recordedBytes(f, 3)
	f.Add(recorded)
	for _, t := range tamperings() {
		block := recordedBlock(f, 3)
		t.do(f, block)
		if raw, err := proto.Marshal(block); err == nil && len(raw) < 1<<16 {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if strict.VerifyBlock(mychannel, 3, raw) == nil && !sameContent(recorded, raw) {
			t.Fatal("accepted a block that no orderer signed")
		}
		if easy.VerifyBlock(mychannel, 3, raw) != nil {
			return
		}
		block := &cb.Block{}
		if err := proto.Unmarshal(raw, block); err != nil {
			t.Fatalf("accepted what does not decode: %v", err)
		}
		hash := sha256.Sum256(bytes.Join(block.Data.Data, nil))
		if block.Header.Number != 3 || !bytes.Equal(hash[:], block.Header.DataHash) {
			t.Fatal("accepted a block with another number or data hash")
		}
	})
}

// sameContent says whether two encodings have the same header and data. What
// else they hold is not protected by signatures.
func sameContent(a, b []byte) bool {
	x, y := &cb.Block{}, &cb.Block{}
	if proto.Unmarshal(a, x) != nil || proto.Unmarshal(b, y) != nil {
		return false
	}
	return proto.Equal(x.Header, y.Header) && proto.Equal(x.Data, y.Data)
}

// FuzzIdentity throws bytes at everything that takes an identity.
func FuzzIdentity(f *testing.F) {
	m, c := recordedService(f)
	msps := channelMSPs{c}
	m = mcs.New(lenient{}, nil, msps)
	advisor := mcs.NewSecurityAdvisor(msps)
	f.Add(recordedIdentity(f, "Org1MSP", "peerOrganizations/org1.fixtures.test/peers/peer0.org1.fixtures.test/msp/signcerts/peer0.org1.fixtures.test-cert.pem"))
	f.Add([]byte{0x0a, 1, 'x'})
	f.Fuzz(func(t *testing.T, raw []byte) {
		pki := m.GetPKIidOfCert(raw)
		_, expErr := m.Expiration(raw)
		if err := m.ValidateIdentity(raw); (err == nil) != (expErr == nil) {
			t.Fatalf("valid: %v, but expiration: %v", err, expErr)
		} else if err == nil && (pki == nil || advisor.OrgByPeerIdentity(raw) == nil) {
			t.Fatal("valid but without PKI-ID or organization")
		}
		m.Verify(raw, raw, raw)
	})
}
