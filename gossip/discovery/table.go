// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"fmt"
	"time"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/membership"
	"github.com/hyperledger/fabric/gossip/util"
)

// timestamp is which message of a member is the latest, and when it came.
type timestamp struct {
	incTime    time.Time
	seqNum     uint64
	lastSeen   time.Time
	lastGossip time.Time
	hearsay    bool
}

// String is the incarnation, in nanoseconds since 1970, and the counter.
func (t timestamp) String() string {
	return fmt.Sprintf("%d, %d", t.incTime.UnixNano(), t.seqNum)
}

func (t *timestamp) stamp() membership.Stamp {
	return membership.Stamp{Incarnation: uint64(t.incTime.UnixNano()), Counter: t.seqNum}
}

// table is the membership.Table of a node, in the shape in which v1.3.0's tests
// look at members. A PKI-ID is a key of id2Member if and only if it is one of
// either aliveLastTS and aliveMembership, or deadLastTS and deadMembership.
// Everything here is guarded by the node's lock. Records are replaced, never
// changed.
type table struct {
	id2Member       map[string]*NetworkMember
	aliveLastTS     map[string]*timestamp
	deadLastTS      map[string]*timestamp
	aliveMembership *util.MembershipStore
	deadMembership  *util.MembershipStore

	// view is the list of the members alive, nil if it is to be made anew.
	view []NetworkMember
	// roster changes whenever somebody joins or leaves that list, or is to be
	// reached elsewhere. It does not for a heartbeat.
	roster uint64
}

func newTable() *table {
	return &table{
		id2Member:       make(map[string]*NetworkMember),
		aliveLastTS:     make(map[string]*timestamp),
		deadLastTS:      make(map[string]*timestamp),
		aliveMembership: util.NewMembershipStore(),
		deadMembership:  util.NewMembershipStore(),
	}
}

func (t *table) Get(id string) (membership.Member, bool) {
	record, known := t.id2Member[id]
	if !known {
		return membership.Member{}, false
	}
	ts, alive := t.aliveLastTS[id]
	messages := t.aliveMembership
	if !alive {
		ts, messages = t.deadLastTS[id], t.deadMembership
	}
	return membership.Member{
		ID:               id,
		Endpoint:         record.Endpoint,
		InternalEndpoint: record.InternalEndpoint,
		Metadata:         record.Metadata,
		Message:          messages.MsgByID(record.PKIid),
		Stamp:            ts.stamp(),
		Alive:            alive,
		Hearsay:          ts.hearsay,
		LastSeen:         ts.lastSeen,
		LastGossip:       ts.lastGossip,
	}, true
}

func (t *table) Put(m membership.Member) {
	if !t.reachedAlike(m) {
		t.roster++
	}
	t.remove(m.ID)
	record := recordOf(m)
	ts := &timestamp{
		incTime:    time.Unix(0, int64(m.Stamp.Incarnation)),
		seqNum:     m.Stamp.Counter,
		lastSeen:   m.LastSeen,
		lastGossip: m.LastGossip,
		hearsay:    m.Hearsay,
	}
	t.id2Member[m.ID] = record
	if m.Alive {
		t.aliveLastTS[m.ID] = ts
		t.aliveMembership.Put(record.PKIid, m.Message)
	} else {
		t.deadLastTS[m.ID] = ts
		t.deadMembership.Put(record.PKIid, m.Message)
	}
}

// reachedAlike tells whether the member is in the table and alive or not, and to
// be reached, as it is now.
func (t *table) reachedAlike(m membership.Member) bool {
	record, known := t.id2Member[m.ID]
	_, alive := t.aliveLastTS[m.ID]
	return known && alive == m.Alive && record.Endpoint == m.Endpoint && record.InternalEndpoint == m.InternalEndpoint
}

func (t *table) Delete(id string) {
	t.roster++
	t.remove(id)
}

func (t *table) remove(id string) {
	t.view = nil
	delete(t.id2Member, id)
	delete(t.aliveLastTS, id)
	delete(t.deadLastTS, id)
	t.aliveMembership.Remove(common.PKIidType(id))
	t.deadMembership.Remove(common.PKIidType(id))
}

func (t *table) Each(visit func(membership.Member) bool) {
	for id := range t.id2Member {
		if m, _ := t.Get(id); !visit(m) {
			return
		}
	}
}

func (t *table) CountAlive() int { return len(t.aliveLastTS) }

// list makes the list of the members alive, if it has to. Its envelopes are not
// those that are stored.
func (t *table) list() []NetworkMember {
	if t.view != nil {
		return t.view
	}
	view := make([]NetworkMember, 0, len(t.aliveLastTS))
	t.Each(func(m membership.Member) bool {
		if m.Alive {
			entry := *recordOf(m)
			entry.Envelope = detached(m.Message).Envelope
			view = append(view, entry)
		}
		return true
	})
	t.view = view
	return view
}

// recordOf is where a member can be reached and what it is called.
func recordOf(m membership.Member) *NetworkMember {
	return &NetworkMember{
		Endpoint:         m.Endpoint,
		Metadata:         m.Metadata,
		PKIid:            common.PKIidType(m.ID),
		InternalEndpoint: m.InternalEndpoint,
	}
}
