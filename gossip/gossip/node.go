// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"fmt"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/filter"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// JoinChan joins a channel, or takes in its new configuration.
func (g *gossipServiceImpl) JoinChan(joinMsg api.JoinChannelMessage, chainID common.ChainID) {
	g.chanState.join(joinMsg, chainID)
	for _, org := range joinMsg.Members() {
		g.connectToAnchorPeers(org, joinMsg.AnchorPeersOf(org))
	}
}

// LeaveChan tells the members of a channel that the node has left it.
func (g *gossipServiceImpl) LeaveChan(chainID common.ChainID) {
	j := g.chanState.byName(chainID)
	if j == nil {
		g.logger.Debugf("Cannot leave channel %s: not joined", chainID)
		return
	}
	j.LeaveChannel()
}

// SuspectPeers validates again the identities that are suspected.
func (g *gossipServiceImpl) SuspectPeers(isSuspected api.PeerSuspector) {
	g.certStore.suspectPeers(isSuspected)
}

// IdentityInfo lists the identities that are known.
func (g *gossipServiceImpl) IdentityInfo() api.PeerIdentitySet { return g.idMapper.IdentityInfo() }

// SelfMembershipInfo is how the node presents itself to others.
func (g *gossipServiceImpl) SelfMembershipInfo() discovery.NetworkMember { return g.disc.Self() }

// Peers lists the other peers that are alive.
func (g *gossipServiceImpl) Peers() []discovery.NetworkMember { return g.disc.GetMembership() }

// UpdateMetadata changes what the node attaches to its presentation.
func (g *gossipServiceImpl) UpdateMetadata(metadata []byte) { g.disc.UpdateMetadata(metadata) }

// PeersOfChannel lists the peers that are alive and in a channel.
func (g *gossipServiceImpl) PeersOfChannel(chainID common.ChainID) []discovery.NetworkMember {
	j := g.chanState.byName(chainID)
	if j == nil {
		g.logger.Debugf("No peers of channel %s: not joined", chainID)
		return nil
	}
	return j.GetPeers()
}

// SelfChannelInfo is what the node has published of itself in a channel.
func (g *gossipServiceImpl) SelfChannelInfo(chainID common.ChainID) *proto.SignedGossipMessage {
	j := g.chanState.byName(chainID)
	if j == nil {
		return nil
	}
	return j.Self()
}

// PeerFilter returns a filter for the peers of a channel by their signatures.
func (g *gossipServiceImpl) PeerFilter(chainID common.ChainID, messagePredicate api.SubChannelSelectionCriteria) (filter.RoutingFilter, error) {
	j := g.chanState.byName(chainID)
	if j == nil {
		return nil, errors.Errorf("cannot filter peers of channel %s: not joined", chainID)
	}
	return j.PeerFilter(messagePredicate), nil
}

// UpdateLedgerHeight sets the height that the node publishes in a channel.
func (g *gossipServiceImpl) UpdateLedgerHeight(height uint64, chainID common.ChainID) {
	j := g.chanState.byName(chainID)
	if j == nil {
		g.logger.Warningf("Cannot publish height %d of channel %s: not joined", height, chainID)
		return
	}
	j.UpdateLedgerHeight(height)
}

// UpdateChaincodes sets the chaincodes that the node publishes in a channel.
func (g *gossipServiceImpl) UpdateChaincodes(chaincodes []*proto.Chaincode, chainID common.ChainID) {
	j := g.chanState.byName(chainID)
	if j == nil {
		g.logger.Warningf("Cannot publish chaincodes of channel %s: not joined", chainID)
		return
	}
	j.UpdateChaincodes(chaincodes)
}

// Gossip spreads a message to the peers it is for.
func (g *gossipServiceImpl) Gossip(m *proto.GossipMessage) {
	if err := protoext.IsTagLegal(m); err != nil {
		panic(fmt.Sprintf("a message of our own with a tag that is not its kind's: %v", err))
	}
	signed, err := g.wrap(m)
	if err != nil {
		g.logger.Errorf("Cannot gossip a message of kind %s: %v", protoext.Kind(m), err)
		return
	}
	if protoext.IsChannelRestricted(m) {
		j := g.chanState.byName(m.Channel)
		if j == nil {
			g.logger.Warningf("Cannot gossip a message of kind %s in channel %s: not joined", protoext.Kind(m), m.Channel)
			return
		}
		if protoext.IsDataMsg(m) {
			j.AddToMsgStore(signed)
		}
	}
	g.spread(signed, nil)
}

// wrap puts a message into an envelope: a block carries its own signatures,
// anything else gets the node's.
func (g *gossipServiceImpl) wrap(m *proto.GossipMessage) (*proto.SignedGossipMessage, error) {
	if protoext.IsDataMsg(m) {
		return protoext.NoopSign(m)
	}
	return protoext.Sign(m, g.mcs.Sign)
}

// Send sends a message to the given peers.
func (g *gossipServiceImpl) Send(m *proto.GossipMessage, peers ...*comm.RemotePeer) {
	wrapped, err := protoext.NoopSign(m)
	if err != nil {
		g.logger.Errorf("Cannot send a message of kind %s: %v", protoext.Kind(m), err)
		return
	}
	g.comm.Send(wrapped, peers...)
}

// SendByCriteria sends a message to peers and waits for acknowledgements.
func (g *gossipServiceImpl) SendByCriteria(m *proto.SignedGossipMessage, criteria SendCriteria) error {
	if criteria.MaxPeers == 0 {
		return nil
	}
	if criteria.Timeout == 0 {
		return errors.New("Timeout should be specified")
	}
	candidates, err := g.candidates(criteria.Channel)
	if err != nil {
		return err
	}
	suits := criteria.IsEligible
	if suits == nil {
		suits = filter.SelectAllPolicy
	}
	peers := filter.SelectPeers(criteria.MaxPeers, candidates, suits)
	if len(peers) < criteria.MinAck {
		return errors.Errorf("Requested to send to at least %d peers, but know only of %d suitable peers", criteria.MinAck, len(peers))
	}
	results := g.comm.SendWithAck(m, criteria.Timeout, criteria.MinAck, peers...)
	if results.AckCount() < criteria.MinAck {
		return errors.New(results.String())
	}
	return nil
}

// candidates is the peers of a channel, or without one all that are alive.
func (g *gossipServiceImpl) candidates(chainID common.ChainID) ([]discovery.NetworkMember, error) {
	if len(chainID) == 0 {
		return g.disc.GetMembership(), nil
	}
	j := g.chanState.byName(chainID)
	if j == nil {
		return nil, errors.Errorf("asked to send to peers of channel %s, but no such channel exists", chainID)
	}
	return j.GetPeers(), nil
}
