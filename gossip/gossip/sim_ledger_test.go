// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
)

// simLedger takes blocks as they come from gossip and commits them in order, as
// a peer's state layer does. It outlives the peer's node.
type simLedger struct {
	mu sync.Mutex
	// Guarded by mu:
	next    uint64                   // number of the block to commit next
	ahead   map[uint64]bool          // got, but not committable yet
	seen    map[uint64]bool          // got since the node started
	mine    map[uint64]bool          // gossiped by the peer itself
	lives   int                      // how often the node has started
	first   map[uint64]time.Duration // when each block came first, since the network's start
	fault   string                   // what should not have happened, the first time
	old     int                      // blocks that had been committed before the node's last start
	channel string
}

// newSimLedger has block 0, as all peers of a channel do.
func newSimLedger() *simLedger {
	return &simLedger{next: 1, ahead: map[uint64]bool{}, seen: map[uint64]bool{}, mine: map[uint64]bool{}, first: map[uint64]time.Duration{}, channel: simChannel}
}

func (l *simLedger) restart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lives++
	l.ahead, l.seen = map[uint64]bool{}, map[uint64]bool{}
}

func (l *simLedger) height() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

// take takes a block from gossip. It returns whether the ledger has grown.
func (l *simLedger) take(n uint64, data []byte, now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.seen[n]:
		l.failed("block %d came twice", n)
	case l.mine[n]: // may have been on its way to here
	case n < l.next && l.lives == 1:
		l.failed("block %d came after block %d was committed", n, l.next-1)
	case n < l.next:
		l.old++
	case !bytes.Equal(data, simcrypto.Block(l.channel, n, len(data)-32)):
		l.failed("block %d is not what was sent", n)
	}
	l.seen[n] = true
	if n < l.next {
		return false
	}
	if _, again := l.first[n]; !again {
		l.first[n] = now
	}
	l.ahead[n] = true
	return l.commit()
}

// own takes a block that the peer gossips itself.
func (l *simLedger) own(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mine[n], l.ahead[n] = true, true
	l.commit()
}

// commit commits what is complete.
func (l *simLedger) commit() bool {
	before := l.next
	for l.ahead[l.next] {
		delete(l.ahead, l.next)
		l.next++
	}
	return l.next > before
}

func (l *simLedger) failed(format string, args ...interface{}) {
	if l.fault == "" {
		l.fault = fmt.Sprintf(format, args...)
	}
}

// state tells what went wrong, if anything, and when each block came.
func (l *simLedger) state() (fault string, first map[uint64]time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = map[uint64]time.Duration{}
	for n, at := range l.first {
		first[n] = at
	}
	return l.fault, first
}
