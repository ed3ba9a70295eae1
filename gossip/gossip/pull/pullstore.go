// SPDX-License-Identifier: Apache-2.0

package pull

import (
	"time"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/filter"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// MsgType is a phase of a pull.
type MsgType int

// The phases, in the order in which a pull goes through them.
const (
	HelloMsgType MsgType = iota
	DigestMsgType
	RequestMsgType
	ResponseMsgType
)

// MessageHook is told of a message that was handled: which items it is about
// and, if it brought items, these. It runs on the goroutine of HandleMessage.
type MessageHook func(itemIDs []string, items []*proto.SignedGossipMessage, msg proto.ReceivedMessage)

// Sender sends a message to peers without waiting for them.
type Sender interface {
	Send(msg *proto.SignedGossipMessage, peers ...*comm.RemotePeer)
}

// MembershipService lists the peers that may be asked. It is called once for
// each round; a peer that it lists may be asked although it was not listed any
// more a moment later.
type MembershipService interface {
	GetMembership() []discovery.NetworkMember
}

// Config is what a mediator pulls, and how.
type Config struct {
	ID                string        // the local peer, for logs
	PullInterval      time.Duration // between rounds
	Channel           common.ChainID
	PeerCountToSelect int // so many peers are asked in a round
	Tag               proto.GossipMessage_Tag
	MsgType           proto.PullMsgType // of messages sent and handled
}

// IngressDigestFilter returns the part of what a peer announces that is to be
// pulled. It must not change its argument, which others may be reading.
type IngressDigestFilter func(digestMsg *proto.DataDigest) *proto.DataDigest

// EgressDigestFilter turns a peer's Hello or request into the answer to which
// items that peer may know of. It is called once for each message.
type EgressDigestFilter func(helloMsg proto.ReceivedMessage) func(digestItem string) bool

// PullAdapter is what a mediator needs from its owner. Of the fields only the
// two filters may be nil: they let everything pass then.
type PullAdapter struct {
	Sndr             Sender
	MemSvc           MembershipService
	IdExtractor      proto.IdentifierExtractor // names items
	MsgCons          proto.MsgConsumer         // takes in items that peers sent
	EgressDigFilter  EgressDigestFilter
	IngressDigFilter IngressDigestFilter
}

// Mediator pulls items of one sort from other peers and lets them pull. It may
// be used from many goroutines; none of its methods waits for a peer.
type Mediator interface {
	// Stop ends it; it neither asks nor answers from then on. It may be called
	// more than once, and does not wait for calls in progress.
	Stop()

	// RegisterMsgHook adds a hook for the messages of a phase. Hooks run in the
	// order in which they were added, after the message was handled.
	RegisterMsgHook(MsgType, MessageHook)

	// Add offers an item to other peers.
	Add(*proto.SignedGossipMessage)

	// Remove takes an item back; it may be pulled again.
	Remove(digest string)

	// HandleMessage takes in a message from a remote peer; it ignores what is
	// not a pull message of its sort.
	HandleMessage(msg proto.ReceivedMessage)
}

// NewPullMediator starts a mediator. Its first round begins after
// config.PullInterval.
func NewPullMediator(config Config, adapter *PullAdapter) Mediator {
	return newMediator(config, adapter)
}

// SelectEndpoints picks k of the peers at random, all if there are fewer.
func SelectEndpoints(k int, peerPool []discovery.NetworkMember) []*comm.RemotePeer {
	if k < 0 {
		k = 0
	}
	return filter.SelectPeers(k, peerPool, filter.SelectAllPolicy)
}
