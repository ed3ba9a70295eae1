// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
	mb "github.com/hyperledger/fabric/protos/msp"
)

// world is a set of identities for tests, with counters of what is asked of
// them. An identity is a text "MSP/name"; a name may have an alias behind a
// tilde, which makes other bytes of the same identity. It satisfies ROLE
// principals of its MSP (ADMIN only if it is called admin) and IDENTITY
// principals made of its text. A good signature over data is "MSP/name signs
// data".
type world struct {
	deserialized map[string]int
	verified     map[string]int
}

func newWorld() *world {
	return &world{deserialized: map[string]int{}, verified: map[string]int{}}
}

func (w *world) DeserializeIdentity(raw []byte) (msp.Identity, error) {
	w.deserialized[string(raw)]++
	plain := strings.SplitN(string(raw), "~", 2)[0]
	mspID, name, ok := strings.Cut(plain, "/")
	switch {
	case !ok:
		return nil, errors.New("not of this world")
	case name == "nil":
		return nil, nil
	}
	return &being{world: w, mspID: mspID, name: name}, nil
}

func (w *world) IsWellFormed(*mb.SerializedIdentity) error { return nil }

type being struct {
	world       *world
	mspID, name string
}

func (b *being) text() string { return b.mspID + "/" + b.name }

func (b *being) GetIdentifier() *msp.IdentityIdentifier {
	if b.name == "anonymous" {
		return nil
	}
	return &msp.IdentityIdentifier{Mspid: b.mspID, Id: b.name}
}

func (b *being) GetMSPIdentifier() string                    { return b.mspID }
func (b *being) ExpiresAt() time.Time                        { return time.Time{} }
func (b *being) Validate() error                             { return nil }
func (b *being) GetOrganizationalUnits() []*msp.OUIdentifier { return nil }
func (b *being) Anonymous() bool                             { return false }
func (b *being) Serialize() ([]byte, error)                  { return []byte(b.text()), nil }

func (b *being) Verify(data, signature []byte) error {
	b.world.verified[fmt.Sprintf("%s %q %q", b.text(), data, signature)]++
	if string(signature) != string(signatureOf(b.text(), string(data))) {
		return errors.New("it is forged")
	}
	return nil
}

func (b *being) SatisfiesPrincipal(p *mb.MSPPrincipal) error {
	switch p.PrincipalClassification {
	case mb.MSPPrincipal_IDENTITY:
		if string(p.Principal) == b.text() {
			return nil
		}
	case mb.MSPPrincipal_ROLE:
		role := &mb.MSPRole{}
		if err := proto.Unmarshal(p.Principal, role); err != nil {
			return err
		}
		if role.MspIdentifier == b.mspID && (role.Role != mb.MSPRole_ADMIN || b.name == "admin") {
			return nil
		}
	}
	return errors.New("somebody else")
}

func signatureOf(identity, data string) []byte {
	plain := strings.SplitN(identity, "~", 2)[0]
	return []byte(plain + " signs " + data)
}

// good is a signature set entry by identity that verifies.
func good(identity string) *cb.SignedData {
	return goodOver(identity, "data")
}

func goodOver(identity, data string) *cb.SignedData {
	return &cb.SignedData{Data: []byte(data), Identity: []byte(identity), Signature: signatureOf(identity, data)}
}

// bad is one that does not.
func bad(identity string) *cb.SignedData {
	return &cb.SignedData{Data: []byte("data"), Identity: []byte(identity), Signature: []byte("scribble")}
}

// policyOver compiles a policy in the given world.
func policyOver(t testing.TB, w *world, envelope *cb.SignaturePolicyEnvelope) policies.Policy {
	t.Helper()
	raw, err := proto.Marshal(envelope)
	require.NoError(t, err)
	p, message, err := NewPolicyProvider(w).NewPolicy(raw)
	require.NoError(t, err)
	require.True(t, proto.Equal(envelope, message))
	return p
}

// parsed compiles the textual form of a policy in the given world.
func parsed(t testing.TB, w *world, text string) policies.Policy {
	t.Helper()
	envelope, err := FromString(text)
	require.NoError(t, err)
	return policyOver(t, w, envelope)
}
