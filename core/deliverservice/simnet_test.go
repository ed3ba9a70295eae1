//go:build go1.25
// +build go1.25

// SPDX-License-Identifier: Apache-2.0

// Virtual time needs the timers of newer releases, also outside of a module.
//
//go:debug asynctimerchan=0

package deliverclient

import (
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/comm"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	cb "github.com/hyperledger/fabric/protos/common"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
	"github.com/spf13/viper"
	"google.golang.org/grpc"
)

// simulate runs f in virtual time, with clean configuration, and checks that
// nothing is left running fifteen seconds after it stopped its services.
func simulate(t *testing.T, f func(t *testing.T, n *simNet)) {
	viper.Reset()
	defer viper.Reset()
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		n := &simNet{t: t, nodes: make(map[string]*simNode)}
		defer n.shutDown() // of use when f fails
		defer n.stopServices()
		f(t, n)
		n.stopServices()
		time.Sleep(15 * time.Second)
		n.shutDown()
		synctest.Wait()
		// A goroutine that has returned may be counted for a moment longer.
		for i := 0; i < 1e5 && runtime.NumGoroutine() > before; i++ {
			runtime.Gosched()
		}
		if after := runtime.NumGoroutine(); after > before {
			buffer := make([]byte, 1<<20)
			t.Errorf("%d goroutines before, %d after:\n%s", before, after, buffer[:runtime.Stack(buffer, true)])
		}
	})
}

// simNet is a network in memory, with orderers on it and peers that use them.
type simNet struct {
	t        *testing.T
	mutex    sync.Mutex
	nodes    map[string]*simNode
	services []*deliverServiceImpl
	dials    []simDial
	lines    []*simLine
}

// freeze makes all open lines lose whatever is sent over them from now on.
func (n *simNet) freeze() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, line := range n.lines {
		line.frozen.Store(true)
	}
}

// simLine is a peer's end of a connection.
type simLine struct {
	net.Conn
	frozen atomic.Bool
}

func (l *simLine) Read(b []byte) (int, error) {
	for {
		n, err := l.Conn.Read(b)
		if err != nil || !l.frozen.Load() {
			return n, err
		}
	}
}

func (l *simLine) Write(b []byte) (int, error) {
	if l.frozen.Load() {
		return len(b), nil
	}
	return l.Conn.Write(b)
}

type simDial struct {
	at       time.Time
	endpoint string
}

// fault is what is wrong with a node's line. The zero value is nothing.
type fault int

const (
	healthy    fault = iota
	refusing         // connections are refused
	blackHoled       // nothing answers, ever
	resetting        // connections are accepted and closed at once
	dropping         // streams are accepted and closed at once
	slow             // connections stand only after two seconds
	tooSlow          // connections stand only when nobody waits any more
)

// hopeless is a little more than any dial is waited for. It is not longer since
// a dial of the network cannot be interrupted.
const hopeless = 4 * time.Second

// simNode is an address on the network, with an orderer behind it.
type simNode struct {
	net  *simNet
	name string

	mutex   sync.Mutex
	fault   fault
	status  cb.Status // not zero: the answer to each request
	server  *grpc.Server
	lines   chan net.Conn
	height  uint64
	grown   chan struct{} // closed, and replaced, when height grows
	seeks   []uint64
	silence int           // not zero: blocks after which a stream says nothing any more
	gone    chan struct{} // closed by kill
}

func (n *simNet) node(name string) *simNode {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	node := n.nodes[name]
	if node == nil {
		node = &simNode{net: n, name: name, height: 1, grown: make(chan struct{})}
		n.nodes[name] = node
		node.boot()
	}
	return node
}

func (s *simNode) boot() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.server = grpc.NewServer(comm.ServerKeepaliveOptions(&comm.KeepaliveOptions{ServerMinInterval: 10 * time.Second})...)
	s.lines = make(chan net.Conn)
	s.gone = make(chan struct{})
	ab.RegisterAtomicBroadcastServer(s.server, s)
	go s.server.Serve(simListener{lines: s.lines, closed: s.gone, once: &sync.Once{}, addr: simAddr(s.name)})
}

// kill ends the node's process; its connections break.
func (s *simNode) kill() {
	s.mutex.Lock()
	server := s.server
	s.fault = refusing
	s.mutex.Unlock()
	server.Stop()
}

// revive undoes kill.
func (s *simNode) revive() {
	s.boot()
	s.breakLine(healthy)
}

func (s *simNode) breakLine(f fault) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.fault = f
}

func (s *simNode) answer(status cb.Status) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.status = status
}

// fallSilent makes each stream carry so many blocks and no more.
func (s *simNode) fallSilent(after int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.silence = after
}

// grow lets the node's chain have so many blocks.
func (s *simNode) grow(height uint64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.height = height
	close(s.grown)
	s.grown = make(chan struct{})
}

func (s *simNode) seeksSeen() []uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]uint64(nil), s.seeks...)
}

func (*simNode) Broadcast(ab.AtomicBroadcast_BroadcastServer) error { return nil }

func (s *simNode) Deliver(stream ab.AtomicBroadcast_DeliverServer) error {
	s.mutex.Lock()
	drop := s.fault == dropping
	s.mutex.Unlock()
	if drop {
		return errors.New("dropped")
	}
	envelope, err := stream.Recv()
	if err != nil {
		return err
	}
	next, status := s.admit(envelope)
	if status != 0 {
		return stream.Send(&ab.DeliverResponse{Type: &ab.DeliverResponse_Status{Status: status}})
	}
	for sent := 0; ; {
		grown, ok := s.has(next, sent)
		if ok {
			if err := stream.Send(blockResponse(next)); err != nil {
				return err
			}
			next++
			sent++
			continue
		}
		select {
		case <-grown:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

func (s *simNode) admit(envelope *cb.Envelope) (start uint64, status cb.Status) {
	payload, seek := &cb.Payload{}, &ab.SeekInfo{}
	if proto.Unmarshal(envelope.Payload, payload) != nil || proto.Unmarshal(payload.Data, seek) != nil {
		return 0, cb.Status_BAD_REQUEST
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	start = seek.Start.GetSpecified().GetNumber()
	s.seeks = append(s.seeks, start)
	return start, s.status
}

// has says whether the block may be sent over a stream that has carried so many.
func (s *simNode) has(number uint64, sent int) (grown <-chan struct{}, ok bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.silence > 0 && sent >= s.silence {
		return nil, false
	}
	return s.grown, number < s.height
}

// dial connects to a node the way its fault lets it.
func (n *simNet) dial(endpoint string, _ time.Duration) (net.Conn, error) {
	n.mutex.Lock()
	n.dials = append(n.dials, simDial{time.Now(), endpoint})
	node := n.nodes[endpoint]
	n.mutex.Unlock()
	if node == nil {
		return nil, errors.Errorf("no such host: %s", endpoint)
	}
	node.mutex.Lock()
	f, lines, gone := node.fault, node.lines, node.gone
	node.mutex.Unlock()
	here, there := net.Pipe()
	switch f {
	case refusing:
		return nil, errors.New("connection refused")
	case blackHoled:
		time.Sleep(hopeless)
		return nil, errors.New("i/o timeout")
	case resetting:
		there.Close()
		return here, nil
	case slow, tooSlow:
		delay := 2 * time.Second
		if f == tooSlow {
			delay = hopeless
		}
		time.Sleep(delay)
	}
	select {
	case lines <- there:
		line := &simLine{Conn: here}
		n.mutex.Lock()
		n.lines = append(n.lines, line)
		n.mutex.Unlock()
		return line, nil
	case <-gone:
		return nil, errors.New("connection refused")
	}
}

func (n *simNet) dialsTo(endpoint string) (at []time.Time) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, d := range n.dials {
		if d.endpoint == endpoint || endpoint == "" {
			at = append(at, d.at)
		}
	}
	return at
}

func (n *simNet) stopServices() {
	for _, service := range n.services {
		service.Stop()
	}
}

func (n *simNet) shutDown() {
	for _, node := range n.nodes {
		node.server.Stop()
	}
}

// simPeer is a leader on the network. It checks that each block comes once and
// in order.
type simPeer struct {
	t       *testing.T
	service *deliverServiceImpl

	mutex     sync.Mutex
	height    uint64
	gossiped  int
	finalized []time.Time
	arrived   chan struct{} // closed, and replaced, when a block or the end arrives
}

// lead starts a peer whose ledger has block 0, and its delivery.
func (n *simNet) lead(endpoints ...string) *simPeer {
	p := &simPeer{t: n.t, height: 1, arrived: make(chan struct{})}
	service, err := NewDeliverService(&Config{
		ConnFactory: func(string) func(string) (*grpc.ClientConn, error) {
			return func(endpoint string) (*grpc.ClientConn, error) {
				options := append(transportOptions(), grpc.WithInsecure(), grpc.WithDialer(n.dial))
				return dialReady(endpoint, connTimeout(), options...)
			}
		},
		ABCFactory: DefaultABCFactory,
		CryptoSvc:  credulous{},
		Gossip:     p,
		Endpoints:  endpoints,
	})
	if err != nil {
		n.t.Fatal(err)
	}
	p.service = service.(*deliverServiceImpl)
	p.service.signer = &rubberStamp{}
	n.services = append(n.services, p.service)
	p.start()
	return p
}

func (p *simPeer) start() {
	if err := p.service.StartDeliverForChannel("ch", p, p.finalize); err != nil {
		p.t.Fatal(err)
	}
}

func (p *simPeer) LedgerHeight() (uint64, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.height, nil
}

func (p *simPeer) PeersOfChannel(gossipcommon.ChainID) []discovery.NetworkMember { return nil }

func (p *simPeer) Gossip(*gproto.GossipMessage) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.gossiped++
}

func (p *simPeer) AddPayload(_ string, payload *gproto.Payload) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if payload.SeqNum != p.height {
		p.t.Errorf("got block %d when the ledger needed %d", payload.SeqNum, p.height)
		return fmt.Errorf("not the next block")
	}
	p.height++
	p.wake()
	return nil
}

func (p *simPeer) finalize() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.finalized = append(p.finalized, time.Now())
	p.wake()
}

func (p *simPeer) wake() {
	close(p.arrived)
	p.arrived = make(chan struct{})
}

// reaches waits until the ledger has the given height and returns how long that
// took; it must happen within the limit.
func (p *simPeer) reaches(height uint64, limit time.Duration) time.Duration {
	p.t.Helper()
	return p.await(fmt.Sprintf("height %d", height), limit, func() bool { return p.height >= height })
}

// ends waits for the finalizer.
func (p *simPeer) ends(limit time.Duration) time.Duration {
	p.t.Helper()
	return p.await("end of delivery", limit, func() bool { return len(p.finalized) > 0 })
}

func (p *simPeer) await(what string, limit time.Duration, reached func() bool) time.Duration {
	p.t.Helper()
	began := time.Now()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		p.mutex.Lock()
		done, arrived := reached(), p.arrived
		p.mutex.Unlock()
		if done {
			return time.Since(began)
		}
		select {
		case <-arrived:
		case <-timer.C:
			p.t.Fatalf("no %s within %s, ledger is at %d", what, limit, p.height)
		}
	}
}

func (p *simPeer) running() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return len(p.finalized) == 0
}

// simListener accepts what dial hands over.
type simListener struct {
	lines  chan net.Conn
	closed chan struct{}
	once   *sync.Once
	addr   simAddr
}

func (l simListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.lines:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l simListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l simListener) Addr() net.Addr { return l.addr }

type simAddr string

func (simAddr) Network() string  { return "sim" }
func (a simAddr) String() string { return string(a) }
