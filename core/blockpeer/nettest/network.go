// SPDX-License-Identifier: Apache-2.0

package nettest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/core/comm"
	cb "github.com/hyperledger/fabric/protos/common"
)

// Network is the crypto material of an ordering organization and of one with
// peers. Its files do not change once it is made.
type Network struct {
	Dir     string
	Orderer cryptogen.OrgSpec // with the node "orderer"
	Org1    cryptogen.OrgSpec // with the peer "peer0" and the user "User1"
}

// New makes a network in dir.
func New(dir string) (*Network, error) {
	here := []string{"127.0.0.1", "localhost"}
	n := &Network{
		Dir:     dir,
		Orderer: cryptogen.OrgSpec{Domain: "orderers.test", MSPID: "OrdererMSP", Orderer: true, Nodes: []string{"orderer"}, SANs: here},
		Org1:    cryptogen.OrgSpec{Domain: "org1.test", MSPID: "Org1MSP", NodeOUs: true, Nodes: []string{"peer0"}, Users: []string{"User1"}, SANs: here},
	}
	return n, cryptogen.Generate(dir, n.Orderer, n.Org1)
}

// OrdererFile is a file of the orderer's node, such as "tls", "ca.crt".
func (n *Network) OrdererFile(elements ...string) string {
	return filepath.Join(append([]string{n.Orderer.NodeDir(n.Dir, "orderer")}, elements...)...)
}

// PeerFile is a file of peer0.
func (n *Network) PeerFile(elements ...string) string {
	return filepath.Join(append([]string{n.Org1.NodeDir(n.Dir, "peer0")}, elements...)...)
}

// CoreYAML writes a core.yaml for peer0 into a new folder, below which the peer
// will keep its blocks, and returns the file's name. The peer speaks mutual TLS
// and trusts the network's orderer whatever its channel says. Further lines of
// YAML may be added below "peer:".
func (n *Network) CoreYAML(t testing.TB, lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf(`peer:
  id: peer0.%s
  localMspId: %s
  mspConfigPath: %s
  fileSystemPath: data
  tls:
    enabled: true
    cert: {file: %s}
    key: {file: %s}
    rootcert: {file: %s}
  gossip: {orgLeader: true, useLeaderElection: false}
  deliveryclient:
    staticRootsEnabled: true
`, n.Org1.Domain, n.Org1.MSPID, n.PeerFile("msp"), n.PeerFile("tls", "server.crt"), n.PeerFile("tls", "server.key"), n.OrdererFile("tls", "ca.crt"))
	for _, line := range lines {
		text += line + "\n"
	}
	file := filepath.Join(dir, "core.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// Override is a line for CoreYAML, to go below deliveryclient, that sends
// connections for some addresses to others. The pairs are from, to.
func Override(pairs ...[2]string) string {
	lines := []string{"    addressOverrides:"}
	for _, pair := range pairs {
		lines = append(lines, fmt.Sprintf("      - {from: %q, to: %q}", pair[0], pair[1]))
	}
	return strings.Join(lines, "\n")
}

// OrdererSigner signs as the orderer.
func (n *Network) OrdererSigner(t testing.TB) crypto.LocalSigner {
	return signer(t, n.OrdererFile("msp"), n.Orderer.MSPID)
}

// PeerSigner signs as peer0.
func (n *Network) PeerSigner(t testing.TB) crypto.LocalSigner {
	return signer(t, n.PeerFile("msp"), n.Org1.MSPID)
}

// UserSigner signs as User1.
func (n *Network) UserSigner(t testing.TB) crypto.LocalSigner {
	return signer(t, filepath.Join(n.Org1.UserDir(n.Dir, "User1"), "msp"), n.Org1.MSPID)
}

func signer(t testing.TB, dir, mspID string) crypto.LocalSigner {
	t.Helper()
	s, err := blockpeer.SignerFromDir(dir, mspID)
	require.NoError(t, err)
	return s
}

// Genesis makes block 0 of a channel of both organizations.
func (n *Network) Genesis(t testing.TB, channelID string, orderers ...string) *cb.Block {
	t.Helper()
	block, err := genesis.Block(genesis.Profile{
		ChannelID:        channelID,
		OrdererAddresses: orderers,
		OrdererOrgs:      []genesis.Org{{Name: "Orderers", MSPID: n.Orderer.MSPID, MSPDir: n.Orderer.MSPDir(n.Dir)}},
		ApplicationOrgs:  []genesis.Org{{Name: "Org1", MSPID: n.Org1.MSPID, MSPDir: n.Org1.MSPDir(n.Dir)}},
	})
	require.NoError(t, err)
	return block
}

// Serve runs a service over mutual TLS, as the orderer's node, until the test
// ends or stop is called, and returns its address.
func (n *Network) Serve(t testing.TB, register func(*grpc.Server)) (address string, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	security := &comm.SecureOptions{UseTLS: true, RequireClientCert: true}
	security.Certificate = read(t, n.OrdererFile("tls", "server.crt"))
	security.Key = read(t, n.OrdererFile("tls", "server.key"))
	security.ClientRootCAs = [][]byte{read(t, n.PeerFile("tls", "ca.crt"))}
	server, err := comm.NewGRPCServerFromListener(listener, comm.ServerConfig{SecOpts: security})
	require.NoError(t, err)
	register(server.Server())
	served := make(chan error, 1)
	go func() { served <- server.Start() }()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		server.Stop()
		if err := <-served; err != grpc.ErrServerStopped { // stopped before it began
			require.NoError(t, err)
		}
	}
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

// Replay serves a chain as it is.
func (n *Network) Replay(t testing.TB, blocks [][]byte, cfg orderer.ReplayConfig) (replay *orderer.Replay, address string, stop func()) {
	t.Helper()
	cfg.MutualTLS = true
	replay, err := orderer.NewReplay(blocks, cfg)
	require.NoError(t, err)
	address, stopServer := n.Serve(t, replay.Register)
	stop = func() {
		replay.Stop()
		stopServer()
	}
	t.Cleanup(stop)
	return replay, address, stop
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return content
}
