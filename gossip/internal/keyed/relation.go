// SPDX-License-Identifier: Apache-2.0

package keyed

import "github.com/hyperledger/fabric/gossip/common"

// Relation is how the messages of one store relate. It is made by Scan, Newest
// or Window for one store and not to be given to another. The store's lock
// guards it.
type Relation interface {
	// judge returns the entries of a list that a new message makes obsolete, in
	// the order of arrival, and whether the message itself is valid. It changes
	// nothing, so many may call it at a time.
	judge(held *list, message interface{}) (obsolete []*entry, valid bool)

	// note is told of each entry that joins the list.
	note(*entry)

	// forget is told of each entry that has left the list.
	forget(*entry)
}

// Scan asks a policy about the new message and each one held in turn. The first
// that makes the new one obsolete ends the questions.
func Scan(policy common.MessageReplacingPolicy) Relation { return scan(policy) }

type scan common.MessageReplacingPolicy

func (policy scan) judge(held *list, message interface{}) (obsolete []*entry, valid bool) {
	for e := held.first; e != nil; e = e.next {
		switch policy(message, e.message) {
		case common.MessageInvalidated:
			return obsolete, false
		case common.MessageInvalidates:
			obsolete = append(obsolete, e)
		}
	}
	return obsolete, true
}

func (scan) note(*entry)   {}
func (scan) forget(*entry) {}

// Newest lets the newer of two messages with the same key replace the other, and
// refuses a message that is not newer than the one held. Others do not matter to
// each other. The key of a message must not change while it is held.
func Newest(key func(message interface{}) []byte, newer func(message, held interface{}) bool) Relation {
	return &newest{key: key, newer: newer, byKey: make(map[string]*entry)}
}

type newest struct {
	key   func(message interface{}) []byte
	newer func(message, held interface{}) bool
	byKey map[string]*entry
}

func (n *newest) judge(_ *list, message interface{}) (obsolete []*entry, valid bool) {
	old := n.byKey[string(n.key(message))]
	switch {
	case old == nil:
		return nil, true
	case n.newer(message, old.message):
		return []*entry{old}, true
	}
	return nil, false
}

func (n *newest) note(e *entry)   { n.byKey[string(n.key(e.message))] = e }
func (n *newest) forget(e *entry) { delete(n.byKey, string(n.key(e.message))) }
