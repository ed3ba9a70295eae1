// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"sync"

	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Bounds of what is remembered of rumours. A peer that exceeds them, or all of
// them together, is forgotten and begins anew.
const (
	maxRumours        = 1 << 17
	maxRumourSubjects = 1 << 13 // of one sender
	maxSubjectLength  = 128     // of PKI-ID and MAC together
)

// rumours remembers which news about peers each sender has brought, so that they
// are not sent back. Nothing in it is verified: who lies here is spared what it
// claims to have, and nobody else is.
type rumours struct {
	mutex sync.Mutex
	// Guarded by mutex:
	from map[string]map[string]stamp // by sender and subject
	size int
}

// stamp orders the messages about one subject.
type stamp struct{ incarnation, sequence uint64 }

func (s stamp) before(t stamp) bool {
	if s.incarnation != t.incarnation {
		return s.incarnation < t.incarnation
	}
	return s.sequence < t.sequence
}

func stampOf(t *proto.PeerTime) stamp { return stamp{t.GetIncNum(), t.GetSeqNum()} }

func newRumours() *rumours { return &rumours{from: map[string]map[string]stamp{}} }

// topic is what a message brings news about, appended to space; ok is false if
// it is not of a kind that makes the rounds.
func topic(m *proto.GossipMessage, space []byte) (subject []byte, at stamp, ok bool) {
	switch {
	case protoext.IsAliveMsg(m):
		alive := m.GetAliveMsg()
		subject, at = append(append(space, 'a'), alive.GetMembership().GetPkiId()...), stampOf(alive.Timestamp)
	case protoext.IsStateInfoMsg(m):
		info := m.GetStateInfo()
		subject = append(append(space, 's'), info.Channel_MAC...)
		subject, at = append(append(subject, '/'), info.PkiId...), stampOf(info.Timestamp)
	default:
		return nil, stamp{}, false
	}
	return subject, at, len(subject) <= maxSubjectLength
}

// hear notes that a sender has brought a message.
func (r *rumours) hear(sender string, m *proto.GossipMessage) {
	var space [maxSubjectLength]byte
	subject, at, ok := topic(m, space[:0])
	if !ok {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.size >= maxRumours {
		r.from, r.size = map[string]map[string]stamp{}, 0
	}
	if subjects := r.from[sender]; subjects == nil || len(subjects) >= maxRumourSubjects {
		r.drop(sender)
		r.from[sender] = map[string]stamp{}
	}
	last, known := r.from[sender][string(subject)]
	if !known {
		r.size++
	}
	if !known || last.before(at) {
		r.from[sender][string(subject)] = at
	}
}

func (r *rumours) drop(sender string) {
	r.size -= len(r.from[sender])
	delete(r.from, sender)
}

// about returns who has brought what the message says, or something newer. The
// result is good until space, which it may use, is used otherwise.
func (r *rumours) about(m *proto.GossipMessage, space []byte) func(sender string) bool {
	subject, at, ok := topic(m, space[:0])
	if !ok {
		return func(string) bool { return false }
	}
	return func(sender string) bool {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		heard, ok := r.from[sender][string(subject)]
		return ok && !heard.before(at)
	}
}

// forget is called when a sender's identity has left.
func (r *rumours) forget(sender string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.drop(sender)
}
