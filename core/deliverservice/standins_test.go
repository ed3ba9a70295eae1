// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/deliverservice/blocksprovider"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// oddOrderer stands in for everything that a broadcastClient talks to: it is
// connection producer, orderer client and policy, and writes down what is asked
// of it. The functions may be nil: then everything succeeds and Recv answers
// with the blocks 0, 1, 2 and so on.
type oddOrderer struct {
	dial  func(nth int) error // nth counts from 1
	setup func(nth int, d blocksprovider.BlocksDeliverer) error
	recv  func(ctx context.Context, nth int) (*ab.DeliverResponse, error) // nth connection
	send  func(nth int) error

	mutex    sync.Mutex // guards the rest
	dials    int
	setups   int
	received uint64
	conns    []*grpc.ClientConn
	disabled []string
	updates  [][]string
	asked    []askedPolicy
}

type askedPolicy struct {
	attempt int
	elapsed time.Duration
}

// NewConnection returns a connection with nothing behind it.
func (o *oddOrderer) NewConnection() (*grpc.ClientConn, string, error) {
	o.mutex.Lock()
	o.dials++
	nth := o.dials
	o.mutex.Unlock()
	if o.dial != nil {
		if err := o.dial(nth); err != nil {
			return nil, "", err
		}
	}
	conn, err := grpc.Dial("nowhere", grpc.WithInsecure(), grpc.WithDialer(func(string, time.Duration) (net.Conn, error) {
		return nil, errOdd
	}))
	if err != nil {
		panic(err)
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.conns = append(o.conns, conn)
	return conn, "orderer", nil
}

func (o *oddOrderer) UpdateEndpoints(endpoints []string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.updates = append(o.updates, endpoints)
}

func (o *oddOrderer) DisableEndpoint(endpoint string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.disabled = append(o.disabled, endpoint)
}

func (o *oddOrderer) GetEndpoints() []string { return []string{"orderer"} }

func (o *oddOrderer) client(*grpc.ClientConn) ab.AtomicBroadcastClient {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return &oddClient{orderer: o, nth: o.dials}
}

func (o *oddOrderer) onConnect(d blocksprovider.BlocksDeliverer) error {
	o.mutex.Lock()
	o.setups++
	nth := o.setups
	o.mutex.Unlock()
	if o.setup == nil {
		return nil
	}
	return o.setup(nth, d)
}

// noteAsked wraps a policy.
func (o *oddOrderer) noteAsked(p retryPolicy) retryPolicy {
	return func(attempt int, elapsed time.Duration) (time.Duration, bool) {
		o.mutex.Lock()
		o.asked = append(o.asked, askedPolicy{attempt, elapsed})
		o.mutex.Unlock()
		return p(attempt, elapsed)
	}
}

// newBroadcastClient returns a client that knows nobody but o.
func (o *oddOrderer) newBroadcastClient(p retryPolicy) *broadcastClient {
	return NewBroadcastClient(o, o.client, o.onConnect, o.noteAsked(p))
}

func (o *oddOrderer) dialled() int {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.dials
}

func (o *oddOrderer) askedFor() []askedPolicy {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return append([]askedPolicy(nil), o.asked...)
}

// assertAllClosed closes the client and checks that nothing of it is left.
func (o *oddOrderer) assertAllClosed(t *testing.T, bc *broadcastClient) {
	bc.Close()
	bc.wait()
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for i, conn := range o.conns {
		assert.Equal(t, connectivity.Shutdown, conn.GetState(), "state of connection %d", i+1)
	}
}

type oddClient struct {
	ab.AtomicBroadcastClient
	orderer *oddOrderer
	nth     int
}

func (c *oddClient) Deliver(ctx context.Context, _ ...grpc.CallOption) (ab.AtomicBroadcast_DeliverClient, error) {
	return &oddStream{oddClient: c, ctx: ctx}, nil
}

// oddStream has no other methods than the two that may be used.
type oddStream struct {
	grpc.ClientStream
	*oddClient
	ctx context.Context
}

func (s *oddStream) Send(*cb.Envelope) error {
	if s.orderer.send == nil {
		return nil
	}
	return s.orderer.send(s.nth)
}

func (s *oddStream) Recv() (*ab.DeliverResponse, error) {
	if s.orderer.recv != nil {
		return s.orderer.recv(s.ctx, s.nth)
	}
	s.orderer.mutex.Lock()
	defer s.orderer.mutex.Unlock()
	number := s.orderer.received
	s.orderer.received++
	return blockResponse(number), nil
}

func blockResponse(number uint64) *ab.DeliverResponse {
	return &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{
		Block: &cb.Block{Header: &cb.BlockHeader{Number: number}},
	}}
}

// The ways in which stand-ins misbehave.
var errOdd = errors.New("something odd")

func alwaysFails(int) error { return errOdd }

func recvFails(context.Context, int) (*ab.DeliverResponse, error) { return nil, errOdd }

// recvHangs waits until the stream is ended.
func recvHangs(ctx context.Context, _ int) (*ab.DeliverResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// atMost is a policy of short delays that gives up before the given attempt.
func atMost(attempts int) retryPolicy {
	return func(attempt int, _ time.Duration) (time.Duration, bool) {
		return time.Millisecond, attempt < attempts
	}
}

// patient is a policy that waits longer than any test runs.
func patient(int, time.Duration) (time.Duration, bool) { return 1e6 * time.Second, true }

const soon = 10 * time.Second

// within fails the test if f does not return soon.
func within(t *testing.T, what string, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(soon)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.Fatalf("%s did not happen within %s", what, soon)
	}
}
