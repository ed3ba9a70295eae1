// SPDX-License-Identifier: Apache-2.0

package pull_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/gossip/pull"
)

func TestSelectEndpoints(t *testing.T) {
	pool := members("a", "b", "c", "d")()
	pool[1].InternalEndpoint = "inside"
	seen := map[string]int{}
	for i := 0; i < 400; i++ {
		picked := pull.SelectEndpoints(2, pool)
		assert.Len(t, picked, 2)
		assert.NotEqual(t, picked[0], picked[1])
		for _, peer := range picked {
			seen[peer.Endpoint+string(peer.PKIID)]++
		}
	}
	for _, name := range []string{"a:7051a", "insideb", "c:7051c", "d:7051d"} {
		assert.True(t, seen[name] > 100, "%s was picked %d times", name, seen[name])
	}
	assert.Len(t, seen, 4)
	assert.Len(t, pull.SelectEndpoints(9, pool), 4)
	assert.Empty(t, pull.SelectEndpoints(0, pool))
	assert.Empty(t, pull.SelectEndpoints(-1, pool))
	assert.Empty(t, pull.SelectEndpoints(3, nil))
}
