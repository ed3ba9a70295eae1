// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
)

func keys(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("peer%d", i)
	}
	return all
}

// without is all members but one, in an order that differs by member.
func without(all []string, i int) []string {
	others := append(append([]string(nil), all[i+1:]...), all[:i]...)
	return others
}

// graph is who is whose neighbour, as each member computes it for itself.
func graph(all []string, degree int) map[string]map[string]bool {
	g := map[string]map[string]bool{}
	for i, self := range all {
		others := without(all, i)
		g[self] = map[string]bool{}
		for _, at := range Neighbours(self, others, degree) {
			g[self][others[at]] = true
		}
	}
	return g
}

// hops is how many of the graph's edges part from the farthest of the others;
// reached is how many there are at all, without those that are gone.
func hops(g map[string]map[string]bool, from string, gone map[string]bool) (farthest, reached int) {
	seen, rim := map[string]bool{from: true}, []string{from}
	for ; len(rim) > 0; farthest++ {
		var next []string
		for _, a := range rim {
			for b := range g[a] {
				if !seen[b] && !gone[b] {
					seen[b] = true
					next = append(next, b)
				}
			}
		}
		rim = next
	}
	return farthest - 1, len(seen)
}

func TestSameGraphForEverybody(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 10, 31, 50, 101} {
		for degree := 1; degree <= 5; degree++ {
			g := graph(keys(n), degree)
			for a, neighbours := range g {
				assert.False(t, neighbours[a], "%s of %d is its own neighbour", a, n)
				for b := range neighbours {
					assert.True(t, g[b][a], "n %d, degree %d: %s has %s, but not the other way", n, degree, a, b)
				}
			}
		}
	}
}

func TestEverybodyIsReached(t *testing.T) {
	for _, c := range []struct{ n, degree, farthest int }{
		{4, 3, 1}, {5, 3, 2}, {20, 3, 7}, {50, 3, 9}, {100, 3, 10}, {50, 4, 7}, {50, 2, 25}, {10, 20, 1},
	} {
		g := graph(keys(c.n), c.degree)
		for self := range g {
			farthest, reached := hops(g, self, nil)
			assert.Equal(t, c.n, reached, "n %d, degree %d", c.n, c.degree)
			assert.True(t, farthest <= c.farthest, "n %d, degree %d: %d hops", c.n, c.degree, farthest)
		}
	}
}

// Each member that has a message for the first time passes it to its neighbours
// but the one it came from: 2*edges - (n-1) copies at most.
func TestCopiesPerMember(t *testing.T) {
	const n = 50
	edges := 0
	for _, neighbours := range graph(keys(n), 3) {
		edges += len(neighbours)
	}
	copies := float64(edges-(n-1)) / n
	assert.True(t, copies <= 2.05 && copies > 1.7, "%.2f copies", copies)
}

func TestOneMemberGoneCutsNobodyOff(t *testing.T) {
	g := graph(keys(50), 3)
	for dead := range g {
		for self := range g {
			if self != dead {
				_, reached := hops(g, self, map[string]bool{dead: true})
				assert.Equal(t, 49, reached)
				break
			}
		}
	}
}

func TestNewMemberDisturbsFew(t *testing.T) {
	for degree, most := range map[int]int{2: 2, 3: 20, 4: 40} {
		before, after := graph(keys(100), degree), graph(keys(101), degree)
		changed := 0
		for self, neighbours := range before {
			for other := range neighbours {
				if !after[self][other] {
					changed++
					break
				}
			}
		}
		assert.True(t, changed <= most, "degree %d: %d of 100 members changed neighbours", degree, changed)
	}
}

func BenchmarkNeighbours(b *testing.B) {
	for _, n := range []int{50, 500} {
		all := keys(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				Neighbours(all[0], all, 3)
			}
		})
	}
}

func TestOddInput(t *testing.T) {
	assert.Empty(t, Neighbours("a", nil, 3))
	assert.Empty(t, Neighbours("a", []string{"b"}, 0))
	assert.Empty(t, Neighbours("a", []string{"b"}, -1))
	assert.Empty(t, Neighbours("a", []string{"a", "a"}, 3))
	assert.Equal(t, []int{1}, Neighbours("a", []string{"a", "b"}, 3))
	assert.Equal(t, []int{0}, Neighbours("", []string{"b"}, 1))
	assert.NotEmpty(t, Neighbours("a", []string{"b", "b", "b", "b"}, 2))
}

func TestContacts(t *testing.T) {
	const rounds, degree = 4000, 3
	all := keys(50)
	self, others := all[0], all
	near := map[int]bool{}
	for _, at := range Neighbours(self, others, degree) {
		near[at] = true
	}
	random, far := rand.New(rand.NewSource(1)), 0
	for i := 0; i < rounds; i++ {
		picked := contacts(self, others, degree, 2, random.Intn)
		if !assert.Len(t, picked, 2) || !assert.NotEqual(t, picked[0], picked[1]) {
			return
		}
		for _, at := range picked {
			assert.NotEqual(t, 0, at, "oneself")
			if !near[at] {
				far++
			}
		}
	}
	assert.InDelta(t, 2*rounds/oneIn, far, 2*rounds/oneIn/4, "contacts beyond the neighbours")
	assert.Len(t, Contacts(self, others, degree, 100), 49, "all there are")
	assert.Empty(t, Contacts(self, others, degree, 0))
	assert.Empty(t, Contacts(self, nil, degree, 3))
}
