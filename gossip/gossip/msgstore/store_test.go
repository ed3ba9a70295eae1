// SPDX-License-Identifier: Apache-2.0

package msgstore_test

import (
	"math/rand"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/msgstore"
)

// version is a message: a higher version of a name replaces a lower one, and
// messages of different names have nothing to do with each other.
type version struct {
	name   string
	number int
}

func newest(this, that interface{}) common.InvalidationResult {
	x, y := this.(version), that.(version)
	switch {
	case x.name != y.name:
		return common.MessageNoAction
	case x.number > y.number:
		return common.MessageInvalidates
	}
	return common.MessageInvalidated
}

// recorder is a trigger that remembers what it was told.
type recorder struct {
	told []interface{}
}

func (r *recorder) note(message interface{}) { r.told = append(r.told, message) }

func (r *recorder) forget() []interface{} {
	told := r.told
	r.told = nil
	return told
}

func TestReplacing(t *testing.T) {
	var replaced recorder
	s := msgstore.NewMessageStore(newest, replaced.note)
	assert.Equal(t, []interface{}{}, s.Get())
	a1, b1, a2 := version{"a", 1}, version{"b", 1}, version{"a", 2}
	assert.True(t, s.CheckValid(a1))
	assert.Equal(t, 0, s.Size(), "checking takes nothing in")
	assert.True(t, s.Add(a1))
	assert.True(t, s.Add(b1))
	assert.False(t, s.CheckValid(a1))
	assert.False(t, s.Add(a1))
	assert.Equal(t, []interface{}{a1, b1}, s.Get())
	assert.True(t, s.CheckValid(a2))
	assert.Empty(t, replaced.told)
	assert.True(t, s.Add(a2))
	assert.Equal(t, []interface{}{a1}, replaced.forget())
	assert.Equal(t, []interface{}{b1, a2}, s.Get())
	assert.Equal(t, 2, s.Size())

	listed := s.Get()
	listed[0] = a1
	assert.Equal(t, []interface{}{b1, a2}, s.Get(), "the list is the caller's")
	s.Stop()
	s.Stop()
	assert.True(t, s.Add(version{"c", 1}))
	assert.Equal(t, 3, s.Size(), "stopping ends nothing but expiry")
}

// A message is refused by the first that stands against it; what it replaced
// until then is gone, what comes after is not asked.
func TestReplacedBeforeRefused(t *testing.T) {
	var replaced recorder
	asked := 0
	s := msgstore.NewMessageStore(func(this, that interface{}) common.InvalidationResult {
		if this != "x" {
			return common.MessageNoAction
		}
		asked++
		return map[interface{}]common.InvalidationResult{
			1: common.MessageInvalidates, 3: common.MessageInvalidates, 4: common.MessageInvalidated, 5: common.MessageInvalidates,
		}[that]
	}, replaced.note)
	for i := 1; i <= 5; i++ {
		s.Add(i)
	}
	assert.False(t, s.Add("x"))
	assert.Equal(t, 4, asked)
	assert.Equal(t, []interface{}{1, 3}, replaced.told)
	assert.Equal(t, []interface{}{2, 4, 5}, s.Get())
}

func TestPurging(t *testing.T) {
	var purged recorder
	s := msgstore.NewMessageStore(newest, purged.note)
	for i := 0; i < 6; i++ {
		s.Add(version{string(rune('a' + i)), i})
	}
	s.Purge(func(interface{}) bool { return false })
	assert.Empty(t, purged.told)
	s.Purge(func(m interface{}) bool { return m.(version).number%2 == 0 })
	assert.Equal(t, []interface{}{version{"a", 0}, version{"c", 2}, version{"e", 4}}, purged.forget())
	assert.Equal(t, []interface{}{version{"b", 1}, version{"d", 3}, version{"f", 5}}, s.Get())
	assert.True(t, s.Add(version{"a", 0}), "purged means forgotten")
	s.Purge(func(interface{}) bool { return true })
	assert.Len(t, purged.told, 4)
	assert.Equal(t, 0, s.Size())
}

func TestStoreOutlivesPanics(t *testing.T) {
	bad := version{"bad", 0}
	trigger := msgstore.Noop
	s := msgstore.NewMessageStore(func(this, that interface{}) common.InvalidationResult {
		if this == bad && that.(version).number == 2 {
			panic("policy")
		}
		if this == bad {
			return common.MessageInvalidates
		}
		return newest(this, that)
	}, func(m interface{}) { trigger(m) })
	for i := 1; i <= 3; i++ {
		s.Add(version{string(rune('a' + i)), i})
	}
	before := s.Get()
	assert.Panics(t, func() { s.Add(bad) })
	assert.Panics(t, func() { s.CheckValid(bad) })
	assert.Equal(t, before, s.Get(), "nothing lost, and no lock held")
	trigger = func(interface{}) { panic("trigger") }
	assert.Panics(t, func() { s.Purge(func(m interface{}) bool { return m.(version).number == 1 }) })
	assert.Equal(t, before[1:], s.Get())
}

func TestStoreIsForManyGoroutines(t *testing.T) {
	var replaced int // changed under the store's lock only
	s := msgstore.NewMessageStore(newest, func(interface{}) { replaced++ })
	var all sync.WaitGroup
	accepted := make([]int, 4)
	for worker := range accepted {
		all.Add(1)
		go func(worker int) {
			defer all.Done()
			dice := rand.New(rand.NewSource(int64(worker)))
			for i := 0; i < 500; i++ {
				m := version{string(rune('a' + dice.Intn(8))), i}
				s.CheckValid(m)
				if s.Add(m) {
					accepted[worker]++
				}
				s.Get()
				s.Size()
			}
		}(worker)
	}
	all.Wait()
	assert.Equal(t, 8, s.Size(), "one of each name is left")
	assert.Equal(t, accepted[0]+accepted[1]+accepted[2]+accepted[3], replaced+8)
}
