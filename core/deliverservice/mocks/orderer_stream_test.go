// SPDX-License-Identifier: Apache-2.0

package mocks

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"google.golang.org/grpc"
)

// patience bounds waits for what should happen at once.
const patience = 20 * time.Second

func seekTo(start *ab.SeekPosition) *cb.Envelope {
	seek, _ := proto.Marshal(&ab.SeekInfo{Start: start, Behavior: ab.SeekInfo_BLOCK_UNTIL_READY})
	payload, _ := proto.Marshal(&cb.Payload{Data: seek})
	return &cb.Envelope{Payload: payload}
}

func oldest() *ab.SeekPosition {
	return &ab.SeekPosition{Type: &ab.SeekPosition_Oldest{Oldest: &ab.SeekOldest{}}}
}

func specified(n uint64) *ab.SeekPosition {
	return &ab.SeekPosition{Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: n}}}
}

// caller is a client of an orderer with one stream.
type caller struct {
	conn   *grpc.ClientConn
	stream ab.AtomicBroadcast_DeliverClient
	cancel context.CancelFunc
}

func call(t *testing.T, o *Orderer, start *ab.SeekPosition) *caller {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	conn, err := grpc.DialContext(ctx, o.Addr().String(), grpc.WithInsecure(), grpc.WithBlock())
	if err != nil {
		t.Fatal(err)
	}
	stream, err := ab.NewAtomicBroadcastClient(conn).Deliver(ctx)
	if err == nil {
		err = stream.Send(seekTo(start))
	}
	if err != nil {
		t.Fatal(err)
	}
	return &caller{conn: conn, stream: stream, cancel: cancel}
}

func (c *caller) hangUp() {
	c.cancel()
	c.conn.Close()
}

// next is the next message: the number of a block, or a status.
func (c *caller) next() string {
	r, err := c.stream.Recv()
	switch {
	case err == io.EOF:
		return "EOF"
	case err != nil:
		return "error"
	case r.GetBlock() != nil:
		return fmt.Sprint("block ", r.GetBlock().Header.Number)
	}
	return r.GetStatus().String()
}

func (c *caller) expect(t *testing.T, want string) {
	t.Helper()
	if got := c.next(); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

// eventually polls, because the orderer has no way to tell of its streams.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func awaitConnections(t *testing.T, o *Orderer, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("there are not %d connections", n), func() bool { return o.ConnCount() == n })
}

func TestOrdererSendsWhatItIsTold(t *testing.T) {
	o := NewOrderer(0, t)
	defer o.Shutdown()
	c := call(t, o, specified(1))
	defer c.hangUp()
	for _, n := range []uint64{1, 2, 0, 77} {
		o.SendBlock(n)
		c.expect(t, fmt.Sprint("block ", n))
	}
	if n := o.ConnCount(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestOrdererTakesOldestForZero(t *testing.T) {
	o := NewOrderer(0, t)
	defer o.Shutdown()
	o.SetNextExpectedSeek(0)
	for _, start := range []*ab.SeekPosition{oldest(), specified(0)} {
		c := call(t, o, start)
		o.SendBlock(0)
		c.expect(t, "block 0")
		c.hangUp()
		awaitConnections(t, o, 0)
	}
}

func TestOrdererFailsAndResurrects(t *testing.T) {
	o := NewOrderer(0, t)
	defer o.Shutdown()
	first, second := call(t, o, specified(1)), call(t, o, specified(1))
	defer first.hangUp()
	defer second.hangUp()
	o.SendBlock(1)
	o.SendBlock(2) // the first number has been taken by now or soon
	o.SendBlock(3) // so has the second
	o.Fail()
	for _, c := range []*caller{first, second} {
		got := c.next()
		for got != "SERVICE_UNAVAILABLE" {
			if got == "error" || got == "EOF" {
				t.Fatalf("got %s", got)
			}
			got = c.next()
		}
		c.expect(t, "EOF")
	}
	refused := call(t, o, specified(1))
	defer refused.hangUp()
	refused.expect(t, "SERVICE_UNAVAILABLE")
	awaitConnections(t, o, 0)

	o.Resurrect()
	o.SendBlock(8) // would wait for ever if the buffer had not been emptied
	again := call(t, o, specified(1))
	defer again.hangUp()
	again.expect(t, "block 8")
}

func TestOrdererKeepsBlockForTheNextStream(t *testing.T) {
	o := NewOrderer(0, t)
	defer o.Shutdown()
	gone := call(t, o, specified(1))
	awaitConnections(t, o, 1)
	gone.hangUp()
	awaitConnections(t, o, 0)
	o.SendBlock(5)
	c := call(t, o, specified(1))
	defer c.hangUp()
	c.expect(t, "block 5")
}

func TestNumbersGivenBackComeFirst(t *testing.T) {
	o := NewOrderer(0, t)
	defer o.Shutdown()
	o.SendBlock(3)
	o.giveBack(1) // the buffer is full
	o.giveBack(2)
	c := call(t, o, specified(1))
	defer c.hangUp()
	for _, want := range []string{"block 1", "block 2", "block 3"} {
		c.expect(t, want)
	}
	if n := o.oldest(4); n != 4 {
		t.Errorf("got %d", n)
	}
	o.returned = []uint64{9}
	if n := o.oldest(10); n != 9 {
		t.Errorf("got %d", n)
	}
	if n, ok := o.firstReturned(); n != 10 || !ok {
		t.Errorf("got %d, %v", n, ok)
	}
}

func TestShutdownFreesThePort(t *testing.T) {
	o := NewOrderer(0, t)
	port := o.Addr().(*net.TCPAddr).Port
	c := call(t, o, specified(1))
	defer c.hangUp()
	awaitConnections(t, o, 1)
	o.Shutdown()
	if got := c.next(); got != "error" && got != "EOF" {
		t.Errorf("stream goes on with %s", got)
	}
	o.Shutdown()
	if !isClosed(o.served) {
		t.Error("still serving")
	}

	o = NewOrderer(port, t)
	c = call(t, o, specified(1))
	defer c.hangUp()
	o.SendBlock(1)
	c.expect(t, "block 1")
	o.Shutdown()
	awaitConnections(t, o, 0) // old gRPC does not wait for its handlers
}

func TestOrdererNeedsItsPort(t *testing.T) {
	o := NewOrderer(0, t)
	defer o.Shutdown()
	mustPanic(t, "a taken port", func() { NewOrderer(o.Addr().(*net.TCPAddr).Port, t) })
	mustPanic(t, "Broadcast", func() { o.Broadcast(nil) })
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	f()
}

// handMade is a stream without anything behind it but Send and Recv.
type handMade struct {
	grpc.ServerStream
	seek *cb.Envelope
	sent chan *ab.DeliverResponse
}

func (h *handMade) Recv() (*cb.Envelope, error) {
	if h.seek == nil {
		return nil, io.EOF
	}
	return h.seek, nil
}

func (h *handMade) Send(r *ab.DeliverResponse) error {
	h.sent <- r
	return nil
}

func TestDeliverToHandMadeStream(t *testing.T) {
	o := NewOrderer(0, t)
	o.SetNextExpectedSeek(0)
	h := &handMade{seek: seekTo(specified(0)), sent: make(chan *ab.DeliverResponse, 1)}
	ended := make(chan error, 1)
	go func() { ended <- o.Deliver(h) }()
	o.SendBlock(0)
	if r := <-h.sent; r.GetBlock().Header.Number != 0 || r.GetBlock().Data != nil {
		t.Errorf("got %v", r)
	}
	o.Shutdown()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := o.Deliver(&handMade{}); err != nil {
		t.Errorf("failed receive: %s", err)
	}
}

// A number given back while a stream waits goes before one that comes later.
func TestWaitingStreamKeepsTheOrder(t *testing.T) {
	o := NewOrderer(0, t)
	defer o.Shutdown()
	h := &handMade{seek: seekTo(specified(1)), sent: make(chan *ab.DeliverResponse, 1)}
	ended := make(chan error, 1)
	go func() { ended <- o.Deliver(h) }()
	o.SendBlock(1)
	<-h.sent
	o.mutex.Lock()
	o.returned = []uint64{2}
	o.mutex.Unlock()
	o.SendBlock(3)
	for want := uint64(2); want <= 3; want++ {
		if r := <-h.sent; r.GetBlock().Header.Number != want {
			t.Errorf("got %v, want block %d", r, want)
		}
	}
	o.Shutdown()
	<-ended
}

// goneStream is a stream whose client has hung up.
type goneStream struct{ handMade }

func (g *goneStream) Context() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestGoneStreamSwallowsNothing(t *testing.T) {
	o := NewOrderer(0, t)
	defer o.Shutdown()
	o.SendBlock(6)
	for i := 0; i < 100; i++ { // which of two ready things it sees is chance
		if err := o.Deliver(&goneStream{handMade{seek: seekTo(specified(1))}}); err != nil {
			t.Fatal(err)
		}
	}
	c := call(t, o, specified(1))
	defer c.hangUp()
	c.expect(t, "block 6")
}

// complaints counts what would fail a test.
type complaints struct {
	mutex sync.Mutex
	n     int
}

func (c *complaints) Errorf(string, ...interface{}) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.n++
}

func TestUnexpectedSeeksFailTheTest(t *testing.T) {
	newest := &ab.SeekPosition{Type: &ab.SeekPosition_Newest{Newest: &ab.SeekNewest{}}}
	failIfNotReady, _ := proto.Marshal(&ab.SeekInfo{Start: specified(1), Behavior: ab.SeekInfo_FAIL_IF_NOT_READY})
	notReady, _ := proto.Marshal(&cb.Payload{Data: failIfNotReady})
	for name, tc := range map[string]struct {
		env *cb.Envelope
		bad bool
	}{
		"expected":   {seekTo(specified(1)), false},
		"oldest":     {seekTo(oldest()), true},
		"specified":  {seekTo(specified(2)), true},
		"newest":     {seekTo(newest), true},
		"none":       {seekTo(nil), true},
		"behavior":   {&cb.Envelope{Payload: notReady}, true},
		"no payload": {&cb.Envelope{}, true},
		"garbage":    {&cb.Envelope{Payload: []byte{0xff}}, true},
		"nil":        {nil, true},
	} {
		c := &complaints{}
		o := &Orderer{t: c, expectedSeek: 1}
		o.checkSeek(tc.env)
		if (c.n > 0) != tc.bad {
			t.Errorf("%s: %d complaints", name, c.n)
		}
	}
}
