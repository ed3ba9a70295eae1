// SPDX-License-Identifier: Apache-2.0

package algo

import "time"

// nonceMemory is the nonces with which peers have asked for our digest, each
// until its time is over: the responder's half of the protocol.
type nonceMemory struct {
	until map[uint64]time.Time
	order []remembered // by time; may hold a nonce that was remembered anew more than once
}

type remembered struct {
	nonce uint64
	until time.Time
}

func newNonceMemory() nonceMemory {
	return nonceMemory{until: make(map[uint64]time.Time)}
}

// remember keeps a nonce for a time, which must be the same in each call. It
// forgets others whose time is over, and the oldest one if there are too many.
func (m *nonceMemory) remember(nonce uint64, now time.Time, wait time.Duration) {
	for len(m.order) > 0 && (len(m.order) >= maxNonces || !now.Before(m.order[0].until)) {
		oldest := m.order[0]
		if m.until[oldest.nonce].Equal(oldest.until) {
			delete(m.until, oldest.nonce)
		}
		m.order = m.order[1:] // append moves the rest when there is no room left
	}
	r := remembered{nonce: nonce, until: now.Add(wait)}
	m.until[nonce] = r.until
	m.order = append(m.order, r)
}

// knows tells whether a nonce is remembered.
func (m *nonceMemory) knows(nonce uint64, now time.Time) bool {
	until, held := m.until[nonce]
	return held && now.Before(until)
}
