// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	cb "github.com/hyperledger/fabric/protos/common"
)

// metaOver builds /Channel with one sub-group for each letter of script (y: its
// policy agrees, n: it does not, -: it has none) and an implicit meta policy P
// over them.
func metaOver(t *testing.T, script string, rule cb.ImplicitMetaPolicy_Rule) (Policy, map[int]*scripted) {
	t.Helper()
	subs := groups{}
	for i, c := range script {
		sub := group(named{}, nil)
		switch c {
		case 'y':
			sub.Policies["Q"] = leaf("ok")
		case 'n':
			sub.Policies["Q"] = leaf(fmt.Sprintf("no from %d", i))
		}
		subs[fmt.Sprintf("g%02d", i)] = sub
	}
	m := build(t, group(named{"P": ImplicitMetaPolicyWithSubPolicy("Q", rule)}, subs))
	policy, ok := m.GetPolicy("P")
	require.True(t, ok)

	leaves := map[int]*scripted{}
	for i := range script {
		sub, _ := m.GetPolicy(fmt.Sprintf("g%02d/Q", i))
		if s, ok := sub.(*scripted); ok {
			leaves[i] = s
		}
	}
	return policy, leaves
}

func TestImplicitMetaCounts(t *testing.T) {
	const (
		anyOf    = cb.ImplicitMetaPolicy_ANY
		all      = cb.ImplicitMetaPolicy_ALL
		majority = cb.ImplicitMetaPolicy_MAJORITY
	)
	cases := []struct {
		script string
		rule   cb.ImplicitMetaPolicy_Rule
		holds  bool
	}{
		{"", anyOf, true}, {"", all, true}, {"", majority, true},
		{"y", anyOf, true}, {"n", anyOf, false}, {"-", anyOf, false},
		{"nny", anyOf, true}, {"nn-", anyOf, false},
		{"yyy", all, true}, {"yyn", all, false}, {"yy-", all, false},
		{"y", majority, true}, {"n", majority, false},
		{"yn", majority, false}, {"yy", majority, true},
		{"yyn", majority, true}, {"ynn", majority, false}, {"y-y", majority, true},
		{"yynn", majority, false}, {"yyyn", majority, true},
		{"yynnn", majority, false}, {"nynyy", majority, true},
	}
	for _, c := range cases {
		t.Run(c.rule.String()+" "+c.script, func(t *testing.T) {
			policy, _ := metaOver(t, c.script, c.rule)
			err := policy.Evaluate(nil)
			require.Equal(t, c.holds, err == nil, "%v", err)
		})
	}
}

func TestImplicitMetaStopsWhenEnoughAgree(t *testing.T) {
	policy, leaves := metaOver(t, "nyyyy", cb.ImplicitMetaPolicy_ANY)
	require.NoError(t, policy.Evaluate(nil))
	asked := []int{}
	for i := 0; i < 5; i++ {
		asked = append(asked, leaves[i].asked)
	}
	require.Equal(t, []int{1, 1, 0, 0, 0}, asked)
}

func TestImplicitMetaErrorSaysWhoRefused(t *testing.T) {
	policy, _ := metaOver(t, "yn-nnnnn", cb.ImplicitMetaPolicy_ALL)
	require.EqualError(t, policy.Evaluate(nil),
		"1 of 8 sub-groups satisfy 'Q', but 8 are needed: /Channel/g01: no from 1; "+
			"/Channel/g02: No such policy: 'Q'; /Channel/g03: no from 3; /Channel/g04: no from 4; and 3 more")
}

func TestImplicitMetaSeesOnlyDirectSubGroups(t *testing.T) {
	m := build(t, group(
		named{"P": ImplicitMetaPolicyWithSubPolicy("Q", cb.ImplicitMetaPolicy_ANY)},
		groups{"a": group(nil, groups{"b": group(named{"Q": leaf("ok")}, nil)})},
	))
	policy, _ := m.GetPolicy("P")
	require.Error(t, policy.Evaluate(nil))
}

// sharing is a leaf that uses the findings of the evaluation.
type sharing struct{ found *int }

func (s sharing) Evaluate([]*cb.SignedData) error { panic("evaluated alone") }

func (s sharing) EvaluateShared(e *Evaluation) error {
	what := e.Recall(s.found, func(set []*cb.SignedData) interface{} {
		*s.found++
		return len(set)
	})
	if what.(int) == 2 {
		return nil
	}
	return fmt.Errorf("set has %d entries", what)
}

type sharingProvider struct{ found *int }

func (p sharingProvider) NewPolicy([]byte) (Policy, proto.Message, error) {
	return sharing(p), nil, nil
}

func TestFindingsAreSharedAcrossTheTree(t *testing.T) {
	found := 0
	org := group(named{"Q": leaf("")}, nil)
	middle := func() *cb.ConfigGroup {
		return group(named{"Q": ImplicitMetaPolicyWithSubPolicy("Q", cb.ImplicitMetaPolicy_ALL)}, groups{"x": org, "y": org})
	}
	m, err := NewManagerImpl(ChannelPrefix, map[int32]Provider{int32(cb.Policy_SIGNATURE): sharingProvider{&found}},
		group(named{"P": ImplicitMetaPolicyWithSubPolicy("Q", cb.ImplicitMetaPolicy_ALL)}, groups{"a": middle(), "b": middle()}))
	require.NoError(t, err)
	policy, _ := m.GetPolicy("P")

	require.NoError(t, policy.Evaluate(make([]*cb.SignedData, 2)))
	require.Equal(t, 1, found, "four leaves, one look at the signatures")
	require.Error(t, policy.Evaluate(nil))
	require.Equal(t, 2, found, "nothing is kept from one evaluation to the next")
}

func TestFindingsAreKeptApartByOwner(t *testing.T) {
	e := NewEvaluation(nil)
	a, b := new(int), new(int)
	say := func(s string) func([]*cb.SignedData) interface{} {
		return func([]*cb.SignedData) interface{} { return s }
	}
	require.Equal(t, "of a", e.Recall(a, say("of a")))
	require.Equal(t, "of b", e.Recall(b, say("of b")))
	require.Equal(t, "of a", e.Recall(a, say("never asked")))
	require.Equal(t, "of b", e.Recall(b, say("never asked")))
}

func TestImplicitMetaFromString(t *testing.T) {
	for text, rule := range map[string]cb.ImplicitMetaPolicy_Rule{
		"ANY Readers":     cb.ImplicitMetaPolicy_ANY,
		"ALL Readers":     cb.ImplicitMetaPolicy_ALL,
		"MAJORITY Admins": cb.ImplicitMetaPolicy_MAJORITY,
	} {
		parsed, err := ImplicitMetaFromString(text)
		require.NoError(t, err)
		require.Equal(t, rule, parsed.Rule)
		require.Equal(t, text[len(rule.String())+1:], parsed.SubPolicy)
	}
	for _, text := range []string{"", " ", "ANY", "ANY ", " Readers", "ANY  Readers", "ANY Readers x", "any Readers", "SOME Readers", "ANY\tReaders"} {
		_, err := ImplicitMetaFromString(text)
		require.Error(t, err, "%q", text)
	}
}

func TestPoliciesForConfigurationRoundTrip(t *testing.T) {
	for _, c := range []struct {
		policy ConfigPolicy
		rule   cb.ImplicitMetaPolicy_Rule
	}{
		{ImplicitMetaAnyPolicy("Readers"), cb.ImplicitMetaPolicy_ANY},
		{ImplicitMetaAllPolicy("Readers"), cb.ImplicitMetaPolicy_ALL},
		{ImplicitMetaMajorityPolicy("Readers"), cb.ImplicitMetaPolicy_MAJORITY},
	} {
		require.Equal(t, "Readers", c.policy.Key())
		require.Equal(t, int32(cb.Policy_IMPLICIT_META), c.policy.Value().Type)
		meta := &cb.ImplicitMetaPolicy{}
		require.NoError(t, proto.Unmarshal(c.policy.Value().Value, meta))
		require.Equal(t, "Readers", meta.SubPolicy)
		require.Equal(t, c.rule, meta.Rule)
	}

	envelope := &cb.SignaturePolicyEnvelope{Version: 3}
	policy := SignaturePolicy("Writers", envelope)
	require.Equal(t, "Writers", policy.Key())
	require.Equal(t, int32(cb.Policy_SIGNATURE), policy.Value().Type)
	back := &cb.SignaturePolicyEnvelope{}
	require.NoError(t, proto.Unmarshal(policy.Value().Value, back))
	require.True(t, proto.Equal(envelope, back))
	require.Panics(t, func() { ImplicitMetaAnyPolicy("\xff") })
}
