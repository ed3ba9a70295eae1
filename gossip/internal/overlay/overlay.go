// SPDX-License-Identifier: Apache-2.0

// Package overlay chooses with whom a peer talks regularly, out of all those
// with whom it may. It holds no state: it is a function of who is there.
//
// All peers that see the same members draw the same graph over them: a ring,
// and for each further degree a pairing, each in an order of its own that
// hashes of the members' keys give. A peer's edges in that graph are its
// neighbours. The graph has three uses over picking peers at random, as v1.3.0
// does:
//
//   - It is connected, so what each peer passes to its neighbours, once, reaches
//     everybody. Three random targets leave about one peer in twenty without.
//   - It is undirected, so whoever a message came from is always among the
//     neighbours and needs no copy. With degree 3, a block comes to a peer
//     about twice where random targets bring it three times.
//   - It changes little when members come and go, so a few connections serve.
//
// While views of the membership differ, the graphs differ around the members
// in question, and elsewhere they are equal.
//
// The graph is for peers of one organization, who trust each other to forward;
// it does not hold against a member that chose its key for a place in it.
package overlay

// Neighbours returns the indices in others of the neighbours of self, in
// ascending order. The relation is symmetric where two peers see the same
// members. Entries equal to self are passed over, and where there are at most
// degree others, all of them are neighbours. Where two of a peer's edges meet
// the same peer, it has fewer than degree; one peer of an odd number has an
// edge more for each pairing.
//
// It sorts all members for the ring and for each pairing (17 us for 50 of them
// and degree 3, 260 us for 500): keep the result where it is needed often.
func Neighbours(self string, others []string, degree int) []int {
	members := distinct(self, others)
	if degree <= 0 || len(members) == 0 {
		return nil
	}
	near := map[string]bool{}
	if len(members) <= degree {
		for _, other := range members {
			near[other] = true
		}
		return indices(near, others)
	}
	members = append(members, self)
	pairings := degree
	if degree > 1 {
		pairings = degree - 2
		r := newRing(members, 0)
		at := r.position(self)
		near[r.key(at-1)], near[r.key(at+1)] = true, true
	}
	for salt := 1; salt <= pairings; salt++ {
		for _, partner := range newRing(members, uint64(salt)).partners(self) {
			near[partner] = true
		}
	}
	return indices(near, others)
}

// distinct is others without self and without repetition.
func distinct(self string, others []string) []string {
	seen := map[string]bool{self: true}
	var members []string
	for _, other := range others {
		if !seen[other] {
			seen[other] = true
			members = append(members, other)
		}
	}
	return members
}

func indices(near map[string]bool, others []string) []int {
	var is []int
	for i, other := range others {
		if near[other] {
			is = append(is, i)
			near[other] = false // a repeated entry counts once
		}
	}
	return is
}
