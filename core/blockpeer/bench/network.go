// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/spf13/viper"

	"github.com/hyperledger/fabric/common/localmsp"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/hyperledger/fabric/msp/mgmt"
	cb "github.com/hyperledger/fabric/protos/common"
)

const channelID = "bench"

var (
	ordererOrg = cryptogen.OrgSpec{Domain: "orderers.bench", MSPID: "OrdererMSP", Orderer: true,
		Nodes: []string{"orderer"}, SANs: []string{"127.0.0.1"}}
	peerOrg = cryptogen.OrgSpec{Domain: "peers.bench", MSPID: "PeerMSP", NodeOUs: true, Nodes: []string{"peer0"}}
)

// network is what both processes know: where the certificates and block 0 are.
type network struct {
	dir string
	tls bool
}

// newNetwork makes certificates and a channel with one ordering organization
// and one of peers.
func newNetwork(dir string, useTLS bool) (*network, error) {
	n := &network{dir: dir, tls: useTLS}
	if err := cryptogen.Generate(dir, ordererOrg, peerOrg); err != nil {
		return nil, fmt.Errorf("making certificates: %w", err)
	}
	block, err := genesis.Block(genesis.Profile{
		ChannelID:       channelID,
		OrdererOrgs:     []genesis.Org{{MSPID: ordererOrg.MSPID, MSPDir: ordererOrg.MSPDir(dir)}},
		ApplicationOrgs: []genesis.Org{{MSPID: peerOrg.MSPID, MSPDir: peerOrg.MSPDir(dir)}},
	})
	if err != nil {
		return nil, fmt.Errorf("making block 0: %w", err)
	}
	raw, err := proto.Marshal(block)
	if err != nil {
		return nil, err
	}
	return n, os.WriteFile(n.genesisFile(), raw, 0o600)
}

func (n *network) genesisFile() string { return filepath.Join(n.dir, "genesis.block") }

func (n *network) ordererFile(elements ...string) string {
	return filepath.Join(append([]string{ordererOrg.NodeDir(n.dir, ordererOrg.Nodes[0])}, elements...)...)
}

func (n *network) peerFile(elements ...string) string {
	return filepath.Join(append([]string{peerOrg.NodeDir(n.dir, peerOrg.Nodes[0])}, elements...)...)
}

// genesis reads block 0 back.
func (n *network) genesis() (*cb.Block, []byte, error) {
	raw, err := os.ReadFile(n.genesisFile())
	if err != nil {
		return nil, nil, err
	}
	block := &cb.Block{}
	return block, raw, proto.Unmarshal(raw, block)
}

// peer is this process as a member of the network.
type peer struct {
	network *network
	crypto  *mcs.MCS
}

// newPeer loads the peer's identity and the channel, and configures the
// delivery client, which looks at process-wide settings.
func newPeer(n *network) (*peer, error) {
	if err := mgmt.LoadLocalMspFromDir(n.peerFile("msp"), peerOrg.MSPID); err != nil {
		return nil, err
	}
	block, _, err := n.genesis()
	if err != nil {
		return nil, err
	}
	c, err := channel.FromConfigBlock(block)
	if err != nil {
		return nil, err
	}
	channels := &channel.Registry{}
	if err := channels.Add(c); err != nil {
		return nil, err
	}
	viper.Set("peer.tls.enabled", n.tls)
	viper.Set("peer.deliveryclient.connTimeout", 10*time.Second)
	if n.tls {
		if err := presentCertificate(n, c); err != nil {
			return nil, err
		}
	}
	return &peer{network: n, crypto: mcs.New(channels, localmsp.NewSigner(), mgmt.NewDeserializersManager())}, nil
}

func presentCertificate(n *network, c *channel.Channel) error {
	pair, err := tls.LoadX509KeyPair(n.peerFile("tls", "server.crt"), n.peerFile("tls", "server.key"))
	if err != nil {
		return err
	}
	credentials := comm.GetCredentialSupport()
	credentials.SetClientCertificate(pair)
	_, roots := c.TLSRoots()
	credentials.Lock()
	defer credentials.Unlock()
	credentials.OrdererRootCAsByChain[channelID] = roots
	return nil
}
