// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"strings"

	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

// implicitMeta holds if enough of the equally named policies one level below
// hold.
type implicitMeta struct {
	subPolicyName string
	needed        int
	parts         []part
}

// part is the policy of one sub-group.
type part struct {
	group  string
	policy Policy
}

// newImplicitMeta makes an implicit meta policy over the given sub-groups. A
// sub-group that lacks the policy counts as one that never agrees.
func newImplicitMeta(data []byte, groups []*ManagerImpl) (*implicitMeta, error) {
	definition := &cb.ImplicitMetaPolicy{}
	if err := proto.Unmarshal(data, definition); err != nil {
		return nil, errors.Wrap(err, "cannot decode implicit meta policy")
	}
	needed, err := threshold(definition.Rule, len(groups))
	if err != nil {
		return nil, err
	}
	p := &implicitMeta{
		subPolicyName: definition.SubPolicy,
		needed:        needed,
		parts:         make([]part, len(groups)),
	}
	for i, group := range groups {
		policy, _ := group.GetPolicy(definition.SubPolicy)
		p.parts[i] = part{group: group.path, policy: policy}
	}
	return p, nil
}

// threshold says how many of n sub-groups a rule asks for. With nobody to ask
// every rule is satisfied.
func threshold(rule cb.ImplicitMetaPolicy_Rule, n int) (int, error) {
	var needed int
	switch rule {
	case cb.ImplicitMetaPolicy_ANY:
		needed = 1
	case cb.ImplicitMetaPolicy_ALL:
		needed = n
	case cb.ImplicitMetaPolicy_MAJORITY:
		needed = n/2 + 1
	default:
		return 0, errors.Errorf("implicit meta policy has unknown rule %d", int32(rule))
	}
	if n == 0 {
		needed = 0
	}
	return needed, nil
}

// Evaluate implements Policy.
func (p *implicitMeta) Evaluate(set []*cb.SignedData) error {
	return p.EvaluateShared(NewEvaluation(set))
}

// EvaluateShared implements SharingPolicy. Sub-groups are asked in the order of
// their names, and no more of them than the outcome depends on.
func (p *implicitMeta) EvaluateShared(e *Evaluation) error {
	missing := p.needed
	var refusals []refusal
	for i := range p.parts {
		if missing == 0 {
			break
		}
		err := evaluateIn(e, p.parts[i].policy)
		if err == nil {
			missing--
			continue
		}
		refusals = append(refusals, refusal{group: p.parts[i].group, cause: err})
	}
	if missing == 0 {
		return nil
	}
	return &implicitMetaError{
		policy:    p,
		satisfied: p.needed - missing,
		refusals:  refusals,
	}
}

// refusal is one sub-group's reason to disagree.
type refusal struct {
	group string
	cause error
}

// implicitMetaError renders its text only when somebody reads it: the error of
// a branch is often thrown away because another branch agrees.
type implicitMetaError struct {
	policy    *implicitMeta
	satisfied int
	refusals  []refusal
}

// Error names the groups that disagreed, up to a handful.
func (e *implicitMetaError) Error() string {
	const shown = 4
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d sub-groups satisfy '%s', but %d are needed",
		e.satisfied, len(e.policy.parts), e.policy.subPolicyName, e.policy.needed)
	for i, r := range e.refusals {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(e.refusals)-shown)
			break
		}
		separator := "; "
		if i == 0 {
			separator = ": "
		}
		fmt.Fprintf(&b, "%s/%s: %s", separator, r.group, r.cause)
	}
	return b.String()
}

// ImplicitMetaFromString reads the form that configuration profiles use: a
// rule and the name of the sub-policy with one space between them, such as
// "MAJORITY Admins".
func ImplicitMetaFromString(input string) (*cb.ImplicitMetaPolicy, error) {
	tokens := strings.Split(input, " ")
	if len(tokens) != 2 || tokens[1] == "" {
		return nil, errors.Errorf("implicit meta policy %q is not of the form \"<ANY|ALL|MAJORITY> <sub-policy>\"", input)
	}
	rule, known := cb.ImplicitMetaPolicy_Rule_value[tokens[0]]
	if !known {
		return nil, errors.Errorf("implicit meta policy %q has the unknown rule %q", input, tokens[0])
	}
	return &cb.ImplicitMetaPolicy{
		Rule:      cb.ImplicitMetaPolicy_Rule(rule),
		SubPolicy: tokens[1],
	}, nil
}
