// SPDX-License-Identifier: Apache-2.0

package simnet

// happening is what an event does when its time has come.
type happening uint8

const (
	arrives happening = iota // raw reaches the end
	ends                     // the other end has closed the connection
	breaks                   // the end gives up waiting for the other
)

// event is something that happens to one end of a connection.
type event struct {
	at    int64  // nanoseconds since the network's start
	order uint64 // among events of one instant
	what  happening
	to    *end
	raw   []byte
}

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.order < o.order
}

// queue is a binary heap of events, the next one first.
type queue []event

func (q *queue) push(e event) {
	*q = append(*q, e)
	h := *q
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(&h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = e
}

func (q *queue) pop() event {
	h := *q
	first := h[0]
	last := h[len(h)-1]
	h[len(h)-1] = event{}
	h = h[:len(h)-1]
	*q = h
	if len(h) == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(&h[child]) {
			child++
		}
		if !h[child].before(&last) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = last
	return first
}
