// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/policies"
	cb "github.com/hyperledger/fabric/protos/common"
	mb "github.com/hyperledger/fabric/protos/msp"
)

type set = []*cb.SignedData

func TestEvaluation(t *testing.T) {
	cases := []struct {
		name   string
		policy string
		set    set
		holds  bool
	}{
		{"one signature is enough", "OR('A.member','B.member')", set{good("B/x")}, true},
		{"nobody signed", "OR('A.member','B.member')", nil, false},
		{"a stranger signed", "OR('A.member','B.member')", set{good("C/x")}, false},
		{"a forged signature", "OR('A.member','B.member')", set{bad("A/x")}, false},
		{"no identity at all", "OR('A.member')", set{good("nonsense"), nil, {}}, false},
		{"an MSP that returns nothing", "OR('A.member')", set{good("A/nil"), good("A/anonymous")}, false},
		{"both signed", "AND('A.member','B.member')", set{good("B/x"), good("A/x")}, true},
		{"one of both is missing", "AND('A.member','B.member')", set{good("A/x")}, false},
		{"a signer serves one leaf only", "AND('A.member','A.member')", set{good("A/x")}, false},
		{"even if he signs twice", "AND('A.member','A.member')", set{good("A/x"), goodOver("A/x", "other")}, false},
		{"even under another spelling", "AND('A.member','A.member')", set{good("A/x"), good("A/x~2")}, false},
		{"two signers serve two leaves", "AND('A.member','A.member')", set{good("A/x"), good("A/y")}, true},
		{"an admin is a member", "AND('A.member','A.admin')", set{good("A/x"), good("A/admin")}, true},
		{"no backtracking: the admin is used up as a member", "AND('A.member','A.admin')", set{good("A/admin"), good("A/x")}, false},
		{"in the other order of rules he is not", "AND('A.admin','A.member')", set{good("A/admin"), good("A/x")}, true},
		{"two of three", "OutOf(2,'A.member','B.member','C.member')", set{good("C/x"), good("A/x")}, true},
		{"one of three is not two", "OutOf(2,'A.member','B.member','C.member')", set{good("C/x"), bad("A/x")}, false},
		{"nothing is wanted", "OutOf(0,'A.member')", nil, true},
		{"more is wanted than there is", "OutOf(2,'A.member')", set{good("A/x"), good("A/y")}, false},
		{"no early exit: the first gate uses up both", "AND(OR('A.member','A.member'),'A.member')", set{good("A/x"), good("A/y")}, false},
		{"with three it works", "AND(OR('A.member','A.member'),'A.member')", set{good("A/x"), good("A/y"), good("A/z")}, true},
		{"a failed gate gives back its signers", "OR(AND('A.member','B.member'),'A.member')", set{good("A/x")}, true},
		{"deeply too", "OutOf(2,AND('A.member',AND('A.member','B.member')),AND('A.member','A.member'),'C.member')", set{good("A/x"), good("A/y"), good("C/x")}, true},
		{"a bad signature first does not hide the good one", "OR('A.member')", set{bad("A/x"), good("A/x")}, true},
		{"nor does the good one over altered data", "OR('A.member')", set{
			{Data: []byte("altered"), Identity: []byte("A/x"), Signature: signatureOf("A/x", "data")}, good("A/x")}, true},
		{"the place of a signer is that of his good signature", "AND('A.member','A.admin')", set{bad("A/admin"), good("A/x"), good("A/admin")}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := parsed(t, newWorld(), c.policy).Evaluate(c.set)
			if c.holds {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "signature set did not satisfy policy")
		})
	}
}

func TestRefusalSaysWhatBecameOfEachSignature(t *testing.T) {
	p := parsed(t, newWorld(), "AND('A.member','B.member')")
	require.EqualError(t, p.Evaluate(nil), "signature set did not satisfy policy (it is empty)")
	require.EqualError(t, p.Evaluate(set{good("A/x"), bad("B/x"), good("C/x"), good("who?")}),
		`signature set did not satisfy policy: one by "A" verifies but is not enough, `+
			`one by "B" does not verify (it is forged), one by "C" fits no principal of the policy, `+
			`1 by unknown identities: not of this world`)

	many := set{}
	for _, name := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		many = append(many, bad("A/"+name))
	}
	require.ErrorContains(t, p.Evaluate(many), ", and 3 more")
}

func TestEverythingIsFoundOutOnce(t *testing.T) {
	w := newWorld()
	provider := NewPolicyProvider(w)
	leaf := func(mspID string) *cb.ConfigPolicy {
		return &cb.ConfigPolicy{Policy: policies.SignaturePolicy("", SignedByMspMember(mspID)).Value()}
	}
	org := func(mspID string) *cb.ConfigGroup {
		return &cb.ConfigGroup{Policies: map[string]*cb.ConfigPolicy{"Writers": leaf(mspID)}}
	}
	root, err := policies.NewManagerImpl("Channel", map[int32]policies.Provider{int32(cb.Policy_SIGNATURE): provider},
		&cb.ConfigGroup{
			Policies: map[string]*cb.ConfigPolicy{"Writers": {Policy: policies.ImplicitMetaAllPolicy("Writers").Value()}},
			Groups:   map[string]*cb.ConfigGroup{"org1": org("A"), "org2": org("A"), "org3": org("A"), "org4": org("B")},
		})
	require.NoError(t, err)
	policy, ok := root.GetPolicy("/Channel/Writers")
	require.True(t, ok)

	signatures := set{good("C/x"), good("A/x"), good("A/x"), good("A/x"), bad("A/y"), bad("A/y"), good("junk"), good("junk"), good("B/x")}
	require.NoError(t, policy.Evaluate(signatures))
	require.Equal(t, map[string]int{"A/x": 1, "A/y": 1, "B/x": 1, "C/x": 1, "junk": 1}, w.deserialized)
	require.Equal(t, map[string]int{
		`A/x "data" "A/x signs data"`: 1,
		`B/x "data" "B/x signs data"`: 1,
	}, w.verified, "C satisfies no principal and A/y was not needed")
}

func TestPoliciesOfDifferentProvidersShareNothing(t *testing.T) {
	first, second := newWorld(), newWorld()
	e := policies.NewEvaluation(set{good("A/x")})
	for _, w := range []*world{first, second} {
		p := parsed(t, w, "OR('A.member')").(policies.SharingPolicy)
		require.NoError(t, p.EvaluateShared(e))
		require.Equal(t, 1, w.deserialized["A/x"])
	}
}

func TestNilPolicy(t *testing.T) {
	var none *policy
	require.Error(t, none.Evaluate(set{good("A/x")}))
	require.Error(t, none.EvaluateShared(policies.NewEvaluation(nil)))
}

func TestCompileErrors(t *testing.T) {
	nested := SignedBy(0)
	for i := 0; i < 2*maxNesting; i++ {
		nested = NOutOf(1, []*cb.SignaturePolicy{nested})
	}
	deepest := SignedBy(0)
	for i := 0; i < maxNesting; i++ {
		deepest = NOutOf(1, []*cb.SignaturePolicy{deepest})
	}
	one := []*mb.MSPPrincipal{{}}
	cases := []struct {
		name       string
		rule       *cb.SignaturePolicy
		identities []*mb.MSPPrincipal
		wants      string // "" if it compiles
	}{
		{"fine", SignedBy(0), one, ""},
		{"as deep as allowed", deepest, one, ""},
		{"negative n", NOutOf(-1, nil), nil, ""},
		{"n beyond the rules", NOutOf(5, []*cb.SignaturePolicy{SignedBy(0)}), one, ""},
		{"nil rule", nil, one, "Empty policy element"},
		{"empty rule", &cb.SignaturePolicy{}, one, "Empty policy element"},
		{"empty gate", &cb.SignaturePolicy{Type: &cb.SignaturePolicy_NOutOf_{}}, one, "Empty policy element"},
		{"nil rule inside", NOutOf(1, []*cb.SignaturePolicy{nil}), one, "Empty policy element"},
		{"empty rule inside", And(SignedBy(0), &cb.SignaturePolicy{}), one, "Empty policy element"},
		{"index too large", SignedBy(1), one, "identity index out of range, requested 1, but identies length is 1"},
		{"index negative", SignedBy(-1), one, "identity index out of range, requested -1, but identies length is 1"},
		{"index inside", Or(SignedBy(0), SignedBy(9)), one, "identity index out of range, requested 9, but identies length is 1"},
		{"no identities", SignedBy(0), nil, "identity index out of range, requested 0, but identies length is 0"},
		{"nil identity", SignedBy(0), []*mb.MSPPrincipal{nil}, "identity 0 of the signature policy is nil"},
		{"too deep", nested, one, "nested more than"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := compile(c.rule, c.identities)
			if c.wants == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.wants)
		})
	}
}

func TestProviderRefusesWhatItDoesNotUnderstand(t *testing.T) {
	provider := NewPolicyProvider(newWorld())
	newer, err := proto.Marshal(&cb.SignaturePolicyEnvelope{Version: 1, Rule: NOutOf(0, nil)})
	require.NoError(t, err)
	for wants, raw := range map[string][]byte{
		"cannot decode signature policy": {0xff},
		"has version 1":                  newer,
		"Empty policy element":           {},
	} {
		p, message, err := provider.NewPolicy(raw)
		require.ErrorContains(t, err, wants)
		require.Nil(t, p)
		require.Nil(t, message)
	}
}

func TestBuiltPolicies(t *testing.T) {
	holds := func(envelope *cb.SignaturePolicyEnvelope, s set) bool {
		return policyOver(t, newWorld(), envelope).Evaluate(s) == nil
	}
	require.True(t, holds(AcceptAllPolicy, nil))
	require.False(t, holds(RejectAllPolicy, set{good("A/x")}))
	for policy, raw := range map[*cb.SignaturePolicyEnvelope][]byte{AcceptAllPolicy: MarshaledAcceptAllPolicy, RejectAllPolicy: MarshaledRejectAllPolicy} {
		back := &cb.SignaturePolicyEnvelope{}
		require.NoError(t, proto.Unmarshal(raw, back))
		require.True(t, proto.Equal(policy, back))
	}

	exact := Envelope(And(SignedBy(0), Or(SignedBy(1), SignedBy(2))), [][]byte{[]byte("A/x"), []byte("B/x"), []byte("C/x")})
	require.True(t, holds(exact, set{good("C/x"), good("A/x")}))
	require.False(t, holds(exact, set{good("C/x"), good("B/x")}))

	roles := []struct {
		role mb.MSPRole_MSPRoleType
		one  func(string) *cb.SignaturePolicyEnvelope
		any  func([]string) *cb.SignaturePolicyEnvelope
	}{
		{mb.MSPRole_MEMBER, SignedByMspMember, SignedByAnyMember},
		{mb.MSPRole_ADMIN, SignedByMspAdmin, SignedByAnyAdmin},
		{mb.MSPRole_CLIENT, SignedByMspClient, SignedByAnyClient},
		{mb.MSPRole_PEER, SignedByMspPeer, SignedByAnyPeer},
	}
	for _, r := range roles {
		ids := []string{"C", "A", "B"}
		policy := r.any(ids)
		require.Equal(t, []string{"A", "B", "C"}, ids, "sorted in place")
		require.True(t, proto.Equal(NOutOf(1, []*cb.SignaturePolicy{SignedBy(0), SignedBy(1), SignedBy(2)}), policy.Rule))
		require.Len(t, policy.Identities, 3)
		for i, id := range ids {
			role := &mb.MSPRole{}
			require.Equal(t, mb.MSPPrincipal_ROLE, policy.Identities[i].PrincipalClassification)
			require.NoError(t, proto.Unmarshal(policy.Identities[i].Principal, role))
			require.True(t, proto.Equal(&mb.MSPRole{MspIdentifier: id, Role: r.role}, role))
		}
		require.True(t, proto.Equal(r.any([]string{"A"}), r.one("A")))
	}
	require.Panics(t, func() { SignedByMspMember("\xff") }, "not UTF-8")
}
