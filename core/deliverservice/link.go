// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"context"
	"sync"
	"time"

	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"google.golang.org/grpc"
)

// link is one connection to an orderer with the Deliver stream on it. Only Send
// and Recv may be called on a stream that is not a wireStream: stand-ins have
// nothing else.
type link struct {
	endpoint string
	stream   ab.AtomicBroadcast_DeliverClient
	wire     *wireStream // the stream again, if it is one of ours, else nil
	since    time.Time

	conn   *grpc.ClientConn
	cancel context.CancelFunc // ends the stream
	once   sync.Once          // guards close
	ended  chan struct{}      // closed by close; also ends the reading ahead
	tasks  *sync.WaitGroup    // counts this link until its connection is closed

	// Guarded by the broadcastClient's mutex.
	serial      uint64        // tells the connections of a client apart
	established bool          // onConnect has succeeded
	ahead       *readAhead    // nil: messages are received when they are asked for
	handed      bool          // a block was handed out and nobody came back yet
	blockAge    time.Duration // age of the link when it brought its first block
	fruitful    bool          // a block that was handed out turned out to be good
}

// newLink takes over conn and stream, which belongs to the context that cancel
// ends. The link counts in tasks until it has been closed.
func newLink(conn *grpc.ClientConn, endpoint string, s ab.AtomicBroadcast_DeliverClient, cancel context.CancelFunc, tasks *sync.WaitGroup) *link {
	tasks.Add(1)
	wire, _ := s.(*wireStream)
	return &link{
		endpoint: endpoint,
		stream:   s,
		wire:     wire,
		since:    time.Now(),
		conn:     conn,
		cancel:   cancel,
		ended:    make(chan struct{}),
		tasks:    tasks,
	}
}

// receive returns the stream's next message.
func (l *link) receive(ahead *readAhead) (*stream.Message, error) {
	if ahead != nil {
		return ahead.next()
	}
	if l.wire != nil {
		return l.wire.RecvMessage()
	}
	response, err := l.stream.Recv()
	if err != nil {
		return nil, err
	}
	return &stream.Message{Response: response}, nil
}

// close ends the stream and closes the connection, once. It returns at once:
// gRPC may take seconds to say goodbye on a line that is dead.
func (l *link) close() {
	l.once.Do(func() {
		close(l.ended)
		l.cancel()
		go func() {
			defer l.tasks.Done()
			if l.conn != nil {
				l.conn.Close()
			}
		}()
	})
}

// boundDeliverer is what onConnect gets: the stream just opened and nothing
// else. A failure on it is a failure to connect; it never reconnects by itself.
type boundDeliverer struct {
	link *link
}

func (b boundDeliverer) Send(envelope *cb.Envelope) error {
	return b.link.stream.Send(envelope)
}

func (b boundDeliverer) Recv() (*ab.DeliverResponse, error) {
	return b.link.stream.Recv()
}

// clientCertificate returns the DER of the TLS certificate that goes with the
// stream's connection, and false if that is not known.
func (b boundDeliverer) clientCertificate() ([]byte, bool) {
	if b.link.wire == nil {
		return nil, false
	}
	return b.link.wire.clientCertificate()
}
