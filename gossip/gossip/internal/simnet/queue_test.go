// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestQueueYieldsInOrder(t *testing.T) {
	var q queue
	random := rand.New(rand.NewSource(1))
	order := uint64(0)
	for round := 0; round < 200; round++ {
		for i := random.Intn(50); i > 0; i-- {
			order++
			q.push(event{at: int64(random.Intn(10)), order: order})
		}
		var before *event
		for i := random.Intn(len(q) + 1); i > 0; i-- {
			e := q.pop()
			if before != nil {
				assert.True(t, before.before(&e))
			}
			before = &e
		}
	}
}
