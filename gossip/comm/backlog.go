// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"sync"

	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// backlog holds the messages of one connection that have come while an earlier
// one was waiting for a subscriber. It is bounded in messages and bytes: when it
// is full the stream is not read, and the remote can send no more.
type backlog struct {
	capacity int
	room     chan struct{} // gets a token when there may be room again

	lock sync.Mutex
	// Guarded by lock:
	queue  []incoming
	bytes  int  // in queue
	active bool // a goroutine works it off
}

// incoming is a message with the size that it had on the stream.
type incoming struct {
	message *proto.SignedGossipMessage
	bytes   int
}

func newBacklog(capacity int) backlog {
	return backlog{capacity: capacity, room: make(chan struct{}, 1)}
}

func (b *backlog) begin() {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.active = true
}

// add puts a message in. It fails if there is no room, or, with idle set, if the
// backlog has been worked off meanwhile.
func (b *backlog) add(in incoming) (added, idle bool) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if !b.active {
		return false, true
	}
	if len(b.queue) >= b.capacity || len(b.queue) > 0 && b.bytes+in.bytes > bufferedBytes {
		return false, false
	}
	b.queue = append(b.queue, in)
	b.bytes += in.bytes
	return true, false
}

// next is the next message, or the end of the backlog.
func (b *backlog) next() (in incoming, ok bool) {
	b.lock.Lock()
	defer b.lock.Unlock()
	select {
	case b.room <- struct{}{}:
	default:
	}
	if len(b.queue) == 0 {
		b.active = false
		return in, false
	}
	in = b.queue[0]
	b.queue[0] = incoming{}
	b.queue = b.queue[1:]
	b.bytes -= in.bytes
	return in, true
}

// handOver is the reader's: it gives a message to the subscribers, at once if
// they all have room, else by the backlog. It waits while that is full, and
// fails if the connection ends.
func (conn *connection) handOver(m *proto.SignedGossipMessage, bytes int) bool {
	for {
		added, idle := conn.behind.add(incoming{m, bytes})
		if added {
			return true
		}
		if idle {
			break
		}
		select {
		case <-conn.behind.room:
		case <-conn.over:
			conn.dropReceived(incoming{m, bytes})
			return false
		}
	}
	if rest := conn.pass(m); rest != nil {
		conn.behind.begin()
		conn.node.tasks.Add(1) // the reader is one of them, so they are not zero
		go conn.catchUp(rest, incoming{m, bytes})
	}
	return true
}

// pass gives a message to who is waiting for it, as far as that goes without
// waiting for them. Acknowledgements stay here.
func (conn *connection) pass(m *proto.SignedGossipMessage) (rest *delivery) {
	if ack := m.GetAck(); ack != nil {
		conn.acks.answer(m.GetNonce(), ack)
		return nil
	}
	return conn.node.subscribers.offer(&ReceivedMessageImpl{SignedGossipMessage: m, conn: conn})
}

// catchUp finishes a delivery and then the backlog.
func (conn *connection) catchUp(rest *delivery, in incoming) {
	defer conn.node.tasks.Done()
	for ok := true; ok; in, ok = conn.behind.next() {
		if rest == nil {
			rest = conn.pass(in.message)
		}
		if rest != nil && !rest.finish(conn.over) {
			conn.dropReceived(in)
		}
		rest = nil
	}
}

func (conn *connection) dropReceived(in incoming) {
	conn.node.observe(observe.Event{
		Kind:    observe.Dropped,
		Reason:  "subscriber behind",
		Message: protoext.Kind(in.message.GossipMessage),
		Bytes:   in.bytes,
	}, conn.info)
}
