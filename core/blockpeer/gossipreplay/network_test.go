// SPDX-License-Identifier: Apache-2.0

package gossipreplay

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/msp"
	"github.com/hyperledger/fabric/msp/mgmt"
	cb "github.com/hyperledger/fabric/protos/common"
	mspproto "github.com/hyperledger/fabric/protos/msp"
)

const (
	channelID = "mychannel"
	org1      = "Org1MSP"
	org2      = "Org2MSP"
)

// material is where the certificates and block 0 of the recording's network are.
func material(elements ...string) string {
	return filepath.Join(append([]string{"..", "testdata", "fabric-v1.3"}, elements...)...)
}

// peerFile is a file of one peer, by the names that peers have in the recording.
func peerFile(peer string, elements ...string) string {
	_, org, _ := strings.Cut(peer, ".")
	domain := org + ".fixtures.test"
	return material(append([]string{"crypto", "peerOrganizations", domain, "peers", peer + ".fixtures.test"}, elements...)...)
}

// tlsCertHash is the hash that a peer's handshakes are bound to.
func tlsCertHash(t testing.TB, peer string) []byte {
	t.Helper()
	raw, err := os.ReadFile(peerFile(peer, "tls", "server.crt"))
	require.NoError(t, err)
	block, _ := pem.Decode(raw)
	require.NotNil(t, block)
	sum := sha256.Sum256(block.Bytes)
	return sum[:]
}

// commonName is whose identity it is, peer0.org1 and so on; empty if it holds
// no certificate.
func commonName(identity []byte) string {
	serialized := &mspproto.SerializedIdentity{}
	if err := proto.Unmarshal(identity, serialized); err != nil {
		return ""
	}
	block, _ := pem.Decode(serialized.IdBytes)
	if block == nil {
		return ""
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(certificate.Subject.CommonName, ".fixtures.test")
}

// trust is what a peer takes identities and blocks for: the MSPs and policies
// of one channel.
type trust struct {
	channel *channel.Channel
	local   string // MSP ID
}

// recordedTrust is that of a peer of the recording, by block 0 of a channel of
// the same name and the same organizations.
func recordedTrust(t testing.TB, local string) *trust {
	t.Helper()
	raw, err := os.ReadFile(material("mychannel", "0000.block"))
	require.NoError(t, err)
	block := &cb.Block{}
	require.NoError(t, proto.Unmarshal(raw, block))
	return newTrust(t, block, local)
}

func newTrust(t testing.TB, block *cb.Block, local string) *trust {
	t.Helper()
	c, err := channel.FromConfigBlock(block)
	require.NoError(t, err)
	return &trust{channel: c, local: local}
}

// service is the peer's cryptography; signer may be nil.
func (w *trust) service(t testing.TB, signer *signer) *mcs.MCS {
	t.Helper()
	registry := &channel.Registry{}
	require.NoError(t, registry.Add(w.channel))
	if signer == nil {
		return mcs.New(registry, nil, w)
	}
	return mcs.New(registry, signer, w)
}

// trust implements mgmt.DeserializersManager.
var _ mgmt.DeserializersManager = (*trust)(nil)

func (w *trust) Deserialize(raw []byte) (*mspproto.SerializedIdentity, error) {
	return mgmt.NewDeserializersManager().Deserialize(raw)
}

func (w *trust) GetLocalMSPIdentifier() string { return w.local }

func (w *trust) GetLocalDeserializer() msp.IdentityDeserializer {
	all, err := w.channel.MSPManager().GetMSPs()
	if err != nil {
		return nil
	}
	return all[w.local]
}

func (w *trust) GetChannelDeserializers() map[string]msp.IdentityDeserializer {
	return map[string]msp.IdentityDeserializer{channelID: w.channel.MSPManager()}
}

// signer is an identity made for these tests; it implements
// crypto.LocalSigner.
type signer struct {
	identity api.PeerIdentityType
	key      *ecdsa.PrivateKey
}

func (s *signer) NewSignatureHeader() (*cb.SignatureHeader, error) {
	return &cb.SignatureHeader{Creator: s.identity}, nil
}

func (s *signer) Sign(message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return ecdsasig.Sign(s.key, sum[:])
}

// mixedNetwork is the recording's network with a second certificate authority
// in each organization, of which there is the private key: nodes made here and
// peers of the recording take each other for members of the same organizations.
type mixedNetwork struct {
	block       *cb.Block // 0 of the channel
	authorities map[string]*cryptogen.CA
}

func newMixedNetwork(t testing.TB) *mixedNetwork {
	t.Helper()
	n := &mixedNetwork{authorities: map[string]*cryptogen.CA{}}
	profile := genesis.Profile{
		ChannelID:   channelID,
		OrdererOrgs: []genesis.Org{{MSPID: "OrdererMSP", MSPDir: material("crypto", "ordererOrganizations", "fixtures.test", "msp")}},
	}
	for domain, mspID := range map[string]string{"org1.fixtures.test": org1, "org2.fixtures.test": org2} {
		authority, err := cryptogen.NewCA("here.test", "ca.here.test")
		require.NoError(t, err)
		n.authorities[mspID] = authority
		dir := filepath.Join(t.TempDir(), "msp")
		require.NoError(t, os.CopyFS(dir, os.DirFS(material("crypto", "peerOrganizations", domain, "msp"))))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "cacerts", "here.pem"), authority.CertPEM(), 0o600))
		// Node units are bound to the recorded authority.
		require.NoError(t, os.Remove(filepath.Join(dir, "config.yaml")))
		profile.ApplicationOrgs = append(profile.ApplicationOrgs, genesis.Org{MSPID: mspID, MSPDir: dir})
	}
	var err error
	n.block, err = genesis.Block(profile)
	require.NoError(t, err)
	return n
}

// enroll makes an identity of an organization.
func (n *mixedNetwork) enroll(t testing.TB, mspID, name string) *signer {
	t.Helper()
	pair, err := n.authorities[mspID].Issue(cryptogen.Leaf{CommonName: name, OUs: []string{"peer"}})
	require.NoError(t, err)
	identity, err := proto.Marshal(&mspproto.SerializedIdentity{Mspid: mspID, IdBytes: pair.CertPEM()})
	require.NoError(t, err)
	return &signer{identity, pair.Key}
}

// orgOf is the organization of a peer of the recording.
func orgOf(peer string) string {
	if strings.HasSuffix(peer, ".org2") {
		return org2
	}
	return org1
}

// channelMAC is how messages name the channel to its members only.
func channelMAC(id common.PKIidType) []byte {
	sum := sha256.Sum256(bytes.Join([][]byte{id, []byte(channelID)}, nil))
	return sum[:]
}
