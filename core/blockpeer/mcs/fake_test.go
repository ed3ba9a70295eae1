// SPDX-License-Identifier: Apache-2.0

package mcs

import (
	"errors"
	"strings"
	"time"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
	mspproto "github.com/hyperledger/fabric/protos/msp"
)

// serialized makes the bytes of a test identity.
func serialized(mspID, name string) []byte {
	raw, err := proto.Marshal(&mspproto.SerializedIdentity{Mspid: mspID, IdBytes: []byte(name)})
	if err != nil {
		panic(err)
	}
	return raw
}

// fakeMSP knows the identities of some MSPs. What it says about one depends on
// words in its name: "revoked" is not valid, "odd" not well formed.
type fakeMSP struct {
	knows string // MSP IDs, separated by blanks
	asked int
}

func (m *fakeMSP) DeserializeIdentity(raw []byte) (msp.Identity, error) {
	m.asked++
	sid := &mspproto.SerializedIdentity{}
	if err := proto.Unmarshal(raw, sid); err != nil {
		return nil, err
	}
	for _, id := range strings.Fields(m.knows) {
		if id == sid.Mspid {
			return fakeIdentity{mspID: id, name: string(sid.IdBytes)}, nil
		}
	}
	return nil, errors.New("unknown MSP")
}

func (m *fakeMSP) IsWellFormed(sid *mspproto.SerializedIdentity) error {
	if strings.Contains(string(sid.IdBytes), "odd") {
		return errors.New("it is odd")
	}
	return nil
}

type fakeIdentity struct{ mspID, name string }

// expiry is when all test identities expire.
var expiry = time.Date(2033, 3, 3, 3, 3, 3, 0, time.UTC)

func (i fakeIdentity) ExpiresAt() time.Time { return expiry }
func (i fakeIdentity) GetIdentifier() *msp.IdentityIdentifier {
	return &msp.IdentityIdentifier{Mspid: i.mspID, Id: i.name}
}
func (i fakeIdentity) GetMSPIdentifier() string                    { return i.mspID }
func (i fakeIdentity) GetOrganizationalUnits() []*msp.OUIdentifier { return nil }
func (i fakeIdentity) Anonymous() bool                             { return false }
func (i fakeIdentity) Serialize() ([]byte, error)                  { return serialized(i.mspID, i.name), nil }

func (i fakeIdentity) Validate() error {
	if strings.Contains(i.name, "revoked") {
		return errors.New("it is revoked")
	}
	return nil
}

func (i fakeIdentity) Verify(message, signature []byte) error {
	if string(signature) != i.name+" signs "+string(message) {
		return errors.New("bad signature")
	}
	return nil
}

func (i fakeIdentity) SatisfiesPrincipal(*mspproto.MSPPrincipal) error { return nil }

// fakeMSPs is a DeserializersManager. The local MSP is Local.
type fakeMSPs struct {
	local    *fakeMSP
	channels map[string]msp.IdentityDeserializer
}

func (m *fakeMSPs) Deserialize(raw []byte) (*mspproto.SerializedIdentity, error) {
	sid := &mspproto.SerializedIdentity{}
	return sid, proto.Unmarshal(raw, sid)
}

func (m *fakeMSPs) GetLocalMSPIdentifier() string { return "Local" }

func (m *fakeMSPs) GetLocalDeserializer() msp.IdentityDeserializer {
	if m.local == nil {
		return nil
	}
	return m.local
}

func (m *fakeMSPs) GetChannelDeserializers() map[string]msp.IdentityDeserializer { return m.channels }

// fakePolicies is a ChannelPolicyManagerGetter; it maps channels to what their
// policies say. Only the channel of that name exists. A channel mapped to nil
// answers (nil, true).
type fakePolicies map[string]*fakePolicy

func (p fakePolicies) Manager(channel string) (policies.Manager, bool) {
	policy, known := p[channel]
	if policy == nil {
		return nil, known
	}
	return policy, true
}

// fakePolicy is a manager whose policies all consist of one function.
type fakePolicy struct {
	asked    string
	evaluate func(set []*cb.SignedData) error
}

func (p *fakePolicy) GetPolicy(id string) (policies.Policy, bool) {
	p.asked = id
	if p.evaluate == nil {
		return nil, false
	}
	return p, true
}

func (p *fakePolicy) Manager([]string) (policies.Manager, bool) {
	panic("nobody asks for sub-managers")
}

func (p *fakePolicy) Evaluate(set []*cb.SignedData) error { return p.evaluate(set) }

func agrees([]*cb.SignedData) error { return nil }

func refuses([]*cb.SignedData) error { return errors.New("policy says no") }
