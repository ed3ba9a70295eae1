// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package comm

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// dialSite is a network in virtual time: each endpoint answers after its delay,
// with a real connection object or an error.
type dialSite struct {
	start time.Time

	lock    sync.Mutex // guards what follows
	delays  map[string]time.Duration
	failing map[string]bool
	calls   []string // "endpoint@ms since start"
	conns   map[string]*grpc.ClientConn
	zero    bool // answer with connection objects that were never set up
}

func newDialSite(delays map[string]time.Duration, failing ...string) *dialSite {
	s := &dialSite{start: time.Now(), delays: delays, failing: map[string]bool{}, conns: map[string]*grpc.ClientConn{}}
	for _, endpoint := range failing {
		s.failing[endpoint] = true
	}
	return s
}

func (s *dialSite) dial(endpoint string) (*grpc.ClientConn, error) {
	s.lock.Lock()
	s.calls = append(s.calls, fmt.Sprintf("%s@%d", endpoint, time.Since(s.start)/time.Millisecond))
	delay, failing := s.delays[endpoint], s.failing[endpoint]
	s.lock.Unlock()
	time.Sleep(delay) // virtual: the dial takes so long
	if failing {
		return nil, errors.New("unreachable")
	}
	if s.zero {
		return &grpc.ClientConn{}, nil
	}
	conn, err := grpc.Dial("passthrough:///"+endpoint, grpc.WithInsecure(),
		grpc.WithDialer(func(string, time.Duration) (net.Conn, error) { return nil, errors.New("no network") }))
	s.lock.Lock()
	defer s.lock.Unlock()
	s.conns[endpoint] = conn
	return conn, err
}

func (s *dialSite) elapsed() time.Duration { return time.Since(s.start) }

// dialed returns the calls so far in their order.
func (s *dialSite) dialed() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return strings.Join(s.calls, " ")
}

// connected returns the endpoints that have answered with a connection.
func (s *dialSite) connected() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	var endpoints []string
	for endpoint := range s.conns {
		endpoints = append(endpoints, endpoint)
	}
	return endpoints
}

func (s *dialSite) isClosed(endpoint string) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.conns[endpoint].GetState() == connectivity.Shutdown
}

// orderedProducer dials the endpoints in the given order, by demoting them one
// after the other a moment apart.
func orderedProducer(s *dialSite, endpoints ...string) *connProducer {
	p := NewConnectionProducer(s.dial, endpoints).(*connProducer)
	arrange(p, endpoints...)
	return p
}

func arrange(p *connProducer, endpoints ...string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for i, endpoint := range endpoints {
		p.book.demote(endpoint, time.Now().Add(time.Duration(i-len(endpoints))*time.Nanosecond))
	}
}

func TestStaggeredDials(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name    string
		delays  map[string]time.Duration
		failing string
		calls   string
		winner  string // or the error
		after   time.Duration
	}{
		{"first answers in time", map[string]time.Duration{"a": 200 * ms}, "", "a@0", "a", 200 * ms},
		{"refused ones cost nothing", nil, "a b", "a@0 b@0 c@0", "c", 0},
		{"black-holed ones cost a head start each", map[string]time.Duration{"a": time.Hour, "b": time.Hour}, "a b",
			"a@0 b@250 c@500", "c", 500 * ms},
		{"the slow one may still win", map[string]time.Duration{"a": 300 * ms, "b": time.Hour}, "",
			"a@0 b@250", "a", 300 * ms},
		{"the next starts when a dial fails", map[string]time.Duration{"a": time.Hour, "b": 50 * ms}, "b",
			"a@0 b@250 c@300", "c", 300 * ms},
		{"all black-holed", map[string]time.Duration{"a": 3000 * ms, "b": 3000 * ms, "c": 3000 * ms}, "a b c",
			"a@0 b@250 c@500", "Could not connect to any of the endpoints: [a b c]; " +
				"a (unreachable), b (unreachable), c (unreachable)", 3500 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newDialSite(c.delays, strings.Fields(c.failing)...)
				conn, endpoint, err := orderedProducer(s, "a", "b", "c").NewConnection()
				assert.Equal(t, c.after, s.elapsed())
				assert.Equal(t, c.calls, s.dialed())
				if err != nil {
					assert.EqualError(t, err, c.winner)
					return
				}
				assert.Equal(t, c.winner, endpoint)
				assert.Equal(t, "passthrough:///"+c.winner, conn.Target())
				assert.False(t, s.isClosed(c.winner))
				conn.Close()
				time.Sleep(2 * time.Hour) // lets the late dials end
				for _, other := range s.connected() {
					assert.True(t, s.isClosed(other), "the connection to %s came too late", other)
				}
			})
		})
	}
}

func TestLateStandInIsHarmless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(map[string]time.Duration{"a": time.Second})
		s.zero = true
		_, endpoint, err := orderedProducer(s, "a", "b").NewConnection()
		require.NoError(t, err)
		assert.Equal(t, "b", endpoint)
		time.Sleep(time.Second) // a's answer would panic here
	})
}

func TestContextEndsDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(map[string]time.Duration{"a": 0, "b": time.Minute}, "a")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		conn, endpoint, err := orderedProducer(s, "a", "b").NewConnectionContext(ctx)
		assert.Nil(t, conn)
		assert.Empty(t, endpoint)
		assert.EqualError(t, err, "gave up connecting after failures of a (unreachable): context deadline exceeded")
		assert.Equal(t, context.DeadlineExceeded, errors.Cause(err))
		assert.Equal(t, 100*time.Millisecond, s.elapsed(), "without waiting for the factory")
		time.Sleep(time.Minute)
		assert.True(t, s.isClosed("b"), "the late connection")
	})
}

func TestEndedContextDialsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 { // which of two ready events is seen first is random
			_, _, err := orderedProducer(s, "a").NewConnectionContext(ctx)
			assert.Equal(t, context.Canceled, errors.Cause(err))
		}
		assert.Empty(t, s.dialed())
	})
}

func TestContextEndsWaitForTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(map[string]time.Duration{"a": time.Minute}, "a")
		p := orderedProducer(s, "a")
		go p.NewConnection()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := p.NewConnectionContext(ctx)
		assert.EqualError(t, err, "gave up before dialling any endpoint: context deadline exceeded")
		assert.Equal(t, time.Second, s.elapsed())
		time.Sleep(time.Minute)
		assert.Equal(t, "a@0", s.dialed())
	})
}

// result collects what a connection attempt on another goroutine ends with.
type result struct {
	endpoint string
	err      error
	after    time.Duration
}

func connectInBackground(s *dialSite, p *connProducer) <-chan result {
	results := make(chan result, 1)
	go func() {
		conn, endpoint, err := p.NewConnection()
		if conn != nil {
			conn.Close()
		}
		results <- result{endpoint, err, s.elapsed()}
	}()
	synctest.Wait()
	return results
}

func TestConcurrentCallersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(map[string]time.Duration{"a": 100 * time.Millisecond})
		p := orderedProducer(s, "a")
		first, second := connectInBackground(s, p), connectInBackground(s, p)
		one, two := <-first, <-second
		assert.ElementsMatch(t, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond},
			[]time.Duration{one.after, two.after})
		assert.Equal(t, "a@0 a@100", s.dialed())
	})
}

func TestUpdateReplacesDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(map[string]time.Duration{"a": time.Minute, "b": time.Minute})
		p := orderedProducer(s, "a", "b")
		done := connectInBackground(s, p)
		time.Sleep(300 * time.Millisecond)
		p.UpdateEndpoints([]string{"c"})
		assert.Equal(t, 300*time.Millisecond, s.elapsed(), "an update does not wait for a dial")
		assert.Equal(t, result{"c", nil, 300 * time.Millisecond}, <-done)
		assert.Equal(t, "a@0 b@250 c@300", s.dialed())
		time.Sleep(time.Minute)
		assert.True(t, s.isClosed("a") && s.isClosed("b"))
	})
}

func TestUpdateKeepsDialsThatStayListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(map[string]time.Duration{"a": 10 * time.Second, "b": 4 * time.Second, "d": time.Minute})
		p := orderedProducer(s, "a", "b")
		done := connectInBackground(s, p)
		time.Sleep(time.Second)
		p.UpdateEndpoints([]string{"b", "d"})
		assert.Equal(t, result{"b", nil, 4250 * time.Millisecond}, <-done)
		assert.Equal(t, "a@0 b@250 d@1000", s.dialed(),
			"b had its head start, so the new one joins at once; b is not dialled twice")
		time.Sleep(2 * time.Minute)
		assert.True(t, s.isClosed("a") && s.isClosed("d"))
	})
}

func TestUpdateToFailedEndpointsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(map[string]time.Duration{"b": time.Minute}, "a")
		p := orderedProducer(s, "a", "b")
		done := connectInBackground(s, p)
		time.Sleep(time.Second)
		p.UpdateEndpoints([]string{"a"})
		got := <-done
		assert.EqualError(t, got.err, "Could not connect to any of the endpoints: [a]; a (unreachable)")
		assert.Equal(t, time.Second, got.after)
		time.Sleep(time.Minute)
	})
}

// An endpoint that left and came back is dialled anew; the answer to the first
// dial is nobody's.
func TestUpdateBackAndForth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(map[string]time.Duration{"a": 5 * time.Second, "b": time.Minute}, "b")
		p := orderedProducer(s, "a")
		done := connectInBackground(s, p)
		time.Sleep(time.Second)
		p.UpdateEndpoints([]string{"b"})
		synctest.Wait()
		time.Sleep(time.Second)
		p.UpdateEndpoints([]string{"a"})
		assert.Equal(t, result{"a", nil, 7 * time.Second}, <-done)
		assert.Equal(t, "a@0 b@1000 a@2000", s.dialed())
		time.Sleep(time.Minute)
	})
}

func TestDisabledEndpointRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(nil)
		p := NewConnectionProducer(s.dial, []string{"a", "b"}).(*connProducer)
		p.DisableEndpoint("a")
		connect := func() string {
			conn, endpoint, err := p.NewConnection()
			require.NoError(t, err)
			conn.Close()
			return endpoint
		}
		time.Sleep(EndpointDisableInterval - time.Nanosecond)
		for range 30 {
			assert.Equal(t, "b", connect())
		}
		time.Sleep(time.Nanosecond)
		seen := map[string]bool{}
		for range 60 {
			seen[connect()] = true
		}
		assert.Len(t, seen, 2)

		p.DisableEndpoint("a")
		s.failing["b"] = true
		_, _, err := p.NewConnection()
		assert.EqualError(t, err, "Could not connect to any of the endpoints: [b]; b (unreachable)",
			"a disabled endpoint is not dialled while another one is listed")
		p.UpdateEndpoints([]string{"a"})
		assert.Equal(t, "a", connect(), "unless it is the only one")
	})
}

// The interval counts when a connection is asked for.
func TestDisableIntervalIsReadAtUse(t *testing.T) {
	defer func(before time.Duration) { EndpointDisableInterval = before }(EndpointDisableInterval)
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(nil)
		p := NewConnectionProducer(s.dial, []string{"a", "b"}).(*connProducer)
		p.Promote("a")
		p.DisableEndpoint("a")
		p.Promote("a")
		for _, c := range []struct {
			interval time.Duration
			first    string
		}{{time.Second, "b"}, {0, "a"}, {time.Hour, "b"}} {
			EndpointDisableInterval = c.interval
			order, _ := p.candidates()
			assert.Equal(t, c.first, order[0], "%s", c.interval)
		}
	})
}

// A black-holed endpoint loses the race while its dial is still pending; when
// that has failed the next round begins with the other one.
func TestLateFailureIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDialSite(map[string]time.Duration{"a": 3 * time.Second}, "a")
		p := NewConnectionProducer(s.dial, []string{"a", "b"}).(*connProducer)
		p.Promote("a")
		got := <-connectInBackground(s, p)
		assert.Equal(t, result{"b", nil, 250 * time.Millisecond}, got)
		time.Sleep(3 * time.Second)
		p.mutex.Lock()
		defer p.mutex.Unlock()
		assert.Equal(t, []string{"b", "a"}, p.book.candidates(time.Now(), 0, noRevival))
	})
}
