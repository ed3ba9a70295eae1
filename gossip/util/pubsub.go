// SPDX-License-Identifier: Apache-2.0

package util

import (
	"sync"
	"time"

	"github.com/pkg/errors"
)

// subscriptionBuffSize is how many items wait for a subscriber that does not
// listen; what comes then is lost to it.
const subscriptionBuffSize = 50

// Subscription receives what is published on one topic.
type Subscription interface {
	// Listen returns the next item, in the order of publication. It waits for
	// the time that the subscription was made for, counted from this call, and
	// then fails with "timed out". Items that arrived while the subscription
	// was alive can be read after it has expired.
	Listen() (interface{}, error)
}

// PubSub passes items from publishers to subscribers of a topic. Publishing
// never waits for anybody.
type PubSub struct {
	sync.RWMutex
	// subscriptions holds, by topic, the live *subscription values; a topic
	// without any has no entry. Guarded by the RWMutex.
	subscriptions map[string]*Set
}

// subscription is the one implementation of Subscription.
type subscription struct {
	hub    *PubSub
	topic  string
	ttl    time.Duration
	items  chan interface{}
	expiry *time.Timer // set once, under the hub's lock
}

// NewPubSub returns a PubSub without subscriptions.
func NewPubSub() *PubSub {
	return &PubSub{subscriptions: make(map[string]*Set)}
}

// Publish passes an item to all live subscriptions of a topic. One that has no
// room for it misses it. The error says that there were no subscriptions; it
// reads "no subscribers".
func (ps *PubSub) Publish(topic string, item interface{}) error {
	ps.RLock()
	defer ps.RUnlock()
	subscribers, exist := ps.subscriptions[topic]
	if !exist {
		return errors.New("no subscribers")
	}
	subscribers.each(func(s interface{}) {
		select {
		case s.(*subscription).items <- item:
		default:
		}
	})
	return nil
}

// Subscribe makes a subscription that takes in items of the topic for ttl.
// Each call makes another one, however many there are. Its value also has a
// method Cancel(), for who is done before the time is over: it ends the
// subscription at once, like expiry does.
func (ps *PubSub) Subscribe(topic string, ttl time.Duration) Subscription {
	s := &subscription{
		hub:   ps,
		topic: topic,
		ttl:   ttl,
		items: make(chan interface{}, subscriptionBuffSize),
	}
	ps.Lock()
	defer ps.Unlock()
	subscribers, exist := ps.subscriptions[topic]
	if !exist {
		subscribers = NewSet()
		ps.subscriptions[topic] = subscribers
	}
	subscribers.Add(s)
	s.expiry = time.AfterFunc(ttl, s.unsubscribe)
	return s
}

// Cancel ends the subscription before its time. What has arrived can still be
// listened to. It may be called more than once.
func (s *subscription) Cancel() {
	s.expiry.Stop()
	s.unsubscribe()
}

// unsubscribe takes s off its topic, and the topic away with the last one.
func (s *subscription) unsubscribe() {
	s.hub.Lock()
	defer s.hub.Unlock()
	subscribers, exist := s.hub.subscriptions[s.topic]
	if !exist {
		return
	}
	subscribers.Remove(s)
	if subscribers.Size() == 0 {
		delete(s.hub.subscriptions, s.topic)
	}
}

func (s *subscription) Listen() (interface{}, error) {
	select {
	case item := <-s.items:
		return item, nil
	default:
	}
	patience := time.NewTimer(s.ttl)
	defer patience.Stop()
	select {
	case item := <-s.items:
		return item, nil
	case <-patience.C:
		return nil, errors.New("timed out")
	}
}
