// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"sync"

	"github.com/hyperledger/fabric/gossip/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

const (
	// demuxBuffSize is the buffer of a channel that AddChannel returns,
	// acceptBuffSize of one that Accept does.
	demuxBuffSize  = 10
	acceptBuffSize = 20
)

// ChannelDeMultiplexer hands each message to all channels whose predicates
// accept it, in the order in which they were added. It has no goroutine: who
// brings a message runs the predicates, and waits while a channel is full.
// There is no lock around either, so a predicate may call the demultiplexer.
type ChannelDeMultiplexer struct {
	stopped chan struct{} // closed by Close

	lock sync.Mutex
	// Guarded by lock:
	outlets []*outlet // copied when one is added: who has read it may go on using it
	closed  bool
	active  int // messages on their way; the channels stay open for them
}

// outlet is one channel and what goes into it. Exactly one of the two channels
// is set.
type outlet struct {
	accepts common.MessageAcceptor
	untyped chan interface{}
	typed   chan proto.ReceivedMessage
}

// NewChannelDemultiplexer returns one without channels.
func NewChannelDemultiplexer() *ChannelDeMultiplexer {
	return &ChannelDeMultiplexer{stopped: make(chan struct{})}
}

// AddChannel returns a channel of the messages that the predicate accepts from
// now on. After Close it is a closed one.
func (m *ChannelDeMultiplexer) AddChannel(predicate common.MessageAcceptor) chan interface{} {
	o := &outlet{accepts: predicate, untyped: make(chan interface{}, demuxBuffSize)}
	m.add(o)
	return o.untyped
}

// addTyped is AddChannel for received messages only; others never get there.
func (m *ChannelDeMultiplexer) addTyped(predicate common.MessageAcceptor) (ch <-chan proto.ReceivedMessage, open bool) {
	o := &outlet{
		accepts: func(message interface{}) bool {
			_, ok := message.(proto.ReceivedMessage)
			return ok && predicate(message)
		},
		typed: make(chan proto.ReceivedMessage, acceptBuffSize),
	}
	return o.typed, m.add(o)
}

func (m *ChannelDeMultiplexer) add(o *outlet) (open bool) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.closed {
		o.close()
		return false
	}
	m.outlets = append(m.outlets[:len(m.outlets):len(m.outlets)], o)
	return true
}

// DeMultiplex returns when every channel whose predicate accepts the message
// has got it, or when the demultiplexer is closed.
func (m *ChannelDeMultiplexer) DeMultiplex(msg interface{}) {
	if rest := m.offer(msg); rest != nil {
		rest.finish(nil)
	}
}

// Close closes all channels, at once if no message is on its way, else as soon
// as none is: those that wait for room are given up. It does not wait itself
// and may be called again.
func (m *ChannelDeMultiplexer) Close() {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.closed {
		return
	}
	m.closed = true
	close(m.stopped)
	if m.active == 0 {
		m.closeOutlets()
	}
}

// closeOutlets is called once, with the lock held.
func (m *ChannelDeMultiplexer) closeOutlets() {
	for _, o := range m.outlets {
		o.close()
	}
	m.outlets = nil
}

// delivery is a message that some channels have not got yet.
type delivery struct {
	to      *ChannelDeMultiplexer
	message interface{}
	full    *outlet   // accepted it, but has no room
	rest    []*outlet // have not been asked
}

// offer delivers a message as far as that goes without waiting. If a channel is
// full, what remains is returned and must be finished.
func (m *ChannelDeMultiplexer) offer(msg interface{}) *delivery {
	outlets, open := m.enter()
	if !open {
		return nil
	}
	d := &delivery{to: m, message: msg, rest: outlets}
	if d.run(false, nil) {
		m.leave()
		return nil
	}
	return d
}

// finish delivers the rest, waiting where there is no room until there is, or
// until quit or the demultiplexer is closed. It says whether all was delivered.
func (d *delivery) finish(quit <-chan struct{}) bool {
	defer d.to.leave()
	return d.run(true, quit)
}

func (d *delivery) run(wait bool, quit <-chan struct{}) bool {
	for {
		if d.full == nil {
			if len(d.rest) == 0 {
				return true
			}
			next := d.rest[0]
			d.rest = d.rest[1:]
			if !next.accepts(d.message) {
				continue
			}
			d.full = next
		}
		if d.full.offer(d.message) {
			d.full = nil
			continue
		}
		if !wait || !d.full.put(d.message, d.to.stopped, quit) {
			return false
		}
		d.full = nil
	}
}

func (m *ChannelDeMultiplexer) enter() (outlets []*outlet, open bool) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.closed {
		return nil, false
	}
	m.active++
	return m.outlets, true
}

func (m *ChannelDeMultiplexer) leave() {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.active--
	if m.closed && m.active == 0 {
		m.closeOutlets()
	}
}

// offer puts a message in if there is room.
func (o *outlet) offer(message interface{}) bool {
	if o.untyped != nil {
		select {
		case o.untyped <- message:
			return true
		default:
			return false
		}
	}
	select {
	case o.typed <- message.(proto.ReceivedMessage):
		return true
	default:
		return false
	}
}

// put waits for room until one of the signals comes.
func (o *outlet) put(message interface{}, stopped, quit <-chan struct{}) bool {
	var untyped chan interface{}
	var typed chan proto.ReceivedMessage
	var received proto.ReceivedMessage
	if untyped = o.untyped; untyped == nil {
		typed, received = o.typed, message.(proto.ReceivedMessage)
	}
	select {
	case untyped <- message:
		return true
	case typed <- received:
		return true
	case <-stopped:
		return false
	case <-quit:
		return false
	}
}

func (o *outlet) close() {
	if o.untyped != nil {
		close(o.untyped)
	}
	if o.typed != nil {
		close(o.typed)
	}
}
