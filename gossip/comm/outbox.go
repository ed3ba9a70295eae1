// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// outgoing is a message on its way out.
type outgoing struct {
	envelope *proto.Envelope
	kind     string // as protoext.Kind names it
	bytes    int    // size of the envelope
	// endpoint is where the peer can be dialled; "" for a message that is only of
	// use on the stream it was put on, and what took that stream's place.
	endpoint string
	// awaited is who waits for an acknowledgement, nil if nobody does.
	awaited *ackWaiter
	// retried is set on the second stream that the message is tried on. There is
	// no third.
	retried bool
}

// newOutgoing is a message as it leaves, without anybody who waits for it.
func newOutgoing(m *proto.SignedGossipMessage) *outgoing {
	return &outgoing{
		envelope: m.Envelope,
		kind:     protoext.Kind(m.GossipMessage),
		bytes:    envelopeSize(m.Envelope),
	}
}

// envelopeSize is how many bytes an envelope takes on a stream, computed from
// the lengths of its parts.
func envelopeSize(e *proto.Envelope) int {
	size := fieldSize(len(e.GetPayload())) + fieldSize(len(e.GetSignature()))
	if secret := e.GetSecretEnvelope(); secret != nil {
		inner := fieldSize(len(secret.Payload)) + fieldSize(len(secret.Signature))
		size += fieldSize(inner)
		if inner == 0 {
			size += 2 // is there all the same
		}
	}
	return size
}

// fieldSize is the size of a field of bytes with a small number: its tag, its
// length and itself. An empty one is left out.
func fieldSize(length int) int {
	if length == 0 {
		return 0
	}
	size := 1 + length
	for rest := length; rest > 0; rest >>= 7 {
		size++
	}
	return size
}

var (
	errFull    = errors.New("send buffer full")
	errLate    = errors.New("timed out")
	errEnded   = errors.New("connection closed")
	errStopped = errors.New("comm is stopping")
)

// outbox holds what is to be sent to one peer: at first to one that is being
// dialled, then, the same outbox, over the stream. It is bounded in messages
// and bytes.
//
// The first message put into an empty outbox sets its writer to work, which
// falls idle when it finds nothing more.
type outbox struct {
	// room gets a token when there may be room again. Who takes it and leaves
	// room puts it back.
	room chan struct{}
	// over is closed when the outbox ends.
	over chan struct{}

	lock sync.Mutex
	// Guarded by lock:
	queue    []*outgoing
	bytes    int // in queue
	capacity int
	start    func() // sets the writer to work; nil before there is a stream
	writing  bool   // it is at work
	ended    error  // why nothing is taken in any more
}

func newOutbox(capacity int) *outbox {
	return &outbox{
		room:     make(chan struct{}, 1),
		over:     make(chan struct{}),
		capacity: capacity,
	}
}

// offer puts a message in, or fails with errFull or with the reason for which
// the outbox ended. It does not wait.
func (b *outbox) offer(o *outgoing) error {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.ended != nil {
		return b.ended
	}
	if !b.hasRoom(o.bytes) {
		return errFull
	}
	b.queue = append(b.queue, o)
	b.bytes += o.bytes
	b.startWriter()
	return nil
}

// hasRoom is with the lock held. Into an empty outbox goes a message of any size.
func (b *outbox) hasRoom(bytes int) bool {
	return len(b.queue) == 0 || len(b.queue) < b.capacity && b.bytes+bytes <= outgoingBytes
}

// startWriter is with the lock held.
func (b *outbox) startWriter() {
	if b.start != nil && !b.writing && len(b.queue) > 0 {
		b.writing = true
		b.start()
	}
}

// put is offer that waits for room until the outbox ends or patience does,
// which is a time of zero for a caller that has no end of it.
func (b *outbox) put(o *outgoing, patience time.Duration) error {
	err := b.offer(o)
	if err != errFull {
		return err
	}
	var late <-chan time.Time
	if patience != 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		late = timer.C
	}
	for {
		select {
		case <-b.room:
		case <-b.over:
		case <-late:
			return errLate
		}
		if err := b.offer(o); err != errFull {
			b.signalRoom()
			return err
		}
	}
}

// signalRoom leaves a token for the next who waits. If there is no room after
// all, that one goes on waiting.
func (b *outbox) signalRoom() {
	select {
	case b.room <- struct{}{}:
	default:
	}
}

// attach lets the writing begin: start is called, with the outbox locked, each
// time that there is something to write and the writer is not at work.
func (b *outbox) attach(start func()) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.start = start
	b.startWriter()
}

// next is the writer's: the message to write, or nil if there is none and the
// writer has to wait for start, or to end.
func (b *outbox) next() *outgoing {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.ended != nil || len(b.queue) == 0 {
		b.writing = false
		return nil
	}
	o := b.queue[0]
	b.queue[0] = nil
	b.queue = b.queue[1:]
	b.bytes -= o.bytes
	b.signalRoom()
	return o
}

// putBack makes a message that could not be written the first one again. It
// fails if the outbox has ended.
func (b *outbox) putBack(o *outgoing) bool {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.ended != nil {
		return false
	}
	b.queue = append([]*outgoing{o}, b.queue...)
	b.bytes += o.bytes
	return true
}

// end makes the outbox refuse whatever comes, for the given reason, and returns
// what was in it. Ending it again returns nothing. The result also says whether
// the writer was at work; if so it ends when it is done with its message.
func (b *outbox) end(reason error) (left []*outgoing, writing bool) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.ended == nil {
		b.ended = reason
		close(b.over)
	}
	left, b.queue, b.bytes = b.queue, nil, 0
	return left, b.writing
}
