// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"context"
	"sync"
	"time"

	"github.com/pkg/errors"

	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Ping answers a peer that wants to know whether gossip is here.
func (c *commImpl) Ping(context.Context, *proto.Empty) (*proto.Empty, error) {
	return &proto.Empty{}, nil
}

// GossipStream serves a stream that another peer opened. It returns when the
// stream is over, which ends it.
func (c *commImpl) GossipStream(stream proto.Gossip_GossipStreamServer) error {
	if !c.begin() {
		return errors.New("Shutting down")
	}
	defer c.tasks.Done()
	visit := &visit{node: c, stream: stream, first: make(chan arrival, 1), admitted: make(chan *connection, 1)}
	info, err := visit.authenticate()
	if err != nil {
		close(visit.admitted)
		c.refused(err, nil, remoteAddress(stream.Context()))
		c.complaints.warnf(c.logger, "stream from %s refused: %v", remoteAddress(stream.Context()), err)
		return err
	}
	conn := c.newConnection(info, stream, newOutbox(sendBuffSize()), nil)
	c.lock.Lock()
	replaced, ok := c.table.Accepted(conn.link, c.clock())
	c.lock.Unlock()
	if !ok {
		close(visit.admitted)
		return errors.New("ConnStore is closing")
	}
	c.connected(conn, "inbound", replaced)
	visit.admitted <- conn
	select {
	case <-conn.over:
	case <-c.ctx.Done(): // a superseded stream is in the table no more, so Stop does not see it
		conn.end(byStop, nil)
	}
	if conn.reason == byRemote || conn.reason == byReadError {
		return conn.err
	}
	return nil
}

// visit is an inbound stream up to its authentication. Its goroutine reads the
// first envelope and, once the peer is admitted, all others: the handler itself
// must not read, because reading ends only after the handler has returned.
type visit struct {
	node     *commImpl
	stream   proto.Gossip_GossipStreamServer
	first    chan arrival
	admitted chan *connection // closed if it is not
}

type arrival struct {
	envelope *proto.Envelope
	err      error
}

// authenticate tells who has opened the stream. How many streams can be in here
// at a time is bounded.
func (v *visit) authenticate() (*proto.ConnectionInfo, error) {
	address := remoteAddress(v.stream.Context())
	leave, ok := v.node.strangers.enter(hostOf(address))
	if !ok {
		return nil, refuse(tooManyStranger, "too many unauthenticated streams, %s has to wait", address)
	}
	defer leave()
	remoteCertHash, err := v.node.introduce(v.stream.Context(), v.stream, false)
	if err != nil {
		return nil, err
	}
	v.node.tasks.Add(1) // the handler is one of them, so they are not zero
	go v.read()
	patience := time.NewTimer(connTimeout())
	defer patience.Stop()
	select {
	case a := <-v.first:
		if a.err != nil {
			return nil, v.node.abandoned(address, a.err)
		}
		return v.node.recognize(a.envelope, remoteCertHash, address)
	case <-patience.C:
		return nil, v.node.silent(address)
	case <-v.node.ctx.Done():
		return nil, &refusal{stopping, errors.New("Shutting down")}
	}
}

func (v *visit) read() {
	defer v.node.tasks.Done()
	envelope, err := v.stream.Recv()
	v.first <- arrival{envelope, err}
	if conn := <-v.admitted; conn != nil {
		conn.readFromStream()
	}
}

// turnstile bounds how many are inside at a time, in all and from one place.
type turnstile struct {
	lock sync.Mutex
	// Guarded by lock:
	all    int
	byHost map[string]int
}

// enter lets one more in, unless there are too many. leave has to be called
// when it goes.
func (t *turnstile) enter(host string) (leave func(), ok bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.all >= maxStrangers || t.byHost[host] >= maxStrangersPerHost {
		return nil, false
	}
	if t.byHost == nil {
		t.byHost = make(map[string]int)
	}
	t.all++
	t.byHost[host]++
	return func() { t.leave(host) }, true
}

func (t *turnstile) leave(host string) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.all--
	if t.byHost[host]--; t.byHost[host] == 0 {
		delete(t.byHost, host)
	}
}
