// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"

	"github.com/hyperledger/fabric/gossip/common"
)

// NewGossipMessageComparator returns the policy by which a message store
// decides whether a message makes a stored one obsolete or is itself obsolete.
// Heartbeats, state infos and leadership messages of one peer replace each
// other by their timestamps; identities of one peer never change; blocks
// within dataBlockStorageSize of each other live side by side.
//
// Both arguments of the policy must be *SignedGossipMessage. Missing parts of
// hostile messages count as zero values.
func NewGossipMessageComparator(dataBlockStorageSize int) common.MessageReplacingPolicy {
	return func(this, that interface{}) common.InvalidationResult {
		a, b := this.(*SignedGossipMessage), that.(*SignedGossipMessage)
		switch {
		case a.IsAliveMsg() && b.IsAliveMsg():
			x, y := a.GetAliveMsg(), b.GetAliveMsg()
			return byTime(x.GetMembership().GetPkiId(), y.GetMembership().GetPkiId(), x.GetTimestamp(), y.GetTimestamp())
		case a.IsStateInfoMsg() && b.IsStateInfoMsg():
			x, y := a.GetStateInfo(), b.GetStateInfo()
			return byTime(x.GetPkiId(), y.GetPkiId(), x.GetTimestamp(), y.GetTimestamp())
		case a.IsLeadershipMsg() && b.IsLeadershipMsg():
			x, y := a.GetLeadershipMsg(), b.GetLeadershipMsg()
			return byTime(x.GetPkiId(), y.GetPkiId(), x.GetTimestamp(), y.GetTimestamp())
		case a.IsIdentityMsg() && b.IsIdentityMsg():
			if bytes.Equal(a.GetPeerIdentity().GetPkiId(), b.GetPeerIdentity().GetPkiId()) {
				return common.MessageInvalidated
			}
		case a.IsDataMsg() && b.IsDataMsg():
			return byDistance(a.GetDataMsg().GetPayload().GetSeqNum(), b.GetDataMsg().GetPayload().GetSeqNum(), uint64(dataBlockStorageSize))
		}
		return common.MessageNoAction
	}
}

// byTime compares two messages of one peer; the newer wins and ties go to the
// one already held.
func byTime(thisID, thatID []byte, this, that *PeerTime) common.InvalidationResult {
	if !bytes.Equal(thisID, thatID) {
		return common.MessageNoAction
	}
	newer := this.GetIncNum() > that.GetIncNum() ||
		this.GetIncNum() == that.GetIncNum() && this.GetSeqNum() > that.GetSeqNum()
	if newer {
		return common.MessageInvalidates
	}
	return common.MessageInvalidated
}

// byDistance lets blocks coexist while they are at most window apart.
func byDistance(this, that, window uint64) common.InvalidationResult {
	switch {
	case this == that:
		return common.MessageInvalidated
	case this > that && this-that > window:
		return common.MessageInvalidates
	case that > this && that-this > window:
		return common.MessageInvalidated
	}
	return common.MessageNoAction
}
