// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// emissions records batches with the time at which they came.
type emissions struct {
	mutex   sync.Mutex
	start   time.Time
	batches []string
}

func (e *emissions) record(batch []interface{}) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	items := strings.Trim(fmt.Sprint(batch...), "[]")
	e.batches = append(e.batches, fmt.Sprintf("%v: %s", time.Since(e.start), items))
}

func (e *emissions) list() []string {
	synctest.Wait()
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return append([]string(nil), e.batches...)
}

func batching(t *testing.T, iterations, burst int, latency time.Duration, test func(t *testing.T, b batchingEmitter, e *emissions)) {
	synctest.Test(t, func(t *testing.T) {
		e := &emissions{start: time.Now()}
		b := newBatchingEmitter(iterations, burst, latency, e.record)
		defer b.Stop()
		test(t, b, e)
	})
}

func TestSimEmitterWaitsForOthers(t *testing.T) {
	batching(t, 1, 100, 10*time.Millisecond, func(t *testing.T, b batchingEmitter, e *emissions) {
		time.Sleep(3 * time.Millisecond)
		b.Add(1)
		time.Sleep(4 * time.Millisecond)
		b.Add(2)
		assert.Empty(t, e.list())
		assert.Equal(t, 2, b.Size())
		time.Sleep(8 * time.Millisecond)
		b.Add(3)
		assert.Equal(t, []string{"10ms: 1 2"}, e.list(), "times do not depend on when items come")
		time.Sleep(time.Hour)
		assert.Equal(t, []string{"10ms: 1 2", "20ms: 3"}, e.list())
		assert.Zero(t, b.Size())
		b.Add(4)
		time.Sleep(4 * time.Millisecond)
		assert.Len(t, e.list(), 2)
		time.Sleep(time.Millisecond)
		assert.Len(t, e.list(), 3)
	})
}

func TestSimEmitterBursts(t *testing.T) {
	batching(t, 1, 10, time.Second, func(t *testing.T, b batchingEmitter, e *emissions) {
		for i := 0; i < 50; i++ {
			b.Add(i)
			assert.Len(t, e.batches, (i+1)/10, "emitted before Add returned")
		}
		assert.Equal(t, "0s: 10 11 12 13 14 15 16 17 18 19", e.list()[1])
		time.Sleep(time.Minute)
		assert.Len(t, e.list(), 5, "nothing is emitted twice, and no empty batch")
	})
}

func TestSimEmitterRepeats(t *testing.T) {
	batching(t, 10, 100, 10*time.Millisecond, func(t *testing.T, b batchingEmitter, e *emissions) {
		b.Add(1)
		time.Sleep(55 * time.Millisecond)
		b.Add(2)
		assert.Equal(t, 2, b.Size())
		time.Sleep(45 * time.Millisecond)
		assert.Len(t, e.list(), 10)
		assert.Equal(t, []string{"50ms: 1", "60ms: 1 2", "70ms: 1 2"}, e.list()[4:7])
		assert.Equal(t, 1, b.Size())
		time.Sleep(50 * time.Millisecond)
		assert.Len(t, e.list(), 15)
		assert.Zero(t, b.Size())
	})
}

func TestSimEmitterRepeatsInBursts(t *testing.T) {
	batching(t, 2, 3, time.Hour, func(t *testing.T, b batchingEmitter, e *emissions) {
		for i := 1; i <= 5; i++ {
			b.Add(i)
		}
		assert.Equal(t, []string{"0s: 1 2 3", "0s: 1 2 3 4"}, e.list(), "what remains counts for the next burst")
		assert.Equal(t, 2, b.Size())
	})
}

func TestSimEmitterPeriod(t *testing.T) {
	batching(t, 5, 100, 500*time.Millisecond, func(t *testing.T, b batchingEmitter, e *emissions) {
		b.Add("x")
		time.Sleep(2500 * time.Millisecond)
		assert.Equal(t, []string{"500ms: x", "1s: x", "1.5s: x", "2s: x", "2.5s: x"}, e.list())
	})
}

func TestSimEmitterTakesNothingIn(t *testing.T) {
	batching(t, 0, 1, time.Millisecond, func(t *testing.T, b batchingEmitter, e *emissions) {
		b.Add(1)
		time.Sleep(time.Second)
		assert.Empty(t, e.list())
		assert.Zero(t, b.Size())
	})
}

func TestSimEmitterStops(t *testing.T) {
	batching(t, 1, 2, time.Second, func(t *testing.T, b batchingEmitter, e *emissions) {
		b.Add(1)
		b.Stop()
		b.Stop()
		b.Add(2)
		b.Add(3)
		time.Sleep(time.Minute)
		assert.Empty(t, e.list())
		assert.Zero(t, b.Size())
	})
}

func TestSimEmitterStopWaitsForTheCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entered, leave := make(chan struct{}), make(chan struct{})
		var finished bool
		b := newBatchingEmitter(1, 1, time.Second, func([]interface{}) {
			close(entered)
			<-leave
			finished = true
		})
		go b.Add(1)
		<-entered
		assert.Zero(t, b.Size(), "the emitter is not locked meanwhile")
		time.AfterFunc(time.Minute, func() { close(leave) })
		b.Stop()
		assert.True(t, finished)
	})
}

func TestSimEmitterKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []interface{}
		b := newBatchingEmitter(1, 3, time.Millisecond, func(batch []interface{}) {
			time.Sleep(3 * time.Millisecond) // slower than items come
			order = append(order, batch...)
		})
		for i := 0; i < 100; i++ {
			b.Add(i)
			time.Sleep(700 * time.Microsecond)
		}
		time.Sleep(time.Second)
		b.Stop()
		for i := range order {
			assert.Equal(t, i, order[i])
		}
		assert.Len(t, order, 100)
	})
}

func TestEmitterRefusesNonsense(t *testing.T) {
	assert.Panics(t, func() { newBatchingEmitter(-1, 1, time.Second, nil) })
}
