// SPDX-License-Identifier: Apache-2.0

package lane_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/gossip/internal/lane"
)

func TestWorkForOnePeerKeepsItsOrder(t *testing.T) {
	lanes := lane.New()
	var done []int // by the one goroutine of that peer; read after all
	var all sync.WaitGroup
	for round := 0; round < 100; round++ {
		all.Add(10)
		for i := 0; i < 10; i++ {
			i := 10*round + i
			assert.True(t, lanes.Do("peer", func() {
				done = append(done, i)
				all.Done()
			}))
		}
		all.Wait()
	}
	for i, number := range done {
		assert.Equal(t, i, number)
	}
	assert.Len(t, done, 1000)
}

func TestAStuckPeerHoldsUpNobodyElse(t *testing.T) {
	lanes := lane.New()
	release, working := make(chan struct{}), make(chan struct{})
	var stuck sync.WaitGroup
	stuck.Add(1 + 16)
	assert.True(t, lanes.Do("stuck", func() {
		close(working)
		<-release
		stuck.Done()
	}))
	<-working
	for i := 0; i < 16; i++ {
		assert.True(t, lanes.Do("stuck", stuck.Done))
	}
	assert.False(t, lanes.Do("stuck", func() { t.Error("this was refused") }), "its queue is full")
	other := make(chan struct{})
	assert.True(t, lanes.Do("other", func() { close(other) }))
	<-other
	close(release)
	stuck.Wait()
}

func TestTooManyPeers(t *testing.T) {
	lanes := lane.New()
	release := make(chan struct{})
	var all sync.WaitGroup
	for i := 0; i < 256; i++ {
		all.Add(1)
		assert.True(t, lanes.Do(string(rune(i)), func() {
			<-release
			all.Done()
		}))
	}
	assert.False(t, lanes.Do("one more", func() { t.Error("this was refused") }))
	close(release)
	all.Wait()
}

func TestStopDiscardsWhatHasNotBegun(t *testing.T) {
	lanes := lane.New()
	release, working, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	assert.True(t, lanes.Do("peer", func() {
		close(working)
		<-release
		close(ended)
	}))
	<-working
	assert.True(t, lanes.Do("peer", func() { t.Error("this was discarded") }))
	lanes.Stop()
	lanes.Stop()
	assert.False(t, lanes.Do("peer", func() { t.Error("this was refused") }))
	assert.False(t, lanes.Do("another", func() { t.Error("this was refused") }))
	close(release)
	<-ended
}
