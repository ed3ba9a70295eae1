// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package msgstore_test

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/gossip/msgstore"
)

// pass lets virtual time pass and everything happen that it brings about.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// channelLock is a lock that virtual time passes over while somebody waits.
type channelLock chan struct{}

func (l channelLock) Lock()   { l <- struct{}{} }
func (l channelLock) Unlock() { <-l }

func TestSimMessagesExpireAndAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var expired, removed recorder
		s := msgstore.NewMessageStoreExpirable(newest, removed.note, 3*time.Second, nil, nil, expired.note)
		a, b := version{"a", 1}, version{"b", 1}
		assert.True(t, s.Add(a))
		pass(2 * time.Second)
		assert.True(t, s.Add(b))
		pass(time.Second)
		assert.Equal(t, 2, s.Size(), "three seconds is not more than three seconds")
		pass(30*time.Millisecond + 1)
		assert.Equal(t, []interface{}{b}, s.Get())
		assert.Equal(t, []interface{}{a}, expired.forget())
		assert.False(t, s.Add(a), "expired, but remembered")
		assert.False(t, s.CheckValid(a))
		pass(2 * time.Second)
		assert.Equal(t, 0, s.Size())
		assert.Equal(t, []interface{}{b}, expired.forget())
		pass(time.Second)
		assert.True(t, s.CheckValid(a), "forgotten after six")
		assert.False(t, s.CheckValid(b))
		assert.True(t, s.Add(a))
		pass(time.Hour)
		assert.Equal(t, []interface{}{a}, expired.forget())
		assert.True(t, s.Add(a))
		assert.True(t, s.Add(b))
		assert.Empty(t, removed.told)
		s.Stop()
	})
}

func TestSimExpiredMessagesAreReplacedAndPurged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var removed recorder
		s := msgstore.NewMessageStoreExpirable(newest, removed.note, time.Second, nil, nil, nil)
		defer s.Stop()
		s.Add(version{"a", 1})
		s.Add(version{"b", 1})
		pass(1100 * time.Millisecond)
		s.Add(version{"c", 1})
		assert.Equal(t, 1, s.Size())
		assert.True(t, s.Add(version{"a", 2}))
		assert.Equal(t, 2, s.Size(), "the one replaced did not count any more")
		s.Purge(func(m interface{}) bool { return m == version{"b", 1} })
		assert.Equal(t, 2, s.Size())
		assert.Equal(t, []interface{}{version{"a", 1}, version{"b", 1}}, removed.told)
		pass(10 * time.Second)
		assert.Equal(t, 0, s.Size())
	})
}

func TestSimTheLockOutsideComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outside := make(channelLock, 1)
		held := false
		lock := func() { outside.Lock(); held = true }
		unlock := func() { held = false; outside.Unlock() }
		var expired recorder
		s := msgstore.NewMessageStoreExpirable(newest, msgstore.Noop, time.Second, lock, unlock, func(m interface{}) {
			assert.True(t, held)
			expired.note(m)
		})
		a := version{"a", 1}
		s.Add(a)
		outside.Lock()
		pass(5 * time.Second)
		assert.Equal(t, 1, s.Size(), "nothing expires without the lock")
		assert.False(t, s.CheckValid(a))
		assert.True(t, s.Add(version{"b", 1}), "and the store works meanwhile")
		assert.Empty(t, expired.told)
		outside.Unlock()
		pass(10 * time.Millisecond)
		outside.Lock()
		assert.Equal(t, []interface{}{version{"b", 1}}, s.Get())
		assert.True(t, s.Add(a), "its time to be remembered was over as well")
		outside.Unlock()
		pass(time.Minute)
		assert.Equal(t, []interface{}{a, version{"b", 1}, a}, expired.told)
	})
}

func TestSimTheLockOutsideIsLeftAloneUntilSomethingIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		locked := 0
		s := msgstore.NewMessageStoreExpirable(newest, msgstore.Noop, time.Second, func() { locked++ }, func() {}, nil)
		defer s.Stop()
		pass(time.Hour)
		assert.Equal(t, 0, locked, "empty")
		s.Add(version{"a", 1})
		pass(time.Second)
		assert.Equal(t, 0, locked)
		s.Purge(func(interface{}) bool { return true })
		pass(time.Hour)
		assert.Equal(t, 0, locked, "empty again")
		for i := 0; i < 1000; i++ {
			s.Add(version{"a", i})
			pass(time.Millisecond)
		}
		pass(time.Hour)
		assert.True(t, locked >= 2 && locked < 10, "locked %d times for one message that stayed", locked)
	})
}

func TestSimNothingExpiresAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outside := make(channelLock, 1)
		var expired recorder
		for _, waiting := range []bool{false, true} {
			s := msgstore.NewMessageStoreExpirable(newest, msgstore.Noop, time.Second, outside.Lock, outside.Unlock, expired.note)
			s.Add(version{"a", 1})
			if waiting {
				outside.Lock()
				pass(5 * time.Second)
			}
			s.Stop()
			s.Stop()
			if waiting {
				outside.Unlock()
			}
			pass(time.Hour)
			assert.Equal(t, 1, s.Size())
			assert.True(t, s.Add(version{"b", 1}))
			pass(time.Hour)
			assert.Equal(t, 2, s.Size())
			assert.Empty(t, expired.told)
		}
	})
}

func TestSimOddTimesToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ttl := range []time.Duration{math.MinInt64, -1, 0, 1, 99} {
			s := msgstore.NewMessageStoreExpirable(newest, msgstore.Noop, ttl, nil, nil, nil)
			s.Add(version{"a", 1})
			pass(time.Microsecond)
			assert.Equal(t, 0, s.Size(), "%d", ttl)
			assert.True(t, s.Add(version{"a", 1}), "%d", ttl)
			s.Stop()
		}
		s := msgstore.NewMessageStoreExpirable(newest, msgstore.Noop, math.MaxInt64, nil, nil, nil)
		s.Add(version{"a", 1})
		pass(time.Hour)
		assert.Equal(t, 1, s.Size())
		s.Stop()
	})
}

// Messages come, are replaced and purged by many while they expire; in the end
// each that was taken in has left in one way.
func TestSimManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left, accepted sync.Map
		note := func(m interface{}) { left.Store(m, true) }
		s := msgstore.NewMessageStoreExpirable(newest, note, 40*time.Millisecond, nil, nil, note)
		var all sync.WaitGroup
		for worker := 0; worker < 4; worker++ {
			all.Add(1)
			go func() {
				defer all.Done()
				for i := 0; i < 300; i++ {
					m := version{string(rune('a' + i%7)), i}
					if s.Add(m) {
						accepted.Store(m, true)
					}
					s.Get()
					time.Sleep(time.Millisecond)
					if i%50 == worker {
						s.Purge(func(m interface{}) bool { return m.(version).number < i-10 })
					}
				}
			}()
		}
		all.Wait()
		pass(time.Second)
		assert.Equal(t, 0, s.Size())
		accepted.Range(func(m, _ interface{}) bool {
			_, gone := left.Load(m)
			return assert.True(t, gone, "%v", m)
		})
		s.Stop()
	})
}
