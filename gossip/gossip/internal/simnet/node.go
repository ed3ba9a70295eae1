// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"sync"
	"time"

	pb "github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

const (
	acceptBuffer = 20  // messages that a subscription holds
	deadBuffer   = 100 // peers that are presumed dead and not asked for yet
)

// node is one peer's transport. It implements comm.Comm.
type node struct {
	net         *Network
	endpoint    string
	pkiID       common.PKIidType
	identity    api.PeerIdentityType
	mapper      identity.Mapper
	hello       *proto.SignedGossipMessage // what the other end of a connection gets first
	capacity    int                        // messages that a connection holds
	buffer      int                        // messages that wait for a dial
	dialTimeout time.Duration
	logger      util.Logger
	hook        observe.Hook
	dead        chan common.PKIidType
	done        chan struct{}
	tasks       sync.WaitGroup // serving connections, dialing, waiting for acknowledgements

	subscriptions sync.RWMutex
	// Guarded by subscriptions:
	subscribed []*subscription

	// Guarded by the network's lock:
	ends     map[string]*end  // in use, by the PKI-ID of the other end
	open     map[*end]bool    // not shut yet, those in use among them
	dials    map[string]*dial // by key
	acks     map[ackKey]chan string
	switched func(requested, actual common.PKIidType)
	crashed  bool
	stopped  bool
}

type subscription struct {
	accepts common.MessageAcceptor
	out     chan proto.ReceivedMessage
}

func newNode(n *Network, endpoint string, mapper identity.Mapper, self api.PeerIdentityType, pkiID common.PKIidType) (*node, error) {
	hello, err := protoext.Sign(&proto.GossipMessage{
		Tag:     proto.GossipMessage_EMPTY,
		Content: &proto.GossipMessage_Conn{Conn: &proto.ConnEstablish{PkiId: pkiID, Identity: self}},
	}, mapper.Sign)
	if err != nil {
		return nil, errors.WithMessage(err, "cannot sign the connection message")
	}
	sendBuffer := util.GetIntOrDefault("peer.gossip.sendBuffSize", 20)
	return &node{
		net:         n,
		endpoint:    endpoint,
		pkiID:       pkiID,
		identity:    self,
		mapper:      mapper,
		hello:       hello,
		capacity:    sendBuffer + inTransit + util.GetIntOrDefault("peer.gossip.recvBuffSize", 20),
		buffer:      sendBuffer,
		dialTimeout: util.GetDurationOrDefault("peer.gossip.dialTimeout", 3*time.Second),
		logger:      util.GetLogger(util.LoggingCommModule, endpoint),
		dead:        make(chan common.PKIidType, deadBuffer),
		done:        make(chan struct{}),
		ends:        map[string]*end{},
		open:        map[*end]bool{},
		dials:       map[string]*dial{},
		acks:        map[ackKey]chan string{},
	}, nil
}

// Hook is where the node tells of connections and of messages that it drops.
func (n *node) Hook() *observe.Hook { return &n.hook }

// OnIdentitySwitch sets who is told, without any lock held, that a dial for a
// peer has reached another one of its organization.
func (n *node) OnIdentitySwitch(f func(requested, actual common.PKIidType)) {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	n.switched = f
}

// GetPKIid returns the node's PKI-ID.
func (n *node) GetPKIid() common.PKIidType { return n.pkiID }

// PresumedDead yields peers that could not be dialed.
func (n *node) PresumedDead() <-chan common.PKIidType { return n.dead }

func encode(e *proto.Envelope) ([]byte, error) {
	if e == nil {
		return nil, errors.New("no envelope")
	}
	return pb.Marshal(e)
}

// Send sends a message to each peer, and does not wait.
func (n *node) Send(m *proto.SignedGossipMessage, peers ...*comm.RemotePeer) {
	if len(peers) == 0 {
		return
	}
	raw, err := encode(m.Envelope)
	if err != nil {
		n.logger.Errorf("Cannot encode a message: %v", err)
		return
	}
	for _, peer := range peers {
		n.send(raw, peer)
	}
}

func (n *node) send(raw []byte, peer *comm.RemotePeer) {
	n.net.mu.Lock()
	to, fate := peer, Fate("")
	if e := n.ends[string(peer.PKIID)]; e != nil {
		to, fate = &e.remote, e.send(raw, false)
	} else if !n.stopped {
		fate = n.dialing(peer).queue(raw)
	}
	n.net.mu.Unlock()
	if fate != "" {
		n.net.tell(n.event(to, raw, fate))
	}
}

// event is about a message to the peer.
func (n *node) event(to *comm.RemotePeer, raw []byte, fate Fate) Event {
	return Event{At: n.net.Now(), From: n.endpoint, To: to.Endpoint, FromID: n.pkiID, ToID: to.PKIID, Raw: raw, Fate: fate}
}

// CloseConn closes the connection with a peer, if there is one.
func (n *node) CloseConn(peer *comm.RemotePeer) {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	if e := n.ends[string(peer.PKIID)]; e != nil {
		e.shut("closed")
	}
}

// register makes an end the one of its peer. The network's lock is held.
func (n *node) register(e *end) {
	if old := n.ends[string(e.remote.PKIID)]; old != nil {
		old.shut("replaced")
	}
	n.ends[string(e.remote.PKIID)] = e
	n.open[e] = true
	direction := "outbound"
	if e.inbound {
		direction = "inbound"
	}
	n.hook.Observe(observe.Event{Kind: observe.Connected, Reason: direction, Peer: e.remote.PKIID, Endpoint: e.remote.Endpoint})
	n.tasks.Add(1)
	go e.serve()
}

// forget takes an end out of the table, unless another is in its place. The
// network's lock is held.
func (n *node) forget(e *end) {
	if n.ends[string(e.remote.PKIID)] == e {
		delete(n.ends, string(e.remote.PKIID))
	}
}

// Accept subscribes to the messages that the acceptor accepts. The channel is
// closed by Stop.
func (n *node) Accept(acceptor common.MessageAcceptor) <-chan proto.ReceivedMessage {
	s := &subscription{accepts: acceptor, out: make(chan proto.ReceivedMessage, acceptBuffer)}
	n.subscriptions.Lock()
	defer n.subscriptions.Unlock()
	select {
	case <-n.done:
		close(s.out)
	default:
		n.subscribed = append(n.subscribed[:len(n.subscribed):len(n.subscribed)], s)
	}
	return s.out
}

// publish hands a message to the subscriptions, and waits for those that are
// full. It returns false if it gave up waiting because of abort.
func (n *node) publish(m proto.ReceivedMessage, abort <-chan struct{}) bool {
	n.subscriptions.RLock()
	subscribed := n.subscribed
	n.subscriptions.RUnlock()
	for _, s := range subscribed {
		if !s.accepts(m) {
			continue
		}
		select {
		case s.out <- m:
		case <-abort:
			return false
		}
	}
	return true
}

// Stop closes all connections, waits for the node's goroutines and closes the
// subscriptions. Later calls return at once.
func (n *node) Stop() {
	if !n.shutDown() {
		return
	}
	n.tasks.Wait()
	n.subscriptions.Lock()
	defer n.subscriptions.Unlock()
	for _, s := range n.subscribed {
		close(s.out)
	}
	n.subscribed = nil
}

func (n *node) shutDown() bool {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	if n.stopped {
		return false
	}
	n.stopped = true
	if n.net.nodes[n.endpoint] == n {
		delete(n.net.nodes, n.endpoint)
	}
	for e := range n.open {
		e.shut("stopping")
	}
	close(n.done)
	return true
}
