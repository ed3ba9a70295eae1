// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"fmt"
	"time"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/msgstore"
	"github.com/hyperledger/fabric/gossip/internal/keyed"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// aliveMsgStore remembers which alive messages have come by gossip and been
// passed on, so that each is passed on once. Who is alive is not decided by it.
type aliveMsgStore struct {
	msgstore.MessageStore
}

func newAliveMsgStore(retention time.Duration) *aliveMsgStore {
	compare := protoext.NewGossipMessageComparator(0)
	newer := func(message, held interface{}) bool { return compare(message, held) == common.MessageInvalidates }
	return &aliveMsgStore{keyed.NewExpiring(keyed.Newest(aliveID, newer), nil, keyed.Expiry{TTL: retention})}
}

// aliveID is the PKI-ID of whom an alive message is about.
func aliveID(message interface{}) []byte {
	return message.(*proto.SignedGossipMessage).GetAliveMsg().GetMembership().GetPkiId()
}

// Add takes an alive message in; it returns false if the store has it, or a
// newer one of that peer. It panics for anything else.
func (s *aliveMsgStore) Add(msg interface{}) bool {
	mustBeAlive(msg)
	return s.MessageStore.Add(msg)
}

// CheckValid tells whether Add would take an alive message in. It panics for
// anything else.
func (s *aliveMsgStore) CheckValid(msg interface{}) bool {
	mustBeAlive(msg)
	return s.MessageStore.CheckValid(msg)
}

func mustBeAlive(message interface{}) {
	m, ok := message.(*proto.SignedGossipMessage)
	if !ok || m == nil || !protoext.IsAliveMsg(m.GossipMessage) {
		panic(fmt.Sprintf("a store of alive messages was given a %T that is none", message))
	}
}
