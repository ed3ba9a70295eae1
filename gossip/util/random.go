// SPDX-License-Identifier: Apache-2.0

package util

import (
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand"
	"os"
	"sync"
	"time"
)

// substitute gives random numbers while the system's source does not.
var substitute weakSource

// weakSource is a seeded generator for many goroutines. It is here because the
// generator that math/rand shares is not seeded on old Go.
type weakSource struct {
	mutex     sync.Mutex
	generator *rand.Rand // made at first use
}

func (w *weakSource) uint64() uint64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.generator == nil {
		seed := time.Now().UnixNano() ^ int64(os.Getpid())<<40
		w.generator = rand.New(rand.NewSource(seed))
	}
	return w.generator.Uint64()
}

// RandomUInt64 returns any number. Nobody can predict it, unless the system
// has no randomness to give: then it comes from a weaker generator, so that
// this function never fails.
func RandomUInt64() uint64 {
	var number [8]byte
	if _, err := io.ReadFull(crand.Reader, number[:]); err != nil {
		return substitute.uint64()
	}
	return binary.LittleEndian.Uint64(number[:])
}

// RandomInt returns a number from 0 to n-1. It panics if there is none.
func RandomInt(n int) int {
	if n <= 0 {
		panic(fmt.Sprintf("no random number is less than %d and not negative", n))
	}
	return int(randomBelow(uint64(n)))
}

// randomBelow is uniform over [0, n), n > 0: it draws again where the last
// stretch of numbers is too short to hold all remainders.
func randomBelow(n uint64) uint64 {
	tooShort := -n % n // 2^64 mod n
	for {
		if number := RandomUInt64(); number >= tooShort {
			return number % n
		}
	}
}

// GetRandomIndices returns count different numbers from 0 to highestIndex, in
// random order, or nil if there are not that many.
func GetRandomIndices(count, highestIndex int) []int {
	if highestIndex < count-1 {
		return nil
	}
	if count <= 0 {
		return []int{}
	}
	// The first count steps of a shuffle, of which only the places that differ
	// from their number are kept.
	moved := make(map[int]int, count)
	at := func(place int) int {
		if number, ok := moved[place]; ok {
			return number
		}
		return place
	}
	picked := make([]int, count)
	for i := range picked {
		j := i + int(randomBelow(uint64(highestIndex-i)+1))
		picked[i] = at(j)
		moved[j] = at(i)
	}
	return picked
}
