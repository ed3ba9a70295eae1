// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package comm_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// These tests run in virtual time, over pipes: what takes minutes takes none.

// simNet connects endpoints by name. Connecting takes some milliseconds.
type simNet struct {
	lock      sync.Mutex
	listeners map[string]*simListener
}

type simListener struct {
	endpoint string
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *simListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.closed:
		return nil, errors.New("closed")
	}
}

func (l *simListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *simListener) Addr() net.Addr { return simAddr(l.endpoint) }

type simAddr string

func (a simAddr) Network() string { return "sim" }
func (a simAddr) String() string  { return string(a) }

func (s *simNet) listen(endpoint string) *simListener {
	s.lock.Lock()
	defer s.lock.Unlock()
	l := &simListener{endpoint: endpoint, incoming: make(chan net.Conn), closed: make(chan struct{})}
	s.listeners[endpoint] = l
	return l
}

func (s *simNet) dial(endpoint string, _ time.Duration) (net.Conn, error) {
	time.Sleep(10 * time.Millisecond)
	s.lock.Lock()
	l := s.listeners[endpoint]
	s.lock.Unlock()
	if l == nil {
		return nil, errors.New("connection refused")
	}
	here, there := net.Pipe()
	select {
	case l.incoming <- there:
		return here, nil
	case <-l.closed:
		return nil, errors.New("connection refused")
	}
}

func (s *simNet) start(t *testing.T, name string) *node {
	n := &node{identity: name, endpoint: "at " + name, seen: newWatch(), served: make(chan struct{})}
	n.server = grpc.NewServer()
	n.mapper = identity.NewIdentityMapper(crypt{self: name}, api.PeerIdentityType(name), noPurge, orgs{})
	c, err := comm.NewCommInstance(n.server, nil, n.mapper, api.PeerIdentityType(name), func() []grpc.DialOption {
		return []grpc.DialOption{grpc.WithInsecure(), grpc.WithDialer(s.dial)}
	}, orgs{})
	assert.NoError(t, err)
	n.instance = c.(instance)
	n.Hook().Set(n.seen)
	listener := s.listen(n.endpoint)
	go func() {
		defer close(n.served)
		_ = n.server.Serve(listener)
	}()
	return n
}

// streams is how many streams a node has.
func (n *node) streams() int {
	opened, _ := n.seen.matching(func(e observe.Event) bool { return e.Kind == observe.Connected })
	closed, _ := n.seen.matching(func(e observe.Event) bool { return e.Kind == observe.Disconnected })
	return opened - closed
}

func simulate(t *testing.T, test func(t *testing.T, s *simNet)) {
	synctest.Test(t, func(t *testing.T) { test(t, &simNet{listeners: map[string]*simListener{}}) })
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestSimIdleStreamIsClosedByWhoOpenedIt(t *testing.T) {
	simulate(t, func(t *testing.T, s *simNet) {
		a, b := s.start(t, "A.a"), s.start(t, "A.b")
		defer a.close()
		defer b.close()
		atA, atB := a.accept(t), b.accept(t)
		a.Send(text("1"), b.peer())
		atB.expect("1")
		for i := 0; i < 20; i++ { // whoever uses it keeps it
			pass(comm.IdleTimeout - time.Second)
			if i%2 == 0 {
				b.Send(text("kept"), a.peer())
				atA.expect("kept")
			} else {
				a.Send(text("kept"), b.peer())
				atB.expect("kept")
			}
		}
		assert.Equal(t, 1, a.streams())
		pass(comm.IdleTimeout)
		assert.Equal(t, 1, a.streams())
		pass(comm.Housekeeping)
		assert.Equal(t, 1, a.seen.count(observe.Disconnected, "idle"))
		assert.Equal(t, 1, b.seen.count(observe.Disconnected, "read error")+b.seen.count(observe.Disconnected, "remote closed"))
		assert.Zero(t, a.Peers()+b.Peers())
		b.Send(text("2"), a.peer())
		atA.expect("2")
		assert.Empty(t, a.PresumedDead())
		assert.Empty(t, b.PresumedDead())
		assert.Zero(t, a.Hook().Total(observe.Dropped)+b.Hook().Total(observe.Dropped))
	})
}

// What the remote sends while the stream is being closed for idleness arrives.
func TestSimNothingIsLostToIdleness(t *testing.T) {
	simulate(t, func(t *testing.T, s *simNet) {
		a, b := s.start(t, "A.a"), s.start(t, "A.b")
		defer a.close()
		defer b.close()
		atA, atB := a.accept(t), b.accept(t)
		got := make(chan int)
		go func() {
			n := 0
			for range atA.messages {
				n++
			}
			got <- n
		}()
		sent := 0
		for round := 0; round < 20; round++ {
			a.Send(text("connect"), b.peer())
			atB.expect("connect")
			// Idle at the latest after this; b sends all around that moment.
			pass(comm.IdleTimeout - time.Second)
			synctest.Wait()
			for a.seen.count(observe.Disconnected, "idle") == round {
				time.Sleep(comm.Housekeeping)
				b.Send(text("around"), a.peer())
				sent++
				if sent > 1000 {
					t.Fatal("never idle")
				}
				pass(comm.IdleTimeout + comm.Housekeeping - time.Nanosecond*time.Duration(round))
			}
		}
		a.Stop()
		assert.Equal(t, sent, <-got)
	})
}

// Two peers that connect to each other at once agree on one stream without
// losing anything on the way.
func TestSimSimultaneousDialSettles(t *testing.T) {
	simulate(t, func(t *testing.T, s *simNet) {
		a, b := s.start(t, "A.a"), s.start(t, "A.b")
		defer a.close()
		defer b.close()
		atA, atB := a.accept(t), b.accept(t)
		for i := 0; i < 120; i++ {
			a.Send(text(fmt.Sprint(i)), b.peer())
			b.Send(text(fmt.Sprint(i)), a.peer())
			atA.expect(fmt.Sprint(i))
			atB.expect(fmt.Sprint(i))
			switch i {
			case 0:
				assert.Equal(t, 2, a.streams(), "both keep both")
				assert.Equal(t, 2, b.streams())
			case 60:
				assert.Equal(t, 1, a.streams(), "one is left")
				assert.Equal(t, 1, b.streams())
			}
			pass(time.Second)
		}
		assert.Equal(t, 1, b.seen.count(observe.Disconnected, "idle"), "the greater one gave its own up")
		assert.Equal(t, 0, a.seen.count(observe.Disconnected, "idle"))
		assert.Zero(t, a.Hook().Total(observe.Dropped)+b.Hook().Total(observe.Dropped))
	})
}

func TestSimTimeoutsOfDialling(t *testing.T) {
	simulate(t, func(t *testing.T, s *simNet) {
		a := s.start(t, "A.a")
		defer a.close()
		s.listen("black hole") // nothing accepts there
		mute := grpc.NewServer()
		proto.RegisterGossipServer(mute, muteServer{})
		deaf := grpc.NewServer()
		proto.RegisterGossipServer(deaf, deafServer{})
		for endpoint, server := range map[string]*grpc.Server{"mute": mute, "deaf": deaf} {
			listener, server := s.listen(endpoint), server
			go func() { _ = server.Serve(listener) }()
			defer server.Stop()
		}
		for _, c := range []struct {
			endpoint string
			within   time.Duration
			err      string
		}{
			{"nobody", 3 * time.Second, "deadline exceeded"},
			{"deaf", 2*time.Second + 10*time.Millisecond, "DeadlineExceeded"},
			{"mute", 2*time.Second + 10*time.Millisecond, "Timed out waiting for connection message"},
		} {
			peer := &comm.RemotePeer{Endpoint: c.endpoint, PKIID: idOf(c.endpoint)}
			start := time.Now()
			_, err := a.Handshake(peer)
			assert.Contains(t, err.Error(), c.err)
			assert.Equal(t, c.within, time.Since(start), c.endpoint)

			// Sending is the same, whatever number waits for it.
			start = time.Now()
			for i := 0; i < 5; i++ {
				a.Send(text("m"), peer)
				pass(100 * time.Millisecond)
			}
			assert.Equal(t, idOf(c.endpoint), <-a.PresumedDead())
			assert.Equal(t, c.within, time.Since(start), c.endpoint)
			result := a.SendWithAck(text("m"), time.Second, 1, peer)
			assert.Equal(t, `{"failures":{"timed out":1}}`, result.String(), "the clock starts with the call")
			assert.Equal(t, idOf(c.endpoint), <-a.PresumedDead())
			assert.Empty(t, a.PresumedDead())
		}
		peer := &comm.RemotePeer{Endpoint: "deaf"}
		start := time.Now()
		assert.Error(t, a.Probe(peer))
		assert.Equal(t, 2*time.Second+10*time.Millisecond, time.Since(start))
		assert.NoError(t, a.Probe(&comm.RemotePeer{Endpoint: "mute"}))
	})
}

// deafServer does not answer pings; muteServer does, but not introductions.
type (
	deafServer struct{ muteServer }
	muteServer struct{}
)

func (deafServer) Ping(ctx context.Context, _ *proto.Empty) (*proto.Empty, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (muteServer) Ping(context.Context, *proto.Empty) (*proto.Empty, error) {
	return &proto.Empty{}, nil
}

func (muteServer) GossipStream(s proto.Gossip_GossipStreamServer) error {
	<-s.Context().Done()
	return nil
}

// A stream that a newer one has taken the place of is read on for a moment, but
// not by an instance that stops.
func TestSimStopDoesNotWaitForSupersededStreams(t *testing.T) {
	simulate(t, func(t *testing.T, s *simNet) {
		a, twin, b := s.start(t, "A.a"), s.start(t, "A.a"), s.start(t, "A.b")
		defer a.close()
		defer twin.close()
		atB := b.accept(t)
		a.Send(text("1"), b.peer())
		atB.expect("1")
		twin.Send(text("2"), b.peer())
		atB.expect("2")
		synctest.Wait()
		assert.Equal(t, 2, b.streams())
		start := time.Now()
		b.Stop()
		assert.Zero(t, time.Since(start))
		assert.Equal(t, 2, b.seen.count(observe.Disconnected, "stopped"))
		b.close()
	})
}

// countingServer is mute too, and counts the streams that are open.
type countingServer struct {
	muteServer
	open *int32
}

func (c countingServer) GossipStream(s proto.Gossip_GossipStreamServer) error {
	atomic.AddInt32(c.open, 1)
	defer atomic.AddInt32(c.open, -1)
	return c.muteServer.GossipStream(s)
}

// Dials take turns, but nobody waits long for those before that lead nowhere.
func TestSimDialsTakeTurns(t *testing.T) {
	simulate(t, func(t *testing.T, s *simNet) {
		a := s.start(t, "A.a")
		defer a.close()
		var open int32
		server := grpc.NewServer()
		proto.RegisterGossipServer(server, countingServer{open: &open})
		listener := s.listen("mute")
		go func() { _ = server.Serve(listener) }()
		defer server.Stop()
		for i := 0; i < 20; i++ {
			a.Send(text("m"), &comm.RemotePeer{Endpoint: "mute", PKIID: idOf(fmt.Sprint(i))})
		}
		pass(400 * time.Millisecond)
		assert.Equal(t, int32(6), atomic.LoadInt32(&open), "the first ones")
		pass(400 * time.Millisecond)
		assert.Equal(t, int32(20), atomic.LoadInt32(&open), "all the others")
		pass(3 * time.Second)
		assert.Len(t, a.PresumedDead(), 20)
	})
}

// Nobody listens to what is presumed dead: that must not hold anything up.
func TestSimPresumedDeadOverflows(t *testing.T) {
	simulate(t, func(t *testing.T, s *simNet) {
		a := s.start(t, "A.a")
		defer a.close()
		for i := 0; i < 130; i++ {
			a.Send(text("m"), &comm.RemotePeer{Endpoint: "nowhere", PKIID: idOf(fmt.Sprint(i))})
		}
		pass(10 * time.Second)
		assert.Len(t, a.PresumedDead(), 100)
		assert.Equal(t, 30, a.seen.count(observe.Dropped, "presumed dead queue full"))
	})
}
