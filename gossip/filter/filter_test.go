// SPDX-License-Identifier: Apache-2.0

package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/filter"
)

// pool is as many members, called 0, 1 and so on.
func pool(size int) []discovery.NetworkMember {
	members := make([]discovery.NetworkMember, size)
	for i := range members {
		members[i] = discovery.NetworkMember{PKIid: common.PKIidType(fmt.Sprint(i)), Endpoint: fmt.Sprintf("out:%d", i)}
	}
	return members
}

// called accepts the members with one of these names, and counts how often it
// is asked about each.
func called(asked map[string]int, names ...string) filter.RoutingFilter {
	return func(member discovery.NetworkMember) bool {
		asked[string(member.PKIid)]++
		return strings.Contains(" "+strings.Join(names, " ")+" ", " "+string(member.PKIid)+" ")
	}
}

func namesOf(peers []*comm.RemotePeer) string {
	var names []string
	for _, peer := range peers {
		names = append(names, string(peer.PKIID))
	}
	return strings.Join(names, " ")
}

func TestCombinedFiltersMustAllAccept(t *testing.T) {
	member := pool(1)[0]
	asked := map[string]int{}
	assert.True(t, filter.CombineRoutingFilters()(member))
	assert.True(t, filter.CombineRoutingFilters(filter.SelectAllPolicy, called(asked, "0"))(member))
	assert.Equal(t, 1, asked["0"])
	assert.False(t, filter.CombineRoutingFilters(filter.SelectNonePolicy, called(asked, "0"))(member))
	assert.Equal(t, 1, asked["0"], "not asked after a refusal")
	assert.False(t, filter.CombineRoutingFilters(filter.SelectAllPolicy, called(asked))(member))
}

func TestSelectPeers(t *testing.T) {
	for _, c := range []struct{ size, k, matching, want int }{
		{10, 3, 10, 3}, {10, 3, 2, 2}, {10, 10, 10, 10}, {10, 20, 10, 10}, {10, 0, 10, 0}, {10, -1, 4, 4}, {10, 3, 0, 0}, {0, 3, 0, 0},
	} {
		asked := map[string]int{}
		members := pool(c.size)
		var names []string
		for i := 0; i < c.matching; i++ {
			names = append(names, fmt.Sprint(i))
		}
		picked := filter.SelectPeers(c.k, members, called(asked, names...))
		assert.Len(t, picked, c.want, "%v", c)
		assert.Equal(t, c.want == 0, picked == nil, "%v", c)
		different := map[string]bool{}
		for _, peer := range picked {
			assert.Contains(t, names, string(peer.PKIID))
			assert.Equal(t, "out:"+string(peer.PKIID), peer.Endpoint)
			different[string(peer.PKIID)] = true
		}
		assert.Len(t, different, c.want)
		for name, times := range asked {
			assert.Equal(t, 1, times, "%s in %v", name, c)
		}
		if c.matching == c.size && c.k >= 0 && c.k < c.size {
			assert.Len(t, asked, c.k, "asked only as long as needed")
		}
		assert.Equal(t, pool(c.size), members, "the pool is left alone")
	}
}

// Each ordered pair comes up about equally often.
func TestSelectPeersIsUniform(t *testing.T) {
	counts := map[string]int{}
	for i := 0; i < 12000; i++ {
		counts[namesOf(filter.SelectPeers(2, pool(5), called(map[string]int{}, "0", "1", "3", "4")))]++
	}
	assert.Len(t, counts, 12)
	for pair, count := range counts {
		assert.True(t, count > 700 && count < 1300, "%s came up %d times, not about 1000", pair, count)
	}
}

func TestPeersAreDialledInsideIfPossible(t *testing.T) {
	members := []discovery.NetworkMember{{PKIid: common.PKIidType("a"), Endpoint: "out:1", InternalEndpoint: "in:1"}}
	want := comm.RemotePeer{PKIID: common.PKIidType("a"), Endpoint: "in:1"}
	assert.Equal(t, want, *filter.First(members, filter.SelectAllPolicy))
	assert.Equal(t, want, *filter.SelectPeers(1, members, filter.SelectAllPolicy)[0])
}

func TestFirstAndAnyMatch(t *testing.T) {
	asked := map[string]int{}
	assert.Equal(t, "2", string(filter.First(pool(5), called(asked, "4", "2")).PKIID))
	assert.Equal(t, map[string]int{"0": 1, "1": 1, "2": 1}, asked)
	assert.Nil(t, filter.First(pool(5), filter.SelectNonePolicy))
	assert.Nil(t, filter.First(nil, filter.SelectAllPolicy))

	members := pool(4)
	matching := filter.AnyMatch(members, called(asked, "3", "1"), called(asked, "0", "1"))
	assert.Equal(t, []discovery.NetworkMember{members[0], members[1], members[3]}, matching)
	assert.Nil(t, filter.AnyMatch(members, filter.SelectNonePolicy))
	assert.Nil(t, filter.AnyMatch(members))
}
