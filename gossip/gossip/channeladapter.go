// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/gossip/channel"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// channelAdapter is the node as its channels use it.
type channelAdapter struct {
	node *gossipServiceImpl
}

// GetConf derives the settings of a channel from those of the node.
func (a *channelAdapter) GetConf() channel.Config {
	conf := a.node.conf
	return channel.Config{
		ID:                          conf.ID,
		MaxBlockCountToStore:        conf.MaxBlockCountToStore,
		PublishStateInfoInterval:    conf.PublishStateInfoInterval,
		PullInterval:                conf.PullInterval,
		PullPeerNum:                 conf.PullPeerNum,
		RequestStateInfoInterval:    conf.RequestStateInfoInterval,
		BlockExpirationInterval:     100 * conf.PullInterval,
		StateInfoCacheSweepInterval: 5 * conf.PullInterval,
	}
}

// Sign signs a message with the node's identity.
func (a *channelAdapter) Sign(m *proto.GossipMessage) (*proto.SignedGossipMessage, error) {
	return protoext.Sign(m, a.node.mcs.Sign)
}

// Gossip spreads a message of the node's own.
func (a *channelAdapter) Gossip(m *proto.SignedGossipMessage) { a.node.spread(m, nil) }

// Forward spreads a message that came from another peer.
func (a *channelAdapter) Forward(m proto.ReceivedMessage) { a.node.forward(m) }

// DeMultiplex hands a message to those that subscribed to it. It waits for them
// a little while if they are slow.
func (a *channelAdapter) DeMultiplex(m interface{}) { a.node.publish(m) }

// Send sends a message to the given peers.
func (a *channelAdapter) Send(m *proto.SignedGossipMessage, peers ...*comm.RemotePeer) {
	a.node.comm.Send(m, peers...)
}

// GetMembership lists the peers that are alive.
func (a *channelAdapter) GetMembership() []discovery.NetworkMember {
	return a.node.disc.GetMembership()
}

// Lookup returns what is known of a peer, also if it is dead; nil if nothing.
func (a *channelAdapter) Lookup(pkiID common.PKIidType) *discovery.NetworkMember {
	return a.node.disc.Lookup(pkiID)
}

// ValidateStateInfoMessage checks the signature of a StateInfo message.
func (a *channelAdapter) ValidateStateInfoMessage(m *proto.SignedGossipMessage) error {
	info := m.GetStateInfo()
	if info == nil {
		return errors.New("not a StateInfo message")
	}
	reason, err := a.node.verifySigner(m, info.PkiId)
	return errors.WithMessage(err, reason)
}

// GetOrgOfPeer returns nil for a peer whose identity is not known.
func (a *channelAdapter) GetOrgOfPeer(pkiID common.PKIidType) api.OrgIdentityType {
	return a.node.orgs.of(pkiID)
}

// GetIdentityByPKIID returns nil for an identity that is not known.
func (a *channelAdapter) GetIdentityByPKIID(pkiID common.PKIidType) api.PeerIdentityType {
	identity, err := a.node.idMapper.Get(pkiID)
	if err != nil {
		return nil
	}
	return identity
}

// Hook is where a channel reports what happens in it.
func (a *channelAdapter) Hook() *observe.Hook { return &a.node.hook }
