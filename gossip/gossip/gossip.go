// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"fmt"
	"time"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/filter"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Gossip is a node of the gossip network as the rest of the peer uses it. All
// methods may be called from many goroutines.
type Gossip interface {
	// SelfMembershipInfo is how the node presents itself to others.
	SelfMembershipInfo() discovery.NetworkMember

	// SelfChannelInfo is what the node has published of itself in a channel; nil
	// if it has not joined it, or published nothing yet.
	SelfChannelInfo(common.ChainID) *proto.SignedGossipMessage

	// Send sends a message to the given peers and to nobody else. It does not
	// wait; nothing tells whether the message arrived.
	Send(msg *proto.GossipMessage, peers ...*comm.RemotePeer)

	// SendByCriteria sends a message to peers that meet the criteria and waits
	// until enough of them have acknowledged it. The error says why that did not
	// happen. The nonce of the message is overwritten.
	SendByCriteria(*proto.SignedGossipMessage, SendCriteria) error

	// Peers lists the other peers that are alive.
	Peers() []discovery.NetworkMember

	// PeersOfChannel lists the other peers that are alive and in a channel, with
	// what they published of themselves there; nil if the node has not joined it.
	PeersOfChannel(common.ChainID) []discovery.NetworkMember

	// UpdateMetadata changes what the node attaches to its presentation. Others
	// learn of it with the next heartbeat.
	UpdateMetadata(metadata []byte)

	// UpdateLedgerHeight sets the height that the node publishes in a channel.
	UpdateLedgerHeight(height uint64, chainID common.ChainID)

	// UpdateChaincodes sets the chaincodes that the node publishes in a channel.
	UpdateChaincodes(chaincode []*proto.Chaincode, chainID common.ChainID)

	// Gossip spreads a message to the peers it is for. It panics if the
	// message's tag is not the one of its kind.
	Gossip(msg *proto.GossipMessage)

	// PeerFilter returns a filter for the peers of a channel whose published
	// signatures meet the criteria; an error if the node has not joined it.
	PeerFilter(channel common.ChainID, messagePredicate api.SubChannelSelectionCriteria) (filter.RoutingFilter, error)

	// Accept subscribes to messages. Without passThrough, acceptor is asked
	// about every *proto.GossipMessage that a channel takes in from others, and
	// the first result yields those it wants; that one is never closed. With
	// passThrough it is asked about every proto.ReceivedMessage as it arrives,
	// and the second result yields those it wants, until Stop closes it. The
	// other result is nil.
	Accept(acceptor common.MessageAcceptor, passThrough bool) (<-chan *proto.GossipMessage, <-chan proto.ReceivedMessage)

	// JoinChan joins a channel, or takes in its new configuration.
	JoinChan(joinMsg api.JoinChannelMessage, chainID common.ChainID)

	// LeaveChan tells the members of a channel that the node has left it.
	LeaveChan(chainID common.ChainID)

	// SuspectPeers validates again the identities that are suspected. When it
	// returns, the node has parted from the peers whose identities are no longer
	// valid.
	SuspectPeers(s api.PeerSuspector)

	// IdentityInfo lists the identities that are known, the own one included.
	IdentityInfo() api.PeerIdentitySet

	// Stop ends the node and waits for what it started. It may be called more
	// than once.
	Stop()
}

// SendCriteria says to whom SendByCriteria sends, and what counts as success.
type SendCriteria struct {
	Timeout    time.Duration        // for each acknowledgement
	MinAck     int                  // how many peers have to acknowledge
	MaxPeers   int                  // to how many to send at most
	IsEligible filter.RoutingFilter // nil: everybody
	Channel    common.ChainID       // empty: any alive peer, else the peers of that channel
}

// String describes the criteria for logs.
func (sc SendCriteria) String() string {
	return fmt.Sprintf("channel: %s, timeout: %v, minAck: %d, maxPeers: %d", sc.Channel, sc.Timeout, sc.MinAck, sc.MaxPeers)
}

// Config is the settings of a node. The node keeps the pointer; they must not
// change.
type Config struct {
	BindPort            int      // where to listen, for a node with a server of its own
	ID                  string   // names the node in logs
	BootstrapPeers      []string // endpoints of peers of the own organization to contact first
	PropagateIterations int      // how often a message is pushed; 0: never
	PropagatePeerNum    int      // to how many peers a message is pushed

	MaxBlockCountToStore int // how many blocks of a channel are kept for others

	MaxPropagationBurstSize    int           // so many messages are pushed without waiting for more
	MaxPropagationBurstLatency time.Duration // for so long at most a message waits for others

	PullInterval time.Duration // between two rounds of pulling, and of asking for members
	PullPeerNum  int           // of how many peers to pull

	SkipBlockVerification bool // has no effect

	PublishCertPeriod        time.Duration // for so long after the start heartbeats carry the identity
	PublishStateInfoInterval time.Duration // how often changes of the own state in a channel are published
	RequestStateInfoInterval time.Duration // how often others are asked for theirs

	TLSCerts *common.TLSCertificates // certificates in use with the given server; nil: no TLS

	InternalEndpoint string // how peers of the own organization reach the node
	ExternalEndpoint string // how peers of other organizations do; "": not at all
}
