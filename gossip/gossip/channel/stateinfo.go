// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"sync"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// stateInfoCache is the newest StateInfo of each peer.
type stateInfoCache struct {
	newer common.MessageReplacingPolicy

	mutex sync.RWMutex
	byID  map[string]*proto.SignedGossipMessage // guarded by mutex
	epoch int                                   // of the organizations under which members were last reviewed; guarded by mutex
	moves uint64                                // counts peers that came or went; guarded by mutex
}

func (c *stateInfoCache) init() {
	c.newer = protoext.NewGossipMessageComparator(0)
	c.byID = make(map[string]*proto.SignedGossipMessage)
}

func (c *stateInfoCache) get(pkiID common.PKIidType) *proto.SignedGossipMessage {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	return c.byID[string(pkiID)]
}

func (c *stateInfoCache) list() []*proto.SignedGossipMessage {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	all := make([]*proto.SignedGossipMessage, 0, len(c.byID))
	for _, message := range c.byID {
		all = append(all, message)
	}
	return all
}

// size is how many peers there are.
func (c *stateInfoCache) size() int {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	return len(c.byID)
}

// isNewer tells whether a message is newer than what is known of its peer.
func (c *stateInfoCache) isNewer(message *proto.SignedGossipMessage) bool {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	return c.isNewerLocked(message)
}

func (c *stateInfoCache) isNewerLocked(message *proto.SignedGossipMessage) bool {
	known := c.byID[string(message.GetStateInfo().PkiId)]
	return known == nil || c.newer(message, known) == common.MessageInvalidates
}

// put keeps a message if it is newer than what is known of its peer, and if it
// was verified under the organizations of the latest review; again tells that
// it was not.
func (c *stateInfoCache) put(message *proto.SignedGossipMessage, epoch int) (kept, again bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if epoch < c.epoch {
		return false, true
	}
	if !c.isNewerLocked(message) {
		return false, false
	}
	id := string(message.GetStateInfo().PkiId)
	if c.byID[id] == nil {
		c.moves++
	}
	c.byID[id] = message
	return true, false
}

// review begins to count an epoch and returns what was put in earlier ones.
func (c *stateInfoCache) review(epoch int) []*proto.SignedGossipMessage {
	c.mutex.Lock()
	c.epoch = epoch
	c.mutex.Unlock()
	return c.list()
}

// remove forgets a message unless there is another of that peer by now.
func (c *stateInfoCache) remove(message *proto.SignedGossipMessage) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if id := string(message.GetStateInfo().PkiId); c.byID[id] == message {
		delete(c.byID, id)
		c.moves++
	}
}

// movement is how many peers have come or gone since the channel began.
func (c *stateInfoCache) movement() uint64 {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	return c.moves
}

// stateInfoOf is what a peer published last, nil if that is not known.
func (gc *gossipChannel) stateInfoOf(pkiID common.PKIidType) *proto.SignedGossipMessage {
	if sameMember(pkiID, gc.pkiID) {
		gc.Self() // lets what is to be published appear in the cache
	}
	return gc.stateInfos.get(pkiID)
}

func (gc *gossipChannel) handleStateInfo(msg proto.ReceivedMessage) {
	refused := gc.addStateInfo(msg.GetGossipMessage())
	if refused != nil {
		gc.turnDown(msg, refused)
		return
	}
	gc.verified(msg, "StateInfo")
	gc.Forward(msg)
	gc.DeMultiplex(msg.GetGossipMessage())
}

// turnDown tells why a StateInfo was not taken in; that it is an old one is
// nobody's fault.
func (gc *gossipChannel) turnDown(msg proto.ReceivedMessage, refused *refusal) {
	if refused.reason == reasonStale {
		gc.observe(observe.Dropped, msg, refused)
		return
	}
	gc.reject(msg, refused)
}

// maxStateInfoBytes bounds what a peer may say of itself: all of it goes into
// every snapshot.
const maxStateInfoBytes = 1 << 20

// addStateInfo keeps a StateInfo of the right shape and channel if it is new
// and its peer a reader of the channel. It returns why not.
func (gc *gossipChannel) addStateInfo(message *proto.SignedGossipMessage) *refusal {
	message = withoutSecret(message)
	if size := len(message.Envelope.GetPayload()); size > maxStateInfoBytes {
		return refuse(reasonOversize, errors.Errorf("a StateInfo of %d bytes", size))
	}
	for {
		_, epoch := gc.orgs.get()
		if !gc.stateInfos.isNewer(message) {
			return refuse(reasonStale, nil)
		}
		if refused := gc.checkReader(message); refused != nil {
			return refused
		}
		kept, again := gc.stateInfos.put(message, epoch)
		switch {
		case kept:
			gc.noteHeight(message.GetStateInfo())
			return nil
		case !again:
			return refuse(reasonStale, nil)
		}
	}
}

// withoutSecret is a message as it is to be kept: nothing that its signature
// does not cover stays with it.
func withoutSecret(message *proto.SignedGossipMessage) *proto.SignedGossipMessage {
	if message.Envelope.GetSecretEnvelope() == nil {
		return message
	}
	return &proto.SignedGossipMessage{Envelope: protoext.WithoutSecret(message.Envelope), GossipMessage: message.GossipMessage}
}

// checkReader checks that whom a StateInfo is about signed it and may read the
// channel. About the local peer nobody else is asked.
func (gc *gossipChannel) checkReader(message *proto.SignedGossipMessage) *refusal {
	pkiID := common.PKIidType(message.GetStateInfo().PkiId)
	if sameMember(pkiID, gc.pkiID) {
		return nil
	}
	identity := gc.GetIdentityByPKIID(pkiID)
	if len(identity) == 0 {
		return refuse(reasonIdentity, nil)
	}
	if !gc.IsOrgInChannel(gc.GetOrgOfPeer(pkiID)) {
		return refuse(reasonOrg, nil)
	}
	if message.Envelope == nil {
		return refuse(reasonShape, errors.New("no envelope"))
	}
	if err := gc.mcs.VerifyByChannel(gc.chainID, identity, message.Signature, message.Payload); err != nil {
		return refuse(reasonReader, err)
	}
	return nil
}

// reviewStateInfos forgets peers that are not in the channel any more after the
// organizations changed. What is verified meanwhile under the old ones is
// verified again.
func (gc *gossipChannel) reviewStateInfos() {
	_, epoch := gc.orgs.get()
	for _, message := range gc.stateInfos.review(epoch) {
		if refused := gc.checkReader(message); refused != nil {
			gc.logger.Infof("Channel %s: peer %x is not in it any more: %s (%v)", gc.chainID, message.GetStateInfo().PkiId, refused.reason, refused.err)
			gc.stateInfos.remove(message)
		}
	}
}

// noteHeight tells the fetcher how far a peer of the own organization is.
func (gc *gossipChannel) noteHeight(info *proto.StateInfo) {
	pkiID := common.PKIidType(info.PkiId)
	if sameMember(pkiID, gc.pkiID) || !gc.isOwnOrg(pkiID) {
		return
	}
	height := info.GetProperties().GetLedgerHeight()
	if info.GetProperties().GetLeftChannel() {
		height = 0
	}
	gc.fetcher.claims(string(pkiID), height)
}

// sweep forgets peers that membership has forgotten.
func (gc *gossipChannel) sweep() {
	known := make(map[string]bool)
	for _, message := range gc.stateInfos.list() {
		if pkiID := message.GetStateInfo().PkiId; gc.Lookup(pkiID) != nil {
			known[string(pkiID)] = true
		} else {
			gc.stateInfos.remove(message)
		}
	}
	gc.fetcher.retain(known)
}
