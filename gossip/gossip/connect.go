// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"
	"net"
	"strconv"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/util"
)

// connectToBootstrapPeers introduces the node to the peers that its
// configuration names, in the background. They must be of its own organization.
func (g *gossipServiceImpl) connectToBootstrapPeers() {
	for _, address := range g.conf.BootstrapPeers {
		endpoint := address
		g.disc.Connect(discovery.NetworkMember{Endpoint: endpoint, InternalEndpoint: endpoint}, func() (*discovery.PeerIdentification, error) {
			remote, err := g.identify(endpoint)
			if err == nil && !remote.SelfOrg {
				err = errors.Errorf("the bootstrap peer at %s is of another organization", endpoint)
			}
			if err != nil {
				return nil, err
			}
			return remote, nil
		})
	}
}

// connectToAnchorPeers introduces the node to the anchor peers of an
// organization of a channel, in the background.
func (g *gossipServiceImpl) connectToAnchorPeers(org api.OrgIdentityType, anchors []api.AnchorPeer) {
	ours := bytes.Equal(org, g.selfOrg)
	if !ours && g.conf.ExternalEndpoint == "" {
		if len(anchors) > 0 {
			g.logger.Infof("Not connecting to the anchor peers of organization %s: this peer has no external endpoint", org)
		}
		return
	}
	for _, anchor := range anchors {
		if anchor.Host == "" || anchor.Port == 0 {
			g.logger.Warningf("An anchor peer of organization %s lacks host or port: %q, %d", org, anchor.Host, anchor.Port)
			continue
		}
		endpoint := net.JoinHostPort(anchor.Host, strconv.Itoa(anchor.Port))
		if endpoint == g.conf.InternalEndpoint || endpoint == g.conf.ExternalEndpoint {
			continue
		}
		if !ours && util.Contains(endpoint, g.conf.BootstrapPeers) {
			continue // whom a stranger claims as its own must stay held to be of our organization
		}
		g.disc.Connect(discovery.NetworkMember{Endpoint: endpoint, InternalEndpoint: endpoint}, func() (*discovery.PeerIdentification, error) {
			remote, err := g.identify(endpoint)
			if err == nil && ours && !remote.SelfOrg {
				err = errors.Errorf("the anchor peer of our organization at %s is of another organization", endpoint)
			}
			if err != nil {
				return nil, err
			}
			return remote, nil
		})
	}
}

// identify finds out who answers at an endpoint, over a connection made for
// that. It waits for it.
func (g *gossipServiceImpl) identify(endpoint string) (*discovery.PeerIdentification, error) {
	identity, err := g.comm.Handshake(&comm.RemotePeer{Endpoint: endpoint})
	if err != nil {
		return nil, errors.WithMessage(err, "no handshake with "+endpoint)
	}
	pkiID := g.mcs.GetPKIidOfCert(identity)
	if len(pkiID) == 0 {
		return nil, errors.Errorf("the identity of the peer at %s has no PKI-ID", endpoint)
	}
	org := g.secAdvisor.OrgByPeerIdentity(identity)
	return &discovery.PeerIdentification{ID: pkiID, SelfOrg: len(org) > 0 && bytes.Equal(org, g.selfOrg)}, nil
}
