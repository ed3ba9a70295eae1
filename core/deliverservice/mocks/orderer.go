// SPDX-License-Identifier: Apache-2.0

package mocks

import (
	"fmt"
	"net"
	"sync"
	"testing"

	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
)

// firstExpectedSeek is the seek that a new Orderer expects.
const firstExpectedSeek = 1

// Orderer is an ordering service node on a port of this machine. It checks the
// seeks it gets against what the test said to expect and sends the blocks that
// the test tells it to.
type Orderer struct {
	net.Listener
	*grpc.Server

	t      assert.TestingT
	blocks chan uint64   // numbers to send; holds one
	served chan struct{} // closed when nothing is served any more
	stopC  chan struct{} // closed by Shutdown
	once   sync.Once     // guards closing stopC

	mutex        sync.Mutex    // guards what follows
	expectedSeek uint64        // start of the next seek
	streams      int           // Deliver calls under way
	failed       bool          // failed mode
	failC        chan struct{} // closed by the next Fail
	returned     []uint64      // taken from blocks for a stream that was gone
}

// NewOrderer starts an orderer on localhost. Port 0 means any; Addr tells which.
// It panics if it cannot listen there. Seeks that are not as expected fail t.
func NewOrderer(port int, t *testing.T) *Orderer {
	listener, err := net.Listen("tcp", fmt.Sprintf("localhost:%d", port))
	if err != nil {
		panic(fmt.Sprintf("mock orderer cannot listen: %s", err))
	}
	o := &Orderer{
		Listener:     listener,
		Server:       grpc.NewServer(),
		t:            t,
		blocks:       make(chan uint64, 1),
		served:       make(chan struct{}),
		stopC:        make(chan struct{}),
		expectedSeek: firstExpectedSeek,
		failC:        make(chan struct{}),
	}
	ab.RegisterAtomicBroadcastServer(o.Server, o)
	go func() {
		defer close(o.served)
		o.Server.Serve(listener)
	}()
	return o
}

// Shutdown ends all Deliver calls and frees the port before it returns. A
// further call does no more.
func (o *Orderer) Shutdown() {
	o.once.Do(func() { close(o.stopC) })
	o.Server.Stop()
	o.Listener.Close()
	<-o.served
}

// Fail answers SERVICE_UNAVAILABLE to all streams, present and future, until
// Resurrect. It does not wait for the present ones to end.
func (o *Orderer) Fail() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.failed = true
	close(o.failC)
	o.failC = make(chan struct{})
}

// Resurrect undoes Fail and forgets the blocks that were not sent yet.
func (o *Orderer) Resurrect() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.failed = false
	o.returned = nil
	for {
		select {
		case <-o.blocks:
		default:
			return
		}
	}
}

// ConnCount is the number of Deliver calls under way.
func (o *Orderer) ConnCount() int {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.streams
}

// SetNextExpectedSeek says which block the following seeks must start at.
func (o *Orderer) SetNextExpectedSeek(number uint64) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.expectedSeek = number
}

// SendBlock has some Deliver call, present or future, send block number seq. It
// blocks as long as another number waits for that.
func (o *Orderer) SendBlock(seq uint64) {
	o.blocks <- seq
}

// Broadcast panics.
func (o *Orderer) Broadcast(ab.AtomicBroadcast_BroadcastServer) error {
	panic("mock orderer does not take broadcasts")
}

// Deliver serves one stream: it checks the seek and sends blocks until the
// orderer fails or is shut down or the stream ends.
func (o *Orderer) Deliver(stream ab.AtomicBroadcast_DeliverServer) error {
	o.count(+1)
	defer o.count(-1)
	env, err := stream.Recv()
	if err != nil {
		return nil
	}
	failed, failC := o.health()
	if failed {
		return sendUnavailable(stream)
	}
	o.checkSeek(env)
	over := overOf(stream)
	for {
		number, ok := o.firstReturned()
		if !ok {
			select {
			case <-o.stopC:
				return nil
			case <-over:
				return nil
			case <-failC:
				return sendUnavailable(stream)
			case number = <-o.blocks:
				number = o.oldest(number)
			}
		}
		if isClosed(over) {
			o.giveBack(number)
			return nil
		}
		if isClosed(failC) {
			return sendUnavailable(stream)
		}
		if err := sendBlock(stream, number); err != nil {
			return err
		}
	}
}

func (o *Orderer) count(change int) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.streams += change
}

// health tells whether the orderer is in failed mode and, if it is not, what
// will be closed when it is.
func (o *Orderer) health() (failed bool, failC <-chan struct{}) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.failed, o.failC
}

// checkSeek fails the test if env is not the seek that it expects.
func (o *Orderer) checkSeek(env *cb.Envelope) {
	seek, err := seekOf(env)
	assert.NoError(o.t, err, "seek cannot be read")
	assert.Equal(o.t, ab.SeekInfo_BLOCK_UNTIL_READY, seek.Behavior, "behavior of the seek")
	number, ok := startOf(seek)
	assert.True(o.t, ok, "seek must start at the oldest or at a specified block: %s", seek)
	o.mutex.Lock()
	expected := o.expectedSeek
	o.mutex.Unlock()
	assert.Equal(o.t, expected, number, "start of the seek")
}

// giveBack keeps a number for another stream.
func (o *Orderer) giveBack(number uint64) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	select {
	case o.blocks <- number: // wakes a stream that waits already
	default:
		o.returned = append(o.returned, number)
	}
}

// firstReturned takes the number that was given back first, if there is one.
func (o *Orderer) firstReturned() (number uint64, ok bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.returned) == 0 {
		return 0, false
	}
	number, o.returned = o.returned[0], o.returned[1:]
	return number, true
}

// oldest exchanges a number just taken for one that was given back before it.
func (o *Orderer) oldest(number uint64) uint64 {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.returned) == 0 {
		return number
	}
	first := o.returned[0]
	o.returned = append(o.returned[1:], number)
	return first
}

// overOf is closed when the stream's client is gone. A stream that a test made
// by hand may have no context; it is never over.
func overOf(stream ab.AtomicBroadcast_DeliverServer) (over <-chan struct{}) {
	defer func() {
		if recover() != nil {
			over = nil
		}
	}()
	return stream.Context().Done()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func sendUnavailable(stream ab.AtomicBroadcast_DeliverServer) error {
	return stream.Send(&ab.DeliverResponse{
		Type: &ab.DeliverResponse_Status{Status: cb.Status_SERVICE_UNAVAILABLE},
	})
}

func sendBlock(stream ab.AtomicBroadcast_DeliverServer, number uint64) error {
	return stream.Send(&ab.DeliverResponse{
		Type: &ab.DeliverResponse_Block{
			Block: &cb.Block{Header: &cb.BlockHeader{Number: number}},
		},
	})
}
