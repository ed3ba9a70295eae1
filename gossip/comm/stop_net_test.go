// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Several goroutines send in tight loops, with and without acknowledgement,
// while one side stops, then the other.
func TestStopUnderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
		// b's subscriber takes some and then none: it is stuck when b stops.
		atB := b.accept(t)
		stop := make(chan struct{})
		var senders sync.WaitGroup
		for i := 0; i < 4; i++ {
			senders.Add(1)
			go func() {
				defer senders.Done()
				for {
					select {
					case <-stop:
						return
					default:
						a.Send(text("m"), b.peer())
						a.SendWithAck(text("m"), time.Millisecond, 1, b.peer())
						b.Send(text("m"), a.peer())
					}
				}
			}()
		}
		for i := 0; i < 20; i++ {
			atB.next()
		}
		within(t, 5*time.Second, "stopping b", b.close)
		b.Stop() // again
		a.seen.awaitMatch(t, 1, "disconnected", func(e observe.Event) bool { return e.Kind == observe.Disconnected })
		within(t, 5*time.Second, "stopping a", a.close)
		close(stop)
		within(t, 5*time.Second, "the senders", senders.Wait)
		assert.Zero(t, a.Peers()+b.Peers())
	})
}

// Whatever waits for a remote that does not answer ends with Stop.
func TestStopEndsAllWaiting(t *testing.T) {
	defer shorter(t, "peer.gossip.dialTimeout", time.Hour)()
	defer shorter(t, "peer.gossip.connTimeout", time.Hour)()
	tr := transport{}
	nobody, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, says nothing
	assert.NoError(t, err)
	defer nobody.Close()
	mute := tr.host(t, func(s proto.Gossip_GossipStreamServer) error { // pings, and then says nothing
		<-s.Context().Done()
		return nil
	})
	defer mute.close()

	a := tr.start(t, "A.a")
	stranger := tr.knock(t, "A.p", a.endpoint, nil)
	defer stranger.close()
	assert.NotNil(t, stranger.read().GetConn())
	guest := tr.visit(t, "A.guest", a.endpoint)
	defer guest.close()
	a.seen.await(t, 1, observe.Connected, "inbound")

	var waiting sync.WaitGroup
	try := func(f func() error) {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			assert.Error(t, f())
		}()
	}
	for _, endpoint := range []string{nobody.Addr().String(), mute.endpoint} {
		peer := &comm.RemotePeer{Endpoint: endpoint, PKIID: idOf(endpoint)}
		a.Send(text("m"), peer)
		try(func() error { return a.SendWithAck(text("m"), time.Hour, 1, peer)[0] })
		try(func() error { _, err := a.Handshake(peer); return err })
	}
	try(func() error { return a.Probe(&comm.RemotePeer{Endpoint: nobody.Addr().String()}) })
	<-mute.clients
	<-mute.clients

	within(t, 5*time.Second, "stopping", a.Stop)
	within(t, 5*time.Second, "what was waiting", waiting.Wait)
	assert.Contains(t, stranger.ended().Error(), "Shutting down")
	assert.EqualError(t, guest.ended(), "EOF")

	late := tr.knock(t, "A.late", a.endpoint, nil)
	defer late.close()
	_, err = proto.NewGossipClient(late.cc).Ping(context.Background(), &proto.Empty{})
	assert.NoError(t, err, "pings are answered all the same")
	assert.Contains(t, late.ended().Error(), "Shutting down")
	assert.EqualError(t, a.Probe(&comm.RemotePeer{Endpoint: mute.endpoint}), "Stopping")
	_, err = a.Handshake(&comm.RemotePeer{Endpoint: mute.endpoint})
	assert.EqualError(t, err, "Stopping")
	a.Send(text("m"), &comm.RemotePeer{Endpoint: mute.endpoint})
	assert.Empty(t, a.PresumedDead())
	a.close()
}

// An instance with a port of its own gives the port back.
func TestInstanceWithServer(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()

	tr := transport{tls: true}
	client := tr.start(t, "A.client")
	defer client.close()
	for i := 0; i < 3; i++ {
		mapper := identity.NewIdentityMapper(crypt{self: "A.own"}, raw("A.own"), noPurge, orgs{})
		c, err := comm.NewCommInstanceWithServer(port, mapper, raw("A.own"), nil, orgs{})
		assert.NoError(t, err)
		messages := c.Accept(func(interface{}) bool { return true })
		peer := &comm.RemotePeer{Endpoint: fmt.Sprintf("127.0.0.1:%d", port), PKIID: idOf("A.own")}
		assert.NoError(t, client.Probe(peer))
		client.Send(text("m"), peer)
		m := inbox{t, messages}.expect("m")
		m.Respond(text("r").GossipMessage)
		assert.Panics(t, func() {
			_, _ = comm.NewCommInstanceWithServer(port, mapper, raw("A.own"), nil, orgs{})
		}, "the port is taken")
		c.Stop()
		mapper.Stop()
		client.seen.awaitMatch(t, i+1, "disconnected", func(e observe.Event) bool { return e.Kind == observe.Disconnected })
	}
}

func noPurge(_ common.PKIidType, _ api.PeerIdentityType) {}

// An instance without port has no certificates, and can only dial.
func TestInstanceWithoutServer(t *testing.T) {
	tr := transport{}
	b := tr.start(t, "A.b")
	defer b.close()
	mapper := identity.NewIdentityMapper(crypt{self: "A.dialler"}, raw("A.dialler"), noPurge, orgs{})
	defer mapper.Stop()
	c, err := comm.NewCommInstanceWithServer(-1, mapper, raw("A.dialler"), func() []grpc.DialOption {
		return []grpc.DialOption{grpc.WithInsecure()}
	}, orgs{})
	assert.NoError(t, err)
	defer c.Stop()
	atB := b.accept(t)
	c.Send(text("m"), b.peer())
	atB.expect("m")
}

// Connecting and closing leaves nothing behind.
func TestTwoHundredCycles(t *testing.T) {
	tr := transport{}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	atA, atB := a.accept(t), b.accept(t)
	before := 0
	for i := 0; i < 200; i++ {
		from, to, at := a, b, atB
		if i%2 == 1 {
			from, to, at = b, a, atA
		}
		from.Send(text("m"), to.peer())
		at.expect("m")
		if i%4 < 2 {
			from.CloseConn(to.peer())
		} else {
			to.CloseConn(from.peer())
		}
		for _, n := range []*node{a, b} {
			n.seen.awaitMatch(t, i+1, "disconnected", func(e observe.Event) bool { return e.Kind == observe.Disconnected })
		}
		if i == 20 {
			before = runtime.NumGoroutine()
		}
	}
	assert.Zero(t, a.Peers()+b.Peers()+a.Strangers()+b.Strangers())
	// Goroutines of the last streams may still be on their way out.
	awaitGoroutines(t, before+20)
}

func awaitGoroutines(t testing.TB, atMost int) {
	deadline := time.NewTimer(longest)
	defer deadline.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for runtime.NumGoroutine() > atMost {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("%d goroutines, more than %d", runtime.NumGoroutine(), atMost)
		}
	}
}

// How many goroutines a connection costs both sides while nothing is sent,
// gRPC's included.
func TestGoroutinesOfIdleConnections(t *testing.T) {
	tr := transport{}
	hub := tr.start(t, "A.hub")
	defer hub.close()
	const peers = 10
	var nodes []*node
	var inboxes []inbox
	for i := 0; i < peers; i++ {
		n := tr.start(t, fmt.Sprint("A.", i))
		defer n.close()
		nodes, inboxes = append(nodes, n), append(inboxes, n.accept(t))
	}
	before := runtime.NumGoroutine()
	for i, n := range nodes {
		hub.Send(text("m"), n.peer())
		inboxes[i].expect("m")
	}
	awaitGoroutines(t, before+14*peers)
	t.Logf("%d goroutines for each connection, both sides", (runtime.NumGoroutine()-before)/peers)
}

func TestDialOptionsCanBeReplaced(t *testing.T) {
	tr := transport{}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	dialled := make(chan string, 10)
	a.SetDialOpts(grpc.WithDialer(func(address string, timeout time.Duration) (net.Conn, error) {
		dialled <- address
		return net.DialTimeout("tcp", b.endpoint, timeout)
	}))
	a.SetDialOpts() // changes nothing
	assert.NoError(t, a.Probe(&comm.RemotePeer{Endpoint: "nowhere"}))
	assert.Equal(t, "nowhere", <-dialled)
}
