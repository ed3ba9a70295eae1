// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
)

// expirySlack is by how much a timer fires later than an identity expires.
const expirySlack = time.Millisecond

// known is an identity that a mapper holds. Only lastAsked changes.
type known struct {
	lastAsked int64 // nanoseconds on the mapper's clock; used atomically
	pkiID     common.PKIidType
	identity  api.PeerIdentityType
	org       api.OrgIdentityType
	expires   time.Time   // zero: never
	expiry    *time.Timer // nil if there is none; guarded by the mapper's lock
}

// asked notes that somebody wanted the identity.
func (k *known) asked(now time.Duration) {
	atomic.StoreInt64(&k.lastAsked, int64(now))
}

// unused tells whether nobody has wanted the identity for longer than that.
func (k *known) unused(now, threshold time.Duration) bool {
	return now-time.Duration(atomic.LoadInt64(&k.lastAsked)) > threshold
}

func (k *known) expired(now time.Time) bool {
	return expired(k.expires, now)
}

// remaining is how long to wait for an entry that expires.
func (k *known) remaining() time.Duration {
	return time.Until(k.expires.Add(expirySlack))
}

// expired tells whether the time of something that expires is over; the zero
// time means that it does not expire.
func expired(expires, now time.Time) bool {
	return !expires.IsZero() && now.After(expires)
}

// table is identities by PKI-ID.
type table map[string]*known

func (t table) get(pkiID common.PKIidType) *known { return t[string(pkiID)] }

func (t table) put(k *known) { t[string(k.pkiID)] = k }

// remove takes out an entry, and no other that has taken its place. It returns
// false if the entry has left before.
func (t table) remove(k *known) bool {
	if t.get(k.pkiID) != k {
		return false
	}
	delete(t, string(k.pkiID))
	return true
}

// all lists the entries that are in now.
func (t table) all() []*known {
	list := make([]*known, 0, len(t))
	for _, k := range t {
		list = append(list, k)
	}
	return list
}
