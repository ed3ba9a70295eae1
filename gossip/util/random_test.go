// SPDX-License-Identifier: Apache-2.0

package util_test

import (
	crand "crypto/rand"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/util"
)

type dryReader struct{}

func (dryReader) Read([]byte) (int, error) { return 0, errors.New("no randomness left") }

// checkRandom draws often enough that a generator which repeats itself, or
// leaves numbers out, does not get through.
func checkRandom(t *testing.T) {
	numbers := map[uint64]bool{}
	for i := 0; i < 1000; i++ {
		numbers[util.RandomUInt64()] = true
	}
	assert.Len(t, numbers, 1000)
	counts := make([]int, 3)
	for i := 0; i < 3000; i++ {
		counts[util.RandomInt(len(counts))]++
	}
	for n, count := range counts {
		assert.True(t, count > 800, "%d came up %d times of 3000", n, count)
	}
	assert.Equal(t, 0, util.RandomInt(1))
	assert.True(t, util.RandomInt(math.MaxInt32) >= 0)
}

func TestRandomNumbers(t *testing.T) {
	checkRandom(t)
	for _, n := range []int{0, -1, math.MinInt32} {
		n := n
		assert.Panics(t, func() { util.RandomInt(n) })
	}
}

func TestRandomNumbersWithoutTheSystem(t *testing.T) {
	whole := crand.Reader
	crand.Reader = dryReader{}
	defer func() { crand.Reader = whole }()
	checkRandom(t)
}

func TestRandomIndices(t *testing.T) {
	for _, c := range []struct{ count, highest, want int }{
		{1, 0, 1}, {3, 2, 3}, {3, 9, 3}, {100, 99, 100}, {2, math.MaxInt32, 2}, {0, 5, 0}, {0, -1, 0}, {-1, 5, 0},
	} {
		seen := map[int]bool{}
		picked := util.GetRandomIndices(c.count, c.highest)
		assert.NotNil(t, picked, "%v", c)
		for _, index := range picked {
			assert.True(t, index >= 0 && index <= c.highest, "%d of %v", index, c)
			seen[index] = true
		}
		assert.Len(t, seen, c.want, "%v: each one once", c)
		assert.Len(t, picked, c.want, "%v", c)
	}
	assert.Nil(t, util.GetRandomIndices(4, 2))
	assert.Nil(t, util.GetRandomIndices(1, -1))
	assert.Nil(t, util.GetRandomIndices(math.MaxInt32, 0))
}

// Each pair of indices, in each order, comes up about equally often.
func TestRandomIndicesAreUniform(t *testing.T) {
	counts := map[[2]int]int{}
	for i := 0; i < 12000; i++ {
		picked := util.GetRandomIndices(2, 3)
		counts[[2]int{picked[0], picked[1]}]++
	}
	assert.Len(t, counts, 12)
	for pair, count := range counts {
		assert.True(t, count > 700 && count < 1300, "%v came up %d times, not about 1000", pair, count)
	}
}
