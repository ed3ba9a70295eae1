// SPDX-License-Identifier: Apache-2.0

package cauthdsl

// assignment records which identities already serve a leaf.
type assignment struct {
	signers *signers
	taken   []bool // by signer.who
	// order lists the identities in the order in which they were taken, so that
	// a gate that fails can give back what was taken below it.
	order []int
}

// satisfied decides whether the signers satisfy the rule.
func (r *rule) satisfied(s *signers) bool {
	a := assignment{signers: s, taken: make([]bool, s.distinct)}
	return r.assign(&a)
}

// assign tries to satisfy r with identities that are still free. On failure it
// leaves the assignment as it was.
func (r *rule) assign(a *assignment) bool {
	if r.principal != nil {
		return r.assignLeaf(a)
	}
	before := len(a.order)
	var successes int32
	// Every rule gets its turn even if enough of them hold already: those to
	// come may take signers, and that is part of the outcome.
	for i := range r.rules {
		if r.rules[i].assign(a) {
			successes++
		}
	}
	if successes >= r.needed {
		return true
	}
	a.giveBack(before)
	return false
}

// assignLeaf takes the first free identity that satisfies the principal and
// has a signature that verifies. The principal is asked first because verifying
// costs more.
func (r *rule) assignLeaf(a *assignment) bool {
	for i := range a.signers.list {
		s := &a.signers.list[i]
		if a.taken[s.who] || s.verdict == forged {
			continue
		}
		if s.identity.SatisfiesPrincipal(r.principal) != nil || !s.verify() {
			continue
		}
		a.taken[s.who] = true
		a.order = append(a.order, s.who)
		return true
	}
	return false
}

// giveBack frees all identities taken since order had the given length.
func (a *assignment) giveBack(length int) {
	for _, who := range a.order[length:] {
		a.taken[who] = false
	}
	a.order = a.order[:length]
}
