// SPDX-License-Identifier: Apache-2.0

package util

import (
	"sync"

	"github.com/hyperledger/fabric/gossip/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// MembershipStore keeps the latest message about each member. It hands out the
// very messages it was given: whoever changes one changes it for everybody.
//
// The methods take the embedded lock themselves, so a caller that holds it must
// not call them.
type MembershipStore struct {
	sync.RWMutex
	byID map[string]*proto.SignedGossipMessage // guarded by the RWMutex
}

// NewMembershipStore returns an empty store.
func NewMembershipStore() *MembershipStore {
	return &MembershipStore{byID: make(map[string]*proto.SignedGossipMessage)}
}

// MsgByID returns the message about a member, nil if there is none.
func (m *MembershipStore) MsgByID(pkiID common.PKIidType) *proto.SignedGossipMessage {
	m.RLock()
	defer m.RUnlock()
	return m.byID[string(pkiID)]
}

// Put stores a message in place of what was known about that member.
func (m *MembershipStore) Put(pkiID common.PKIidType, msg *proto.SignedGossipMessage) {
	m.Lock()
	defer m.Unlock()
	m.byID[string(pkiID)] = msg
}

// Remove forgets a member.
func (m *MembershipStore) Remove(pkiID common.PKIidType) {
	m.Lock()
	defer m.Unlock()
	delete(m.byID, string(pkiID))
}

// Size is how many members there are messages about.
func (m *MembershipStore) Size() int {
	m.RLock()
	defer m.RUnlock()
	return len(m.byID)
}

// ToSlice lists all messages, in no particular order. The slice is the
// caller's, the messages are the store's.
func (m *MembershipStore) ToSlice() []*proto.SignedGossipMessage {
	m.RLock()
	defer m.RUnlock()
	list := make([]*proto.SignedGossipMessage, 0, len(m.byID))
	for _, msg := range m.byID {
		list = append(list, msg)
	}
	return list
}
