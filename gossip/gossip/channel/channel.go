// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/filter"
	"github.com/hyperledger/fabric/gossip/gossip/internal/lane"
	"github.com/hyperledger/fabric/gossip/gossip/msgstore"
	"github.com/hyperledger/fabric/gossip/gossip/pull"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Config is how a channel behaves.
type Config struct {
	ID                          string        // the local peer, for logs
	PublishStateInfoInterval    time.Duration // must be positive
	MaxBlockCountToStore        int           // a store keeps one block more
	PullPeerNum                 int           // so many peers are asked for blocks, or for StateInfo, at a time
	PullInterval                time.Duration
	RequestStateInfoInterval    time.Duration // must be positive
	BlockExpirationInterval     time.Duration // how long a block is offered to others
	StateInfoCacheSweepInterval time.Duration // not positive: never
}

// Adapter is what a channel needs of its node. None of its methods is called
// while the channel holds a lock.
type Adapter interface {
	// Sign puts a message into an envelope signed by the local peer.
	Sign(msg *proto.GossipMessage) (*proto.SignedGossipMessage, error)

	// GetConf is called at construction only.
	GetConf() Config

	// Gossip spreads a message of the local peer.
	Gossip(message *proto.SignedGossipMessage)

	// Forward spreads a message to others than its sender.
	Forward(message proto.ReceivedMessage)

	// DeMultiplex hands a *proto.SignedGossipMessage to local subscribers.
	DeMultiplex(interface{})

	// GetMembership lists the peers that are alive.
	GetMembership() []discovery.NetworkMember

	// Lookup finds a peer, alive or not, the local one included; nil if it is
	// not known.
	Lookup(PKIID common.PKIidType) *discovery.NetworkMember

	// Send sends a message to peers without waiting for them.
	Send(msg *proto.SignedGossipMessage, peers ...*comm.RemotePeer)

	// ValidateStateInfoMessage checks the signature of a StateInfo that came
	// within another message; those that come directly have been checked.
	ValidateStateInfoMessage(message *proto.SignedGossipMessage) error

	// GetOrgOfPeer is a peer's organization, nil if it is not known.
	GetOrgOfPeer(pkiID common.PKIidType) api.OrgIdentityType

	// GetIdentityByPKIID is a peer's identity, nil if it is not known.
	GetIdentityByPKIID(pkiID common.PKIidType) api.PeerIdentityType
}

// GossipChannel is a channel as its node sees it. It may be used from many
// goroutines.
type GossipChannel interface {
	// Self is the local peer's latest StateInfo, nil before the first update.
	Self() *proto.SignedGossipMessage

	// GetPeers lists the peers that are alive and have joined the channel, with
	// what they published about it and its envelope; nil after LeaveChannel.
	GetPeers() []discovery.NetworkMember

	// PeerFilter accepts members of the channel whose StateInfo, as signed by
	// them, meets the criteria.
	PeerFilter(api.SubChannelSelectionCriteria) filter.RoutingFilter

	// IsMemberInChan tells whether a peer's organization is in the channel.
	IsMemberInChan(member discovery.NetworkMember) bool

	// UpdateLedgerHeight changes the height that is published.
	UpdateLedgerHeight(height uint64)

	// UpdateChaincodes changes the chaincodes that are published.
	UpdateChaincodes(chaincode []*proto.Chaincode)

	// IsOrgInChannel tells whether an organization is in the channel.
	IsOrgInChannel(membersOrg api.OrgIdentityType) bool

	// EligibleForChannel tells whether a peer has shown that it may have the
	// channel's blocks.
	EligibleForChannel(member discovery.NetworkMember) bool

	// HandleMessage takes in a message from a remote peer. It returns when
	// everything has been done that follows from it, but for answers; so it
	// waits for subscribers.
	HandleMessage(proto.ReceivedMessage)

	// AddToMsgStore takes in a message of the local peer, a block or a
	// StateInfo, without passing it on.
	AddToMsgStore(msg *proto.SignedGossipMessage)

	// ConfigureChannel changes the organizations of the channel, unless the
	// message is older than the latest one.
	ConfigureChannel(joinMsg api.JoinChannelMessage)

	// LeaveChannel ends pulling and tells others that the peer has left. There
	// is no way back.
	LeaveChannel()

	// Stop ends all activity. It does not wait for calls in progress and may be
	// called more than once.
	Stop()
}

// gossipChannel is the one implementation of GossipChannel.
type gossipChannel struct {
	Adapter // may be replaced by assignment, so it is never kept elsewhere

	// Immutable after construction:
	pkiID   common.PKIidType
	selfOrg api.OrgIdentityType
	chainID common.ChainID
	mcs     api.MessageCryptoService
	conf    Config
	logger  util.Logger

	hook           observe.Hook
	orgs           orgList
	own            ownState
	stateInfos     stateInfoCache
	blockMsgStore  msgstore.MessageStore // is blocks
	blocks         *blockStore
	leaderMsgStore msgstore.MessageStore
	blocksPuller   pull.Mediator
	fetcher        *fetcher
	lanes          *lane.Lanes

	leftChannel int32 // 1 after LeaveChannel; used atomically
	stopOnce    sync.Once
	stopChan    chan struct{} // closed by Stop
}

// NewGossipChannel makes a channel for the local peer, which is pkiID of
// organization org, and starts it. Without anything to publish it is a listener
// until the first update. It panics if the intervals for StateInfo are not
// positive.
func NewGossipChannel(pkiID common.PKIidType, org api.OrgIdentityType, mcs api.MessageCryptoService, chainID common.ChainID, adapter Adapter, joinMsg api.JoinChannelMessage) GossipChannel {
	gc := &gossipChannel{
		Adapter:  adapter,
		pkiID:    pkiID,
		selfOrg:  org,
		chainID:  chainID,
		mcs:      mcs,
		conf:     adapter.GetConf(),
		lanes:    lane.New(),
		stopChan: make(chan struct{}),
	}
	gc.logger = util.GetLogger(util.LoggingChannelModule, gc.conf.ID)
	if node, ok := adapter.(interface{ Hook() *observe.Hook }); ok {
		gc.hook.Set(node.Hook())
	}
	gc.own.started = uint64(time.Now().UnixNano())
	gc.stateInfos.init()
	gc.leaderMsgStore = msgstore.NewMessageStoreExpirable(protoext.NewGossipMessageComparator(0), msgstore.Noop, leadershipMemory(), nil, nil, nil)
	gc.fetcher = newFetcher(gc)
	publish, ask := beats(gc.conf.PublishStateInfoInterval), beats(gc.conf.RequestStateInfoInterval)
	gc.blocksPuller = gc.newPuller()
	gc.blocks = newBlockStore(gc.conf.MaxBlockCountToStore, gc.conf.BlockExpirationInterval, gc.blocksPuller)
	gc.blockMsgStore = gc.blocks
	gc.ConfigureChannel(joinMsg)
	go gc.publishPeriodically(publish)
	go gc.attendPeriodically(ask)
	return gc
}

// Hook is where the channel tells what it drops, rejects and verifies.
func (gc *gossipChannel) Hook() *observe.Hook { return &gc.hook }

// KnownHolder tells whether a peer of the own organization has a block, as far
// as is known: it sent the block, announced it, published a height above it, or
// got it from here.
func (gc *gossipChannel) KnownHolder(seq uint64, pkiID common.PKIidType) bool {
	return gc.fetcher.holds(string(pkiID), seq)
}

func (gc *gossipChannel) Stop() {
	gc.stopOnce.Do(func() {
		close(gc.stopChan)
		gc.blocksPuller.Stop()
		gc.fetcher.stop()
		gc.lanes.Stop()
		gc.blockMsgStore.Stop()
		gc.leaderMsgStore.Stop()
	})
}

func (gc *gossipChannel) stopped() bool {
	select {
	case <-gc.stopChan:
		return true
	default:
		return false
	}
}

func (gc *gossipChannel) LeaveChannel() {
	atomic.StoreInt32(&gc.leftChannel, 1)
	gc.own.update(func(p *properties) { p.left = true })
}

func (gc *gossipChannel) hasLeftChannel() bool {
	return atomic.LoadInt32(&gc.leftChannel) == 1
}

func (gc *gossipChannel) AddToMsgStore(msg *proto.SignedGossipMessage) {
	if msg == nil || protoext.CheckShape(msg.GossipMessage) != nil {
		return
	}
	switch {
	case protoext.IsDataMsg(msg.GossipMessage):
		if gc.blocks.Add(withSharedBytes(msg)) {
			gc.fetcher.seen(msg.GetDataMsg().Payload.SeqNum)
		}
	case protoext.IsStateInfoMsg(msg.GossipMessage):
		gc.addStateInfo(msg)
	}
}
