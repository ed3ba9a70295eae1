// SPDX-License-Identifier: Apache-2.0

package mock

import (
	"sync"
	"time"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// socketMock is where a peer is reached: its name and what it reads from.
type socketMock struct {
	endpoint string
	socket   chan interface{}
}

// packet is a message on its way from one socket to another.
type packet struct {
	from, to *socketMock
	message  *proto.SignedGossipMessage
	sender   *commMock // ends the wait of an answer
}

// commMock is one peer. Its goroutine reads the socket and hands each packet to
// the subscribers, one after the other.
type commMock struct {
	id      string
	members map[string]*socketMock // not changed by anybody
	logger  util.Logger
	dead    chan common.PKIidType
	done    chan struct{} // closed by Stop
	gone    chan struct{} // closed by the goroutine

	lock sync.Mutex
	// Guarded by lock:
	subscriptions []*subscription
	stopped       bool
}

type subscription struct {
	accepts  common.MessageAcceptor
	messages chan proto.ReceivedMessage
}

// NewCommMock starts a peer. members are all peers by their endpoints, this one,
// whose endpoint and PKI-ID are id, among them.
func NewCommMock(id string, members map[string]*socketMock) comm.Comm {
	mock := &commMock{
		id:      id,
		members: members,
		logger:  util.GetLogger(util.LoggingMockModule, id),
		dead:    make(chan common.PKIidType),
		done:    make(chan struct{}),
		gone:    make(chan struct{}),
	}
	go mock.run()
	return mock
}

func (mock *commMock) run() {
	defer close(mock.gone)
	defer mock.closeSubscriptions()
	for {
		select {
		case item := <-mock.members[mock.id].socket:
			if p, ok := item.(*packet); ok {
				mock.publish(p)
			}
		case <-mock.done:
			return
		}
	}
}

func (mock *commMock) publish(p *packet) {
	mock.lock.Lock()
	subscriptions := mock.subscriptions
	mock.lock.Unlock()
	for _, s := range subscriptions {
		if !s.accepts(p) {
			continue
		}
		select {
		case s.messages <- p:
		case <-mock.done:
			return
		}
	}
}

func (mock *commMock) closeSubscriptions() {
	mock.lock.Lock()
	defer mock.lock.Unlock()
	for _, s := range mock.subscriptions {
		close(s.messages)
	}
	mock.subscriptions = nil
}

// put waits until the packet is read, or the mock is stopped.
func (mock *commMock) put(p *packet) {
	select {
	case p.to.socket <- p:
	case <-mock.done:
	}
}

// GetPKIid is the endpoint's name.
func (mock *commMock) GetPKIid() common.PKIidType { return common.PKIidType(mock.id) }

// Send waits until each of the peers has taken the message.
func (mock *commMock) Send(msg *proto.SignedGossipMessage, peers ...*comm.RemotePeer) {
	for _, peer := range peers {
		to, known := mock.members[peer.Endpoint]
		if !known {
			mock.logger.Warningf("%s has nobody to send to at %s", mock.id, peer.Endpoint)
			continue
		}
		mock.put(&packet{from: mock.members[mock.id], to: to, message: msg, sender: mock})
	}
}

// SendWithAck is not there.
func (mock *commMock) SendWithAck(*proto.SignedGossipMessage, time.Duration, int, ...*comm.RemotePeer) comm.AggregatedSendResult {
	panic("not implemented")
}

// Probe finds everybody alive.
func (mock *commMock) Probe(*comm.RemotePeer) error { return nil }

// Handshake finds out nothing.
func (mock *commMock) Handshake(*comm.RemotePeer) (api.PeerIdentityType, error) { return nil, nil }

// Accept subscribes to messages that come from now on.
func (mock *commMock) Accept(accept common.MessageAcceptor) <-chan proto.ReceivedMessage {
	s := &subscription{accepts: accept, messages: make(chan proto.ReceivedMessage)}
	mock.lock.Lock()
	defer mock.lock.Unlock()
	if mock.stopped {
		close(s.messages)
		return s.messages
	}
	mock.subscriptions = append(mock.subscriptions[:len(mock.subscriptions):len(mock.subscriptions)], s)
	return s.messages
}

// PresumedDead never tells anything.
func (mock *commMock) PresumedDead() <-chan common.PKIidType { return mock.dead }

// CloseConn does nothing.
func (mock *commMock) CloseConn(*comm.RemotePeer) {}

// Stop ends the goroutine and closes the subscriptions, whether or not anybody
// reads them.
func (mock *commMock) Stop() {
	mock.lock.Lock()
	if !mock.stopped {
		mock.stopped = true
		close(mock.done)
	}
	mock.lock.Unlock()
	<-mock.gone
}

// Respond sends a message back to where this one came from.
func (p *packet) Respond(msg *proto.GossipMessage) {
	signed, err := protoext.NoopSign(msg)
	if err != nil {
		p.sender.logger.Errorf("cannot encode a response: %v", err)
		return
	}
	p.sender.put(&packet{from: p.to, to: p.from, message: signed, sender: p.sender})
}

// Ack does nothing.
func (p *packet) Ack(error) {}

// GetGossipMessage is the message as it was sent.
func (p *packet) GetGossipMessage() *proto.SignedGossipMessage { return p.message }

// GetSourceEnvelope and GetConnectionInfo are not there.
func (p *packet) GetSourceEnvelope() *proto.Envelope { return nil }

// GetConnectionInfo is not there.
func (p *packet) GetConnectionInfo() *proto.ConnectionInfo { return nil }
