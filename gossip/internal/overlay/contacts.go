// SPDX-License-Identifier: Apache-2.0

package overlay

import "github.com/hyperledger/fabric/gossip/util"

// oneIn is how rarely a contact is anybody instead of a neighbour.
const oneIn = 32

// Contacts returns the indices of up to k different members of others for a
// peer to ask for news: neighbours under the given degree, at random, and now
// and then anybody else instead, so that views that have drifted apart find
// together again. Fewer than k come back only if there are not so many.
func Contacts(self string, others []string, degree, k int) []int {
	return contacts(self, others, degree, k, util.RandomInt)
}

// contacts is Contacts on the randomness given: intn(n) is in [0, n).
func contacts(self string, others []string, degree, k int, intn func(int) int) []int {
	near := Neighbours(self, others, degree)
	far := rest(self, others, near)
	var picked []int
	for len(picked) < k && len(near)+len(far) > 0 {
		from := &near
		if len(near) == 0 || len(far) > 0 && intn(oneIn) == 0 {
			from = &far
		}
		at := intn(len(*from))
		picked = append(picked, (*from)[at])
		(*from)[at] = (*from)[len(*from)-1]
		*from = (*from)[:len(*from)-1]
	}
	return picked
}

// rest is every index that is neither self nor in near, which ascends.
func rest(self string, others []string, near []int) []int {
	var far []int
	for i, other := range others {
		switch {
		case len(near) > 0 && near[0] == i:
			near = near[1:]
		case other != self:
			far = append(far, i)
		}
	}
	return far
}
