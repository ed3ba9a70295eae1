// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"time"

	"github.com/hyperledger/fabric/gossip/api"
)

// disarm stops the timer of an identity that leaves or is to stay. The caller
// holds the mapper's lock.
func (k *known) disarm() {
	if k.expiry != nil {
		k.expiry.Stop()
	}
}

// snapshot lists what is in, for looking at it without holding the lock.
func (m *mapper) snapshot() []*known {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	return m.identities.all()
}

// purge makes an entry leave and reports it, if it is still in and reason
// holds. That one is asked under the lock, and told whether the mapper has been
// stopped.
func (m *mapper) purge(k *known, reason func(stopped bool) bool) bool {
	if !m.remove(k, reason) {
		return false
	}
	m.onPurge(k.pkiID, k.identity)
	return true
}

func (m *mapper) remove(k *known, reason func(stopped bool) bool) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if !reason(m.stopped) || !m.identities.remove(k) {
		return false
	}
	k.disarm()
	return true
}

// expire runs when the timer of an entry fires. Should the system's clock not
// be there yet, as it has been put back, the timer is set again.
func (m *mapper) expire(k *known) {
	due := func(stopped bool) bool { return !stopped && k.expired(time.Now()) }
	if m.purge(k, due) {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if !m.stopped && m.identities.get(k.pkiID) == k {
		k.expiry.Reset(k.remaining())
	}
}

// purgeUnused purges an entry, unless it is the peer's own, if nobody has asked
// for it in a long time.
func (m *mapper) purgeUnused(k *known) bool {
	threshold := GetIdentityUsageThreshold()
	if k.pkiID.IsNotSameFilter(m.self) && k.unused(m.clock(), threshold) {
		return m.purge(k, func(stopped bool) bool { return !stopped && k.unused(m.clock(), threshold) })
	}
	return false
}

// runPatrol runs every now and then until Stop.
func (m *mapper) runPatrol() {
	for _, k := range m.snapshot() {
		if !m.purgeUnused(k) && k.expired(time.Now()) {
			m.expire(k)
		}
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if !m.stopped {
		m.patrol.Reset(patrolInterval())
	}
}

func (m *mapper) SuspectPeers(isSuspected api.PeerSuspector) {
	for _, k := range m.snapshot() {
		if m.purgeUnused(k) || !isSuspected(k.identity) {
			continue
		}
		k.asked(m.clock())
		if m.mcs.ValidateIdentity(k.identity) != nil {
			m.purge(k, func(bool) bool { return true })
		}
	}
}
