// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	cb "github.com/hyperledger/fabric/protos/common"
	mb "github.com/hyperledger/fabric/protos/msp"
)

// The model decides like the package, in the most literal way: verify
// everything first, keep one good signature per identity in order, then go
// through the tree with a fresh copy of the used flags for every rule.

func modelHolds(envelope *cb.SignaturePolicyEnvelope, signatures set) bool {
	w := newWorld()
	var kept []*being
	seen := map[string]bool{}
	for _, s := range signatures {
		identity, err := w.DeserializeIdentity(s.Identity)
		if err != nil {
			continue
		}
		b := identity.(*being)
		if b.Verify(s.Data, s.Signature) != nil || seen[b.text()] {
			continue
		}
		seen[b.text()] = true
		kept = append(kept, b)
	}
	holds, _ := modelRule(envelope.Rule, envelope.Identities, kept, make([]bool, len(kept)))
	return holds
}

func modelRule(rule *cb.SignaturePolicy, principals []*mb.MSPPrincipal, who []*being, used []bool) (bool, []bool) {
	if gate := rule.GetNOutOf(); gate != nil {
		successes := int32(0)
		for _, sub := range gate.Rules {
			if ok, after := modelRule(sub, principals, who, append([]bool{}, used...)); ok {
				successes++
				used = after
			}
		}
		return successes >= gate.N, used
	}
	for i, b := range who {
		if !used[i] && b.SatisfiesPrincipal(principals[rule.GetSignedBy()]) == nil {
			used[i] = true
			return true, used
		}
	}
	return false, used
}

func randomRule(r *rand.Rand, principals, depth int) *cb.SignaturePolicy {
	if depth == 0 || r.Intn(3) == 0 {
		return SignedBy(int32(r.Intn(principals)))
	}
	rules := make([]*cb.SignaturePolicy, r.Intn(4))
	for i := range rules {
		rules[i] = randomRule(r, principals, depth-1)
	}
	return NOutOf(int32(r.Intn(len(rules)+2)-r.Intn(2)), rules)
}

func randomEnvelope(r *rand.Rand) *cb.SignaturePolicyEnvelope {
	envelope := &cb.SignaturePolicyEnvelope{}
	for i := 0; i <= r.Intn(4); i++ {
		mspID := string(rune('A' + r.Intn(3)))
		switch r.Intn(3) {
		case 0:
			envelope.Identities = append(envelope.Identities, rolePrincipal(mb.MSPRole_MEMBER, mspID))
		case 1:
			envelope.Identities = append(envelope.Identities, rolePrincipal(mb.MSPRole_ADMIN, mspID))
		default:
			envelope.Identities = append(envelope.Identities, &mb.MSPPrincipal{
				PrincipalClassification: mb.MSPPrincipal_IDENTITY,
				Principal:               []byte(mspID + "/0"),
			})
		}
	}
	envelope.Rule = randomRule(r, len(envelope.Identities), 3)
	return envelope
}

func randomSet(r *rand.Rand) set {
	s := make(set, r.Intn(7))
	for i := range s {
		name := []string{"0", "1", "admin", "0~alias"}[r.Intn(4)]
		identity := fmt.Sprintf("%c/%s", 'A'+r.Intn(3), name)
		switch r.Intn(6) {
		case 0:
			s[i] = bad(identity)
		case 1:
			s[i] = goodOver(identity, "other data")
		case 2:
			s[i] = good("stranger")
		default:
			s[i] = good(identity)
		}
	}
	return s
}

func TestEvaluationAgreesWithModel(t *testing.T) {
	const seed, rounds = 1, 10000
	r := rand.New(rand.NewSource(seed))
	held := 0
	for i := 0; i < rounds; i++ {
		envelope, signatures := randomEnvelope(r), randomSet(r)
		w := newWorld()
		err := policyOver(t, w, envelope).Evaluate(signatures)
		if err == nil {
			held++
		}
		require.Equal(t, modelHolds(envelope, signatures), err == nil, "round %d of seed %d: %v over %v: %v", i, seed, envelope, signatures, err)
		for what, times := range w.verified {
			require.Equal(t, 1, times, what)
		}
		for who, times := range w.deserialized {
			require.Equal(t, 1, times, who)
		}
	}
	require.Greater(t, held, rounds/10, "the generator makes hardly any satisfied policy")
	require.Less(t, held, rounds*9/10, "the generator makes hardly any unsatisfied policy")
}
