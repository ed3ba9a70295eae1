// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// seconds are the settings of the tests that v1.3.0 runs, ten times slower.
var seconds = Times{
	Heartbeat:  time.Second,
	Expiration: 10 * time.Second,
	Check:      time.Second,
	Reconnect:  10 * time.Second,
	Retention:  200 * time.Second,
}

// nobody is an owner that does not find anybody anywhere.
func (p *play) nobody(r Ready) {
	for _, e := range r.Identify {
		p.Unidentified(e, p.now, p.attempts)
	}
	if len(r.Ping) > 0 {
		p.Pinged(p.now)
	}
}

// somebody is an owner that finds a peer, which does not answer.
func (p *play) somebody(r Ready) {
	for _, e := range r.Identify {
		p.Identified(e, "id of "+e, true, p.now)
	}
}

func TestAttemptsBecomeRarerUntilTheTimeToReconnect(t *testing.T) {
	p := newPlay(defaults)
	p.Connect("x", p.now)
	p.run(110*time.Second, p.nobody)
	p.expect(t, "beat", "0s identify x", "1s identify x", "3s identify x", "7s identify x", "15s identify x", "31s identify x",
		"56s identify x", "1m21s identify x", "1m46s identify x")
}

// Five attempts at ten seconds: v1.3.0 tries for 5*(3+10) seconds, then gives
// up. Then attempts become rare, but do not end.
func TestAttemptsBecomeRareButDoNotEnd(t *testing.T) {
	p := newPlay(seconds)
	p.attempts = 5
	p.Connect("x", p.now)
	p.run(66*time.Second, p.nobody)
	p.expect(t, "beat", "0s identify x", "1s identify x", "3s identify x", "7s identify x", "15s identify x", "25s identify x",
		"35s identify x", "45s identify x", "55s identify x", "1m5s identify x")
	p.run(200*time.Second, p.nobody)
	p.expect(t, "beat", "1m26s identify x", "2m7s identify x", "2m48s identify x", "3m29s identify x", "4m10s identify x")

	p.hear("other", 1, 1, ByGossip)
	counter := uint64(1)
	for i := 0; i < 1000; i++ {
		counter++
		p.hear("other", 1, counter, ByGossip)
		p.run(time.Second, p.nobody)
	}
	p.expect(t, "beat", "4m26s other learned: new", "4m51s identify x", "7m32s identify x", "10m13s identify x", "12m54s identify x", "15m35s identify x", "18m16s identify x", "20m57s identify x")
}

func TestAnotherConnect(t *testing.T) {
	p := newPlay(seconds)
	p.attempts = 1
	p.Connect("x", p.now)
	p.Connect("x", p.now)
	p.expect(t, "beat", "0s identify x")
	p.run(2*time.Second, nil)
	p.Connect("x", p.now)
	p.Unidentified("x", p.now, p.attempts)
	p.Connect("x", p.now)
	p.run(500*time.Millisecond, p.somebody)
	p.expect(t, "beat")
	p.run(time.Second, p.somebody)
	p.Connect("x", p.now)
	p.expect(t, "beat", "3s identify x", `3s request x as "id of x", 1`)
	p.Answered(7, p.now)
	p.Answered(1, p.now)
	p.Answered(1, p.now)
	p.hear("id of x", 1, 1, ByResponse)
	p.Connect("x", p.now)
	p.expect(t, "beat learned", "3.5s identify x")
	p.Identified("x", "id of x", false, p.now)
	p.expect(t, "beat", `3.5s request x as "id of x", 2`)
	p.Identified("x", "id of x", false, p.now)
	p.Identified("y", "id of y", false, p.now)
	assert.Equal(t, 0, p.Unidentified("y", p.now, 1))
	p.expect(t, "beat")

	rare := newPlay(seconds)
	rare.attempts = 1
	rare.Connect("x", rare.now)
	rare.run(60*time.Second, rare.nobody)
	rare.trace = nil
	rare.Connect("x", rare.now)
	rare.run(2*time.Second, rare.nobody)
	rare.expect(t, "beat", "1m0s identify x", "1m1s identify x")
}

func TestRequestsAreRepeatedAndTheEndpointIdentifiedAnew(t *testing.T) {
	p := newPlay(defaults)
	p.Connect("x", p.now)
	p.run(45*time.Second, p.somebody)
	p.expect(t, "beat",
		"0s identify x", `0s request x as "id of x", 1`, // 5 s for an answer, 1 s of pause
		`6s request x as "id of x", 2`,
		`13s request x as "id of x", 3`,
		"22s identify x", `22s request x as "id of x", 4`,
		`35s request x as "id of x", 5`)
	p.Answered(4, p.now)
	p.run(5*time.Second, nil)
	p.Answered(5, p.now) // late, but the latest
	p.hear("id of x", 1, 1, ByResponse)
	p.expect(t, "beat learned")
	p.run(10*time.Second, nil)
	p.expect(t, "beat")
}

// Two of the three endpoints belong to members; all are tried while nobody is
// alive.
func TestLostMembersAreSought(t *testing.T) {
	p := newPlay(seconds)
	for _, e := range []string{"x:1", "y:1", "z:1"} {
		p.Connect(e, p.now)
	}
	p.take(func(r Ready) {
		for _, e := range r.Identify {
			p.Identified(e, map[string]string{"x:1": "x"}[e], true, p.now)
		}
	})
	for nonce := uint64(1); nonce <= 3; nonce++ {
		p.Answered(nonce, p.now)
	}
	p.hear("x", 1, 1, ByResponse) // known by its ID
	p.Learn(News{ID: "Y", Stamp: Stamp{1, 1}, InternalEndpoint: "y:1"}, ByResponse, p.now)
	p.Learn(News{ID: "Z", Stamp: Stamp{1, 1}, Endpoint: "z:1"}, ByResponse, p.now)
	p.take(nil)
	p.trace = nil
	keep := func(d time.Duration, ids ...string) {
		for ; d > 0; d -= time.Second {
			for _, id := range ids {
				p.Learn(News{ID: id, Stamp: Stamp{uint64(p.now.UnixNano()), 1}, Endpoint: p.table[id].Endpoint}, ByGossip, p.now)
			}
			p.run(time.Second, p.nobody)
		}
	}
	keep(280*time.Second, "x", "Y")
	p.expect(t, "beat ping", "11s Z died: silent", "3m21s Z forgotten: silent", "3m31s identify z:1", "3m52s identify z:1", "4m33s identify z:1")

	keep(14*time.Second, "x")
	p.expect(t, "beat ping", "4m50s Y died: silent")
	keep(51 * time.Second)
	p.expect(t, "beat ping", "5m4s x died: silent", "5m14s identify x:1", "5m14s identify y:1",
		"5m35s identify x:1", "5m35s identify y:1", "5m44s identify z:1")

	p.hear("other", 1, 1, ByGossip)
	keep(5*time.Second, "other")
	p.expect(t, "beat ping", "5m45s other learned: new")
	for _, e := range []string{"x:1", "y:1"} {
		assert.Equal(t, idle, p.targets[e].phase, "who is dead there is pinged, and somebody else is alive")
	}
}

// How rare attempts have become is forgotten when somebody is seen there.
func TestRarityEndsWithAnEncounter(t *testing.T) {
	p := newPlay(seconds)
	p.attempts = 1
	p.Connect("x:1", p.now)
	p.run(200*time.Second, p.nobody)
	p.hear("x", 1, 1, ByGossip)
	p.run(2*time.Second, p.nobody)
	p.Unsent("x", p.now)
	p.Forget("x", p.now)
	p.trace = nil
	p.run(33*time.Second, p.nobody)
	p.expect(t, "beat died forgotten", "3m33s identify x:1", "3m54s identify x:1")
}
