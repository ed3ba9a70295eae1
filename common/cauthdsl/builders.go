// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"sort"

	"github.com/golang/protobuf/proto"

	cb "github.com/hyperledger/fabric/protos/common"
	mb "github.com/hyperledger/fabric/protos/msp"
)

// Policies at the two extremes, and their serialized forms. They are shared:
// do not modify them.
var (
	// AcceptAllPolicy is satisfied by every signature set, the empty one too.
	AcceptAllPolicy *cb.SignaturePolicyEnvelope

	// MarshaledAcceptAllPolicy is AcceptAllPolicy in serialized form.
	MarshaledAcceptAllPolicy []byte

	// RejectAllPolicy is satisfied by no signature set.
	RejectAllPolicy *cb.SignaturePolicyEnvelope

	// MarshaledRejectAllPolicy is RejectAllPolicy in serialized form.
	MarshaledRejectAllPolicy []byte
)

func init() {
	AcceptAllPolicy, MarshaledAcceptAllPolicy = gateOfNothing(0)
	RejectAllPolicy, MarshaledRejectAllPolicy = gateOfNothing(1)
}

// gateOfNothing returns the policy that wants n of no rules at all.
func gateOfNothing(n int32) (*cb.SignaturePolicyEnvelope, []byte) {
	policy := Envelope(NOutOf(n, []*cb.SignaturePolicy{}), [][]byte{})
	return policy, encode(policy)
}

// Envelope combines a rule with the exact identities (serialized) to which its
// leaves refer by index.
func Envelope(policy *cb.SignaturePolicy, identities [][]byte) *cb.SignaturePolicyEnvelope {
	principals := make([]*mb.MSPPrincipal, 0, len(identities))
	for _, identity := range identities {
		principals = append(principals, &mb.MSPPrincipal{
			PrincipalClassification: mb.MSPPrincipal_IDENTITY,
			Principal:               identity,
		})
	}
	return &cb.SignaturePolicyEnvelope{Rule: policy, Identities: principals}
}

// SignedBy is the leaf that wants a signature of principal number index.
func SignedBy(index int32) *cb.SignaturePolicy {
	return &cb.SignaturePolicy{Type: &cb.SignaturePolicy_SignedBy{SignedBy: index}}
}

// NOutOf is the gate that wants n of the given rules.
func NOutOf(n int32, rules []*cb.SignaturePolicy) *cb.SignaturePolicy {
	gate := &cb.SignaturePolicy_NOutOf{N: n, Rules: rules}
	return &cb.SignaturePolicy{Type: &cb.SignaturePolicy_NOutOf_{NOutOf: gate}}
}

// And is the gate that wants both rules.
func And(lhs, rhs *cb.SignaturePolicy) *cb.SignaturePolicy {
	return NOutOf(2, []*cb.SignaturePolicy{lhs, rhs})
}

// Or is the gate that wants one of two rules.
func Or(lhs, rhs *cb.SignaturePolicy) *cb.SignaturePolicy {
	return NOutOf(1, []*cb.SignaturePolicy{lhs, rhs})
}

// SignedByMspMember wants one signature of any valid identity of an MSP.
func SignedByMspMember(mspID string) *cb.SignaturePolicyEnvelope {
	return anyOf(mb.MSPRole_MEMBER, mspID)
}

// SignedByMspAdmin wants one signature of an administrator of an MSP.
func SignedByMspAdmin(mspID string) *cb.SignaturePolicyEnvelope {
	return anyOf(mb.MSPRole_ADMIN, mspID)
}

// SignedByMspClient wants one signature of a client of an MSP.
func SignedByMspClient(mspID string) *cb.SignaturePolicyEnvelope {
	return anyOf(mb.MSPRole_CLIENT, mspID)
}

// SignedByMspPeer wants one signature of a peer of an MSP.
func SignedByMspPeer(mspID string) *cb.SignaturePolicyEnvelope {
	return anyOf(mb.MSPRole_PEER, mspID)
}

// SignedByAnyMember wants one signature of a member of one of the MSPs. It
// sorts ids in place, as do the three functions that follow.
func SignedByAnyMember(ids []string) *cb.SignaturePolicyEnvelope {
	return anyOfSorted(mb.MSPRole_MEMBER, ids)
}

// SignedByAnyAdmin wants one signature of an administrator of one of the MSPs.
func SignedByAnyAdmin(ids []string) *cb.SignaturePolicyEnvelope {
	return anyOfSorted(mb.MSPRole_ADMIN, ids)
}

// SignedByAnyClient wants one signature of a client of one of the MSPs.
func SignedByAnyClient(ids []string) *cb.SignaturePolicyEnvelope {
	return anyOfSorted(mb.MSPRole_CLIENT, ids)
}

// SignedByAnyPeer wants one signature of a peer of one of the MSPs.
func SignedByAnyPeer(ids []string) *cb.SignaturePolicyEnvelope {
	return anyOfSorted(mb.MSPRole_PEER, ids)
}

// anyOfSorted puts the MSPs into a fixed order first, so that equal sets give
// byte-equal policies.
func anyOfSorted(role mb.MSPRole_MSPRoleType, mspIDs []string) *cb.SignaturePolicyEnvelope {
	sort.Strings(mspIDs)
	return anyOf(role, mspIDs...)
}

// anyOf is the policy "one signature by this role in any of these MSPs".
func anyOf(role mb.MSPRole_MSPRoleType, mspIDs ...string) *cb.SignaturePolicyEnvelope {
	policy := &cb.SignaturePolicyEnvelope{}
	leaves := make([]*cb.SignaturePolicy, len(mspIDs))
	for i, id := range mspIDs {
		leaves[i] = SignedBy(int32(i))
		policy.Identities = append(policy.Identities, rolePrincipal(role, id))
	}
	policy.Rule = NOutOf(1, leaves)
	return policy
}

// rolePrincipal describes everyone who has a role in an MSP.
func rolePrincipal(role mb.MSPRole_MSPRoleType, mspID string) *mb.MSPPrincipal {
	return &mb.MSPPrincipal{
		PrincipalClassification: mb.MSPPrincipal_ROLE,
		Principal:               encode(&mb.MSPRole{MspIdentifier: mspID, Role: role}),
	}
}

// encode serializes a message made by this package. It fails only for strings
// that are not UTF-8, which a caller has to have written into its source.
func encode(m proto.Message) []byte {
	raw, err := proto.Marshal(m)
	if err != nil {
		panic("cauthdsl: cannot encode policy: " + err.Error())
	}
	return raw
}
