// SPDX-License-Identifier: Apache-2.0

package overlay

import "sort"

// ring is all members in the order of their hashes under one salt, closed to a
// ring. A member that comes or goes leaves the order of the others as it is.
type ring []place

type place struct {
	hash uint64
	key  string
}

func newRing(members []string, salt uint64) ring {
	r := make(ring, len(members))
	for i, key := range members {
		r[i] = place{hash(key, salt), key}
	}
	sort.Slice(r, func(i, j int) bool {
		if r[i].hash != r[j].hash {
			return r[i].hash < r[j].hash
		}
		return r[i].key < r[j].key
	})
	return r
}

// key is who stands at a position, counted on around the ring.
func (r ring) key(at int) string { return r[(at+len(r))%len(r)].key }

func (r ring) position(key string) int {
	for i := range r {
		if r[i].key == key {
			return i
		}
	}
	return 0
}

// partners pairs all members with members that stand near them, and returns
// whom self has: one, or two if it took in the odd one out.
//
// Pairing by position (first with second, third with fourth) would change half
// of all pairs when somebody joins. So each two neighbours on the ring have a
// weight, from a hash of both; the lightest pair is taken first, and who is
// left over closes to a smaller ring. What a newcomer changes stays around it.
func (r ring) partners(self string) []string {
	var found []string
	for len(r) > 1 {
		free := make([]bool, len(r))
		for i := range free {
			free[i] = true
		}
		for _, i := range r.byWeight() {
			j := (i + 1) % len(r)
			if !free[i] || !free[j] {
				continue
			}
			free[i], free[j] = false, false
			found = append(found, other(self, r[i].key, r[j].key)...)
		}
		last := r
		if r = r.keep(free); len(r) == 1 {
			return append(found, other(self, r[0].key, last.key(last.position(r[0].key)+1))...)
		}
	}
	return found
}

// byWeight is the positions of the ring in the order in which they and the
// next one are to be paired.
func (r ring) byWeight() []int {
	weights, at := make([]uint64, len(r)), make([]int, len(r))
	for i := range r {
		weights[i], at[i] = stir(r[i].hash^stir(r[(i+1)%len(r)].hash)), i
	}
	sort.Slice(at, func(a, b int) bool {
		if weights[at[a]] != weights[at[b]] {
			return weights[at[a]] < weights[at[b]]
		}
		return at[a] < at[b]
	})
	return at
}

func (r ring) keep(which []bool) ring {
	var kept ring
	for i, yes := range which {
		if yes {
			kept = append(kept, r[i])
		}
	}
	return kept
}

// other is the one of a pair that is not self, if self is the other one.
func other(self, a, b string) []string {
	switch self {
	case a:
		return []string{b}
	case b:
		return []string{a}
	}
	return nil
}

// hash is FNV-1a over the key, begun from the salt and stirred at the end, so
// that orders under different salts have nothing in common.
func hash(key string, salt uint64) uint64 {
	h := stir(uint64(14695981039346656037) + salt)
	for i := 0; i < len(key); i++ {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return stir(h)
}

// stir spreads each bit of h over all of it (the finalizer of SplitMix64).
func stir(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
