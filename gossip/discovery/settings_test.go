// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/membership"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

func TestSettings(t *testing.T) {
	attempts, check := maxConnectionAttempts, aliveExpirationCheckInterval
	unset := func() {
		for _, key := range []string{aliveTimeIntervalKey, aliveExpirationTimeoutKey, reconnectIntervalKey} {
			viper.Set(key, 0)
		}
	}
	unset()
	defer func() {
		unset()
		maxConnectionAttempts, aliveExpirationCheckInterval = attempts, check
	}()
	maxConnectionAttempts = 120
	times := func() string {
		t := readTimes()
		return fmt.Sprint(t.Heartbeat, t.Expiration, t.Check, t.Reconnect, t.Retention)
	}

	SetAliveExpirationCheckInterval(0)
	assert.Equal(t, "5s 25s 2.5s 25s 8m20s", times())
	SetAliveTimeInterval(2 * time.Second)
	assert.Equal(t, "2s 10s 1s 10s 3m20s", times())
	SetAliveExpirationTimeout(20 * time.Second)
	assert.Equal(t, "2s 20s 2s 20s 6m40s", times())
	assert.Equal(t, 2*time.Second, aliveExpirationCheckInterval)
	SetAliveExpirationCheckInterval(time.Second)
	SetReconnectInterval(7 * time.Second)
	assert.Equal(t, "2s 20s 1s 7s 6m40s", times())

	assert.Equal(t, 120, getMaxConnAttempts())
	SetMaxConnAttempts(3)
	assert.Equal(t, 3, getMaxConnAttempts())
	maxConnectionAttempts = 10000
	assert.Equal(t, 10000, getMaxConnAttempts())
}

func TestInternalEndpointsThatAreNone(t *testing.T) {
	for _, endpoint := range []string{"", "host", "host:", ":", "host:port", "host:1:2", "[::1]:7051", "host:65536", "host:-1", "host: 1"} {
		assert.Panics(t, func() { NewDiscoveryService(NetworkMember{InternalEndpoint: endpoint}, nil, nil, nil) }, endpoint)
	}
	for _, endpoint := range []string{"host:0", "host:65535", ":7051"} {
		_, err := portOf(endpoint)
		assert.NoError(t, err, endpoint)
	}
}

func TestTimestampsReadAsNumbers(t *testing.T) {
	now := time.Now()
	ts := &timestamp{incTime: now, seqNum: 42}
	assert.Equal(t, fmt.Sprintf("%d, 42", now.UnixNano()), fmt.Sprint(ts))
	for _, incarnation := range []uint64{0, 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		table := newTable()
		stamp := membership.Stamp{Incarnation: incarnation, Counter: math.MaxUint64}
		table.Put(membership.Member{ID: "a", Stamp: stamp, Message: &proto.SignedGossipMessage{}})
		m, _ := table.Get("a")
		assert.Equal(t, stamp, m.Stamp)
	}
}

func TestTableShowsTheSameInAllItsParts(t *testing.T) {
	table := newTable()
	m := membership.Member{
		ID: "a", Endpoint: "e", InternalEndpoint: "i", Metadata: []byte("m"), Alive: true,
		Stamp: membership.Stamp{Incarnation: 1, Counter: 2}, LastSeen: time.Unix(3, 0), LastGossip: time.Unix(4, 0),
		Message: &proto.SignedGossipMessage{Envelope: &proto.Envelope{Payload: []byte("p")}},
	}
	shows := func(alive, dead int) {
		assert.Equal(t, alive+dead, len(table.id2Member))
		assert.Equal(t, alive, len(table.aliveLastTS))
		assert.Equal(t, alive, table.aliveMembership.Size())
		assert.Equal(t, alive, table.CountAlive())
		assert.Equal(t, alive, len(table.list()))
		assert.Equal(t, dead, len(table.deadLastTS))
		assert.Equal(t, dead, table.deadMembership.Size())
		seen := 0
		table.Each(func(got membership.Member) bool {
			seen++
			assert.Equal(t, m, got)
			return true
		})
		assert.Equal(t, alive+dead, seen)
	}
	shows(0, 0)
	table.Put(m)
	shows(1, 0)
	assert.Equal(t, []NetworkMember{{Endpoint: "e", InternalEndpoint: "i", Metadata: []byte("m"), PKIid: common.PKIidType("a"), Envelope: &proto.Envelope{Payload: []byte("p")}}}, table.list())
	m.Alive, m.Hearsay = false, true
	table.Put(m)
	shows(0, 1)
	m.Alive, m.Hearsay = true, false
	table.Put(m)
	shows(1, 0)
	table.Delete("a")
	shows(0, 0)
	_, known := table.Get("a")
	assert.False(t, known)

	table.Put(membership.Member{ID: "a"})
	table.Put(membership.Member{ID: "b"})
	visits := 0
	table.Each(func(membership.Member) bool { visits++; return false })
	assert.Equal(t, 1, visits)
}

func TestStoreOfAliveMessages(t *testing.T) {
	store := newAliveMsgStore(time.Hour)
	defer store.Stop()
	alive := func(id string, counter uint64) *proto.SignedGossipMessage {
		m, err := protoext.NoopSign(aliveMessage(&NetworkMember{PKIid: common.PKIidType(id)}, membership.Stamp{Incarnation: 1, Counter: counter}))
		assert.NoError(t, err)
		return m
	}
	first, second := alive("a", 1), alive("a", 2)
	assert.True(t, store.CheckValid(first))
	assert.True(t, store.Add(first))
	assert.False(t, store.CheckValid(first))
	assert.False(t, store.Add(first))
	assert.True(t, store.Add(second))
	assert.True(t, store.Add(alive("b", 1)))
	assert.True(t, store.Get()[0] == second)
	request, err := protoext.NoopSign(requestWith(first, 0))
	assert.NoError(t, err)
	for _, other := range []interface{}{request, nil, (*proto.SignedGossipMessage)(nil), &proto.SignedGossipMessage{}, "text"} {
		assert.Panics(t, func() { store.Add(other) })
		assert.Panics(t, func() { store.CheckValid(other) })
	}
	assert.Len(t, store.Get(), 2)
}

func TestAnswerQueueIsFair(t *testing.T) {
	var q answerQueue
	ask := func(id string) (bool, bool) {
		return q.add(inquiry{target: NetworkMember{PKIid: common.PKIidType(id)}})
	}
	helpers := 0
	for i := 0; i < maxInquiries+10; i++ {
		added, helper := ask(fmt.Sprint("peer", i/2))
		assert.Equal(t, i < maxInquiries, added)
		if helper {
			helpers++
		}
	}
	assert.Equal(t, maxAnswering, helpers)
	// The helpers take turns; each ends when it finds nothing.
	hands := make([]*inquiry, helpers)
	answered := 0
	for len(hands) > 0 {
		next, more := q.next(hands[0])
		hands = hands[1:]
		if more {
			answered++
			hands = append(hands, &next)
		}
	}
	assert.Equal(t, maxInquiries, answered)
	assert.Zero(t, q.helpers)
	assert.Zero(t, q.total)
	assert.Empty(t, q.open)
	for i := 0; i < 10; i++ {
		added, helper := ask("greedy")
		assert.Equal(t, i < maxInquiriesOfPeer, added)
		assert.Equal(t, i < maxInquiriesOfPeer, helper)
	}
}

func TestWarningsAreNotRepeatedAtOnce(t *testing.T) {
	l := newLimiter()
	assert.True(t, l.allow("a"))
	assert.False(t, l.allow("a"))
	for i := 0; i < 10*maxWarnings; i++ {
		l.allow(fmt.Sprint(i))
	}
	assert.True(t, len(l.last) <= maxWarnings)
	l.last["a"] = time.Now().Add(-2 * warnEvery)
	assert.True(t, l.allow("a"))
}
