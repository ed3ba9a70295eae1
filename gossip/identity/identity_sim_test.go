// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package identity_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
)

func simulate(t *testing.T, threshold time.Duration, test func(t *testing.T, c *crypto, gone *purged, m identity.Mapper)) {
	before := identity.GetIdentityUsageThreshold()
	defer identity.SetIdentityUsageThreshold(before)
	identity.SetIdentityUsageThreshold(threshold)
	synctest.Test(t, func(t *testing.T) {
		c, gone := newCrypto(), &purged{}
		m := identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), gone.note, orgs{})
		defer m.Stop()
		test(t, c, gone, m)
	})
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestSimUnusedIdentitiesLeave(t *testing.T) {
	simulate(t, 500*time.Millisecond, func(t *testing.T, c *crypto, gone *purged, m identity.Mapper) {
		assert.NoError(t, put(m, "A.used"))
		assert.NoError(t, put(m, "A.listed"))
		for i := 0; i < 60; i++ {
			_, err := m.Get(idOf("A.used"))
			assert.NoError(t, err)
			assert.NoError(t, put(m, "A.used"), "")
			if i <= 50 {
				assert.Equal(t, "A.listed A.self A.used", held(m), "after %d ms", 10*i)
			}
			pass(10 * time.Millisecond)
		}
		assert.Equal(t, "A.self A.used", held(m), "being listed is not being used")
		assert.Equal(t, map[string]int{"id of A.listed/A.listed": 1}, gone.list())
		pass(time.Hour)
		assert.Equal(t, "A.self", held(m))
		assert.Equal(t, map[string]int{"id of A.listed/A.listed": 1, "id of A.used/A.used": 1}, gone.list())
	})
}

func TestSimSuspicionCountsAsUse(t *testing.T) {
	simulate(t, time.Second, func(t *testing.T, c *crypto, gone *purged, m identity.Mapper) {
		assert.NoError(t, put(m, "A.suspect"))
		assert.NoError(t, put(m, "A.other"))
		for i := 0; i < 5; i++ {
			pass(900 * time.Millisecond)
			m.SuspectPeers(func(who api.PeerIdentityType) bool { return string(who) == "A.suspect" })
		}
		assert.Equal(t, "A.self A.suspect", held(m))
	})
}

// Whoever asks about suspects learns at once that the unused ones have left.
func TestSimSuspectPeersPurgesUnused(t *testing.T) {
	simulate(t, time.Hour, func(t *testing.T, c *crypto, gone *purged, m identity.Mapper) {
		assert.NoError(t, put(m, "A.x"))
		pass(time.Minute)
		identity.SetIdentityUsageThreshold(time.Second)
		m.SuspectPeers(func(api.PeerIdentityType) bool { return false })
		assert.Equal(t, "A.self", held(m))
		assert.Equal(t, map[string]int{"id of A.x/A.x": 1}, gone.list())
	})
}

func TestSimIdentitiesExpire(t *testing.T) {
	simulate(t, time.Hour, func(t *testing.T, c *crypto, gone *purged, m identity.Mapper) {
		c.expires["A.brief"] = time.Now().Add(time.Second)
		c.expires["A.eternal"] = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		assert.NoError(t, put(m, "A.brief"))
		assert.NoError(t, put(m, "A.eternal"))
		pass(time.Second)
		_, err := m.Get(idOf("A.brief"))
		assert.NoError(t, err)
		pass(time.Millisecond)
		_, err = m.Get(idOf("A.brief"))
		assert.Error(t, err)
		assert.Equal(t, map[string]int{"id of A.brief/A.brief": 1}, gone.list())
		assert.EqualError(t, put(m, "A.brief"), "identity expired")
		pass(50 * time.Minute)
		assert.Equal(t, "A.eternal A.self", held(m))
	})
}

func TestSimThePeersOwnIdentityExpiresToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, gone := newCrypto(), &purged{}
		c.expires["A.self"] = time.Now().Add(time.Minute)
		m := identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), gone.note, orgs{})
		defer m.Stop()
		pass(time.Minute + time.Millisecond)
		assert.Equal(t, map[string]int{"id of A.self/A.self": 1}, gone.list())
		_, err := m.Sign([]byte("still"))
		assert.NoError(t, err)
	})
}

// An entry that left and came back under the same PKI-ID is not touched by the
// timer of the one before.
func TestSimTimersKnowTheirEntry(t *testing.T) {
	simulate(t, time.Hour, func(t *testing.T, c *crypto, gone *purged, m identity.Mapper) {
		c.expires["A.x"] = time.Now().Add(time.Minute)
		assert.NoError(t, put(m, "A.x"))
		c.revoke("A.x")
		m.SuspectPeers(func(who api.PeerIdentityType) bool { return string(who) == "A.x" })
		c.invalid["A.x"] = false
		c.expires["A.x"] = time.Now().Add(10 * time.Minute)
		assert.NoError(t, put(m, "A.x"))
		pass(5 * time.Minute)
		assert.Equal(t, "A.self A.x", held(m))
		assert.Equal(t, map[string]int{"id of A.x/A.x": 1}, gone.list())
		pass(6 * time.Minute)
		assert.Equal(t, map[string]int{"id of A.x/A.x": 2}, gone.list())
	})
}

func TestSimNothingLeavesAfterStop(t *testing.T) {
	simulate(t, time.Second, func(t *testing.T, c *crypto, gone *purged, m identity.Mapper) {
		c.expires["A.x"] = time.Now().Add(time.Minute)
		c.expires["A.y"] = time.Now().Add(2 * time.Minute)
		assert.NoError(t, put(m, "A.x"))
		m.Stop()
		m.Stop()
		assert.NoError(t, put(m, "A.y"))
		pass(time.Hour)
		_, err := m.Get(idOf("A.x"))
		assert.NoError(t, err)
		m.SuspectPeers(func(api.PeerIdentityType) bool { return false })
		assert.Equal(t, "A.self A.x A.y", held(m))
		assert.Empty(t, gone.list())
	})
}

// A purge function that takes its time keeps nobody else from anything.
func TestSimSlowPurges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, reported := newCrypto(), make(chan string)
		m := identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), func(_ common.PKIidType, who api.PeerIdentityType) {
			reported <- string(who)
		}, orgs{})
		c.expires["A.x"] = time.Now().Add(time.Second)
		c.expires["A.y"] = time.Now().Add(2 * time.Second)
		assert.NoError(t, put(m, "A.x"))
		assert.NoError(t, put(m, "A.y"))
		pass(5 * time.Second)
		assert.Equal(t, "A.self", held(m), "both have left, neither is reported")
		assert.NoError(t, put(m, "A.z"))
		m.Stop()
		got := map[string]bool{<-reported: true, <-reported: true}
		assert.Equal(t, map[string]bool{"A.x": true, "A.y": true}, got)
		pass(time.Hour)
	})
}

func TestSimOddThresholds(t *testing.T) {
	for _, threshold := range []time.Duration{math.MinInt64, -1, 0, 1} {
		simulate(t, threshold, func(t *testing.T, c *crypto, gone *purged, m identity.Mapper) {
			assert.NoError(t, put(m, "A.x"))
			pass(5 * time.Millisecond)
			assert.Equal(t, "A.self", held(m), "%d", threshold)
		})
	}
	simulate(t, math.MaxInt64, func(t *testing.T, c *crypto, gone *purged, m identity.Mapper) {
		assert.NoError(t, put(m, "A.x"))
		pass(1000 * time.Hour)
		assert.Equal(t, "A.self A.x", held(m))
	})
}
