// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"fmt"
	"strings"

	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

var errNoIdentity = errors.New("the MSP returned no identity")

// provider makes signature policies over one identity deserializer. Its address
// is the key under which the policies share their findings.
type provider struct {
	deserializer msp.IdentityDeserializer
}

// NewPolicyProvider returns the provider of policies of type SIGNATURE whose
// signers are looked up with the given deserializer.
func NewPolicyProvider(deserializer msp.IdentityDeserializer) policies.Provider {
	return &provider{deserializer: deserializer}
}

// NewPolicy implements policies.Provider; data is a SignaturePolicyEnvelope.
func (p *provider) NewPolicy(data []byte) (policies.Policy, proto.Message, error) {
	envelope := &cb.SignaturePolicyEnvelope{}
	if err := proto.Unmarshal(data, envelope); err != nil {
		return nil, nil, errors.Wrap(err, "cannot decode signature policy")
	}
	if envelope.Version != 0 {
		return nil, nil, errors.Errorf("signature policy has version %d, only version 0 is supported", envelope.Version)
	}
	compiled, err := compile(envelope.Rule, envelope.Identities)
	if err != nil {
		return nil, nil, err
	}
	return &policy{provider: p, rule: compiled}, envelope, nil
}

// policy is a compiled signature policy.
type policy struct {
	provider *provider
	rule     rule
}

// Evaluate implements policies.Policy.
func (p *policy) Evaluate(signatureSet []*cb.SignedData) error {
	if p == nil {
		return errors.New("no signature policy to evaluate: it is nil")
	}
	return p.decide(p.provider.lookUp(signatureSet))
}

// EvaluateShared implements policies.SharingPolicy.
func (p *policy) EvaluateShared(e *policies.Evaluation) error {
	if p == nil {
		return p.Evaluate(e.Set)
	}
	shared := e.Recall(p.provider, func(set []*cb.SignedData) interface{} {
		return p.provider.lookUp(set)
	})
	return p.decide(shared.(*signers))
}

func (p *provider) lookUp(set []*cb.SignedData) *signers {
	return lookUp(set, p.deserializer)
}

func (p *policy) decide(s *signers) error {
	if p.rule.satisfied(s) {
		return nil
	}
	return &unsatisfiedError{signers: s}
}

// unsatisfiedError says why a signature set was not enough. Its text is made on
// demand: implicit meta policies discard most of these errors.
type unsatisfiedError struct {
	signers *signers
}

// Error lists what became of the first few signatures.
func (e *unsatisfiedError) Error() string {
	const shown = 4
	var b strings.Builder
	b.WriteString("signature set did not satisfy policy")
	if len(e.signers.list) == 0 && e.signers.strangers == 0 {
		b.WriteString(" (it is empty)")
	}
	for i := range e.signers.list {
		if i == shown {
			fmt.Fprintf(&b, ", and %d more", len(e.signers.list)-shown)
			break
		}
		fmt.Fprintf(&b, "%s%s", separator(i), e.signers.list[i].describe())
	}
	if e.signers.strangers > 0 {
		fmt.Fprintf(&b, "%s%d by unknown identities: %s",
			separator(len(e.signers.list)), e.signers.strangers, e.signers.whyStrange)
	}
	return b.String()
}

func separator(i int) string {
	if i == 0 {
		return ": "
	}
	return ", "
}

// describe tells a signature by its MSP and what was found out about it.
func (s *signer) describe() string {
	signedFor := s.identity.GetMSPIdentifier()
	switch s.verdict {
	case genuine:
		return fmt.Sprintf("one by %q verifies but is not enough", signedFor)
	case forged:
		return fmt.Sprintf("one by %q does not verify (%s)", signedFor, s.whyForged)
	default:
		return fmt.Sprintf("one by %q fits no principal of the policy", signedFor)
	}
}
