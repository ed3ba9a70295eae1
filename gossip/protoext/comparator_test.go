// SPDX-License-Identifier: Apache-2.0

package protoext_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/protos/gossip"
)

// stampedKinds make the three kinds of messages that a newer one of the same
// peer replaces.
var stampedKinds = []func(id string, when *gossip.PeerTime) *gossip.GossipMessage{
	func(id string, when *gossip.PeerTime) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_AliveMsg{AliveMsg: &gossip.AliveMessage{Membership: &gossip.Member{PkiId: []byte(id)}, Timestamp: when}}}
	},
	func(id string, when *gossip.PeerTime) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_StateInfo{StateInfo: &gossip.StateInfo{PkiId: []byte(id), Timestamp: when}}}
	},
	func(id string, when *gossip.PeerTime) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_LeadershipMsg{LeadershipMsg: &gossip.LeadershipMessage{PkiId: []byte(id), Timestamp: when}}}
	},
}

func judge(distance int, this, that *gossip.GossipMessage) common.InvalidationResult {
	return protoext.NewGossipMessageComparator(distance)(&gossip.SignedGossipMessage{GossipMessage: this}, &gossip.SignedGossipMessage{GossipMessage: that})
}

func TestNewerMessagesOfAPeerReplaceOlder(t *testing.T) {
	for _, c := range []struct {
		thisID string
		this   *gossip.PeerTime
		thatID string
		that   *gossip.PeerTime
		want   common.InvalidationResult
	}{
		{"a", &gossip.PeerTime{IncNum: 1, SeqNum: 2}, "a", &gossip.PeerTime{IncNum: 1, SeqNum: 1}, common.MessageInvalidates},
		{"a", &gossip.PeerTime{IncNum: 1, SeqNum: 1}, "a", &gossip.PeerTime{IncNum: 1, SeqNum: 1}, common.MessageInvalidated},
		{"a", &gossip.PeerTime{IncNum: 1, SeqNum: 1}, "a", &gossip.PeerTime{IncNum: 1, SeqNum: 2}, common.MessageInvalidated},
		{"a", &gossip.PeerTime{IncNum: 2, SeqNum: 0}, "a", &gossip.PeerTime{IncNum: 1, SeqNum: math.MaxUint64}, common.MessageInvalidates},
		{"a", &gossip.PeerTime{IncNum: 1, SeqNum: math.MaxUint64}, "a", &gossip.PeerTime{IncNum: 2, SeqNum: 0}, common.MessageInvalidated},
		{"a", &gossip.PeerTime{IncNum: 9}, "b", &gossip.PeerTime{IncNum: 1}, common.MessageNoAction},
		{"a", nil, "a", nil, common.MessageInvalidated},
		{"a", nil, "a", &gossip.PeerTime{SeqNum: 1}, common.MessageInvalidated},
		{"a", &gossip.PeerTime{SeqNum: 1}, "a", nil, common.MessageInvalidates},
	} {
		for kind, stamp := range stampedKinds {
			assert.Equal(t, c.want, judge(5, stamp(c.thisID, c.this), stamp(c.thatID, c.that)), "kind %d, %v", kind, c)
			other := stampedKinds[(kind+1)%len(stampedKinds)]
			assert.Equal(t, common.MessageNoAction, judge(5, stamp(c.thisID, c.this), other(c.thatID, c.that)), "of another kind")
		}
	}
}

func TestBlocksLiveSideBySideWithinADistance(t *testing.T) {
	block := func(number uint64) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_DataMsg{DataMsg: &gossip.DataMessage{Payload: &gossip.Payload{SeqNum: number}}}}
	}
	for _, c := range []struct {
		distance   int
		this, that uint64
		want       common.InvalidationResult
	}{
		{5, 10, 10, common.MessageInvalidated},
		{5, 10, 5, common.MessageNoAction},
		{5, 5, 10, common.MessageNoAction},
		{5, 10, 4, common.MessageInvalidates},
		{5, 4, 10, common.MessageInvalidated},
		{0, 1, 0, common.MessageInvalidates},
		{0, 0, 0, common.MessageInvalidated},
		{-1, 1, 0, common.MessageInvalidates},
		{-1, 0, 1, common.MessageInvalidated},
		{5, math.MaxUint64, 0, common.MessageInvalidates},
		{5, 0, math.MaxUint64, common.MessageInvalidated},
		{5, math.MaxUint64, math.MaxUint64 - 5, common.MessageNoAction},
	} {
		assert.Equal(t, c.want, judge(c.distance, block(c.this), block(c.that)), "%v", c)
	}
	empty := &gossip.GossipMessage{Content: &gossip.GossipMessage_DataMsg{DataMsg: &gossip.DataMessage{}}}
	assert.Equal(t, common.MessageInvalidated, judge(5, empty, block(0)), "no payload counts as number 0")
}

func TestIdentitiesStay(t *testing.T) {
	identity := func(id string) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_PeerIdentity{PeerIdentity: &gossip.PeerIdentity{PkiId: []byte(id)}}}
	}
	assert.Equal(t, common.MessageInvalidated, judge(5, identity("a"), identity("a")))
	assert.Equal(t, common.MessageNoAction, judge(5, identity("a"), identity("b")))
}

// Whatever is missing in either of two messages, they can be compared.
func TestComparatorBearsWhatIsMissing(t *testing.T) {
	compare := protoext.NewGossipMessageComparator(5)
	assert.Equal(t, common.MessageNoAction, compare((*gossip.SignedGossipMessage)(nil), &gossip.SignedGossipMessage{}))
	assert.Equal(t, common.MessageNoAction, compare(&gossip.SignedGossipMessage{}, (*gossip.SignedGossipMessage)(nil)))
	cases := kindCases()
	for i := range cases {
		for j := range cases {
			result := judge(5, cases[i].message, cases[j].message)
			same := i == j && map[string]bool{"alive_msg": true, "state_info": true, "leadership_msg": true, "data_msg": true, "peer_identity": true}[cases[i].kind]
			assert.Equal(t, same, result != common.MessageNoAction, "%s, %s", cases[i].kind, cases[j].kind)
		}
	}
	assert.Panics(t, func() { compare("no message", &gossip.SignedGossipMessage{}) })
}
