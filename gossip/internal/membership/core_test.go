// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// plain is a Table that is a map and nothing else.
type plain map[string]Member

func (p plain) Get(id string) (Member, bool) { m, ok := p[id]; return m, ok }
func (p plain) Put(m Member)                 { p[m.ID] = m }
func (p plain) Delete(id string)             { delete(p, id) }
func (p plain) Each(visit func(Member) bool) {
	for _, m := range p {
		if !visit(m) {
			return
		}
	}
}
func (p plain) CountAlive() (n int) {
	for _, m := range p {
		if m.Alive {
			n++
		}
	}
	return n
}

var defaults = Times{
	Heartbeat:  5 * time.Second,
	Expiration: 25 * time.Second,
	Check:      2500 * time.Millisecond,
	Reconnect:  25 * time.Second,
	Retention:  500 * time.Second,
}

var epoch = time.Unix(1500000000, 0)

// play is a core with a clock of its own and a record of what it wants done.
type play struct {
	*Core
	table    plain
	now      time.Time
	attempts int
	trace    []string
}

func newPlay(times Times) *play {
	p := &play{table: plain{}, now: epoch, attempts: 120}
	nonce := uint64(0)
	p.Core = New("self", times, p.table, func() uint64 { nonce++; return nonce }, p.now)
	return p
}

// run lets time pass and acts upon what the core wants done.
func (p *play) run(d time.Duration, act func(Ready)) {
	end := p.now.Add(d)
	for {
		p.take(act)
		next := p.NextWake()
		if next.After(end) {
			break
		}
		if next.After(p.now) {
			p.now = next
		}
		p.Tick(p.now, p.attempts)
	}
	p.now = end
}

func (p *play) take(act func(Ready)) {
	for r := p.Take(); !r.empty(); r = p.Take() {
		p.describe(r)
		if act != nil {
			act(r)
		}
	}
}

func (r Ready) empty() bool {
	return len(r.Changes)+len(r.Ping)+len(r.Identify)+len(r.Requests) == 0 && !r.Beat
}

func (p *play) describe(r Ready) {
	for _, c := range r.Changes {
		p.note("%s %s: %s", c.Member.ID, [...]string{"learned", "revived", "died", "reported", "forgotten"}[c.Kind], c.Reason)
	}
	if r.Beat {
		p.note("beat")
	}
	var pings []string
	for _, m := range r.Ping {
		pings = append(pings, m.ID)
	}
	if sort.Strings(pings); len(pings) > 0 {
		p.note("ping %s", strings.Join(pings, ","))
	}
	sort.Strings(r.Identify)
	for _, e := range r.Identify {
		p.note("identify %s", e)
	}
	for _, q := range r.Requests {
		p.note("request %s as %q, %d", q.Endpoint, q.ID, q.Nonce)
	}
}

func (p *play) note(format string, args ...interface{}) {
	p.trace = append(p.trace, fmt.Sprintf("%v ", p.now.Sub(epoch))+fmt.Sprintf(format, args...))
}

// expect checks the record, but for lines with one of the words left out, and
// begins a new one.
func (p *play) expect(t *testing.T, without string, lines ...string) {
	t.Helper()
	p.take(nil)
	var seen []string
	for _, line := range p.trace {
		leave := false
		for _, word := range strings.Fields(without) {
			leave = leave || strings.Contains(line, word)
		}
		if !leave {
			seen = append(seen, line)
		}
	}
	assert.Equal(t, lines, seen)
	p.trace = nil
}

func (p *play) hear(id string, incarnation, counter uint64, by Source) bool {
	learned, _ := p.Learn(News{ID: id, Stamp: Stamp{incarnation, counter}, Endpoint: id + ":1"}, by, p.now)
	return learned
}

func TestStampsAreOrderedByIncarnationThenCounter(t *testing.T) {
	ascending := []Stamp{{0, 0}, {0, 1}, {0, math.MaxUint64}, {1, 0}, {1, 7}, {math.MaxUint64, 0}, {math.MaxUint64, math.MaxUint64}}
	for i, a := range ascending {
		for j, b := range ascending {
			assert.Equal(t, i > j, a.NewerThan(b), "%v %v", a, b)
		}
	}
}

func TestWhatIsWorthVerifying(t *testing.T) {
	p := newPlay(defaults)
	p.hear("living", 5, 5, ByGossip)
	p.hear("dead", 5, 5, ByGossip)
	p.Unsent("dead", p.now)
	p.hear("gone", 5, 5, ByGossip)
	p.Forget("gone", p.now)
	for _, c := range []struct {
		id                  string
		older, same, newer  Verdict
		newerAmongThoseDead Verdict
	}{
		{"living", Stale, Same, Fresh, Stale},
		{"dead", Stale, Same, Fresh, Stale},
		{"gone", Stale, Stale, Fresh, Stale},
		{"unknown", Fresh, Fresh, Fresh, Fresh},
		{"self", Own, Own, Own, Own},
	} {
		for _, by := range []Source{ByGossip, ByRequest, ByResponse} {
			assert.Equal(t, c.older, p.Judge(c.id, Stamp{5, 4}, by, p.now), c.id)
			assert.Equal(t, c.older, p.Judge(c.id, Stamp{4, 9}, by, p.now), c.id)
			assert.Equal(t, c.same, p.Judge(c.id, Stamp{5, 5}, by, p.now), c.id)
			assert.Equal(t, c.newer, p.Judge(c.id, Stamp{5, 6}, by, p.now), c.id)
			assert.Equal(t, c.newer, p.Judge(c.id, Stamp{6, 0}, by, p.now), c.id)
		}
		assert.Equal(t, c.newerAmongThoseDead, p.Judge(c.id, Stamp{6, 0}, AsDead, p.now), c.id)
	}
	assert.False(t, p.hear("self", math.MaxUint64, 1, ByGossip), "nobody tells a peer about itself")
}

func TestWhatIsLearned(t *testing.T) {
	p := newPlay(defaults)
	n := News{ID: "a", Stamp: Stamp{1, 1}, Endpoint: "out:1", InternalEndpoint: "in:1", Metadata: []byte("m")}
	learned, appeared := p.Learn(n, ByRequest, p.now)
	assert.True(t, learned && appeared)

	p.now = p.now.Add(time.Second)
	learned, appeared = p.Learn(News{ID: "a", Stamp: Stamp{1, 2}, Endpoint: "out:2"}, ByResponse, p.now)
	assert.True(t, learned && !appeared)
	m := p.table["a"]
	assert.Equal(t, "out:2", m.Endpoint)
	assert.Equal(t, "in:1", m.InternalEndpoint, "nothing was said about it")
	assert.Empty(t, m.Metadata)
	assert.Equal(t, p.now, m.LastSeen)
	assert.Equal(t, epoch, m.LastGossip, "it has not come by gossip yet")

	learned, _ = p.Learn(News{ID: "a", Stamp: Stamp{1, 2}, Endpoint: "out:3"}, ByGossip, p.now)
	assert.False(t, learned)
	assert.Equal(t, m, p.table["a"])

	p.Learn(News{ID: "a", Stamp: Stamp{1, 3}, InternalEndpoint: "in:2"}, ByGossip, p.now)
	assert.Equal(t, "in:2", p.table["a"].InternalEndpoint)
	assert.Equal(t, p.now, p.table["a"].LastGossip)
}

func TestLifeOfAMember(t *testing.T) {
	p := newPlay(defaults)
	p.hear("a", 1, 1, ByGossip)
	p.run(20*time.Second, nil)
	p.hear("a", 1, 2, ByResponse)
	p.run(20*time.Second, nil)
	p.expect(t, "beat", "0s a learned: new")
	p.run(60*time.Second, nil) // 100s
	p.expect(t, "beat", "47.5s a died: silent", "50s ping a")
	assert.False(t, p.hear("a", 1, 2, ByGossip))
	assert.True(t, p.hear("a", 1, 3, ByGossip))
	p.run(time.Second, nil)
	p.Unsent("a", p.now)
	p.Unsent("a", p.now)
	p.Unsent("nobody", p.now)
	p.Pinged(p.now)
	p.expect(t, "beat", "1m40s a revived: newer message", "1m41s a died: message not sent")
	p.run(500*time.Second, func(r Ready) {
		if len(r.Ping) > 0 {
			p.Pinged(p.now)
		}
	}) // 601s
	p.expect(t, "beat ping")
	p.run(3*time.Second, nil)
	p.expect(t, "beat ping", "10m2.5s a forgotten: silent")
	assert.Empty(t, p.table)
}

func TestTheForgottenDoNotComeBackByOldMessages(t *testing.T) {
	p := newPlay(defaults)
	p.hear("a", 1, 9, ByRequest)
	p.run(503*time.Second, func(r Ready) { p.Pinged(p.now) })
	assert.Empty(t, p.table)
	for p.now.Before(epoch.Add(1000 * time.Second)) {
		for _, by := range []Source{ByGossip, ByRequest, ByResponse, AsDead} {
			assert.False(t, p.hear("a", 1, 9, by))
			assert.False(t, p.hear("a", 0, 100, by))
		}
		p.run(50*time.Second, nil)
	}
	p.run(10*time.Second, nil)
	assert.True(t, p.hear("a", 1, 9, ByGossip), "nothing is remembered for longer")
	p.Forget("a", p.now)
	p.Forget("a", p.now)
	assert.False(t, p.hear("a", 1, 9, ByGossip))
	assert.False(t, p.hear("a", 2, 0, AsDead))
	assert.True(t, p.hear("a", 2, 0, ByResponse), "but that it lives again counts")
	assert.Empty(t, p.graves)

	assert.True(t, p.hear("b", 1, 1, AsDead))
	assert.True(t, p.table["b"].Hearsay)
	assert.True(t, p.hear("b", 1, 2, ByGossip))
	assert.False(t, p.table["b"].Hearsay)
}

func TestHeartbeatsComeRegularlyAndOnceEarly(t *testing.T) {
	p := newPlay(defaults)
	p.run(12*time.Second, nil)
	p.hear("a", 1, 1, ByResponse)
	p.hear("b", 1, 1, ByResponse)
	p.run(7600*time.Millisecond, nil)
	p.Unsent("a", p.now)
	p.Unsent("b", p.now)
	p.run(100*time.Millisecond, nil) // right after a heartbeat at 19.5s
	p.hear("a", 1, 2, ByGossip)
	p.run(6*time.Second, nil)
	p.take(nil)
	var beats []string
	for _, line := range p.trace {
		if strings.HasSuffix(line, " beat") {
			beats = append(beats, strings.TrimSuffix(line, " beat"))
		}
	}
	assert.Equal(t, []string{"5s", "10s", "12s", "14.500000001s", "19.500000001s", "20.000000001s", "22.500000003s"}, beats,
		"after an early one, half a heartbeat or more by chance")
}

func TestPingRoundsDoNotOverlap(t *testing.T) {
	p := newPlay(defaults)
	p.hear("a", 1, 1, AsDead)
	p.hear("b", 1, 1, ByGossip)
	p.Unsent("b", p.now)
	p.run(100*time.Second, nil)
	p.expect(t, "beat", "0s a reported: reported dead", "0s b learned: new", "0s b died: message not sent", "0s ping a,b")
	p.Pinged(p.now)
	p.run(30*time.Second, nil)
	p.expect(t, "beat", "2m5s ping a,b")
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	p := newPlay(Times{Heartbeat: -1, Check: math.MinInt64})
	p.hear("a", 1, 1, ByGossip)
	p.Connect("x", p.now)
	p.run(20*time.Millisecond, func(r Ready) {
		for _, e := range r.Identify {
			p.Unidentified(e, p.now, 0)
		}
	})
	assert.True(t, len(p.trace) < 100, "%d things done in 20 ms", len(p.trace))
}

func TestOwnStamps(t *testing.T) {
	p := newPlay(defaults)
	first := p.NextStamp()
	assert.Equal(t, Stamp{uint64(epoch.UnixNano()), 1}, first)
	p.Outbid(5)
	assert.Equal(t, first, p.Stamp())
	p.Outbid(first.Incarnation + 100)
	assert.Equal(t, Stamp{first.Incarnation + 101, 2}, p.NextStamp())
	p.Outbid(math.MaxUint64)
	assert.Equal(t, first.Incarnation+101, p.Stamp().Incarnation)
}

func TestStrangersThatProveFalseExhaustAnAllowance(t *testing.T) {
	p := newPlay(defaults)
	p.hear("known", 1, 1, ByGossip)
	for i := 0; i < maxStrangers; i++ {
		assert.Equal(t, Fresh, p.Judge("x", Stamp{}, ByResponse, p.now))
		p.Refuted("known", p.now)
		p.Refuted("x", p.now)
	}
	assert.Equal(t, Excess, p.Judge("x", Stamp{}, ByGossip, p.now))
	assert.Equal(t, Excess, p.Judge("x", Stamp{}, AsDead, p.now))
	assert.Equal(t, Fresh, p.Judge("x", Stamp{}, ByRequest, p.now), "who asks is at the other end of a connection")
	assert.Equal(t, Fresh, p.Judge("known", Stamp{2, 2}, ByGossip, p.now), "members are not affected")
	p.Refuted("x", p.now)
	p.now = p.now.Add(10 * time.Millisecond)
	for i := 0; i < 10; i++ {
		assert.Equal(t, Fresh, p.Judge("x", Stamp{}, ByGossip, p.now))
		p.Refuted("x", p.now)
	}
	assert.Equal(t, Excess, p.Judge("x", Stamp{}, ByGossip, p.now))
	p.now = p.now.Add(time.Hour)
	p.Judge("x", Stamp{}, ByGossip, p.now)
	assert.Equal(t, float64(maxStrangers), p.strangers.tokens)
}

func TestHowManyToAsk(t *testing.T) {
	p := newPlay(defaults)
	ask := func(n int) string {
		count, near := p.Sync(n, p.now)
		return fmt.Sprint(count, near)
	}
	assert.Equal(t, "0 false", ask(3), "there is nobody")
	p.hear("a", 1, 1, ByResponse)
	p.hear("b", 1, 1, ByGossip)
	counter := uint64(1)
	gossip := func(d time.Duration, ids ...string) {
		for ; d > 0; d -= 5 * time.Second {
			p.run(5*time.Second, nil)
			counter++
			for _, id := range ids {
				p.hear(id, 1, counter, ByGossip)
			}
		}
	}
	assert.Equal(t, "3 true", ask(3), "somebody has just come")
	assert.Equal(t, "0 false", ask(0))
	assert.Equal(t, "0 false", ask(-1))
	gossip(10*time.Second, "a", "b")
	assert.Equal(t, "3 true", ask(3))
	gossip(5*time.Second, "a", "b")
	assert.Equal(t, "0 true", ask(3), "calm, and asked 5 seconds ago")
	gossip(10*time.Second, "a", "b")
	assert.Equal(t, "1 true", ask(3))
	assert.Equal(t, "0 true", ask(3))
	gossip(10*time.Second, "a")
	assert.Equal(t, "0 true", ask(3), "b may have missed one")
	p.run(time.Second, nil)
	assert.Equal(t, "3 false", ask(3), "not two")
	assert.Equal(t, "3 false", ask(3))
	gossip(5*time.Second, "a", "b")
	assert.Equal(t, "0 true", ask(3))
	p.Unsent("b", p.now)
	assert.Equal(t, "3 true", ask(3), "somebody has just gone")
}
