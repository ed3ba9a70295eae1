// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
	mb "github.com/hyperledger/fabric/protos/msp"
)

// maxNesting bounds how deep gates may be nested, in policies and in their
// textual form, so that hostile ones cannot exhaust the stack.
const maxNesting = 512

// rule is a node of a compiled policy: a leaf if principal is not nil, a gate
// otherwise.
type rule struct {
	principal *mb.MSPPrincipal

	// For a gate: how many of rules have to hold. May be zero or negative
	// (always satisfied) and may exceed len(rules) (never satisfied).
	needed int32
	rules  []rule
}

// compile checks a policy and resolves the indices in its leaves.
func compile(policy *cb.SignaturePolicy, identities []*mb.MSPPrincipal) (rule, error) {
	return compileNested(policy, identities, 0)
}

func compileNested(policy *cb.SignaturePolicy, identities []*mb.MSPPrincipal, depth int) (rule, error) {
	if depth > maxNesting {
		return rule{}, errors.Errorf("signature policy is nested more than %d levels deep", maxNesting)
	}
	switch content := policy.GetType().(type) {
	case *cb.SignaturePolicy_SignedBy:
		return compileLeaf(content.SignedBy, identities)
	case *cb.SignaturePolicy_NOutOf_:
		return compileGate(content.NOutOf, identities, depth)
	default:
		return rule{}, errors.New("Empty policy element")
	}
}

func compileLeaf(index int32, identities []*mb.MSPPrincipal) (rule, error) {
	if index < 0 || int(index) >= len(identities) {
		return rule{}, errors.Errorf("identity index out of range, requested %v, but identies length is %d", index, len(identities))
	}
	principal := identities[index]
	if principal == nil {
		return rule{}, errors.Errorf("identity %d of the signature policy is nil", index)
	}
	return rule{principal: principal}, nil
}

func compileGate(gate *cb.SignaturePolicy_NOutOf, identities []*mb.MSPPrincipal, depth int) (rule, error) {
	if gate == nil {
		return rule{}, errors.New("Empty policy element")
	}
	compiled := rule{needed: gate.N, rules: make([]rule, len(gate.Rules))}
	for i, sub := range gate.Rules {
		var err error
		if compiled.rules[i], err = compileNested(sub, identities, depth+1); err != nil {
			return rule{}, err
		}
	}
	return compiled, nil
}
