// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
)

func TestIdentitySets(t *testing.T) {
	identity := func(id, org string, cert string) api.PeerIdentityInfo {
		return api.PeerIdentityInfo{PKIId: common.PKIidType(id), Organization: api.OrgIdentityType(org), Identity: api.PeerIdentityType(cert)}
	}
	set := api.PeerIdentitySet{identity("1", "A", "x"), identity("2", "B", "y"), identity("3", "A", "z"), identity("1", "A", "w")}
	byOrg := set.ByOrg()
	assert.Equal(t, api.PeerIdentitySet{set[0], set[2], set[3]}, byOrg["A"], "in the original order")
	assert.Equal(t, api.PeerIdentitySet{set[1]}, byOrg["B"])
	byID := set.ByID()
	assert.Len(t, byID, 3)
	assert.Equal(t, set[3], byID["1"], "the last one counts")
	assert.NotNil(t, api.PeerIdentitySet(nil).ByOrg())
	assert.NotNil(t, api.PeerIdentitySet(nil).ByID())
}

func TestPKIidFilter(t *testing.T) {
	assert.False(t, common.PKIidType("a").IsNotSameFilter(common.PKIidType("a")))
	assert.True(t, common.PKIidType("a").IsNotSameFilter(common.PKIidType("b")))
	assert.False(t, common.PKIidType(nil).IsNotSameFilter(common.PKIidType{}))
}
