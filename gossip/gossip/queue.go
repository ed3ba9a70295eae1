// SPDX-License-Identifier: Apache-2.0

package gossip

import proto "github.com/hyperledger/fabric/protos/gossip"

// parcel is a message that waits for its turn.
type parcel struct {
	message proto.ReceivedMessage
	sender  string // PKI-ID
	size    int    // bytes
}

// fairQueue is a bounded queue in which senders take turns: what one sends stays
// in order, and who sends much makes nobody else wait or lose anything. When it
// is full, the newest message of the sender that takes up most room goes.
type fairQueue struct {
	maxCount, maxBytes int

	lines        map[string]*line // by sender; only those with something in them
	turns        []*line          // the same lines, in the order of their turns
	count, bytes int
}

// line is what one sender has in a queue.
type line struct {
	sender  string
	waiting []parcel
	bytes   int
}

func newFairQueue(maxCount, maxBytes int) *fairQueue {
	return &fairQueue{maxCount: maxCount, maxBytes: maxBytes, lines: map[string]*line{}}
}

// put appends a parcel and returns what had to go for it, perhaps itself. A
// queue takes at least one parcel, whatever its size.
func (q *fairQueue) put(p parcel) (dropped []parcel) {
	l := q.lines[p.sender]
	if l == nil {
		l = &line{sender: p.sender}
		q.lines[p.sender] = l
		q.turns = append(q.turns, l)
	}
	l.waiting = append(l.waiting, p)
	l.bytes += p.size
	q.count++
	q.bytes += p.size
	for q.count > 1 && (q.count > q.maxCount || q.bytes > q.maxBytes) {
		dropped = append(dropped, q.dropFrom(q.heaviest()))
	}
	return dropped
}

// heaviest is the line that takes up most of what is exceeded.
func (q *fairQueue) heaviest() *line {
	var heaviest *line
	for _, l := range q.turns {
		if heaviest == nil || q.weight(l) > q.weight(heaviest) {
			heaviest = l
		}
	}
	return heaviest
}

func (q *fairQueue) weight(l *line) int {
	if q.count > q.maxCount {
		return len(l.waiting)
	}
	return l.bytes
}

func (q *fairQueue) dropFrom(l *line) parcel {
	last := len(l.waiting) - 1
	p := l.waiting[last]
	l.waiting[last] = parcel{}
	l.waiting = l.waiting[:last]
	q.account(l, p)
	if len(l.waiting) == 0 {
		for i := range q.turns {
			if q.turns[i] == l {
				q.turns = append(q.turns[:i], q.turns[i+1:]...)
				break
			}
		}
	}
	return p
}

// account notes that a parcel has left a line.
func (q *fairQueue) account(l *line, p parcel) {
	l.bytes -= p.size
	q.bytes -= p.size
	q.count--
	if len(l.waiting) == 0 {
		delete(q.lines, l.sender)
	}
}

// take removes the oldest parcel of the sender whose turn it is.
func (q *fairQueue) take() (parcel, bool) {
	if len(q.turns) == 0 {
		return parcel{}, false
	}
	l := q.turns[0]
	q.turns[0] = nil
	q.turns = q.turns[1:]
	p := l.waiting[0]
	l.waiting[0] = parcel{}
	l.waiting = l.waiting[1:]
	q.account(l, p)
	if len(l.waiting) > 0 {
		q.turns = append(q.turns, l)
	}
	return p, true
}
