// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	proto "github.com/hyperledger/fabric/protos/gossip"
)

func aliveOf(pkiID string, inc, seq uint64) *proto.GossipMessage {
	return &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_AliveMsg{AliveMsg: &proto.AliveMessage{
		Membership: &proto.Member{PkiId: []byte(pkiID)}, Timestamp: &proto.PeerTime{IncNum: inc, SeqNum: seq},
	}}}
}

func stateOf(pkiID, mac string, inc, seq uint64) *proto.GossipMessage {
	return &proto.GossipMessage{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateInfo{StateInfo: &proto.StateInfo{
		PkiId: []byte(pkiID), Channel_MAC: []byte(mac), Timestamp: &proto.PeerTime{IncNum: inc, SeqNum: seq},
	}}}
}

func TestRumours(t *testing.T) {
	r := newRumours()
	r.hear("x", aliveOf("p", 1, 5))
	r.hear("y", aliveOf("p", 2, 1))
	r.hear("y", aliveOf("p", 1, 9)) // older
	r.hear("x", stateOf("p", "m", 3, 3))
	for _, c := range []struct {
		message *proto.GossipMessage
		by      string
	}{
		{aliveOf("p", 1, 4), "x y"}, {aliveOf("p", 1, 5), "x y"}, {aliveOf("p", 1, 6), "y"}, {aliveOf("p", 2, 1), "y"}, {aliveOf("p", 2, 2), ""},
		{aliveOf("q", 1, 1), ""}, {stateOf("p", "m", 3, 3), "x"}, {stateOf("p", "m", 3, 4), ""}, {stateOf("p", "n", 3, 3), ""},
		{&proto.GossipMessage{}, ""},
	} {
		var by []string
		for _, sender := range []string{"x", "y", "z"} {
			if r.about(c.message, nil)(sender) {
				by = append(by, sender)
			}
		}
		assert.Equal(t, c.by, strings.Join(by, " "), "%v", c.message)
	}
	r.forget("y")
	assert.False(t, r.about(aliveOf("p", 2, 1), nil)("y"))
}

func TestRumoursAreBounded(t *testing.T) {
	r := newRumours()
	for i := 0; i < 3*maxRumourSubjects; i++ {
		r.hear("liar", aliveOf(fmt.Sprint(i), 1, 1))
		r.hear("honest", aliveOf("p", 1, uint64(i)))
	}
	assert.True(t, len(r.from["liar"]) <= maxRumourSubjects)
	assert.True(t, r.about(aliveOf("p", 1, 1), nil)("honest"), "nobody else is forgotten")
	r.hear("long", aliveOf(strings.Repeat("x", maxSubjectLength+1), 1, 1))
	assert.Empty(t, r.from["long"])
	for i := 0; i < maxRumours+maxRumours/2; i++ {
		r.hear(fmt.Sprint("sender", i), aliveOf("p", 1, 1))
	}
	size := 0
	for _, subjects := range r.from {
		size += len(subjects)
	}
	assert.Equal(t, size, r.size)
	assert.True(t, size <= maxRumours)
}

func TestRelayMemory(t *testing.T) {
	start := time.Unix(1000, 0)
	r := newRelayMemory(time.Minute)
	isNews := func(m *proto.GossipMessage, after time.Duration) bool {
		return r.isNews(m.GetStateInfo(), start.Add(after))
	}
	note := func(m *proto.GossipMessage, after time.Duration) bool {
		return r.note(m.GetStateInfo(), start.Add(after))
	}

	assert.True(t, isNews(stateOf("p", "m", 1, 5), 0))
	assert.True(t, note(stateOf("p", "m", 1, 5), 0))
	assert.False(t, isNews(stateOf("p", "m", 1, 5), time.Second), "the same again")
	assert.False(t, isNews(stateOf("p", "m", 1, 4), time.Second))
	assert.True(t, isNews(stateOf("p", "m", 1, 6), time.Second))
	assert.True(t, isNews(stateOf("p", "other", 1, 1), time.Second), "channels do not disturb each other")
	assert.True(t, isNews(stateOf("q", "m", 1, 1), time.Second))
	assert.True(t, isNews(stateOf("p", "m", 1, 5), time.Minute+time.Second), "forgotten")

	for i := 1; i < maxRelayedPerPeer; i++ {
		assert.True(t, note(stateOf("p", fmt.Sprint(i), 1, 1), 0))
	}
	assert.False(t, note(stateOf("p", "one more", 1, 1), 0))
	assert.True(t, note(stateOf("p", "m", 1, 7), 0), "one that is known goes on")
	assert.True(t, note(stateOf("q", "m", 1, 7), 0))
	for i := 0; i < relaySweepEvery; i++ {
		note(stateOf("q", "m", 1, uint64(8+i)), time.Hour)
	}
	assert.Len(t, r.peers, 1, "what is too old does not stay")
	r.forget("q")
	assert.Empty(t, r.peers)
}
