// SPDX-License-Identifier: Apache-2.0

package genesis_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

// network is a channel with two peer organizations and one of orderers, whose
// keys the test has.
type network struct {
	t       testing.TB
	dir     string
	orgs    map[string]cryptogen.OrgSpec // by MSP ID
	channel *channel.Channel
	height  uint64
}

func newNetwork(t testing.TB) *network {
	t.Helper()
	n := &network{t: t, dir: t.TempDir(), height: 1, orgs: map[string]cryptogen.OrgSpec{
		"OrdererMSP": {Domain: "orderers.test", MSPID: "OrdererMSP", Orderer: true},
		"Org1MSP":    {Domain: "org1.test", MSPID: "Org1MSP", NodeOUs: true},
		"Org2MSP":    {Domain: "org2.test", MSPID: "Org2MSP", NodeOUs: true},
		"Org3MSP":    {Domain: "org3.test", MSPID: "Org3MSP"}, // not in the channel yet
	}}
	for _, org := range n.orgs {
		require.NoError(t, cryptogen.Generate(n.dir, org))
	}
	block, err := genesis.Block(genesis.Profile{
		ChannelID:       "testchannel",
		OrdererOrgs:     []genesis.Org{n.org("OrdererMSP")},
		ApplicationOrgs: []genesis.Org{n.org("Org1MSP"), n.org("Org2MSP")},
	})
	require.NoError(t, err)
	n.channel, err = channel.FromConfigBlock(block)
	require.NoError(t, err)
	return n
}

func (n *network) org(mspID string) genesis.Org {
	return genesis.Org{MSPID: mspID, MSPDir: n.orgs[mspID].MSPDir(n.dir)}
}

func (n *network) config() *cb.Config { return n.channel.Bundle().ConfigtxValidator().ConfigProto() }

// admin signs as the administrator of an organization.
func (n *network) admin(mspID string) crypto.LocalSigner {
	folder := filepath.Join(n.orgs[mspID].UserDir(n.dir, "Admin"), "msp")
	block, _ := pem.Decode(readOnlyFile(n.t, filepath.Join(folder, "keystore")))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(n.t, err)
	identity, err := msp.NewSerializedIdentity(mspID, readOnlyFile(n.t, filepath.Join(folder, "signcerts")))
	require.NoError(n.t, err)
	return crypto.NewSignatureHeaderCreator(keyHolder{identity, key.(*ecdsa.PrivateKey)})
}

func (n *network) admins(mspIDs ...string) (signers []crypto.LocalSigner) {
	for _, id := range mspIDs {
		signers = append(signers, n.admin(id))
	}
	return signers
}

// propose is what an orderer does with an update: it makes the block that
// carries the next configuration.
func (n *network) propose(updated *cb.Config, signers ...crypto.LocalSigner) (*cb.Block, error) {
	n.t.Helper()
	update, err := genesis.ComputeUpdate(n.channel.ID(), n.config(), updated)
	require.NoError(n.t, err)
	envelope, err := genesis.SignUpdate(update, n.admin("Org1MSP"), signers...)
	require.NoError(n.t, err)
	contents, err := n.channel.Bundle().ConfigtxValidator().ProposeConfigUpdate(envelope)
	if err != nil {
		return nil, err
	}
	return n.block(contents), nil
}

func (n *network) block(contents *cb.ConfigEnvelope) *cb.Block {
	n.t.Helper()
	header := marshal(n.t, &cb.ChannelHeader{Type: int32(cb.HeaderType_CONFIG), ChannelId: n.channel.ID()})
	payload := marshal(n.t, &cb.Payload{Header: &cb.Header{ChannelHeader: header}, Data: marshal(n.t, contents)})
	block := cb.NewBlock(n.height, nil)
	block.Data = &cb.BlockData{Data: [][]byte{marshal(n.t, &cb.Envelope{Payload: payload})}}
	block.Header.DataHash = protoext.BlockDataHash(block.Data)
	n.height++
	return block
}

// keyHolder is a crypto.SignerSupport.
type keyHolder struct {
	identity []byte
	key      *ecdsa.PrivateKey
}

func (k keyHolder) Serialize() ([]byte, error) { return k.identity, nil }

func (k keyHolder) Sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return ecdsasig.Sign(k.key, digest[:])
}

func readOnlyFile(t testing.TB, folder string) []byte {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	raw, err := os.ReadFile(filepath.Join(folder, entries[0].Name()))
	require.NoError(t, err)
	return raw
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	raw, err := proto.Marshal(m)
	require.NoError(t, err)
	return raw
}
