// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"fmt"
	"sync"
	"time"
)

// emitBatchCallback is given what is to be emitted. The slice is its own.
type emitBatchCallback func([]interface{})

// batchingEmitter collects items and emits them together, each a fixed number
// of times.
type batchingEmitter interface {
	// Add takes in an item. If that makes enough of them, all are emitted before
	// Add returns.
	Add(interface{})

	// Stop ends emission. Nothing is emitted after it returns. It must not be
	// called by the callback.
	Stop()

	// Size is how many items are still to be emitted.
	Size() int
}

// newBatchingEmitter makes an emitter that hands all items it has to cb every
// latency, counted from now on, and as soon as there are burstSize. It drops an
// item when it has emitted it as often as there are iterations; with 0 it takes
// nothing in. Negative iterations panic.
func newBatchingEmitter(iterations, burstSize int, latency time.Duration, cb emitBatchCallback) batchingEmitter {
	if iterations < 0 {
		panic(fmt.Sprintf("items cannot be emitted %d times", iterations))
	}
	if latency < time.Millisecond {
		latency = time.Millisecond
	}
	return &emitter{
		burst:    burstSize,
		latency:  latency,
		start:    time.Now(),
		callback: cb,
		turn:     make(chan struct{}, 1),
		items:    batch{iterations: iterations},
	}
}

// emitter is the one implementation of batchingEmitter. It has a timer, and only
// while there is something to emit.
type emitter struct {
	burst    int
	latency  time.Duration
	start    time.Time // the timer fires whole latencies after it
	callback emitBatchCallback

	// turn holds one while a batch is taken and handed to the callback, so that
	// batches come one after another in the order of Add. It is put in before
	// mutex is locked.
	turn chan struct{}

	mutex   sync.Mutex
	items   batch       // guarded by mutex
	timer   *time.Timer // guarded by mutex; made when first needed
	armed   bool        // guarded by mutex: the timer is set
	stopped bool        // guarded by mutex
}

func (e *emitter) Add(item interface{}) {
	if e.takeIn(item) {
		e.emit(e.full)
	}
}

// takeIn tells whether it is time for a burst.
func (e *emitter) takeIn(item interface{}) bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.stopped {
		return false
	}
	e.items.add(item)
	e.arm()
	return e.full()
}

// full is called with the mutex held.
func (e *emitter) full() bool { return e.items.size() > 0 && e.items.size() >= e.burst }

// arm sets the timer to the next time for emission, if there is anything to
// emit. It is called with the mutex held.
func (e *emitter) arm() {
	if e.armed || e.stopped || e.items.size() == 0 {
		return
	}
	e.armed = true
	wait := e.latency - time.Since(e.start)%e.latency
	if e.timer == nil {
		e.timer = time.AfterFunc(wait, e.tick)
		return
	}
	e.timer.Reset(wait)
}

func (e *emitter) tick() {
	e.mutex.Lock()
	e.armed = false
	e.mutex.Unlock()
	e.emit(func() bool { return true })
}

// emit hands out a batch if, once it is this call's turn, it is still due.
func (e *emitter) emit(due func() bool) {
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	if emitted := e.take(due); len(emitted) > 0 {
		e.callback(emitted)
	}
}

func (e *emitter) take(due func() bool) []interface{} {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.stopped || !due() {
		return nil
	}
	emitted := e.items.take()
	e.arm()
	return emitted
}

func (e *emitter) Stop() {
	e.mutex.Lock()
	e.stopped = true
	e.items = batch{}
	if e.timer != nil {
		e.timer.Stop()
	}
	e.mutex.Unlock()
	e.turn <- struct{}{} // whoever is emitting has finished then
	<-e.turn
}

func (e *emitter) Size() int {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.items.size()
}

// batch is items that are waiting to be emitted, in the order they came in.
type batch struct {
	iterations int // how often each is emitted; 0: none is taken in
	pending    []repeated
}

type repeated struct {
	item interface{}
	left int // how often it is still to be emitted
}

func (b *batch) size() int { return len(b.pending) }

func (b *batch) add(item interface{}) {
	if b.iterations > 0 {
		b.pending = append(b.pending, repeated{item, b.iterations})
	}
}

// take is one emission of everything that is pending.
func (b *batch) take() []interface{} {
	emitted := make([]interface{}, len(b.pending))
	var remaining []repeated
	for i, r := range b.pending {
		emitted[i] = r.item
		if r.left--; r.left > 0 {
			remaining = append(remaining, r)
		}
	}
	b.pending = remaining
	return emitted
}
