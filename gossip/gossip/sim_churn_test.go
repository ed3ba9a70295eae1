// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"bytes"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
)

// simSettings sets configuration values for one test.
func simSettings(values map[string]interface{}) (restore func()) {
	before := map[string]interface{}{}
	for key, value := range values {
		before[key] = viper.Get(key)
		viper.Set(key, value)
	}
	return func() {
		for key, value := range before {
			viper.Set(key, value)
		}
	}
}

// simUsage is what a process has in use.
type simUsage struct {
	goroutines int
	heap       uint64
}

func simMeasure() simUsage {
	synctest.Wait()
	runtime.GC()
	runtime.GC() // empties pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return simUsage{runtime.NumGoroutine(), m.HeapAlloc}
}

// simForgetSoon makes peers forget others within minutes.
func simForgetSoon() (restore func()) {
	threshold := identity.GetIdentityUsageThreshold()
	identity.SetIdentityUsageThreshold(time.Minute)
	reset := simSettings(map[string]interface{}{
		"peer.gossip.aliveTimeInterval":      2 * time.Second,
		"peer.gossip.aliveExpirationTimeout": 5 * time.Second,
		"peer.gossip.reconnectInterval":      5 * time.Second,
	})
	return func() {
		identity.SetIdentityUsageThreshold(threshold)
		reset()
	}
}

// Nothing remains of peers that left, although others that come meanwhile hear
// of them: no identity, no membership, no connection.
func TestSimNothingRemainsOfThoseWhoLeft(t *testing.T) {
	defer simForgetSoon()()
	simulateWorld(t, simPlan{orgs: 2, peers: 5, external: 2, link: simFastLink}, func(w *simWorld) {
		w.start(0, w.peers...)
		w.settle()
		serial := 0
		for i := 0; i < simUnlessRace(60, 20); i++ {
			p := w.peers[w.random.Intn(len(w.peers))]
			p.stop()
			serial++
			p.identify(serial)
			p.start()
			w.pass(5 * time.Second)
		}
		w.pass(4 * time.Minute)
		w.settle()
		for _, p := range w.peers {
			var left []string
			for _, known := range p.node.IdentityInfo() {
				if !w.runs(known.PKIId) {
					left = append(left, string(known.Identity))
				}
			}
			assert.Empty(t, left, p.internal)
		}
	})
}

func (w *simWorld) runs(pkiID common.PKIidType) bool {
	for _, p := range w.running() {
		if bytes.Equal(p.pkiID, pkiID) {
			return true
		}
	}
	return false
}

// simChurning is a network whose peers come and go.
type simChurning struct {
	*simWorld
	running []*simPeer
	idle    []*simPeer // of one organization, without external endpoint
	serial  int
}

// cycle has one peer go, and it or another one come.
func (c *simChurning) cycle() {
	i := c.random.Intn(len(c.running))
	p := c.running[i]
	switch c.random.Intn(4) {
	case 0:
		p.stop()
		if p.org == c.idle[0].org && p.external == "" {
			c.running[i], c.idle = c.idle[0], append(c.idle[1:], p)
		}
		c.serial++
		c.running[i].identify(c.serial)
		c.running[i].start()
		return
	case 1:
		c.Crash(p.internal)
	}
	p.stop()
	c.pass(time.Duration(c.random.Intn(2000)) * time.Millisecond)
	p.start()
}

// simChurn lets peers of a small network leave, crash, restart, and come back
// with new identities, and checks that the rest holds on to nothing of them.
func simChurn(t *testing.T, cycles int) {
	defer simForgetSoon()()
	simulateWorld(t, simPlan{orgs: 2, peers: 6, external: 2, link: simFastLink}, func(w *simWorld) {
		w.wire.forgetful = true
		c := &simChurning{simWorld: w}
		c.idle = append(c.idle, w.peers[4:6]...)
		c.running = append(append(c.running, w.peers[:4]...), w.peers[6:]...)
		w.start(0, c.running...)
		var used []simUsage
		for part := 0; part < 3; part++ {
			for i := 0; i < cycles/3; i++ {
				c.cycle()
				w.pass(500 * time.Millisecond)
			}
			w.pass(time.Duration(simUnlessRace(240, 10)) * time.Second) // until everybody who left is forgotten
			w.settle()
			used = append(used, simMeasure())
		}
		t.Logf("after each third of %d cycles: %+v", cycles, used)
		first, last := used[0], used[2]
		assert.True(t, last.goroutines <= first.goroutines+20)
		if simUnderRace {
			return // nobody is forgotten yet
		}
		assert.True(t, last.heap <= first.heap+first.heap/20+uint64(100*cycles), "a leak of more than 150 bytes a cycle")
	})
}

func TestSimChurn(t *testing.T) { simChurn(t, simUnlessRace(300, 30)) }
