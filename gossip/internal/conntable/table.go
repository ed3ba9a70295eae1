// SPDX-License-Identifier: Apache-2.0

package conntable

import "time"

// Config is what a table does not decide.
type Config struct {
	// Self is this peer's PKI-ID.
	Self string
	// Settle is the age up to which an outbound link is taken for one that was
	// made at the same time as an inbound one.
	Settle time.Duration
	// Idle is how long an outbound main link may go without messages. A spare
	// one may for the settling time.
	Idle time.Duration
}

// Target is whom to dial: where, and who is expected there. Peer is the PKI-ID,
// "" for anybody.
type Target struct {
	Peer, Endpoint string
}

// Link is one authenticated stream to a peer. The shell makes it, the table
// owns it from Accepted or Dialed until it is closed.
type Link struct {
	// Peer is the PKI-ID that the other end has proved, Outbound whether this
	// end opened the stream, Owner whatever the shell keeps with it.
	Peer     string
	Outbound bool
	Owner    interface{}

	since time.Duration // when it came into the table
	heard bool          // an envelope has come on it since its handshake
}

// Dial is an attempt to connect that is under way.
type Dial struct {
	Target Target
	Owner  interface{} // the shell's
}

// peer is what there is for one PKI-ID. A peer without main is not in the table.
type peer struct {
	main, spare *Link
	answersFor  []Target // keys of the table's aliases that lead here
}

// Table is the state. It is not safe for concurrent use. Times are those of any
// clock that does not go backwards.
type Table struct {
	config Config
	peers  map[string]*peer
	dials  map[Target]*Dial
	// aliases are targets at which another peer than the expected one answered,
	// with that peer's PKI-ID. It has a link.
	aliases map[Target]string
	closed  bool
}

// New returns an empty table.
func New(config Config) *Table {
	return &Table{
		config:  config,
		peers:   make(map[string]*peer),
		dials:   make(map[Target]*Dial),
		aliases: make(map[Target]string),
	}
}

// Main is the link to send to a peer on, nil if there is none.
func (t *Table) Main(id string) *Link {
	if p := t.peers[id]; p != nil {
		return p.main
	}
	return nil
}

// Ask is for who wants to send. It returns a link or else a dial, which is new
// if begun is set: then the shell has to carry it out, and to report it by
// Dialed or Failed. A table that is closed gives neither.
func (t *Table) Ask(target Target) (link *Link, dial *Dial, begun bool) {
	if t.closed {
		return nil, nil, false
	}
	if target.Peer != "" {
		if link := t.answering(target); link != nil {
			return link, nil, false
		}
	}
	if dial := t.dials[target]; dial != nil {
		return nil, dial, false
	}
	dial = &Dial{Target: target}
	t.dials[target] = dial
	return nil, dial, true
}

func (t *Table) answering(target Target) *Link {
	if link := t.Main(target.Peer); link != nil {
		return link
	}
	if other, exists := t.aliases[target]; exists {
		return t.Main(other)
	}
	return nil
}

// Accepted takes in an inbound link that has been authenticated. The links that
// it returns are to be closed. It fails if the table is closed; then the link
// is to be closed.
func (t *Table) Accepted(link *Link, now time.Duration) (replaced []*Link, ok bool) {
	if t.closed {
		return nil, false
	}
	link.since = now
	p := t.peers[link.Peer]
	if p == nil {
		t.peers[link.Peer] = &peer{main: link}
		return nil, true
	}
	return p.setSpare(link, replaced), true
}

// Heard is told of the first envelope on a link.
func (t *Table) Heard(link *Link, now time.Duration) (replaced []*Link) {
	link.heard = true
	p := t.peers[link.Peer]
	if p == nil || p.spare != link || link.Outbound {
		return nil
	}
	if p.main.Outbound && now-p.main.since <= t.config.Settle {
		return nil
	}
	old := p.main
	p.main, p.spare = link, nil
	return []*Link{old}
}

// Dialed ends a dial that led to a link, which belongs to the peer that
// answered. The links that it returns are to be closed. It fails if the table
// has been closed; then the new link is to be closed.
func (t *Table) Dialed(dial *Dial, link *Link, now time.Duration) (replaced []*Link, ok bool) {
	if t.closed {
		return nil, false
	}
	delete(t.dials, dial.Target)
	link.since = now
	p := t.peers[link.Peer]
	if p == nil {
		p = &peer{}
		t.peers[link.Peer] = p
	}
	old := p.main
	p.main = link
	switch {
	case old == nil:
	case old.Outbound:
		replaced = append(replaced, old)
	default:
		replaced = p.setSpare(old, replaced)
	}
	t.remember(dial.Target, link.Peer)
	return replaced, true
}

// remember notes who answered at a target where somebody else was expected.
func (t *Table) remember(target Target, answered string) {
	if target.Peer == "" || target.Peer == answered {
		return
	}
	t.aliases[target] = answered
	t.peers[answered].answersFor = append(t.peers[answered].answersFor, target)
}

// Failed ends a dial that led to nothing. If the peer has connected by itself
// meanwhile, that link is returned; else the peer is to be presumed dead.
func (t *Table) Failed(dial *Dial) (instead *Link) {
	if t.dials[dial.Target] == dial {
		delete(t.dials, dial.Target)
	}
	if dial.Target.Peer == "" {
		return nil
	}
	return t.Main(dial.Target.Peer)
}

// Ended forgets a link that has ended, or was closed. It changes nothing if the
// link is not in the table any more. Returned is the link that the peer is sent
// to on now, if any.
func (t *Table) Ended(link *Link) (instead *Link) {
	p := t.peers[link.Peer]
	if p == nil {
		return nil
	}
	switch {
	case p.spare == link:
		p.spare = nil
	case p.main == link:
		p.main, p.spare = p.spare, nil
	}
	if p.main == nil {
		t.forget(link.Peer)
		return nil
	}
	return p.main
}

// Evict forgets a peer. The links that it returns are to be closed.
func (t *Table) Evict(id string) (evicted []*Link) {
	p := t.peers[id]
	if p == nil {
		return nil
	}
	t.forget(id)
	if evicted = append(evicted, p.main); p.spare != nil {
		evicted = append(evicted, p.spare)
	}
	return evicted
}

func (t *Table) forget(id string) {
	for _, target := range t.peers[id].answersFor {
		delete(t.aliases, target)
	}
	delete(t.peers, id)
}

// Close empties the table for good. The links that it returns are to be closed,
// the dials to be given up without a report.
func (t *Table) Close() (links []*Link, dials []*Dial) {
	t.closed = true
	for id := range t.peers {
		links = append(links, t.Evict(id)...)
	}
	for target, dial := range t.dials {
		delete(t.dials, target)
		dials = append(dials, dial)
	}
	return links, dials
}

// Len is how many peers there are links to.
func (t *Table) Len() int { return len(t.peers) }

// Tidy settles between links that two peers made at once, and forgets outbound
// links that have been idle. lastUse tells when a link last carried a message.
// The links that it returns are to be closed.
func (t *Table) Tidy(now time.Duration, lastUse func(*Link) time.Duration) (idle []*Link) {
	for id, p := range t.peers {
		if t.settled(p, now) && t.config.Self > id {
			p.main, p.spare = p.spare, p.main
		}
		if p.spare != nil && p.spare.Outbound && now-lastUse(p.spare) > t.config.Settle {
			idle = append(idle, p.spare)
			p.spare = nil
		}
		if p.main.Outbound && now-lastUse(p.main) > t.config.Idle {
			idle = append(idle, p.main)
			p.main, p.spare = p.spare, nil
		}
		if p.main == nil {
			t.forget(id)
		}
	}
	return idle
}

// settled tells whether a peer's two links, one from each side, have lasted.
func (t *Table) settled(p *peer, now time.Duration) bool {
	return p.main.Outbound && p.spare != nil && !p.spare.Outbound && p.spare.heard &&
		now-p.main.since > t.config.Settle && now-p.spare.since > t.config.Settle
}

// setSpare puts a link in the spare place. The one that was there is added to
// the replaced ones.
func (p *peer) setSpare(link *Link, replaced []*Link) []*Link {
	old := p.spare
	p.spare = link
	if old == nil {
		return replaced
	}
	return append(replaced, old)
}
