// SPDX-License-Identifier: Apache-2.0

package configtx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/policies"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// keyring is a policy manager for tests. The policy P of group /Channel/G is
// satisfied by a signature of the identity "/Channel/G/P", and exists if that
// identity is in the ring.
type keyring struct {
	path string
	ring map[string]bool
	// asked counts the evaluations by policy, shared by all managers of a ring.
	asked map[string]int
}

func newKeyring(paths ...string) *keyring {
	k := &keyring{path: "/Channel", ring: map[string]bool{}, asked: map[string]int{}}
	for _, p := range paths {
		k.ring[p] = true
	}
	return k
}

func (k *keyring) Manager(path []string) (policies.Manager, bool) {
	if len(path) > 0 && path[0] == "Unmanaged" {
		return nil, false
	}
	sub := *k
	sub.path = strings.Join(append([]string{k.path}, path...), "/")
	return &sub, true
}

func (k *keyring) GetPolicy(id string) (policies.Policy, bool) {
	path := id
	if !strings.HasPrefix(id, "/") {
		path = k.path + "/" + id
	} else if k.path != "/Channel" {
		panic("absolute path " + id + " asked of " + k.path)
	}
	return lock{path: path, asked: k.asked}, k.ring[path]
}

type lock struct {
	path  string
	asked map[string]int
}

func (l lock) Evaluate(set []*cb.SignedData) error {
	l.asked[l.path]++
	for _, s := range set {
		header := utils.MarshalOrPanic(&cb.SignatureHeader{Creator: []byte(l.path)})
		if string(s.Identity) == l.path && strings.HasPrefix(string(s.Data), string(header)) && len(s.Data) > len(header) {
			return nil
		}
	}
	return fmt.Errorf("no signature by %s", l.path)
}

// Shorthand for building trees. Elements get a mod_policy only where given.

func value(version uint64, modPolicy, content string) *cb.ConfigValue {
	return &cb.ConfigValue{Version: version, ModPolicy: modPolicy, Value: []byte(content)}
}

func policy(version uint64, modPolicy string) *cb.ConfigPolicy {
	return &cb.ConfigPolicy{Version: version, ModPolicy: modPolicy, Policy: &cb.Policy{Type: 1, Value: []byte("P")}}
}

type (
	values = map[string]*cb.ConfigValue
	rules  = map[string]*cb.ConfigPolicy
	subs   = map[string]*cb.ConfigGroup
)

func node(version uint64, modPolicy string, v values, p rules, s subs) *cb.ConfigGroup {
	return &cb.ConfigGroup{Version: version, ModPolicy: modPolicy, Values: v, Policies: p, Groups: s}
}

// sample is the configuration that most tests start from, at sequence 5.
func sample() *cb.Config {
	return &cb.Config{Sequence: 5, ChannelGroup: node(1, "Admins",
		values{"Capabilities": value(0, "Admins", "v1.3")},
		rules{"Readers": policy(0, "Admins")},
		subs{
			"Orderer": node(2, "Admins",
				values{"BatchSize": value(3, "Admins", "10"), "Loose": value(0, "/Channel/Special", "x")},
				rules{"Writers": policy(1, "Admins")},
				subs{"Org": node(0, "Admins", values{"MSP": value(0, "Admins", "certs")}, nil, nil)}),
			"Application": node(0, "Admins", nil, nil, nil),
		})}
}

var everyAdmin = []string{"/Channel/Admins", "/Channel/Orderer/Admins", "/Channel/Orderer/Org/Admins", "/Channel/Application/Admins", "/Channel/Special"}

func validatorOf(t testing.TB, config *cb.Config, ring *keyring) *ValidatorImpl {
	t.Helper()
	v, err := NewValidatorImpl("mychannel", config, policies.ChannelPrefix, ring)
	require.NoError(t, err)
	return v
}

// envelope wraps an update with signatures of the given identities.
func envelope(channel string, read, write *cb.ConfigGroup, signers ...string) *cb.Envelope {
	return wrap(&cb.ConfigUpdate{ChannelId: channel, ReadSet: read, WriteSet: write}, signers...)
}

func wrap(update *cb.ConfigUpdate, signers ...string) *cb.Envelope {
	signed := &cb.ConfigUpdateEnvelope{ConfigUpdate: utils.MarshalOrPanic(update)}
	for _, s := range signers {
		header := utils.MarshalOrPanic(&cb.SignatureHeader{Creator: []byte(s)})
		signed.Signatures = append(signed.Signatures, &cb.ConfigSignature{SignatureHeader: header, Signature: []byte("sig")})
	}
	return typed(cb.HeaderType_CONFIG_UPDATE, signed)
}

func typed(kind cb.HeaderType, content proto.Message) *cb.Envelope {
	return &cb.Envelope{Payload: utils.MarshalOrPanic(&cb.Payload{
		Header: &cb.Header{ChannelHeader: utils.MarshalOrPanic(&cb.ChannelHeader{Type: int32(kind), ChannelId: "mychannel"})},
		Data:   utils.MarshalOrPanic(content),
	})}
}
