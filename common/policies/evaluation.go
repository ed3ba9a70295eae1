// SPDX-License-Identifier: Apache-2.0

package policies

import (
	cb "github.com/hyperledger/fabric/protos/common"
)

// Evaluation is one signature set on its way through a policy tree, together
// with what policies have found out about it so far. It is meant for a single
// evaluation by a single goroutine.
type Evaluation struct {
	// Set holds the signatures in the order in which they were presented.
	// Policies must not change it.
	Set []*cb.SignedData

	findings []finding
}

// finding is something remembered about the set. There are as many as there
// are providers in the tree, which is one: a list beats a map.
type finding struct {
	owner interface{}
	what  interface{}
}

// NewEvaluation returns an evaluation of set that knows nothing yet.
func NewEvaluation(set []*cb.SignedData) *Evaluation {
	return &Evaluation{Set: set}
}

// Recall returns what owner remembered during this evaluation, calling
// discover the first time. Owners are told apart by ==; use a pointer.
func (e *Evaluation) Recall(owner interface{}, discover func([]*cb.SignedData) interface{}) interface{} {
	for i := range e.findings {
		if e.findings[i].owner == owner {
			return e.findings[i].what
		}
	}
	what := discover(e.Set)
	e.findings = append(e.findings, finding{owner: owner, what: what})
	return what
}

// SharingPolicy is a Policy that can build on what other policies of the same
// tree have found out about a signature set, and leave its own findings to
// them. EvaluateShared decides exactly as Evaluate does.
type SharingPolicy interface {
	Policy
	EvaluateShared(*Evaluation) error
}

// evaluateIn evaluates p within e if p is able to share, and alone otherwise.
func evaluateIn(e *Evaluation, p Policy) error {
	if sharing, ok := p.(SharingPolicy); ok {
		return sharing.EvaluateShared(e)
	}
	return p.Evaluate(e.Set)
}
