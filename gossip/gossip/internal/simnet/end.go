// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"sync"
	"sync/atomic"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// inTransit is how many messages fit into a connection besides those in the
// buffers of its two ends.
const inTransit = 64

// end is one of the two ends of a connection.
type end struct {
	node    *node
	peer    *end
	remote  comm.RemotePeer       // who is at the other end
	info    *proto.ConnectionInfo // the same as the layers above see it
	link    *direction            // to the other end
	inbound bool
	done    chan struct{} // closed when the end is
	ready   chan struct{} // filled when something has arrived
	room    *sync.Cond    // on the network's lock: pending has become less, or the end is closed

	pending int32 // atomic: messages from here that the other end has not handled
	waiting int32 // atomic: senders that wait for room

	// Guarded by the network's lock:
	closed  bool
	failing bool     // a message got nowhere, the end will break
	inbox   [][]byte // what arrived; nil is the end of the connection
	last    int64    // when the last message from here arrives
}

// connect makes a connection between two nodes, which know each other's
// identities. The network's lock is held.
func connect(dialer, listener *node) (*end, *end) {
	a, b := newEnd(dialer, listener), newEnd(listener, dialer)
	a.peer, b.peer, b.inbound = b, a, true
	return a, b
}

func newEnd(local, remote *node) *end {
	return &end{
		node:   local,
		remote: comm.RemotePeer{Endpoint: remote.endpoint, PKIID: remote.pkiID},
		info: &proto.ConnectionInfo{
			ID:       remote.pkiID,
			Identity: remote.identity,
			Endpoint: remote.endpoint,
			Auth:     &proto.AuthInfo{SignedData: remote.hello.Envelope.Payload, Signature: remote.hello.Envelope.Signature},
		},
		link:  local.net.link(local.endpoint, remote.endpoint),
		done:  make(chan struct{}),
		ready: make(chan struct{}, 1),
		room:  sync.NewCond(&local.net.mu),
	}
}

// event is about a message from this end.
func (e *end) event(raw []byte, fate Fate) Event {
	return Event{
		At:     e.node.net.Now(),
		From:   e.node.endpoint,
		To:     e.remote.Endpoint,
		FromID: e.node.pkiID,
		ToID:   e.remote.PKIID,
		Raw:    raw,
		Fate:   fate,
	}
}

// send puts a message on its way, if there is room for it or once there is. The
// network's lock is held, but not while waiting. The fate is empty if it is not
// decided yet.
func (e *end) send(raw []byte, wait bool) Fate {
	for !e.closed && int(atomic.LoadInt32(&e.pending)) >= e.node.capacity {
		if !wait {
			e.node.hook.Observe(observe.Event{Kind: observe.Dropped, Reason: "send buffer full", Peer: e.remote.PKIID, Endpoint: e.remote.Endpoint, Bytes: len(raw)})
			return Overflow
		}
		atomic.AddInt32(&e.waiting, 1)
		if int(atomic.LoadInt32(&e.pending)) >= e.node.capacity {
			e.room.Wait()
		}
		atomic.AddInt32(&e.waiting, -1)
	}
	if e.closed {
		return Closed
	}
	return e.transmit(raw)
}

func (e *end) transmit(raw []byte) Fate {
	n := e.node.net
	now := n.now()
	if !n.reachable(e.node, e.peer.node) {
		e.fail(now)
		return Unreachable
	}
	if e.link.loses() {
		return Lost
	}
	at := e.link.arrival(now, len(raw))
	if at < e.last {
		at = e.last
	}
	e.last = at
	atomic.AddInt32(&e.pending, 1)
	n.schedule(at, arrives, e.peer, raw)
	return ""
}

// fail lets the end break, unless the other is heard of before.
func (e *end) fail(now int64) {
	if !e.failing && !e.closed {
		e.failing = true
		e.node.net.schedule(now+int64(breakAfter), breaks, e, nil)
	}
}

// happen does what an event at this end is about and returns the fate of its
// message if that is decided. The network's lock is held.
func (e *end) happen(ev *event, now int64) Fate {
	reachable := e.node.net.reachable(e.peer.node, e.node)
	switch ev.what {
	case breaks:
		if e.failing && !e.node.net.reachable(e.node, e.peer.node) {
			e.shut("broken")
		}
		e.failing = false
	case ends:
		if reachable && !e.closed {
			e.node.forget(e)
			e.arrived(nil)
		}
	case arrives:
		return e.arrive(ev.raw, reachable, now)
	}
	return ""
}

func (e *end) arrive(raw []byte, reachable bool, now int64) Fate {
	switch {
	case !reachable:
		e.peer.consumed()
		e.peer.fail(now)
		return Unreachable
	case e.closed:
		e.peer.consumed()
		e.farewell(now) // the other end does not know
		return Closed
	}
	e.failing = false
	e.arrived(raw)
	return ""
}

func (e *end) arrived(raw []byte) {
	e.inbox = append(e.inbox, raw)
	select {
	case e.ready <- struct{}{}:
	default:
	}
}

// farewell tells the other end that this one is closed.
func (e *end) farewell(now int64) {
	if e.peer.closed || !e.node.net.reachable(e.node, e.peer.node) {
		return
	}
	at := now + int64(e.link.delay())
	if at < e.last {
		at = e.last
	}
	e.node.net.schedule(at, ends, e.peer, nil)
}

// shut closes this end at once, and the other when word has got there. Messages
// to this end are lost, those from it are not. The network's lock is held.
func (e *end) shut(reason string) {
	if e.closed {
		return
	}
	e.closed = true
	close(e.done)
	e.room.Broadcast()
	e.node.forget(e)
	delete(e.node.open, e)
	e.farewell(e.node.net.now())
	e.node.hook.Observe(observe.Event{Kind: observe.Disconnected, Reason: reason, Peer: e.remote.PKIID, Endpoint: e.remote.Endpoint})
}

// consumed makes room for another message from this end. The network's lock is
// held.
func (e *end) consumed() {
	atomic.AddInt32(&e.pending, -1)
	e.room.Broadcast()
}

// handled is consumed for who does not hold the network's lock.
func (e *end) handled() {
	atomic.AddInt32(&e.pending, -1)
	if atomic.LoadInt32(&e.waiting) > 0 {
		e.node.net.mu.Lock()
		e.room.Broadcast()
		e.node.net.mu.Unlock()
	}
}

// serve hands what arrives to the node, until the end is closed.
func (e *end) serve() {
	defer e.node.tasks.Done()
	for {
		select {
		case <-e.ready:
		case <-e.done:
		}
		if !e.drain(e.take()) {
			e.drain(e.take()) // what has come before the end was closed
			return
		}
	}
}

// take empties the inbox; ok is false if the end is closed.
func (e *end) take() (arrived [][]byte, ok bool) {
	e.node.net.mu.Lock()
	defer e.node.net.mu.Unlock()
	arrived, e.inbox = e.inbox, nil
	return arrived, !e.closed
}

// drain handles what arrived. It returns false when there is no more to come.
func (e *end) drain(arrived [][]byte, open bool) bool {
	for _, raw := range arrived {
		switch {
		case !open:
			e.drop(raw)
		case raw == nil:
			e.close("closed by the other end")
			open = false
		default:
			open = e.handle(raw)
			e.peer.handled()
		}
	}
	return open
}

func (e *end) drop(raw []byte) {
	if raw == nil {
		return
	}
	e.peer.handled()
	e.node.net.tell(e.peer.event(raw, Closed))
}

// close is shut for who does not hold the network's lock.
func (e *end) close(reason string) {
	e.node.net.mu.Lock()
	defer e.node.net.mu.Unlock()
	e.shut(reason)
}

// handle takes one message in; it returns false if the end has been closed.
func (e *end) handle(raw []byte) bool {
	m, err := decode(raw)
	if err != nil {
		e.node.net.tell(e.peer.event(raw, Malformed))
		e.close("malformed envelope")
		return false
	}
	told := e.peer.event(raw, Delivered)
	told.message = m
	e.node.net.tell(told)
	if m.IsAck() {
		e.node.acknowledged(m.Nonce, e.remote.PKIID, m.GetAck().Error)
		return true
	}
	return e.node.publish(&received{SignedGossipMessage: m, end: e}, e.done)
}
