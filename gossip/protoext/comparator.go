// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"bytes"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/protos/gossip"
)

// NewGossipMessageComparator returns the rule by which messages make each other
// obsolete. Both arguments of the rule must be *gossip.SignedGossipMessage.
//
//	both say that a peer is alive, what it has of a channel, or
//	that it leads: of one peer, the newer; at a tie, the stored one
//	both are an identity:  of one peer, the stored one
//	both carry a block:    of one number, the stored one; further than
//	                       dataBlockStorageSize apart, the higher one
//	anything else:         none of them
//
// What is missing in a message counts as zero.
func NewGossipMessageComparator(dataBlockStorageSize int) common.MessageReplacingPolicy {
	return func(this, that interface{}) common.InvalidationResult {
		a, b := this.(*gossip.SignedGossipMessage), that.(*gossip.SignedGossipMessage)
		if a == nil || b == nil {
			return common.MessageNoAction
		}
		return compareContents(a.GossipMessage, b.GossipMessage, dataBlockStorageSize)
	}
}

func compareContents(a, b *gossip.GossipMessage, distance int) common.InvalidationResult {
	if x, y := a.GetAliveMsg(), b.GetAliveMsg(); x != nil && y != nil {
		return compareAges(x.GetMembership().GetPkiId(), y.GetMembership().GetPkiId(), x, y)
	}
	if x, y := a.GetStateInfo(), b.GetStateInfo(); x != nil && y != nil {
		return compareAges(x.PkiId, y.PkiId, x, y)
	}
	if x, y := a.GetLeadershipMsg(), b.GetLeadershipMsg(); x != nil && y != nil {
		return compareAges(x.PkiId, y.PkiId, x, y)
	}
	if x, y := a.GetPeerIdentity(), b.GetPeerIdentity(); x != nil && y != nil && bytes.Equal(x.PkiId, y.PkiId) {
		return common.MessageInvalidated
	}
	if x, y := a.GetDataMsg(), b.GetDataMsg(); x != nil && y != nil {
		return compareNumbers(x.GetPayload().GetSeqNum(), y.GetPayload().GetSeqNum(), distance)
	}
	return common.MessageNoAction
}

// stamped is a message that says when its peer made it.
type stamped interface {
	GetTimestamp() *gossip.PeerTime
}

// compareAges judges a new message about peer newID against a stored one about
// peer oldID. A peer's incarnation counts before its counter.
func compareAges(newID, oldID []byte, arrived, stored stamped) common.InvalidationResult {
	if !bytes.Equal(newID, oldID) {
		return common.MessageNoAction
	}
	x, y := arrived.GetTimestamp(), stored.GetTimestamp()
	switch {
	case x.GetIncNum() > y.GetIncNum():
		return common.MessageInvalidates
	case x.GetIncNum() == y.GetIncNum() && x.GetSeqNum() > y.GetSeqNum():
		return common.MessageInvalidates
	}
	return common.MessageInvalidated
}

// compareNumbers judges a new block against a stored one. A distance below zero
// is none: then only the highest block stays.
func compareNumbers(arrived, stored uint64, distance int) common.InvalidationResult {
	ahead, apart := arrived > stored, stored-arrived
	if ahead {
		apart = arrived - stored
	}
	switch {
	case apart == 0:
		return common.MessageInvalidated
	case distance >= 0 && apart <= uint64(distance):
		return common.MessageNoAction
	case ahead:
		return common.MessageInvalidates
	}
	return common.MessageInvalidated
}
