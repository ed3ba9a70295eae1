// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	cb "github.com/hyperledger/fabric/protos/common"
)

// network is what a run's parties know in common.
type network struct {
	dir     string
	address string // of the orderer, the same before and after its restart
	genesis *cb.Block
}

// Domains of the two organizations.
const (
	ordererDomain = "orderers.demo"
	peerDomain    = "org1.demo"
)

func newNetwork(dir string) (network, error) {
	n := network{dir: dir}
	var err error
	if n.address, err = freeAddress(); err != nil {
		return n, err
	}
	here := []string{"127.0.0.1", "localhost"}
	err = cryptogen.Generate(n.path("crypto"),
		cryptogen.OrgSpec{Domain: ordererDomain, MSPID: "OrdererMSP", Orderer: true, Nodes: []string{"orderer"}, SANs: here},
		cryptogen.OrgSpec{Domain: peerDomain, MSPID: "Org1MSP", NodeOUs: true, Nodes: []string{"peer0"}, Users: []string{"User1"}, SANs: here})
	if err != nil {
		return n, fmt.Errorf("making certificates: %w", err)
	}
	n.genesis, err = genesis.Block(genesis.Profile{
		ChannelID:        channelID,
		OrdererAddresses: []string{n.address},
		OrdererOrgs:      []genesis.Org{{Name: "Orderers", MSPID: "OrdererMSP", MSPDir: n.ordererOrg("msp")}},
		ApplicationOrgs:  []genesis.Org{{Name: "Org1", MSPID: "Org1MSP", MSPDir: n.peerOrg("msp")}},
		MaxMessageCount:  perBlock,
		BatchTimeout:     time.Second,
	})
	if err != nil {
		return n, fmt.Errorf("making block 0: %w", err)
	}
	raw, err := proto.Marshal(n.genesis)
	if err != nil {
		return n, err
	}
	if err := os.WriteFile(n.path("genesis.block"), raw, 0o644); err != nil {
		return n, err
	}
	return n, os.WriteFile(n.path("core.yaml"), []byte(n.coreYAML()), 0o644)
}

// freeAddress asks the system for a port that is free now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

func (n *network) ordererOrg(elements ...string) string {
	return filepath.Join(append([]string{n.dir, "crypto", "ordererOrganizations", ordererDomain}, elements...)...)
}

func (n *network) peerOrg(elements ...string) string {
	return filepath.Join(append([]string{n.dir, "crypto", "peerOrganizations", peerDomain}, elements...)...)
}

func (n *network) node(elements ...string) string {
	return n.ordererOrg(append([]string{"orderers", "orderer." + ordererDomain}, elements...)...)
}

func (n *network) user(name string, elements ...string) string {
	return n.peerOrg(append([]string{"users", name + "@" + peerDomain}, elements...)...)
}

// coreYAML is the peer's configuration: the keys of a Fabric core.yaml that
// this peer reads.
func (n *network) coreYAML() string {
	peer := n.peerOrg("peers", "peer0."+peerDomain)
	return fmt.Sprintf(`peer:
  id: peer0.%s
  localMspId: Org1MSP
  mspConfigPath: %s
  fileSystemPath: %s
  gossip:
    useLeaderElection: false
    orgLeader: true
  tls:
    enabled: true
    cert: {file: %s}
    key: {file: %s}
    rootcert: {file: %s}
  deliveryclient:
    connTimeout: 3s
    reconnectTotalTimeThreshold: 3600s
`, peerDomain, filepath.Join(peer, "msp"), n.path("peer"),
		filepath.Join(peer, "tls", "server.crt"), filepath.Join(peer, "tls", "server.key"), filepath.Join(peer, "tls", "ca.crt"))
}

// ordererArguments are those of the orderer command.
func (n *network) ordererArguments() []string {
	return []string{
		"orderer",
		"--listen", n.address,
		"--dir", n.path("orderer"),
		"--block", n.path("genesis.block"),
		"--msp-dir", n.node("msp"),
		"--msp-id", "OrdererMSP",
		"--cert", n.node("tls", "server.crt"),
		"--key", n.node("tls", "server.key"),
		"--clientca", n.peerOrg("tlsca", "tlsca."+peerDomain+"-cert.pem"),
	}
}
