// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"sync"
	"sync/atomic"

	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Bounds of the lanes. Whatever is beyond is dropped and asked for again by the
// protocol of that lane.
const (
	membershipBacklog = 2048
	identityBacklog   = 256
	relayBacklog      = 1024
	channelBacklog    = 1024
	smallLaneBytes    = 16 << 20
	channelLaneBytes  = 64 << 20
	allChannelsBytes  = 256 << 20 // of all channels together
)

// lane handles messages of one sort, one after another, on a goroutine of its
// own. Putting one in never waits.
type lane struct {
	name   string                      // of its messages, in the reasons for drops
	handle func(proto.ReceivedMessage) // called on the lane's goroutine only
	hook   *observe.Hook
	shared *byteBudget // nil if there is none

	mutex sync.Mutex
	queue *fairQueue    // guarded by mutex
	wake  chan struct{} // holds one when the queue may have become non-empty
	done  chan struct{}
	once  sync.Once
	ended chan struct{}
}

func newLane(name string, maxCount, maxBytes int, hook *observe.Hook, shared *byteBudget, handle func(proto.ReceivedMessage)) *lane {
	l := &lane{
		name:   name,
		handle: handle,
		hook:   hook,
		shared: shared,
		queue:  newFairQueue(maxCount, maxBytes),
		wake:   make(chan struct{}, 1),
		done:   make(chan struct{}),
		ended:  make(chan struct{}),
	}
	go l.work()
	return l
}

// put queues a message from an authenticated sender.
func (l *lane) put(m proto.ReceivedMessage) {
	p := parcel{message: m, sender: string(m.GetConnectionInfo().ID), size: sizeOf(m)}
	for _, lost := range l.enqueue(p) {
		received := lost.message.GetGossipMessage()
		l.hook.Observe(observe.Event{
			Kind:    observe.Dropped,
			Reason:  l.name + " queue full",
			Peer:    []byte(lost.sender),
			Channel: string(received.GetChannel()),
			Message: protoext.Kind(received.GossipMessage),
			Bytes:   lost.size,
		})
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lane) enqueue(p parcel) (dropped []parcel) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.shared.take(p.size, l.queue.count == 0) {
		return []parcel{p}
	}
	dropped = l.queue.put(p)
	for _, lost := range dropped {
		l.shared.give(lost.size)
	}
	return dropped
}

func (l *lane) next() (proto.ReceivedMessage, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	p, ok := l.queue.take()
	l.shared.give(p.size)
	return p.message, ok
}

func (l *lane) work() {
	defer close(l.ended)
	for {
		select {
		case <-l.done:
			return
		case <-l.wake:
		}
		for m, ok := l.next(); ok && !l.stopped(); m, ok = l.next() {
			l.handle(m)
		}
	}
}

func (l *lane) stopped() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// release makes the lane end after the message it is handling; join waits for
// that. Whatever is queued then is lost.
func (l *lane) release() { l.once.Do(func() { close(l.done) }) }
func (l *lane) join()    { <-l.ended }

// sizeOf is how much memory an inbound message keeps, in bytes, roughly.
func sizeOf(m proto.ReceivedMessage) int {
	const overhead = 512 // of the decoded message and what is around it
	envelope := m.GetSourceEnvelope()
	secret := envelope.GetSecretEnvelope()
	return overhead + len(envelope.GetPayload()) + len(envelope.GetSignature()) + len(secret.GetPayload()) + len(secret.GetSignature())
}

// byteBudget is a number of bytes that several queues share. A nil budget has
// no end.
type byteBudget struct {
	used  int64 // used atomically
	limit int64
}

// take takes n bytes, or says that there are none left. What must be taken is
// taken in any case.
func (b *byteBudget) take(n int, must bool) bool {
	if b == nil || atomic.AddInt64(&b.used, int64(n)) <= b.limit || must {
		return true
	}
	atomic.AddInt64(&b.used, -int64(n))
	return false
}

// give gives bytes back.
func (b *byteBudget) give(n int) {
	if b != nil {
		atomic.AddInt64(&b.used, -int64(n))
	}
}
