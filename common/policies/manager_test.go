// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"errors"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	cb "github.com/hyperledger/fabric/protos/common"
)

// scripted is a leaf policy whose outcome is its definition: "ok" or anything
// else, which becomes the error. It counts evaluations.
type scripted struct {
	script string
	asked  int
}

func (s *scripted) Evaluate([]*cb.SignedData) error {
	s.asked++
	if s.script == "ok" {
		return nil
	}
	return errors.New(s.script)
}

// scriptedProvider makes scripted policies and remembers them by definition.
type scriptedProvider map[string]*scripted

func (p scriptedProvider) NewPolicy(data []byte) (Policy, proto.Message, error) {
	if string(data) == "uncompilable" {
		return nil, nil, errors.New("does not compile")
	}
	policy := &scripted{script: string(data)}
	p[policy.script] = policy
	return policy, &cb.Policy{}, nil
}

func leaf(script string) *cb.ConfigPolicy {
	return &cb.ConfigPolicy{Policy: &cb.Policy{Type: int32(cb.Policy_SIGNATURE), Value: []byte(script)}}
}

func group(policies map[string]*cb.ConfigPolicy, groups map[string]*cb.ConfigGroup) *cb.ConfigGroup {
	return &cb.ConfigGroup{Policies: policies, Groups: groups}
}

type (
	named  = map[string]*cb.ConfigPolicy
	groups = map[string]*cb.ConfigGroup
)

func build(t *testing.T, root *cb.ConfigGroup) *ManagerImpl {
	t.Helper()
	m, err := NewManagerImpl(ChannelPrefix, map[int32]Provider{int32(cb.Policy_SIGNATURE): scriptedProvider{}}, root)
	require.NoError(t, err)
	return m
}

// threeLevels is /Channel/Orderer/Org, each with a policy called after it.
func threeLevels(t *testing.T) *ManagerImpl {
	return build(t, group(
		named{"Readers": leaf("root")},
		groups{"Orderer": group(
			named{"Readers": leaf("orderer")},
			groups{"Org": group(named{"Readers": leaf("org")}, nil)},
		)},
	))
}

func TestPoliciesAreFoundByPath(t *testing.T) {
	root := threeLevels(t)
	orderer, ok := root.Manager([]string{"Orderer"})
	require.True(t, ok)

	cases := []struct {
		from  Manager
		id    string
		found string // what the policy answers, "" if there is none
	}{
		{root, "Readers", "root"},
		{root, "/Channel/Readers", "root"},
		{root, "Orderer/Readers", "orderer"},
		{root, "/Channel/Orderer/Readers", "orderer"},
		{root, "Orderer/Org/Readers", "org"},
		{root, "/Channel/Orderer/Org/Readers", "org"},
		{orderer, "Readers", "orderer"},
		{orderer, "Org/Readers", "org"},
		{orderer, "/Channel/Orderer/Readers", "orderer"},
		{orderer, "/Channel/Orderer/Org/Readers", "org"},
		{root, "", ""},
		{root, "/", ""},
		{root, "/Channel", ""},
		{root, "/Channel/", ""},
		{root, "/ChannelXReaders", ""},
		{root, "/ChannelX/Readers", ""},
		{root, "/Other/Readers", ""},
		{root, "Writers", ""},
		{root, "Orderer", ""},
		{root, "Orderer/", ""},
		{root, "Orderer//Readers", ""},
		{root, "Nowhere/Readers", ""},
		{root, "Channel/Readers", ""},
		{orderer, "/Channel/Readers", ""},
		{orderer, "/Channel/Orderer", ""},
		{orderer, "/Channel/OrdererReaders", ""},
		{orderer, "../Readers", ""},
	}
	for _, c := range cases {
		policy, ok := c.from.GetPolicy(c.id)
		require.NotNil(t, policy, c.id)
		err := policy.Evaluate(nil)
		if c.found == "" {
			require.False(t, ok, c.id)
			require.EqualError(t, err, "No such policy: '"+c.id+"'")
			continue
		}
		require.True(t, ok, c.id)
		require.EqualError(t, err, c.found)
	}
}

func TestManagersAreFoundByPath(t *testing.T) {
	root := threeLevels(t)
	for _, path := range [][]string{nil, {}} {
		same, ok := root.Manager(path)
		require.True(t, ok)
		require.True(t, same == Manager(root))
	}
	org, ok := root.Manager([]string{"Orderer", "Org"})
	require.True(t, ok)
	policy, _ := org.GetPolicy("Readers")
	require.EqualError(t, policy.Evaluate(nil), "org")

	for _, path := range [][]string{{"Org"}, {"Orderer", "Other"}, {""}, {"Orderer/Org"}} {
		none, ok := root.Manager(path)
		require.False(t, ok)
		require.True(t, none == nil, "an absent manager must compare equal to nil")
	}
}

func TestConstructionRefusesWhatItCannotBuild(t *testing.T) {
	deep := group(nil, nil)
	for i := 0; i < 3*maxDepth; i++ {
		deep = group(nil, groups{"g": deep})
	}
	cases := []struct {
		name  string
		root  *cb.ConfigGroup
		wants []string
	}{
		{"nil root", nil, []string{"Channel is nil"}},
		{"nil sub-group", group(nil, groups{"Orderer": nil}), []string{"Channel/Orderer is nil"}},
		{"nil config policy", group(named{"P": nil}, nil), []string{"policy P of group Channel", "no content"}},
		{"nil policy", group(named{"P": {}}, nil), []string{"policy P", "no content"}},
		{"unknown type", group(named{"P": {Policy: &cb.Policy{Type: 77}}}, nil), []string{"policy P", "type 77"}},
		{"refused by provider", group(named{"P": leaf("uncompilable")}, nil), []string{"policy P", "does not compile"}},
		{"refused below", group(nil, groups{"Sub": group(named{"Q": leaf("uncompilable")}, nil)}), []string{"policy Q of group Channel/Sub"}},
		{"garbage as implicit meta", group(named{"P": {Policy: &cb.Policy{Type: int32(cb.Policy_IMPLICIT_META), Value: []byte{0xff}}}}, nil), []string{"policy P", "implicit meta"}},
		{"unknown rule", group(named{"P": ImplicitMetaPolicyWithSubPolicy("Q", 9)}, nil), []string{"policy P", "rule 9"}},
		{"too deep", deep, []string{"nested"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, err := NewManagerImpl(ChannelPrefix, map[int32]Provider{int32(cb.Policy_SIGNATURE): scriptedProvider{}}, c.root)
			require.Error(t, err)
			require.Nil(t, m)
			for _, text := range c.wants {
				require.Contains(t, err.Error(), text)
			}
			require.Less(t, len(err.Error()), 500)
		})
	}
}

func TestNilProviderIsNoProvider(t *testing.T) {
	_, err := NewManagerImpl(ChannelPrefix, map[int32]Provider{int32(cb.Policy_MSP): nil},
		group(named{"P": {Policy: &cb.Policy{Type: int32(cb.Policy_MSP)}}}, nil))
	require.ErrorContains(t, err, "not supported")
}

func TestProviderForImplicitMetaPanics(t *testing.T) {
	require.Panics(t, func() {
		NewManagerImpl(ChannelPrefix, map[int32]Provider{int32(cb.Policy_IMPLICIT_META): scriptedProvider{}}, group(nil, nil))
	})
}

func TestNamesOfWellKnownPolicies(t *testing.T) {
	for constant, text := range map[string]string{
		ChannelReaders:            "/Channel/Readers",
		ChannelWriters:            "/Channel/Writers",
		ChannelApplicationReaders: "/Channel/Application/Readers",
		ChannelApplicationWriters: "/Channel/Application/Writers",
		ChannelApplicationAdmins:  "/Channel/Application/Admins",
		BlockValidation:           "/Channel/Orderer/BlockValidation",
	} {
		require.Equal(t, text, constant)
	}
}

func TestLongRejectedPathsDoNotGrow(t *testing.T) {
	require.Equal(t, 123, len(abbreviate(strings.Repeat("x", 1000))))
	require.Equal(t, "short", abbreviate("short"))
}
