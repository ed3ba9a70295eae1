// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
)

func TestTableRemovesAnEntryOnceAndNoOther(t *testing.T) {
	entries := make(table)
	first, second := &known{pkiID: common.PKIidType("x")}, &known{pkiID: common.PKIidType("x")}
	entries.put(first)
	assert.True(t, entries.remove(first))
	assert.False(t, entries.remove(first), "it has left before")
	entries.put(second)
	assert.False(t, entries.remove(first), "another has taken its place")
	assert.True(t, entries.get(common.PKIidType("x")) == second)
	assert.Len(t, entries.all(), 1)
}
