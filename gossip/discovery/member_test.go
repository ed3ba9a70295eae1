// SPDX-License-Identifier: Apache-2.0

package discovery_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
)

func TestMemberSets(t *testing.T) {
	a := discovery.NetworkMember{PKIid: common.PKIidType("a"), Endpoint: "out:1", InternalEndpoint: "in:1"}
	b := discovery.NetworkMember{PKIid: common.PKIidType("b"), Endpoint: "out:2"}
	c := discovery.NetworkMember{PKIid: common.PKIidType("c")}
	members := discovery.Members{a, b, c}
	assert.Equal(t, discovery.Members{b, c}, members.Intersect(discovery.Members{c, b}))
	assert.Equal(t, b, members.ByID()["b"])
	assert.Equal(t, discovery.Members{a, b}, members.Filter(discovery.HasExternalEndpoint))
	renamed := members.Map(func(m discovery.NetworkMember) discovery.NetworkMember {
		m.Endpoint = "x"
		return m
	})
	assert.Equal(t, "x", renamed[2].Endpoint)
	assert.Equal(t, "", members[2].Endpoint, "the original is left alone")
	assert.Equal(t, "in:1", a.PreferredEndpoint())
	assert.Equal(t, "out:2", b.PreferredEndpoint())
	assert.Equal(t, "peer 61 at [out:1], inside its organization at [in:1], with 0 bytes of metadata", a.String())
}
