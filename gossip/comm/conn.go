// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hyperledger/fabric/gossip/internal/conntable"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Why a connection ended. Observers count by these texts.
const (
	byRequest    = "closed"
	byRemote     = "remote closed"
	byNewer      = "replaced"
	byReadError  = "read error"
	byWriteError = "write error"
	byGarbage    = "malformed envelope"
	byIdleness   = "idle"
	byStop       = "stopped"
)

// stream is what both ends of a gRPC stream of envelopes have in common.
type stream interface {
	Send(*proto.Envelope) error
	Recv() (*proto.Envelope, error)
}

// connection is one authenticated stream, opened by either side. It is open
// until the first thing happens that ends it, whatever that is, and never again
// after that.
//
// One goroutine reads and, while no subscriber is behind, hands the messages
// over as well; else a second one does that until all have been. Another one
// writes, from the first message on that there is to write. All of them end with
// the connection.
type connection struct {
	lastUse  int64 // atomic: node.clock() of the latest message either way
	retiring int32 // atomic: set when this side is ending the stream gently

	halfClosed int32  // atomic: set when the remote was told
	parting    string // why; set before retiring is

	node   *commImpl
	info   *proto.ConnectionInfo
	stream stream
	link   *conntable.Link
	out    *outbox
	behind backlog
	acks   ackBook
	// hangUp ends an outbound stream, so that reading and writing end too. An
	// inbound stream ends when its handler returns; there it is nil.
	hangUp func()

	wake   chan struct{} // one place: an idle writer has something to write
	writer bool          // there is one; guarded by the outbox's lock

	once   sync.Once
	over   chan struct{} // closed at the end
	reason string        // set before over is closed
	err    error         // likewise
}

// newConnection is of an authenticated stream. Inbound ones have no hangUp.
func (c *commImpl) newConnection(info *proto.ConnectionInfo, s stream, out *outbox, hangUp func()) *connection {
	conn := &connection{
		node:   c,
		info:   info,
		stream: s,
		out:    out,
		behind: newBacklog(recvBuffSize()),
		hangUp: hangUp,
		wake:   make(chan struct{}, 1),
		over:   make(chan struct{}),
	}
	conn.link = &conntable.Link{Peer: string(info.ID), Outbound: hangUp != nil, Owner: conn}
	conn.touch()
	return conn
}

func (conn *connection) touch() { atomic.StoreInt64(&conn.lastUse, int64(conn.node.clock())) }

// end closes the connection for a reason, unless it is closed already. Whoever
// waits for anything of it stops waiting. It does not wait itself; no lock may
// be held.
func (conn *connection) end(reason string, err error) {
	conn.once.Do(func() {
		conn.reason, conn.err = reason, err
		left := conn.node.forget(conn)
		close(conn.over)
		if conn.hangUp != nil {
			conn.hangUp()
		}
		conn.acks.end(errEnded)
		conn.node.observe(observe.Event{Kind: observe.Disconnected, Reason: reason, Err: err}, conn.info)
		conn.node.rescue(conn, left)
	})
}

// closedOnPurpose tells whether the connection ended because its peer is not to
// be talked to, or nobody any more.
func (conn *connection) closedOnPurpose() bool {
	select {
	case <-conn.over:
		return conn.reason == byRequest || conn.reason == byStop
	default:
		return false
	}
}

// retire ends a connection, which is not in the table any more, so gently that
// what is being sent just now still arrives, either way: the remote is told that
// nothing more comes, and ends the stream. Of an inbound one it cannot be told; it
// has opened a newer one, and is given a moment.
func (conn *connection) retire(reason string) {
	conn.parting = reason
	atomic.StoreInt32(&conn.retiring, 1)
	left, writing := conn.out.end(errEnded)
	if !writing { // else the writer does it, after its message
		conn.closeSend()
	}
	patience := partingTime
	if conn.hangUp == nil {
		patience = supersededTime
	}
	time.AfterFunc(patience, func() { conn.end(reason, nil) })
	conn.node.rescue(conn, left)
}

// closeSend tells the remote, once, that nothing more comes. No writer may be at
// work.
func (conn *connection) closeSend() {
	half, ok := conn.stream.(interface{ CloseSend() error })
	if ok && atomic.CompareAndSwapInt32(&conn.halfClosed, 0, 1) {
		_ = half.CloseSend() // an error would show when reading, too
	}
}

// readFromStream reads until the stream or the connection ends. Messages are
// handed over in the order in which they come.
func (conn *connection) readFromStream() {
	for first := true; ; first = false {
		envelope, err := conn.stream.Recv()
		if err != nil {
			conn.end(conn.readFailure(err), err)
			return
		}
		conn.touch()
		m, err := protoext.EnvelopeToGossipMessage(envelope)
		if err != nil {
			conn.node.observe(observe.Event{Kind: observe.Rejected, Reason: byGarbage, Bytes: envelopeSize(envelope), Err: err}, conn.info)
			conn.end(byGarbage, err)
			return
		}
		bytes := envelopeSize(envelope)
		conn.node.observe(observe.Event{Kind: observe.Received, Message: protoext.Kind(m.GossipMessage), Bytes: bytes}, conn.info)
		if first {
			conn.node.heard(conn)
		}
		if !conn.handOver(m, bytes) {
			return
		}
	}
}

// readFailure names why reading failed. A remote that ends a stream shows as the
// end of it, or as its cancellation.
func (conn *connection) readFailure(err error) string {
	if atomic.LoadInt32(&conn.retiring) != 0 {
		return conn.parting
	}
	if s, ok := status.FromError(err); err == io.EOF || ok && s.Code() == codes.Canceled {
		return byRemote
	}
	return byReadError
}

// startWriter is called, with the outbox locked, when there is something to
// write and nobody writes. The connection has not ended then, so the node is not
// done waiting for its goroutines. The first call starts the writer; it stays,
// because starting one for each message costs more than an idle goroutine.
func (conn *connection) startWriter() {
	if conn.writer {
		conn.wake <- struct{}{} // has room: the writer took the last one before it fell idle
		return
	}
	conn.writer = true
	conn.node.tasks.Add(1)
	go conn.writeToStream()
}

// writeToStream writes what is in the outbox, until that has ended.
func (conn *connection) writeToStream() {
	defer conn.node.tasks.Done()
	for {
		for o := conn.out.next(); o != nil; o = conn.out.next() {
			conn.write(o)
		}
		select {
		case <-conn.wake:
		case <-conn.out.over:
			if atomic.LoadInt32(&conn.retiring) != 0 {
				conn.closeSend()
			}
			return
		}
	}
}

func (conn *connection) write(o *outgoing) {
	if o.awaited != nil {
		conn.acks.add(o.awaited)
	}
	if err := conn.stream.Send(o.envelope); err != nil {
		conn.writeFailed(o, err)
		return
	}
	conn.touch()
	conn.node.observe(observe.Event{Kind: observe.Sent, Message: o.kind, Bytes: o.bytes}, conn.info)
}

// writeFailed ends the connection. The message may be tried again on another
// one; who waits for its acknowledgement, though, is told now.
func (conn *connection) writeFailed(o *outgoing, err error) {
	reason := byWriteError
	if err == io.EOF { // the stream had ended; reading says why
		reason = byRemote
	}
	if o.awaited != nil {
		conn.end(reason, err)
		conn.node.discard([]*outgoing{o}, errEnded.Error(), err, conntable.Target{Peer: conn.link.Peer, Endpoint: o.endpoint})
		return
	}
	putBack := conn.out.putBack(o)
	conn.end(reason, err)
	if !putBack {
		conn.node.rescue(conn, []*outgoing{o})
	}
}

// respond sends a message that belongs to this connection.
func (conn *connection) respond(o *outgoing) {
	if err := conn.out.put(o, 0); err != nil {
		conn.node.rescue(conn, []*outgoing{o})
	}
}
