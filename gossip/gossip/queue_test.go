// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/assert"
)

func ofSender(sender string, number, size int) parcel {
	return parcel{message: numbered(number), sender: sender, size: size}
}

// numbered is a received message of which tests tell only which one it is.
func numbered(n int) *inboundStub { return &inboundStub{number: n} }

func drain(q *fairQueue) (order []string) {
	for p, ok := q.take(); ok; p, ok = q.take() {
		order = append(order, fmt.Sprint(p.sender, p.message.(*inboundStub).number))
	}
	return order
}

func TestQueueSendersTakeTurns(t *testing.T) {
	q := newFairQueue(100, 1000)
	for i := 1; i <= 3; i++ {
		assert.Empty(t, q.put(ofSender("a", i, 1)))
	}
	assert.Empty(t, q.put(ofSender("b", 1, 1)))
	assert.Empty(t, q.put(ofSender("c", 1, 1)))
	assert.Empty(t, q.put(ofSender("b", 2, 1)))
	assert.Equal(t, []string{"a1", "b1", "c1", "a2", "b2", "a3"}, drain(q))
	assert.Empty(t, q.lines)
	assert.Zero(t, q.bytes)
}

func TestQueueOverflowHitsWhoSendsMost(t *testing.T) {
	q := newFairQueue(4, 1000)
	for i := 1; i <= 4; i++ {
		assert.Empty(t, q.put(ofSender("flood", i, 1)))
	}
	dropped := q.put(ofSender("flood", 5, 1))
	assert.Equal(t, []parcel{ofSender("flood", 5, 1)}, dropped, "the newest goes")
	dropped = q.put(ofSender("quiet", 1, 1))
	assert.Equal(t, []parcel{ofSender("flood", 4, 1)}, dropped, "and nothing of who sends little")
	assert.Equal(t, []string{"flood1", "quiet1", "flood2", "flood3"}, drain(q))
}

func TestQueueOverflowByBytes(t *testing.T) {
	q := newFairQueue(100, 10)
	assert.Empty(t, q.put(ofSender("big", 1, 50)), "one is taken whatever its size")
	assert.Equal(t, []parcel{ofSender("big", 1, 50)}, q.put(ofSender("small", 1, 2)))
	assert.Empty(t, q.put(ofSender("other", 1, 4)))
	assert.Empty(t, q.put(ofSender("other", 2, 4)))
	assert.Equal(t, []parcel{ofSender("other", 3, 9)}, q.put(ofSender("other", 3, 9)))
	assert.Equal(t, []string{"small1", "other1", "other2"}, drain(q))
}

// TestQueueAgainstModel plays at random and checks what must hold after each
// step: order per sender, bounds, and sums.
func TestQueueAgainstModel(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	q := newFairQueue(20, 100)
	inside, next := map[string][]int{}, map[string]int{}
	for step := 0; step < 20000; step++ {
		sender := string(rune('a' + random.Intn(5)))
		if random.Intn(5) < 3 {
			next[sender]++
			inside[sender] = append(inside[sender], next[sender])
			for _, lost := range q.put(ofSender(sender, next[sender], random.Intn(20))) {
				own := inside[lost.sender]
				if !assert.Equal(t, own[len(own)-1], lost.message.(*inboundStub).number, "step %d: not the newest", step) {
					return
				}
				inside[lost.sender] = own[:len(own)-1]
			}
		} else if p, ok := q.take(); ok {
			own := inside[p.sender]
			if !assert.Equal(t, own[0], p.message.(*inboundStub).number, "step %d: not the oldest", step) {
				return
			}
			inside[p.sender] = own[1:]
		}
		count, bytes := 0, 0
		for _, l := range q.turns {
			assert.Equal(t, len(inside[l.sender]), len(l.waiting))
			for _, p := range l.waiting {
				count, bytes = count+1, bytes+p.size
			}
		}
		if !assert.Equal(t, []int{count, bytes, len(q.turns)}, []int{q.count, q.bytes, len(q.lines)}, "step %d", step) ||
			!assert.True(t, q.count <= 20 && (q.bytes <= 100 || q.count == 1), "step %d", step) {
			return
		}
	}
}
