// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"sync"
	"time"

	proto "github.com/hyperledger/fabric/protos/gossip"
)

// properties is what the local peer publishes.
type properties struct {
	height     uint64
	chaincodes []*proto.Chaincode
	left       bool
}

// ownState is what the local peer has to publish. It is signed when somebody
// looks: heights change with every block, and most of them nobody ever sees.
type ownState struct {
	started uint64 // the incarnation; immutable

	mutex sync.Mutex
	// Guarded by mutex:
	properties
	version   uint64 // counts updates; 0: nothing to publish yet
	stamp     uint64 // of the latest update
	signed    *proto.SignedGossipMessage
	signedVer uint64 // version of signed
	unsent    bool   // it was not published since the latest update
}

// update changes what is published. Each update is later than all before, even
// if the clock is not.
func (o *ownState) update(change func(p *properties)) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	change(&o.properties)
	o.version++
	o.stamp++
	if now := uint64(time.Now().UnixNano()); now > o.stamp {
		o.stamp = now
	}
	o.unsent = true
}

// message is what there is to publish, and its version. If it has been signed
// before, it comes as signed.
func (o *ownState) message(build func(p properties, stamp uint64) *proto.GossipMessage) (signed *proto.SignedGossipMessage, draft *proto.GossipMessage, version uint64) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.version == o.signedVer {
		return o.signed, nil, o.version
	}
	return o.signed, build(o.properties, o.stamp), o.version
}

// install keeps a signed version unless a later one has been kept, and returns
// the latest.
func (o *ownState) install(signed *proto.SignedGossipMessage, version uint64) *proto.SignedGossipMessage {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if version > o.signedVer {
		o.signed, o.signedVer = signed, version
	}
	return o.signed
}

// takeUnsent tells whether there is something to publish, and counts it as
// published.
func (o *ownState) takeUnsent() bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	unsent := o.unsent
	o.unsent = false
	return unsent
}

// putBack makes it unpublished again.
func (o *ownState) putBack() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.unsent = true
}

// ledgerHeight is the height that is published, 0 if there is none yet.
func (o *ownState) ledgerHeight() uint64 {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.height
}

func (gc *gossipChannel) UpdateLedgerHeight(height uint64) {
	gc.own.update(func(p *properties) { p.height = height })
	gc.fetcher.height(height)
}

func (gc *gossipChannel) UpdateChaincodes(chaincodes []*proto.Chaincode) {
	gc.own.update(func(p *properties) {
		if gc.own.version == 0 {
			p.height = 1 // there is a genesis block at least
		}
		p.chaincodes = append([]*proto.Chaincode(nil), chaincodes...)
	})
}

// Self signs what there is to publish if it was not signed yet. If that fails,
// the result is what was signed before.
func (gc *gossipChannel) Self() *proto.SignedGossipMessage {
	message, _ := gc.signedSelf()
	return message
}

// signedSelf is Self, and whether that is the latest.
func (gc *gossipChannel) signedSelf() (message *proto.SignedGossipMessage, latest bool) {
	message, draft, version := gc.own.message(gc.buildStateInfo)
	if draft == nil {
		return message, true
	}
	fresh, err := gc.Sign(draft)
	if err != nil {
		gc.logger.Errorf("Channel %s: what this peer has of it cannot be published: failed signing: %v", gc.chainID, err)
		return message, false
	}
	message = gc.own.install(fresh, version)
	for {
		_, epoch := gc.orgs.get()
		if _, again := gc.stateInfos.put(message, epoch); !again {
			return message, true
		}
	}
}

func (gc *gossipChannel) buildStateInfo(p properties, stamp uint64) *proto.GossipMessage {
	return &proto.GossipMessage{
		Tag: proto.GossipMessage_CHAN_OR_ORG,
		Content: &proto.GossipMessage_StateInfo{StateInfo: &proto.StateInfo{
			Channel_MAC: GenerateMAC(gc.pkiID, gc.chainID),
			PkiId:       gc.pkiID,
			Timestamp:   &proto.PeerTime{IncNum: gc.own.started, SeqNum: stamp},
			Properties: &proto.Properties{
				LedgerHeight: p.height,
				LeftChannel:  p.left,
				Chaincodes:   p.chaincodes,
			},
		}},
	}
}

// publish spreads what is new, and tells whether somebody was there to hear it.
// While nobody is it does so again and again, and once more when somebody
// appears: connections can be there before membership knows of them.
func (gc *gossipChannel) publish() bool {
	if !gc.own.takeUnsent() {
		return false
	}
	message, latest := gc.signedSelf()
	if message == nil || !latest {
		gc.own.putBack()
		return false
	}
	gc.Gossip(message)
	if len(gc.GetMembership()) == 0 {
		gc.own.putBack()
		return false
	}
	return true
}
