// SPDX-License-Identifier: Apache-2.0

// Package integration makes a gossip node out of the peer's configuration file
// and attaches it to the peer's gRPC server. Package gossip makes nodes out of
// given values; whoever has those, such as tests, has no use for this one.
package integration

import (
	"net"
	"strconv"

	"github.com/pkg/errors"
	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip"
)

// NewGossipComponent makes a node, starts it and registers it with a server,
// which must not serve yet. Peers of the organization reach the node at
// endpoint, host and port. certs are the TLS certificates of the server and for
// dialling, nil if there is no TLS. The error says what is wrong with the
// endpoint, or that the node cannot be connected.
func NewGossipComponent(peerIdentity []byte, endpoint string, s *grpc.Server, secAdv api.SecurityAdvisor,
	cryptSvc api.MessageCryptoService, secureDialOpts api.PeerSecureDialOpts, certs *common.TLSCertificates, bootPeers ...string) (gossip.Gossip, error) {
	conf, err := configuration(endpoint, certs, bootPeers)
	if err != nil {
		return nil, err
	}
	node := gossip.NewGossipService(conf, s, secAdv, cryptSvc, peerIdentity, secureDialOpts)
	if node == nil {
		return nil, errors.Errorf("cannot connect the gossip node at %s to other peers", endpoint)
	}
	return node, nil
}

// configuration is the settings of a node at the given place.
func configuration(endpoint string, certs *common.TLSCertificates, bootPeers []string) (*gossip.Config, error) {
	_, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return nil, errors.Wrapf(err, "misconfigured endpoint %s", endpoint)
	}
	bindPort, err := strconv.ParseInt(port, 10, 64)
	if err != nil {
		return nil, errors.Wrapf(err, "misconfigured endpoint %s, its port is not a number", endpoint)
	}
	conf := settings()
	conf.BindPort = int(bindPort)
	conf.ID = endpoint
	conf.InternalEndpoint = endpoint
	conf.BootstrapPeers = bootPeers
	conf.TLSCerts = certs
	return conf, nil
}
