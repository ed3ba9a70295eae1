// SPDX-License-Identifier: Apache-2.0

package util

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func topicsOf(ps *PubSub) int {
	ps.Lock()
	defer ps.Unlock()
	return len(ps.subscriptions)
}

func TestPublishReachesEverySubscriptionOfTheTopic(t *testing.T) {
	ps := NewPubSub()
	assert.EqualError(t, ps.Publish("t", 1), "no subscribers")
	one, two, other := ps.Subscribe("t", time.Hour), ps.Subscribe("t", time.Hour), ps.Subscribe("u", time.Hour)
	assert.NoError(t, ps.Publish("t", 1))
	assert.NoError(t, ps.Publish("t", nil))
	for _, s := range []Subscription{one, two} {
		for _, want := range []interface{}{1, nil} {
			item, err := s.Listen()
			assert.NoError(t, err)
			assert.Equal(t, want, item)
		}
	}
	assert.Len(t, other.(*subscription).items, 0)
	for _, s := range []Subscription{one, two, other} {
		s.(*subscription).Cancel()
	}
	assert.Equal(t, 0, topicsOf(ps))
}

func TestPublishDropsWhatDoesNotFit(t *testing.T) {
	ps := NewPubSub()
	slow, quick := ps.Subscribe("t", time.Hour), ps.Subscribe("t", time.Hour)
	for i := 0; i < subscriptionBuffSize+10; i++ {
		assert.NoError(t, ps.Publish("t", i))
		item, err := quick.Listen()
		assert.NoError(t, err)
		assert.Equal(t, i, item, "one that listens misses nothing")
	}
	for i := 0; i < subscriptionBuffSize; i++ {
		item, err := slow.Listen()
		assert.NoError(t, err)
		assert.Equal(t, i, item, "the new items are the ones that were dropped")
	}
	assert.Len(t, slow.(*subscription).items, 0)
	slow.(*subscription).Cancel()
	quick.(*subscription).Cancel()
}

func TestCancelledSubscription(t *testing.T) {
	ps := NewPubSub()
	cancelled, kept := ps.Subscribe("t", time.Hour), ps.Subscribe("t", time.Hour)
	assert.NoError(t, ps.Publish("t", "before"))
	cancelled.(interface {
		Cancel()
	}).Cancel()
	cancelled.(*subscription).Cancel()
	assert.NoError(t, ps.Publish("t", "after"), "there is another subscription")
	item, err := cancelled.Listen()
	assert.NoError(t, err)
	assert.Equal(t, "before", item)
	assert.Len(t, cancelled.(*subscription).items, 0)
	kept.(*subscription).Cancel()
	assert.EqualError(t, ps.Publish("t", "late"), "no subscribers")
	cancelled.(*subscription).Cancel()
}

func TestManySubscribeAndPublishAtOnce(t *testing.T) {
	ps := NewPubSub()
	var all sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		all.Add(2)
		go func() {
			defer all.Done()
			for i := 0; i < 300; i++ {
				ps.Publish("t", i)
			}
		}()
		go func() {
			defer all.Done()
			for i := 0; i < 100; i++ {
				s := ps.Subscribe("t", time.Duration(i%3)*time.Microsecond)
				if err := ps.Publish("t", i); err == nil {
					s.Listen()
				}
				s.(*subscription).Cancel()
			}
		}()
	}
	all.Wait()
	assert.Equal(t, 0, topicsOf(ps))
}
