// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"sync"
	"time"

	"github.com/hyperledger/fabric/core/deliverservice/blocksprovider"
	"github.com/hyperledger/fabric/core/deliverservice/internal/retry"
)

// session is one run of delivery: a provider and the client it reads from. Once
// the provider has ended, neither can be used again.
type session struct {
	provider blocksprovider.BlocksProvider
	client   *broadcastClient
	newest   func() []string // the channel's endpoints as last told
}

// supervisor is the delivery of one channel from start to stop. An elected
// leader's has one session. A static leader's has as many as it takes, because
// nobody else would deliver in its place: only Stop ends it.
//
// DeliverBlocks runs on one goroutine; the other methods may be called from any
// and return at once.
type supervisor struct {
	chainID   string
	endless   bool
	start     func() *session
	done      chan struct{} // closed by Stop
	mutex     sync.Mutex    // guards the fields below
	session   *session
	isStopped bool
}

var _ blocksprovider.BlocksProvider = (*supervisor)(nil)

// newSupervisor makes the first session; DeliverBlocks runs it.
func newSupervisor(chainID string, endless bool, start func() *session) *supervisor {
	return &supervisor{
		chainID: chainID,
		endless: endless,
		start:   start,
		done:    make(chan struct{}),
		session: start(),
	}
}

// A session that lasted this long was no failure to start.
const lastingSession = time.Minute

// DeliverBlocks delivers until Stop, or until an elected leader's session ends.
func (s *supervisor) DeliverBlocks() {
	restart := jittered(retry.Policy{Base: firstDelayBase, Cap: defaultBackoffCap})
	for failures := 0; ; {
		began := time.Now()
		s.current().provider.DeliverBlocks()
		if !s.endless || s.stopped() {
			return
		}
		if time.Since(began) >= lastingSession {
			failures = 0
		}
		failures++
		delay, _ := restart(failures, 0)
		logger.Errorf("[%s] Delivery of blocks ended although this peer is the channel's static leader, starting again in %s", s.chainID, delay)
		if !s.sleep(delay) {
			return
		}
		s.wait()
		if !s.renew() {
			return
		}
	}
}

func (s *supervisor) current() *session {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.session
}

// wait returns when nothing is left of the session that ended last.
func (s *supervisor) wait() { s.current().client.wait() }

// sleep returns false if Stop came meanwhile. When the endpoints change, only
// redirectPause is left of it.
func (s *supervisor) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.done:
		return false
	case <-s.current().client.nextUpdate():
	}
	soon := time.NewTimer(redirectPause)
	defer soon.Stop()
	select {
	case <-soon.C:
		return true
	case <-s.done:
		return false
	}
}

// renew replaces the session; false means that Stop came first.
func (s *supervisor) renew() bool {
	next := s.start()
	next.client.inherit(s.current().client)
	s.mutex.Lock()
	if s.isStopped {
		s.mutex.Unlock()
		return false
	}
	s.session = next
	s.mutex.Unlock()
	// An update that came while the session was being made went to the old one.
	next.provider.UpdateOrderingEndpoints(next.newest())
	return true
}

func (s *supervisor) stopped() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Stop ends delivery. It may be called repeatedly, and before DeliverBlocks.
func (s *supervisor) Stop() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.isStopped {
		return
	}
	s.isStopped = true
	close(s.done)
	s.session.provider.Stop()
}

// UpdateOrderingEndpoints passes new endpoints on to the session that runs.
func (s *supervisor) UpdateOrderingEndpoints(endpoints []string) {
	s.current().provider.UpdateOrderingEndpoints(endpoints)
}
