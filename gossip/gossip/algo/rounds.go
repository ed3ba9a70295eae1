// SPDX-License-Identifier: Apache-2.0

package algo

import "time"

// phase is what a round waits for.
type phase int

const (
	greeting phase = iota // Hellos are being sent; digests are taken in
	digesting
	requesting // requests are being sent; responses are taken in
	receiving
	over
)

// pullRound is one attempt to get what others have.
type pullRound struct {
	phase     phase
	due       time.Time              // when the phase ends, in digesting and receiving
	questions []*question            // in the order they were asked
	items     []string               // announced, in the order of their first announcement
	from      map[string][]*question // by item, those whose answer announced it
}

// question is a Hello and what became of it.
type question struct {
	peer      string
	nonce     uint64
	round     *pullRound
	announced map[string]struct{}
	looked    int // at items of digests
}

// request is what is asked of one peer.
type request struct {
	peer  string
	nonce uint64
	items []string
}

// roundSet is the rounds in progress: the initiator's half of the protocol.
type roundSet struct {
	rounds  []*pullRound // the oldest first
	byNonce map[uint64]*question
}

func newRoundSet() roundSet {
	return roundSet{byNonce: make(map[uint64]*question)}
}

// begin starts a round, nil if there are too many.
func (s *roundSet) begin() *pullRound {
	if len(s.rounds) >= maxRounds {
		return nil
	}
	r := &pullRound{from: make(map[string][]*question)}
	s.rounds = append(s.rounds, r)
	return r
}

// ask notes that a peer is asked in a round and returns the nonce to ask with,
// one from random that is not in use. It returns false if the peer has been
// asked in this round already.
func (s *roundSet) ask(r *pullRound, peer string, random func() uint64) (uint64, bool) {
	for _, q := range r.questions {
		if q.peer == peer {
			return 0, false
		}
	}
	nonce := random()
	for s.byNonce[nonce] != nil {
		nonce = random()
	}
	q := &question{peer: peer, nonce: nonce, round: r, announced: make(map[string]struct{})}
	r.questions = append(r.questions, q)
	s.byNonce[nonce] = q
	return nonce, true
}

// announce takes in a digest: what of it is missing here is wanted. It returns
// why it did not take in all of it, if so.
func (s *roundSet) announce(nonce uint64, items []string, missing func(item string) bool) (refusal string) {
	q := s.byNonce[nonce]
	if q == nil || q.round.phase > digesting {
		return digestUnasked
	}
	for _, item := range items {
		if q.looked++; q.looked > maxItems {
			return digestTooLong
		}
		if _, again := q.announced[item]; again || !missing(item) {
			continue
		}
		q.announced[item] = struct{}{}
		q.round.note(item, q)
	}
	return ""
}

func (r *pullRound) note(item string, q *question) {
	if len(r.from[item]) == 0 {
		r.items = append(r.items, item)
	}
	r.from[item] = append(r.from[item], q)
}

// choose ends the time for digests and begins that for responses. It returns
// whom to request what from: each item that is missing still from one of those
// that announced it, which pick chooses by returning a number below the one
// given to it.
func (r *pullRound) choose(missing func(item string) bool, pick func(n int) int) []request {
	r.phase = requesting
	wanted := make(map[*question][]string)
	for _, item := range r.items {
		if !missing(item) {
			continue
		}
		announcers := r.from[item]
		q := announcers[pick(len(announcers))]
		wanted[q] = append(wanted[q], item)
	}
	var requests []request
	for _, q := range r.questions {
		if items := wanted[q]; len(items) > 0 {
			requests = append(requests, request{peer: q.peer, nonce: q.nonce, items: items})
		}
		q.announced = nil
	}
	r.items, r.from = nil, nil
	return requests
}

// expects tells whether a response with that nonce is being waited for.
func (s *roundSet) expects(nonce uint64) bool {
	q := s.byNonce[nonce]
	return q != nil && q.round.awaitsResponses()
}

// awaitsResponses tells whether a response to any round is being waited for.
func (s *roundSet) awaitsResponses() bool {
	for _, r := range s.rounds {
		if r.awaitsResponses() {
			return true
		}
	}
	return false
}

func (r *pullRound) awaitsResponses() bool {
	return r.phase == requesting || r.phase == receiving
}

// end forgets a round and its nonces.
func (s *roundSet) end(r *pullRound) {
	r.phase = over
	for _, q := range r.questions {
		delete(s.byNonce, q.nonce)
	}
	kept := s.rounds[:0]
	for _, other := range s.rounds {
		if other != r {
			kept = append(kept, other)
		}
	}
	for i := len(kept); i < len(s.rounds); i++ {
		s.rounds[i] = nil
	}
	s.rounds = kept
}

// endAll forgets everything.
func (s *roundSet) endAll() {
	for _, r := range s.rounds {
		r.phase = over
	}
	*s = newRoundSet()
}

// earliest returns the round in progress that is due first; nil if none waits.
func (s *roundSet) earliest() *pullRound {
	var first *pullRound
	for _, r := range s.rounds {
		waits := r.phase == digesting || r.phase == receiving
		if waits && (first == nil || r.due.Before(first.due)) {
			first = r
		}
	}
	return first
}
