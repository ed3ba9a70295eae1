// SPDX-License-Identifier: Apache-2.0

package util_test

import (
	"math/rand"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// A set does what a map does.
func TestSetAgainstAMap(t *testing.T) {
	dice := rand.New(rand.NewSource(1))
	set, model := util.NewSet(), map[interface{}]bool{}
	for step := 0; step < 5000; step++ {
		var item interface{} = dice.Intn(20)
		if dice.Intn(2) == 0 {
			item = string(rune('a' + dice.Intn(20)))
		}
		switch dice.Intn(20) {
		case 0:
			set.Clear()
			model = map[interface{}]bool{}
		case 1, 2, 3, 4, 5, 6, 7:
			set.Remove(item)
			delete(model, item)
		default:
			set.Add(item)
			model[item] = true
		}
		assert.Equal(t, model[item], set.Exists(item))
		assert.Equal(t, len(model), set.Size())
		listed := set.ToArray()
		assert.NotNil(t, listed)
		assert.Len(t, listed, len(model))
		for _, each := range listed {
			assert.True(t, model[each])
		}
	}
}

func TestSetHandsOutASnapshot(t *testing.T) {
	set := util.NewSet()
	set.Add("a")
	listed := set.ToArray()
	listed[0] = "b"
	assert.True(t, set.Exists("a"))
	set.Add("c")
	assert.Len(t, listed, 1)
}

func TestMembershipStoreKeepsTheLatestMessage(t *testing.T) {
	store := util.NewMembershipStore()
	assert.Nil(t, store.MsgByID(common.PKIidType("a")))
	assert.NotNil(t, store.ToSlice())
	first, second := &proto.SignedGossipMessage{}, &proto.SignedGossipMessage{GossipMessage: &proto.GossipMessage{Nonce: 2}}
	store.Put(common.PKIidType("a"), first)
	store.Put(common.PKIidType("b"), first)
	store.Put(common.PKIidType("a"), second)
	assert.True(t, store.MsgByID(common.PKIidType("a")) == second, "the message itself, not a copy")
	assert.Equal(t, 2, store.Size())
	assert.Len(t, store.ToSlice(), 2)
	store.Remove(common.PKIidType("a"))
	store.Remove(common.PKIidType("never seen"))
	assert.Equal(t, []*proto.SignedGossipMessage{first}, store.ToSlice())
}

func TestContainersAreForManyGoroutines(t *testing.T) {
	set, store := util.NewSet(), util.NewMembershipStore()
	var all sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		all.Add(1)
		go func(worker int) {
			defer all.Done()
			id := common.PKIidType{byte(worker)}
			for i := 0; i < 200; i++ {
				set.Add(worker)
				store.Put(id, &proto.SignedGossipMessage{})
				set.ToArray()
				store.ToSlice()
				store.MsgByID(id)
				if i%2 == 0 {
					set.Remove(worker)
					store.Remove(id)
				}
			}
		}(worker)
	}
	all.Wait()
	assert.Equal(t, 4, set.Size())
	assert.Equal(t, 4, store.Size())
}
