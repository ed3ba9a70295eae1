// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package algo

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
)

// turn guards the logs of stand-ins. Who passes time hands over with it: what a
// test did before, the engines see after, without it being a race.
var turn sync.Mutex

// standIn is an adapter whose calls a test can watch and answer.
type standIn struct {
	peers  []string
	log    []string // of calls, with the time since start
	start  time.Time
	hello  func(dest string, nonce uint64)
	digest func(items []string, nonce uint64, context interface{})
	req    func(dest string, items []string, nonce uint64)
	res    func(items []string, context interface{}, nonce uint64)
}

func (s *standIn) note(format string, args ...interface{}) {
	turn.Lock()
	defer turn.Unlock()
	s.log = append(s.log, fmt.Sprint(time.Since(s.start).Round(time.Millisecond), " ")+fmt.Sprintf(format, args...))
}

func (s *standIn) forget() []string {
	turn.Lock()
	defer turn.Unlock()
	log := s.log
	s.log = nil
	return log
}

func (s *standIn) SelectPeers() []string {
	s.note("select")
	return s.peers
}

func (s *standIn) Hello(dest string, nonce uint64) {
	s.note("hello %s", dest)
	if s.hello != nil {
		s.hello(dest, nonce)
	}
}

func (s *standIn) SendDigest(items []string, nonce uint64, context interface{}) {
	sort.Strings(items)
	s.note("digest %s %d to %v", strings.Join(items, ","), nonce, context)
	if s.digest != nil {
		s.digest(items, nonce, context)
	}
}

func (s *standIn) SendReq(dest string, items []string, nonce uint64) {
	s.note("request %s from %s", strings.Join(items, ","), dest)
	if s.req != nil {
		s.req(dest, items, nonce)
	}
}

func (s *standIn) SendRes(items []string, context interface{}, nonce uint64) {
	s.note("response %s %d to %v", strings.Join(items, ","), nonce, context)
	if s.res != nil {
		s.res(items, context, nonce)
	}
}

// simulate runs a test in virtual time, with windows of 100, 200 and 200 ms and
// half a second between rounds.
func simulate(t *testing.T, s *standIn, test func(t *testing.T, e *PullEngine)) {
	defer viper.Reset()
	SetDigestWaitTime(100 * time.Millisecond)
	SetRequestWaitTime(200 * time.Millisecond)
	SetResponseWaitTime(200 * time.Millisecond)
	synctest.Test(t, func(t *testing.T) {
		s.start = time.Now()
		e := NewPullEngine(s, 500*time.Millisecond)
		defer e.Stop()
		test(t, e)
	})
}

func handOver() {
	turn.Lock()
	defer turn.Unlock()
}

func pass(d time.Duration) {
	handOver()
	time.Sleep(d)
	synctest.Wait()
}

func accepting(e *PullEngine) bool { return atomic.LoadInt32(&e.acceptingResponses) == 1 }

func TestSimARound(t *testing.T) {
	s := &standIn{peers: []string{"p", "q", "p"}}
	nonces := map[string]uint64{}
	simulate(t, s, func(t *testing.T, e *PullEngine) {
		s.hello = func(dest string, nonce uint64) { nonces[dest] = nonce }
		s.req = func(dest string, items []string, nonce uint64) {
			assert.True(t, accepting(e))
			e.Remove("never there")
			e.OnRes(items, nonce) // at once, from within
			for _, item := range items {
				assert.True(t, e.state.Exists(item))
			}
		}
		e.Add("1", "1")
		pass(550 * time.Millisecond)
		e.OnDigest([]string{"1", "2"}, nonces["p"], nil)
		e.OnDigest([]string{"3"}, nonces["q"], nil)
		e.OnDigest([]string{"4"}, nonces["p"]+nonces["q"]+1, nil)
		assert.False(t, accepting(e))
		e.OnRes([]string{"early"}, nonces["p"])
		pass(100 * time.Millisecond)
		assert.True(t, accepting(e))
		e.OnDigest([]string{"5"}, nonces["p"], nil)
		e.OnRes([]string{"forged"}, nonces["p"]+nonces["q"]+1)
		e.OnRes([]string{"6"}, nonces["q"])
		pass(200 * time.Millisecond)
		assert.False(t, accepting(e))
		e.OnRes([]string{"late"}, nonces["q"])
		old := nonces["p"]
		pass(200 * time.Millisecond)
		e.OnDigest([]string{"7"}, old, nil)
		pass(200 * time.Millisecond)
		assert.Equal(t, []string{"500ms select", "500ms hello p", "500ms hello q", "600ms request 2 from p", "600ms request 3 from q",
			"1s select", "1s hello p", "1s hello q"}, s.forget())
		for item, held := range map[string]bool{"1": true, "2": true, "3": true, "6": true, "early": false, "forged": false, "late": false, "7": false} {
			assert.Equal(t, held, e.state.Exists(item), item)
		}
	})
}

func TestSimDigestsThatArriveDuringHello(t *testing.T) {
	s := &standIn{peers: []string{"p", "q"}}
	simulate(t, s, func(t *testing.T, e *PullEngine) {
		s.hello = func(dest string, nonce uint64) { e.OnDigest([]string{dest}, nonce, nil) }
		pass(700 * time.Millisecond)
		assert.Equal(t, []string{"600ms request p from p", "600ms request q from q"}, s.forget()[3:])
	})
}

// Rounds that last longer than the time between them still get their answers.
func TestSimRoundsOverlap(t *testing.T) {
	s := &standIn{peers: []string{"p"}}
	defer viper.Reset()
	synctest.Test(t, func(t *testing.T) {
		SetDigestWaitTime(time.Second)
		SetResponseWaitTime(10 * time.Second)
		s.start = time.Now()
		e := NewPullEngine(s, 700*time.Millisecond)
		rounds := 0
		s.hello = func(dest string, nonce uint64) {
			rounds++
			item := fmt.Sprint(rounds)
			go func() {
				time.Sleep(900 * time.Millisecond)
				e.OnDigest([]string{item}, nonce, nil)
				time.Sleep(9 * time.Second)
				e.OnRes([]string{item}, nonce)
			}()
		}
		pass(30 * time.Second)
		assert.Equal(t, 42, rounds, "one every 700 ms")
		for i := 1; i <= 28; i++ {
			assert.True(t, e.state.Exists(fmt.Sprint(i)), "%d", i)
		}
		assert.True(t, accepting(e))
		e.Stop()
		assert.False(t, accepting(e))
		pass(time.Minute)
		assert.Equal(t, 42, rounds)
	})
}

func TestSimResponder(t *testing.T) {
	s := &standIn{}
	simulate(t, s, func(t *testing.T, e *PullEngine) {
		e.OnHello(0, "empty")
		e.Add("1", "2", "3")
		e.digFilter = func(context interface{}) func(string) bool {
			return func(item string) bool { return context != "stranger" && item != "3" }
		}
		e.OnHello(7, "friend")
		e.OnHello(8, "stranger")
		pass(199 * time.Millisecond)
		e.OnReq([]string{"1", "3", "1", "4", "2"}, 7, "friend")
		e.OnReq([]string{"1"}, 7, "stranger")
		e.OnReq([]string{"2"}, 0, "friend")
		e.OnReq([]string{"1"}, 9, "friend")
		e.OnReq(nil, 7, "friend")
		synctest.Wait()
		pass(time.Millisecond)
		e.OnReq([]string{"1"}, 7, "friend")
		synctest.Wait()
		log := s.forget()
		sort.Strings(log)
		assert.Equal(t, []string{"0s digest 1,2 7 to friend", "199ms response 1,2 7 to friend", "199ms response 2 0 to friend"}, log)
	})
}

func TestSimSlowReceiversAreBounded(t *testing.T) {
	s := &standIn{}
	simulate(t, s, func(t *testing.T, e *PullEngine) {
		release := make(chan struct{})
		s.res = func([]string, interface{}, uint64) { <-release }
		e.Add("1")
		e.OnHello(1, nil)
		for i := 0; i < 2*maxAnswers; i++ {
			e.OnReq([]string{"1"}, 1, nil)
		}
		synctest.Wait()
		assert.Len(t, s.forget(), 1+maxAnswers)
		close(release)
		synctest.Wait()
		e.OnReq([]string{"1"}, 1, nil)
		synctest.Wait()
		assert.Len(t, s.forget(), 1, "room again")
	})
}

func TestSimStop(t *testing.T) {
	s := &standIn{peers: []string{"p", "q"}}
	simulate(t, s, func(t *testing.T, e *PullEngine) {
		e.Add("1")
		stuck := make(chan struct{})
		s.hello = func(string, uint64) { <-stuck }
		e.OnHello(5, "friend")
		pass(500 * time.Millisecond)
		e.Stop()
		e.Stop()
		e.OnHello(6, "friend")
		e.OnReq([]string{"1"}, 5, "friend")
		e.OnReq([]string{"1"}, 6, "friend")
		close(stuck)
		pass(time.Hour)
		assert.Equal(t, []string{"0s digest 1 5 to friend", "500ms select", "500ms hello p"}, s.forget())
	})
	for _, when := range []time.Duration{0, 499 * time.Millisecond, 550 * time.Millisecond, 650 * time.Millisecond, 850 * time.Millisecond} {
		s := &standIn{peers: []string{"p"}}
		simulate(t, s, func(t *testing.T, e *PullEngine) {
			pass(when)
			before := len(s.forget())
			e.Stop()
			synctest.Wait() // the goroutine has to end, or the simulation fails
			assert.False(t, accepting(e))
			pass(time.Hour)
			assert.Empty(t, s.forget(), "stopped after %s and %d calls", when, before)
		})
	}
	s = &standIn{peers: []string{"p", "q"}}
	simulate(t, s, func(t *testing.T, e *PullEngine) {
		s.hello = func(dest string, nonce uint64) { e.OnDigest([]string{dest}, nonce, nil) }
		s.req = func(string, []string, uint64) { e.Stop() }
		pass(time.Second) // stopping from a callback does not hang
		assert.Equal(t, []string{"600ms request p from p"}, s.forget()[3:], "and nobody else is asked")
	})
}

func TestSimSleepTimeIsNeverZero(t *testing.T) {
	s := &standIn{peers: []string{"p"}}
	synctest.Test(t, func(t *testing.T) {
		s.start = time.Now()
		e := NewPullEngine(s, 0)
		pass(10*time.Second + time.Millisecond/2)
		e.Stop()
		assert.True(t, len(s.forget()) < 20000)
	})
}

func TestSimAnnouncersShareTheWork(t *testing.T) {
	s := &standIn{peers: []string{"p", "q", "r"}}
	simulate(t, s, func(t *testing.T, e *PullEngine) {
		var items []string
		for i := 0; i < 100; i++ {
			items = append(items, fmt.Sprint(i))
		}
		requested := map[string]int{}
		s.hello = func(dest string, nonce uint64) { e.OnDigest(items, nonce, nil) }
		s.req = func(dest string, items []string, nonce uint64) { requested[dest] += len(items) }
		pass(700 * time.Millisecond)
		assert.Equal(t, 100, requested["p"]+requested["q"]+requested["r"])
		for _, peer := range s.peers {
			assert.True(t, requested[peer] > 5, "%d from %s", requested[peer], peer)
		}
	})
}

// Ten nodes with an item each, all asking all, have everything within 4 s.
func TestSimConvergence(t *testing.T) {
	defer viper.Reset()
	SetDigestWaitTime(100 * time.Millisecond)
	SetRequestWaitTime(200 * time.Millisecond)
	SetResponseWaitTime(200 * time.Millisecond)
	synctest.Test(t, func(t *testing.T) {
		nodes := map[string]*PullEngine{}
		var names []string
		for i := 0; i < 10; i++ {
			names = append(names, fmt.Sprint("node", i))
		}
		adapters := map[string]*standIn{}
		for _, name := range names {
			a := &standIn{start: time.Now()}
			for _, other := range names {
				if other != name {
					a.peers = append(a.peers, other)
				}
			}
			adapters[name] = a
			nodes[name] = NewPullEngine(a, 500*time.Millisecond)
			nodes[name].Add(name)
		}
		for _, name := range names {
			a := adapters[name]
			a.hello = func(dest string, nonce uint64) { go nodes[dest].OnHello(nonce, name) }
			a.digest = func(items []string, nonce uint64, to interface{}) { go nodes[to.(string)].OnDigest(items, nonce, name) }
			a.req = func(dest string, items []string, nonce uint64) { go nodes[dest].OnReq(items, nonce, name) }
			a.res = func(items []string, to interface{}, nonce uint64) { nodes[to.(string)].OnRes(items, nonce) }
		}
		pass(4 * time.Second)
		for _, name := range names {
			assert.Equal(t, 10, nodes[name].state.Size(), name)
			nodes[name].Stop()
		}
	})
}

func TestSimManyCallersAtOnce(t *testing.T) {
	s := &standIn{peers: []string{"p"}}
	simulate(t, s, func(t *testing.T, e *PullEngine) {
		s.hello = func(dest string, nonce uint64) { go e.OnDigest([]string{"x"}, nonce, nil) }
		s.req = func(dest string, items []string, nonce uint64) { go e.OnRes(items, nonce) }
		var all sync.WaitGroup
		for worker := 0; worker < 4; worker++ {
			all.Add(1)
			go func() {
				defer all.Done()
				for i := 0; i < 200; i++ {
					item := fmt.Sprint(worker, i%10)
					e.Add(item)
					e.OnHello(uint64(worker), nil)
					e.OnReq([]string{item}, uint64(worker), nil)
					e.Remove(item)
					time.Sleep(10 * time.Millisecond)
				}
			}()
		}
		all.Wait()
		pass(0)
		assert.Equal(t, []interface{}{"x"}, e.state.ToArray())
	})
}

func TestDefaultsOfConfiguration(t *testing.T) {
	viper.Reset()
	e := NewPullEngine(&standIn{}, time.Hour)
	defer e.Stop()
	assert.Equal(t, []time.Duration{time.Second, 1500 * time.Millisecond, 2 * time.Second}, []time.Duration{e.digestWaitTime, e.requestWaitTime, e.responseWaitTime})
	defer viper.Reset()
	for _, key := range []string{"peer.gossip.digestWaitTime", "peer.gossip.requestWaitTime", "peer.gossip.responseWaitTime"} {
		viper.Set(key, "3s")
	}
	e = NewPullEngine(&standIn{}, time.Hour)
	defer e.Stop()
	assert.Equal(t, []time.Duration{3 * time.Second, 3 * time.Second, 3 * time.Second}, []time.Duration{e.digestWaitTime, e.requestWaitTime, e.responseWaitTime})
}
