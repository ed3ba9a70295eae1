//go:build go1.25
// +build go1.25

// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
)

// The rows of the timing contract that surrounding code relies on.

func TestSimFirstBlockWithADeadEndpoint(t *testing.T) {
	for _, f := range []fault{refusing, blackHoled, resetting, tooSlow} {
		for run := 0; run < 4; run++ { // the order of endpoints is random
			simulate(t, func(t *testing.T, n *simNet) {
				n.node("dead:1").breakLine(f)
				n.node("live:1").grow(2)
				n.lead("dead:1", "live:1").reaches(2, 5*time.Second)
			})
		}
	}
}

func TestSimOrdererRestarts(t *testing.T) {
	for _, away := range []time.Duration{0, time.Second, 3 * time.Second} {
		simulate(t, func(t *testing.T, n *simNet) {
			node := n.node("a:1")
			node.grow(5)
			p := n.lead("a:1")
			p.reaches(5, time.Second)
			node.kill()
			time.Sleep(away)
			node.revive()
			node.grow(6)
			took := p.reaches(6, 5*time.Second)
			if away == 0 {
				assert.True(t, took >= 800*time.Millisecond, "first delay is about a second, not %s", took)
			}
		})
	}
}

func TestSimLossWithADeadEndpointAndAShortThreshold(t *testing.T) {
	for run := 0; run < 4; run++ {
		simulate(t, func(t *testing.T, n *simNet) {
			viper.Set(keyTotalTime, time.Second)
			a, b := n.node("a:1"), n.node("b:1")
			b.breakLine(refusing)
			a.grow(3)
			p := n.lead("a:1", "b:1")
			p.reaches(3, 5*time.Second)
			b.breakLine(healthy)
			b.grow(4)
			a.kill()
			p.reaches(4, 5*time.Second)
		})
	}
}

func TestSimEndpointUpdateReconnects(t *testing.T) {
	simulate(t, func(t *testing.T, n *simNet) {
		n.node("a:1").grow(3)
		n.node("b:1").grow(9)
		p := n.lead("a:1")
		p.reaches(3, time.Second)
		synctest.Wait()
		assert.NoError(t, p.service.UpdateEndpoints("ch", []string{"b:1"}))
		took := p.reaches(9, 5*time.Second)
		assert.True(t, took >= 50*time.Millisecond, "reconnected after %s, before the ledger could advance", took)
		assert.Equal(t, []uint64{3}, n.node("b:1").seeksSeen())
	})
}

func TestSimOtherEndpointAfterABadStatus(t *testing.T) {
	for _, status := range []cb.Status{cb.Status_FORBIDDEN, cb.Status_NOT_FOUND, cb.Status_SERVICE_UNAVAILABLE, cb.Status_INTERNAL_SERVER_ERROR} {
		for run := 0; run < 4; run++ {
			simulate(t, func(t *testing.T, n *simNet) {
				n.node("a:1").answer(status)
				n.node("b:1").grow(3)
				n.lead("a:1", "b:1").reaches(3, time.Second)
			})
		}
	}
}

func TestSimUnreachableOrdererEndsAnElectedLeader(t *testing.T) {
	simulate(t, func(t *testing.T, n *simNet) {
		viper.Set(keyTotalTime, 5*time.Second)
		n.node("a:1").breakLine(refusing)
		p := n.lead("a:1")
		took := p.ends(10 * time.Second)
		assert.Len(t, n.dialsTo("a:1"), 4)
		assert.True(t, took > 5*time.Second && took <= 7*time.Second, "gave up after %s", took)
		assert.Error(t, p.service.StartDeliverForChannel("ch", p, p.finalize))
		assert.NoError(t, p.service.StopDeliverForChannel("ch"))
		n.node("a:1").breakLine(healthy)
		p.start()
		n.node("a:1").grow(4)
		p.reaches(4, time.Second)
	})
}

func TestSimDisconnectWithAShortPolicy(t *testing.T) {
	o := &oddOrderer{recv: recvHangs}
	synctest.Test(t, func(t *testing.T) {
		bc := o.newBroadcastClient(func(int, time.Duration) (time.Duration, bool) { return 10 * time.Millisecond, true })
		go bc.Recv()
		synctest.Wait()
		for i := 2; i < 5; i++ {
			bc.Disconnect(false)
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			assert.Equal(t, i, o.dialled())
		}
		o.assertAllClosed(t, bc)
	})
}

func TestSimUpdateLeavesNoneOfALongWait(t *testing.T) {
	o := &oddOrderer{dial: alwaysFails}
	synctest.Test(t, func(t *testing.T) {
		bc := o.newBroadcastClient(patient)
		go bc.Recv()
		for i := 1; i < 4; i++ {
			time.Sleep(time.Hour)
			synctest.Wait()
			assert.Equal(t, i, o.dialled())
			bc.UpdateEndpoints([]string{"new"})
			time.Sleep(redirectPause)
		}
		assert.Equal(t, []askedPolicy{{1, 0}, {1, 1e6 * time.Second}, {1, 2e6 * time.Second}}, o.askedFor()[:3])
		o.assertAllClosed(t, bc)
	})
}

// Stop in each state a delivery can be in. simulate checks that all goroutines
// are gone fifteen seconds later; here, that nothing is gossiped and dialled.
func TestSimStopInEachState(t *testing.T) {
	for name, prepare := range simStates {
		simulate(t, func(t *testing.T, n *simNet) {
			p := prepare(n)
			began := time.Now()
			p.service.Stop()
			assert.Equal(t, time.Duration(0), time.Since(began), name)
			p.ends(time.Second)
			gossiped, dials := p.gossiped, len(n.dialsTo(""))
			for _, node := range n.nodes {
				node.grow(100)
			}
			time.Sleep(2 * time.Second)
			p.mutex.Lock()
			assert.Equal(t, gossiped, p.gossiped, name)
			assert.Len(t, p.finalized, 1, name)
			p.mutex.Unlock()
			assert.Len(t, n.dialsTo(""), dials, name)
		})
	}
}

// An endpoint update in each state leads to the new endpoint soon.
func TestSimUpdateInEachState(t *testing.T) {
	for name, prepare := range simStates {
		simulate(t, func(t *testing.T, n *simNet) {
			n.node("new:1").grow(50)
			p := prepare(n)
			began := time.Now()
			assert.NoError(t, p.service.UpdateEndpoints("ch", []string{"new:1"}), name)
			assert.Equal(t, time.Duration(0), time.Since(began), name)
			took := p.reaches(50, 2*time.Second)
			t.Logf("%s: %s", name, took)
		})
	}
}

// simStates brings a peer into each state.
var simStates = map[string]func(n *simNet) *simPeer{
	"just started":     func(n *simNet) *simPeer { n.node("a:1"); return n.lead("a:1") },
	"unknown host":     func(n *simNet) *simPeer { return settled(n.lead("nowhere:1")) },
	"dialling":         func(n *simNet) *simPeer { n.node("a:1").breakLine(blackHoled); return settled(n.lead("a:1")) },
	"shaking hands":    func(n *simNet) *simPeer { n.node("a:1").breakLine(tooSlow); return settled(n.lead("a:1")) },
	"waiting to retry": func(n *simNet) *simPeer { return waitingToRetry(n) },
	"idle stream":      func(n *simNet) *simPeer { n.node("a:1"); return settled(n.lead("a:1")) },
	"after blocks":     func(n *simNet) *simPeer { n.node("a:1").grow(20); return settled(n.lead("a:1")) },
	"after a status": func(n *simNet) *simPeer {
		n.node("a:1").answer(cb.Status_SERVICE_UNAVAILABLE)
		p := n.lead("a:1")
		time.Sleep(time.Minute + 3*time.Second)
		return settled(p)
	},
	"stream broken": func(n *simNet) *simPeer {
		n.node("a:1").grow(5)
		p := settled(n.lead("a:1"))
		n.node("a:1").kill()
		return settled(p)
	},
}

func settled(p *simPeer) *simPeer {
	synctest.Wait()
	return p
}

func waitingToRetry(n *simNet) *simPeer {
	n.node("a:1").breakLine(refusing)
	p := n.lead("a:1")
	time.Sleep(10 * time.Minute)
	return settled(p)
}

func TestSimBackoffAgainstADeadOrderer(t *testing.T) {
	for _, f := range []fault{refusing, resetting, dropping} {
		simulate(t, func(t *testing.T, n *simNet) {
			node := n.node("a:1")
			node.breakLine(f)
			p := n.lead("a:1")
			time.Sleep(30 * time.Minute)
			dials := n.dialsTo("a:1")
			first := dials[1].Sub(dials[0])
			assert.True(t, first >= 800*time.Millisecond && first <= 1300*time.Millisecond, "fault %d: first delay %s", f, first)
			last := dials[len(dials)-1].Sub(dials[len(dials)-2])
			assert.True(t, last > 10*time.Second && last < 16*time.Second, "fault %d: last delay %s", f, last)
			node.breakLine(healthy)
			node.grow(10)
			p.reaches(10, 16*time.Second)
		})
	}
}

// An elected leader whose orderer only pretends to work yields in the end.
func TestSimUselessOrdererEndsAnElectedLeader(t *testing.T) {
	simulate(t, func(t *testing.T, n *simNet) {
		viper.Set(keyTotalTime, time.Minute)
		n.node("a:1").breakLine(dropping)
		p := n.lead("a:1")
		took := p.ends(2 * time.Minute)
		assert.True(t, took > time.Minute, "gave up after %s", took)
	})
}

func TestSimNoBlocksAreNoFailure(t *testing.T) {
	simulate(t, func(t *testing.T, n *simNet) {
		viper.Set(keyTotalTime, time.Minute)
		node := n.node("a:1")
		p := n.lead("a:1")
		// A load balancer cuts idle streams every fifty seconds.
		for i := 0; i < 100; i++ {
			time.Sleep(50 * time.Second)
			node.kill()
			node.revive()
		}
		time.Sleep(2 * time.Second)
		assert.True(t, p.running())
		node.grow(2)
		p.reaches(2, 100*time.Millisecond)
	})
}

func TestSimFaultMatrix(t *testing.T) {
	faults := map[string]func(*simNode){
		"refused":              func(s *simNode) { s.breakLine(refusing) },
		"black-holed":          func(s *simNode) { s.breakLine(blackHoled) },
		"accepts, resets":      func(s *simNode) { s.breakLine(resetting) },
		"accepts, drops":       func(s *simNode) { s.breakLine(dropping) },
		"slow handshake":       func(s *simNode) { s.breakLine(slow) },
		"handshake never ends": func(s *simNode) { s.breakLine(tooSlow) },
		"killed":               func(s *simNode) { s.kill() },
		"404":                  func(s *simNode) { s.answer(cb.Status_NOT_FOUND) },
		"503":                  func(s *simNode) { s.answer(cb.Status_SERVICE_UNAVAILABLE) },
	}
	for name, harm := range faults {
		for _, endpoints := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s/%d", name, endpoints), func(t *testing.T) {
				simulate(t, func(t *testing.T, n *simNet) { runFault(t, n, harm, endpoints) })
			})
		}
	}
}

// runFault harms one endpoint before and during delivery. Another one, if there
// is any, takes over within seconds; else delivery resumes when it heals.
func runFault(t *testing.T, n *simNet, harm func(*simNode), endpoints int) {
	names := []string{"a:1", "b:1", "c:1"}[:endpoints]
	for _, name := range names {
		n.node(name).grow(10)
	}
	bad := n.node("a:1")
	harm(bad)
	p := n.lead(names...)
	if endpoints > 1 {
		p.reaches(10, 5*time.Second)
	}
	time.Sleep(time.Minute)
	heal(bad)
	p.reaches(10, 30*time.Second)
	harm(bad)
	bad.mutex.Lock()
	server := bad.server
	bad.mutex.Unlock()
	server.Stop() // so that an open stream notices
	for _, name := range names[1:] {
		n.node(name).grow(20)
	}
	if endpoints > 1 {
		p.reaches(20, 10*time.Second)
	}
	time.Sleep(3 * time.Minute)
	heal(bad)
	for _, name := range names {
		n.node(name).grow(30)
	}
	p.reaches(30, 30*time.Second)
	assert.True(t, p.running())
}

func heal(s *simNode) {
	s.kill()
	s.answer(0)
	s.revive()
}

// All orderers are away for three hours. A static leader is back soon after
// they are; no budget applies to it.
func TestSimStaticLeaderOutlivesALongOutage(t *testing.T) {
	for _, names := range [][]string{{"a:1"}, {"a:1", "b:1", "c:1"}} {
		simulate(t, func(t *testing.T, n *simNet) {
			viper.Set(keyStaticLeader, true)
			for _, name := range names {
				n.node(name).grow(4)
			}
			p := n.lead(names...)
			p.reaches(4, time.Second)
			for _, name := range names {
				n.node(name).kill()
			}
			time.Sleep(3 * time.Hour)
			assert.True(t, p.running())
			for _, name := range names {
				n.node(name).revive()
				n.node(name).grow(8)
			}
			p.reaches(8, 20*time.Second)
		})
	}
}

// Nothing that an orderer answers ends a static leader's delivery.
func TestSimStaticLeaderOutlivesEveryStatus(t *testing.T) {
	for status := range cb.Status_name {
		if status == 0 {
			continue
		}
		simulate(t, func(t *testing.T, n *simNet) {
			viper.Set(keyStaticLeader, true)
			node := n.node("a:1")
			node.answer(cb.Status(status))
			p := n.lead("a:1")
			time.Sleep(time.Hour)
			assert.True(t, p.running(), "status %d", status)
			node.answer(0)
			node.grow(3)
			p.reaches(3, time.Minute)
			p.service.Stop()
			p.ends(time.Second)
			assert.Len(t, p.finalized, 1)
		})
	}
}

// A line that went dead without a sign is noticed by keepalive.
func TestSimDeadLineIsNoticed(t *testing.T) {
	simulate(t, func(t *testing.T, n *simNet) {
		viper.Set(keyPingInterval, "10s")
		viper.Set(keyPingTimeout, "2s")
		node := n.node("a:1")
		node.grow(5)
		p := n.lead("a:1", "b:1")
		p.reaches(5, 5*time.Second)
		n.freeze()
		node.breakLine(blackHoled)
		n.node("b:1").grow(9)
		p.reaches(9, 40*time.Second)
	})
}

// A channel with a block every three minutes is not reconnected for each.
func TestSimSlowChannel(t *testing.T) {
	simulate(t, func(t *testing.T, n *simNet) {
		node := n.node("a:1")
		p := n.lead("a:1")
		for height := uint64(2); height < 200; height++ {
			time.Sleep(3 * time.Minute)
			node.grow(height)
			p.reaches(height, 2*time.Second)
		}
		assert.True(t, len(node.seeksSeen()) < 8, "%d requests", len(node.seeksSeen()))
	})
}

// An orderer that is alive but falls silent on each stream after a few blocks.
func TestSimSilentOrderer(t *testing.T) {
	simulate(t, func(t *testing.T, n *simNet) {
		node := n.node("a:1")
		node.fallSilent(5)
		node.grow(33)
		n.lead("a:1").reaches(33, 10*time.Minute)
	})
	for run := 0; run < 5; run++ {
		simulate(t, func(t *testing.T, n *simNet) {
			n.node("a:1").fallSilent(5)
			for _, name := range []string{"a:1", "b:1", "c:1"} {
				n.node(name).grow(33)
			}
			n.lead("a:1", "b:1", "c:1").reaches(33, 2*time.Minute)
		})
	}
}

// A quiet channel costs few requests, and the first block after a long time
// arrives at once.
func TestSimQuietChannel(t *testing.T) {
	simulate(t, func(t *testing.T, n *simNet) {
		node := n.node("a:1")
		p := n.lead("a:1")
		time.Sleep(24 * time.Hour)
		seeks := len(node.seeksSeen())
		assert.True(t, seeks > 24*6 && seeks < 24*9, "%d requests in a day", seeks)
		node.grow(2)
		p.reaches(2, time.Second)
		assert.True(t, p.running())
	})
}
