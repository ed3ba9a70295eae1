// SPDX-License-Identifier: Apache-2.0

// Package lane lets work for remote peers wait for those peers without anybody
// else waiting: answering a peer blocks for as long as that peer does not read.
//
// # Goroutines and ownership
//
// A peer that work is queued for has one goroutine, which ends when its queue
// is empty; so work for one peer happens in the order in which it was queued,
// and a peer that has stopped reading holds up nobody but itself. Both the
// peers at work and the queue of each are limited in number; what is beyond is
// refused. Stop discards what is queued; it does not wait for work in progress,
// which may be stuck until its connection ends.
package lane

import "sync"

// The bounds of a set of lanes.
const (
	maxPeers  = 256 // with work at the same time
	maxQueued = 16  // of work for one peer, besides what is in progress
)

// Lanes is work for peers, by the peer's name.
type Lanes struct {
	mutex   sync.Mutex
	queues  map[string][]func() // of the peers that have a goroutine; guarded by mutex
	stopped bool                // guarded by mutex
}

// New returns lanes without any work.
func New() *Lanes {
	return &Lanes{queues: make(map[string][]func())}
}

// Do queues work for a peer and returns at once. False means that the peer has
// too much to do already, that too many peers have, or that the lanes were
// stopped; the work will not happen then.
func (l *Lanes) Do(peer string, work func()) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.stopped {
		return false
	}
	queue, busy := l.queues[peer]
	switch {
	case busy && len(queue) >= maxQueued, !busy && len(l.queues) >= maxPeers:
		return false
	case busy:
		l.queues[peer] = append(queue, work)
	default:
		l.queues[peer] = nil
		go l.run(peer, work)
	}
	return true
}

// Stop discards all work that has not begun, now and later. It may be called
// more than once.
func (l *Lanes) Stop() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.stopped = true
}

func (l *Lanes) run(peer string, work func()) {
	for work != nil {
		work()
		work = l.next(peer)
	}
}

// next takes the first piece of work out of a peer's queue; if there is none
// the peer's lane is closed.
func (l *Lanes) next(peer string) func() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	queue := l.queues[peer]
	if len(queue) == 0 || l.stopped {
		delete(l.queues, peer)
		return nil
	}
	work := queue[0]
	l.queues[peer] = queue[1:]
	return work
}
