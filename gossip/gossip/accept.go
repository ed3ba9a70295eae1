// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

const (
	// subscriptionBacklog is how many messages wait for a subscriber.
	subscriptionBacklog = 110
	// patience is how long a channel waits for a subscriber that is behind by
	// that much. Then the subscriber gets nothing until it has read something:
	// others are not to wait for it again and again.
	patience = time.Second
)

// subscriptions is who wants which of the messages that the channels take in.
type subscriptions struct {
	mutex sync.Mutex   // serializes add
	all   atomic.Value // []*subscription, replaced as a whole
}

type subscription struct {
	behind   int32 // 1 if the subscriber has stalled; used atomically
	wants    common.MessageAcceptor
	messages chan *proto.GossipMessage // never closed: subscribers do not expect it
}

func (s *subscriptions) add(wants common.MessageAcceptor) <-chan *proto.GossipMessage {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	added := &subscription{wants: wants, messages: make(chan *proto.GossipMessage, subscriptionBacklog)}
	s.all.Store(append(append([]*subscription(nil), s.list()...), added))
	return added.messages
}

func (s *subscriptions) list() []*subscription {
	all, _ := s.all.Load().([]*subscription)
	return all
}

// offer hands a message over and tells whether the subscriber took it. It waits
// no longer than the subscriber deserves, nor after done is closed.
func (s *subscription) offer(m *proto.GossipMessage, done <-chan struct{}) bool {
	select {
	case s.messages <- m:
		atomic.StoreInt32(&s.behind, 0)
		return true
	default:
	}
	if atomic.LoadInt32(&s.behind) == 1 {
		return false
	}
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case s.messages <- m:
		return true
	case <-enough.C:
		atomic.StoreInt32(&s.behind, 1)
	case <-done:
	}
	return false
}

// publish hands a message to everyone who subscribed to it.
func (g *gossipServiceImpl) publish(m interface{}) {
	message := plain(m)
	if message == nil {
		return
	}
	for _, s := range g.audible.list() {
		if g.isStopping() {
			return
		}
		if s.wants(message) && !s.offer(message, g.done) && !g.isStopping() {
			g.hook.Observe(observe.Event{
				Kind: observe.Dropped, Reason: stalledConsumer,
				Channel: string(message.Channel), Message: protoext.Kind(message),
			})
		}
	}
}

// plain is the message without what is around it.
func plain(m interface{}) *proto.GossipMessage {
	switch m := m.(type) {
	case *proto.GossipMessage:
		return m
	case *proto.SignedGossipMessage:
		if m != nil {
			return m.GossipMessage
		}
	case proto.ReceivedMessage:
		return plain(m.GetGossipMessage())
	}
	return nil
}

// Accept subscribes to messages.
func (g *gossipServiceImpl) Accept(acceptor common.MessageAcceptor, passThrough bool) (<-chan *proto.GossipMessage, <-chan proto.ReceivedMessage) {
	if passThrough {
		return nil, g.comm.Accept(func(o interface{}) bool {
			m, ok := o.(proto.ReceivedMessage)
			return ok && acceptor(m)
		})
	}
	return g.audible.add(acceptor), nil
}
