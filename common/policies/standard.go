// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"github.com/golang/protobuf/proto"

	cb "github.com/hyperledger/fabric/protos/common"
)

// ConfigPolicy is a policy ready to be put into a configuration group.
type ConfigPolicy interface {
	// Key is the name under which the group holds the policy.
	Key() string
	// Value is the policy itself.
	Value() *cb.Policy
}

// StandardConfigPolicy is a ConfigPolicy made by one of the functions below.
type StandardConfigPolicy struct {
	key   string
	value *cb.Policy
}

// Key implements ConfigPolicy.
func (p *StandardConfigPolicy) Key() string { return p.key }

// Value implements ConfigPolicy.
func (p *StandardConfigPolicy) Value() *cb.Policy { return p.value }

// ImplicitMetaAnyPolicy is satisfied if one sub-group's policy of the same name
// is.
func ImplicitMetaAnyPolicy(policyName string) *StandardConfigPolicy {
	return sameNamed(policyName, cb.ImplicitMetaPolicy_ANY)
}

// ImplicitMetaAllPolicy is satisfied if every sub-group's policy of the same
// name is.
func ImplicitMetaAllPolicy(policyName string) *StandardConfigPolicy {
	return sameNamed(policyName, cb.ImplicitMetaPolicy_ALL)
}

// ImplicitMetaMajorityPolicy is satisfied if the policies of the same name of
// more than half of the sub-groups are.
func ImplicitMetaMajorityPolicy(policyName string) *StandardConfigPolicy {
	return sameNamed(policyName, cb.ImplicitMetaPolicy_MAJORITY)
}

func sameNamed(name string, rule cb.ImplicitMetaPolicy_Rule) *StandardConfigPolicy {
	return &StandardConfigPolicy{key: name, value: implicitMetaPolicy(name, rule)}
}

// ImplicitMetaPolicyWithSubPolicy returns a policy over the sub-groups'
// policies called subPolicyName, with mod_policy left empty.
func ImplicitMetaPolicyWithSubPolicy(subPolicyName string, rule cb.ImplicitMetaPolicy_Rule) *cb.ConfigPolicy {
	return &cb.ConfigPolicy{Policy: implicitMetaPolicy(subPolicyName, rule)}
}

// SignaturePolicy wraps a signature policy under a name.
func SignaturePolicy(policyName string, sigPolicy *cb.SignaturePolicyEnvelope) *StandardConfigPolicy {
	return &StandardConfigPolicy{
		key:   policyName,
		value: &cb.Policy{Type: int32(cb.Policy_SIGNATURE), Value: encode(sigPolicy)},
	}
}

func implicitMetaPolicy(subPolicyName string, rule cb.ImplicitMetaPolicy_Rule) *cb.Policy {
	return &cb.Policy{
		Type:  int32(cb.Policy_IMPLICIT_META),
		Value: encode(&cb.ImplicitMetaPolicy{Rule: rule, SubPolicy: subPolicyName}),
	}
}

// encode serializes a message built by this program. Failure means that a
// name is not valid UTF-8 or a nil was passed: a mistake in the caller's source.
func encode(m proto.Message) []byte {
	raw, err := proto.Marshal(m)
	if err != nil {
		panic("policies: cannot encode policy: " + err.Error())
	}
	return raw
}
