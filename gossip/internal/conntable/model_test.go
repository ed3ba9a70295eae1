// SPDX-License-Identifier: Apache-2.0

package conntable

import (
	"math/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// model is a second opinion: every open link in one list, in which order says
// nothing, with the place of each in words.
type model struct {
	open  []*entry
	dials map[Target]bool
	// answers are targets at which somebody else answered.
	answers map[Target]string
	closed  bool
}

type entry struct {
	link  *Link
	place string // "main" or "spare"
	since time.Duration
	used  time.Duration
	heard bool
}

func (m *model) at(peer, place string) *entry {
	for _, e := range m.open {
		if e.link.Peer == peer && e.place == place {
			return e
		}
	}
	return nil
}

func (m *model) of(link *Link) *entry {
	for _, e := range m.open {
		if e.link == link {
			return e
		}
	}
	return nil
}

// remove closes a link. The spare one takes the main one's place.
func (m *model) remove(gone *entry) {
	for i, e := range m.open {
		if e == gone {
			m.open = append(m.open[:i:i], m.open[i+1:]...)
		}
	}
	if m.at(gone.link.Peer, "main") == nil {
		if next := m.at(gone.link.Peer, "spare"); next != nil {
			next.place = "main"
		} else {
			m.unanswer(gone.link.Peer)
		}
	}
}

func (m *model) unanswer(peer string) {
	for target, who := range m.answers {
		if who == peer {
			delete(m.answers, target)
		}
	}
}

// displace closes whatever is in a place, if anything is.
func (m *model) displace(peer, place string, closed map[*Link]bool) {
	if e := m.at(peer, place); e != nil {
		closed[e.link] = true
		e.place = "gone"
		for i := range m.open {
			if m.open[i] == e {
				m.open = append(m.open[:i:i], m.open[i+1:]...)
				break
			}
		}
	}
}

func (m *model) accepted(link *Link, now time.Duration) map[*Link]bool {
	closed, place := map[*Link]bool{}, "main"
	if m.at(link.Peer, "main") != nil {
		m.displace(link.Peer, "spare", closed)
		place = "spare"
	}
	m.open = append(m.open, &entry{link: link, place: place, since: now, used: now})
	return closed
}

func (m *model) dialed(target Target, link *Link, now time.Duration) map[*Link]bool {
	closed := map[*Link]bool{}
	delete(m.dials, target)
	if old := m.at(link.Peer, "main"); old != nil && old.link.Outbound {
		m.displace(link.Peer, "main", closed)
	} else if old != nil {
		m.displace(link.Peer, "spare", closed)
		old.place = "spare"
	}
	m.open = append(m.open, &entry{link: link, place: "main", since: now, used: now})
	if target.Peer != "" && target.Peer != link.Peer {
		m.answers[target] = link.Peer
	}
	return closed
}

func (m *model) hears(link *Link, now, settle time.Duration) map[*Link]bool {
	closed := map[*Link]bool{}
	e := m.of(link)
	if e == nil {
		return closed
	}
	e.heard, e.used = true, now
	if e.place == "main" || link.Outbound {
		return closed
	}
	if rival := m.at(link.Peer, "main"); rival.link.Outbound && now-rival.since <= settle {
		return closed
	}
	m.displace(link.Peer, "main", closed)
	e.place = "main"
	return closed
}

func (m *model) tidies(now time.Duration, config Config) map[*Link]bool {
	closed := map[*Link]bool{}
	for _, e := range append([]*entry(nil), m.open...) {
		spare := m.at(e.link.Peer, "spare")
		if e.place == "main" && e.link.Outbound && spare != nil && !spare.link.Outbound && spare.heard && config.Self > e.link.Peer &&
			now-e.since > config.Settle && now-spare.since > config.Settle {
			e.place, spare.place = "spare", "main"
		}
	}
	for _, e := range append([]*entry(nil), m.open...) {
		limit := config.Idle
		if e.place == "spare" {
			limit = config.Settle
		}
		if e.link.Outbound && now-e.used > limit {
			closed[e.link] = true
		}
	}
	for link := range closed {
		if e := m.of(link); e.place == "spare" {
			m.remove(e)
		}
	}
	for link := range closed {
		if e := m.of(link); e != nil {
			m.remove(e)
		}
	}
	return closed
}

// play runs a script of bytes against table and model and compares after each
// step.
func play(t testing.TB, script []byte) {
	config := Config{Self: "k", Settle: 5 * time.Second, Idle: time.Minute}
	table := New(config)
	m := &model{dials: map[Target]bool{}, answers: map[Target]string{}}
	dials := map[Target]*Dial{}
	peers, ends := []string{"a", "q", "z"}, []string{"e", "f"}
	var all []*Link
	now := time.Duration(0)
	for len(script) >= 2 {
		op, arg := script[0]%9, int(script[1])
		script = script[2:]
		peer, target := peers[arg%3], Target{Peer: append(peers, "")[arg/3%4], Endpoint: ends[arg/12%2]}
		var picked *Link
		if len(all) > 0 {
			picked = all[arg%len(all)]
		}
		switch {
		case op == 0:
			now += time.Duration(arg) * 100 * time.Millisecond
		case op == 1:
			link := &Link{Peer: peer}
			replaced, ok := table.Accepted(link, now)
			assert.Equal(t, !m.closed, ok)
			if ok {
				all = append(all, link)
				sameLinks(t, m.accepted(link, now), replaced)
			}
		case op == 2:
			askBoth(t, table, m, dials, target)
		case op == 3 && dials[target] != nil:
			link := &Link{Peer: peer, Outbound: true}
			replaced, ok := table.Dialed(dials[target], link, now)
			assert.Equal(t, !m.closed, ok)
			delete(dials, target)
			if ok {
				all = append(all, link)
				sameLinks(t, m.dialed(target, link, now), replaced)
			}
		case op == 4 && dials[target] != nil:
			instead := table.Failed(dials[target])
			delete(dials, target)
			delete(m.dials, target)
			assert.True(t, instead == mainOf(m, target.Peer))
		case op == 5 && picked != nil:
			sameLinks(t, m.hears(picked, now, config.Settle), table.Heard(picked, now))
		case op == 6 && picked != nil:
			if e := m.of(picked); e != nil {
				m.remove(e)
			}
			assert.True(t, table.Ended(picked) == mainOf(m, picked.Peer))
		case op == 7:
			used := func(l *Link) time.Duration { return m.of(l).used }
			idle := table.Tidy(now, used)
			sameLinks(t, m.tidies(now, config), idle)
		case op == 8 && arg < 3:
			evictBoth(t, table, m, peer)
		case op == 8 && arg == 255:
			closeBoth(t, table, m)
		}
		compare(t, table, m, peers)
		if t.Failed() {
			return
		}
	}
}

func mainOf(m *model, peer string) *Link {
	if e := m.at(peer, "main"); e != nil {
		return e.link
	}
	return nil
}

func askBoth(t testing.TB, table *Table, m *model, dials map[Target]*Dial, target Target) {
	want := mainOf(m, target.Peer)
	if want == nil && m.answers[target] != "" {
		want = mainOf(m, m.answers[target])
	}
	if target.Peer == "" || m.closed {
		want = nil
	}
	link, dial, begun := table.Ask(target)
	assert.True(t, link == want)
	assert.Equal(t, want == nil && !m.closed, dial != nil)
	assert.Equal(t, want == nil && !m.closed && !m.dials[target], begun)
	if begun {
		m.dials[target], dials[target] = true, dial
	} else if dial != nil {
		assert.True(t, dial == dials[target])
	}
}

func evictBoth(t testing.TB, table *Table, m *model, peer string) {
	want := map[*Link]bool{}
	m.displace(peer, "main", want)
	m.displace(peer, "spare", want)
	m.unanswer(peer)
	sameLinks(t, want, table.Evict(peer))
}

func closeBoth(t testing.TB, table *Table, m *model) {
	want := map[*Link]bool{}
	for _, e := range m.open {
		want[e.link] = true
	}
	links, dials := table.Close()
	sameLinks(t, want, links)
	assert.Len(t, dials, len(m.dials))
	m.open, m.closed, m.dials, m.answers = nil, true, map[Target]bool{}, map[Target]string{}
}

func sameLinks(t testing.TB, want map[*Link]bool, got []*Link) {
	assert.Len(t, got, len(want))
	for _, link := range got {
		assert.True(t, want[link])
	}
}

func compare(t testing.TB, table *Table, m *model, peers []string) {
	connected := 0
	for _, peer := range peers {
		want := mainOf(m, peer)
		assert.True(t, table.Main(peer) == want)
		if want != nil {
			connected++
		}
		links := 0
		for _, e := range m.open {
			if e.link.Peer == peer {
				links++
			}
		}
		assert.True(t, links <= 2)
	}
	assert.Equal(t, connected, table.Len())
	assert.Len(t, table.aliases, len(m.answers))
	assert.Len(t, table.dials, len(m.dials))
}

func TestTableAgainstModel(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for i := 0; i < 1500 && !t.Failed(); i++ {
		script := make([]byte, 240)
		_, err := random.Read(script)
		assert.NoError(t, err)
		play(t, script)
	}
}
