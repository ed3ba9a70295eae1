// SPDX-License-Identifier: Apache-2.0

package mcs_test

import (
	"fmt"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

// network is a small network whose keys the tests hold: two ordering
// organizations and one of peers, in one channel.
type network struct {
	service *mcs.MCS
	channel *channel.Channel
	signers map[string]msp.SigningIdentity
}

func newNetwork(t testing.TB) *network {
	t.Helper()
	dir := t.TempDir()
	orgs := []cryptogen.OrgSpec{
		{Domain: "one.test", MSPID: "OrdererOneMSP", Orderer: true, Nodes: []string{"node"}},
		{Domain: "two.test", MSPID: "OrdererTwoMSP", Orderer: true, Nodes: []string{"node"}},
		{Domain: "peers.test", MSPID: "PeersMSP", Nodes: []string{"node"}},
	}
	foreign := cryptogen.OrgSpec{Domain: "foreign.test", MSPID: "OrdererOneMSP", Orderer: true, Nodes: []string{"node"}}
	require.NoError(t, cryptogen.Generate(dir, append(orgs, foreign)...))

	profile := genesis.Profile{ChannelID: "net"}
	n := &network{signers: map[string]msp.SigningIdentity{"foreign": signerFrom(t, foreign.NodeDir(dir, "node"), foreign.MSPID)}}
	for _, org := range orgs {
		inChannel := genesis.Org{MSPID: org.MSPID, MSPDir: org.MSPDir(dir)}
		if org.Orderer {
			profile.OrdererOrgs = append(profile.OrdererOrgs, inChannel)
		} else {
			profile.ApplicationOrgs = append(profile.ApplicationOrgs, inChannel)
		}
		n.signers[org.MSPID] = signerFrom(t, org.NodeDir(dir, "node"), org.MSPID)
	}
	block, err := genesis.Block(profile)
	require.NoError(t, err)
	n.channel, err = channel.FromConfigBlock(block)
	require.NoError(t, err)
	registry := &channel.Registry{}
	require.NoError(t, registry.Add(n.channel))
	n.service = mcs.New(registry, nil, nil)
	return n
}

func signerFrom(t testing.TB, nodeDir, mspID string) msp.SigningIdentity {
	t.Helper()
	config, err := msp.LocalConfigFromDir(nodeDir+"/msp", mspID)
	require.NoError(t, err)
	local, err := msp.New(&msp.BCCSPNewOpts{NewBaseOpts: msp.NewBaseOpts{Version: msp.MSPv1_0}})
	require.NoError(t, err)
	require.NoError(t, local.Setup(config))
	signer, err := local.GetDefaultSigningIdentity()
	require.NoError(t, err)
	return signer
}

// block makes a block of the channel with transactions of the given size.
func (n *network) block(t testing.TB, number uint64, transactions, size int) *cb.Block {
	t.Helper()
	block := cb.NewBlock(number, make([]byte, 32))
	header, err := proto.Marshal(&cb.ChannelHeader{Type: int32(cb.HeaderType_ENDORSER_TRANSACTION), ChannelId: "net", TxId: fmt.Sprintf("%064d", number)})
	require.NoError(t, err)
	payload, err := proto.Marshal(&cb.Payload{Header: &cb.Header{ChannelHeader: header}, Data: make([]byte, size)})
	require.NoError(t, err)
	envelope, err := proto.Marshal(&cb.Envelope{Payload: payload, Signature: make([]byte, 71)})
	require.NoError(t, err)
	for i := 0; i < transactions; i++ {
		block.Data.Data = append(block.Data.Data, envelope)
	}
	rehash(block)
	return block
}

// sign adds a signature over the block and the given value.
func (n *network) sign(t testing.TB, block *cb.Block, signer string, value []byte) {
	t.Helper()
	creator, err := n.signers[signer].Serialize()
	require.NoError(t, err)
	header := signatureHeader(t, creator)
	signed := append(append(append([]byte{}, value...), header...), protoext.BlockHeaderBytes(block.Header)...)
	signature, err := n.signers[signer].Sign(signed)
	require.NoError(t, err)
	editSignatures(t, block, func(m *cb.Metadata) {
		m.Value = value
		m.Signatures = append(m.Signatures, &cb.MetadataSignature{SignatureHeader: header, Signature: signature})
	})
}

func TestWhoseSignatureCounts(t *testing.T) {
	n := newNetwork(t)
	cases := []struct {
		name    string
		signers []string
		value   []byte
		wants   string // part of the error, "" if the block is accepted
	}{
		{"first ordering organization", []string{"OrdererOneMSP"}, nil, ""},
		{"second ordering organization", []string{"OrdererTwoMSP"}, nil, ""},
		{"both", []string{"OrdererOneMSP", "OrdererTwoMSP"}, nil, ""},
		{"with a value, as later orderers do", []string{"OrdererTwoMSP"}, []byte("last config"), ""},
		{"a peer", []string{"PeersMSP"}, nil, `by "node.peers.test" of MSP PeersMSP`},
		{"an orderer of the right name from elsewhere", []string{"foreign"}, nil, `by "node.foreign.test" of MSP OrdererOneMSP`},
		{"strangers and an orderer", []string{"foreign", "PeersMSP", "OrdererOneMSP"}, nil, ""},
		{"nobody", nil, nil, "(none)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			block := n.block(t, 7, 3, 100)
			for _, signer := range c.signers {
				n.sign(t, block, signer, c.value)
			}
			raw, err := proto.Marshal(block)
			require.NoError(t, err)
			err = n.service.VerifyBlock(common.ChainID("net"), 7, raw)
			if c.wants == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.wants)
			require.ErrorContains(t, err, "do not satisfy policy /Channel/Orderer/BlockValidation")
		})
	}
}

// Orderers pass on what they do not know in a client's transaction. A service
// that refuses the block for it would stop its peer at that block for good.
func TestOddTransactionsDoNotSpoilABlock(t *testing.T) {
	n := newNetwork(t)
	unknown := []byte{0x38, 1, 0x3b, 0x3c, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x05} // a number, a group, an illegal field number
	header := append([]byte{0x08, 3, 0x22, 3, 'n', 'e', 't'}, unknown...)
	entry := field(1, append(field(1, append(field(1, header), unknown...)), unknown...))
	entry = append(append(entry, field(2, []byte("signature"))...), unknown...)

	block := n.block(t, 7, 2, 100)
	block.Data.Data[0] = entry
	rehash(block)
	n.sign(t, block, "OrdererOneMSP", nil)
	raw, err := proto.Marshal(block)
	require.NoError(t, err)
	require.NoError(t, n.service.VerifyBlock(common.ChainID("net"), 7, raw))

	block.Data.Data = [][]byte{entry[:len(entry)-2], append(entry[len(entry)-2:], block.Data.Data[1]...)}
	require.ErrorContains(t, n.service.VerifyDecodedBlock(common.ChainID("net"), 7, block), "not cut as an orderer cuts them")
}

func field(number byte, content []byte) []byte {
	return append([]byte{number<<3 | 2, byte(len(content))}, content...)
}

func TestVerifyingABlockAllocatesIndependentlyOfItsSize(t *testing.T) {
	n := newNetwork(t)
	allocations := func(transactions, size int) float64 {
		block := n.block(t, 7, transactions, size)
		n.sign(t, block, "OrdererOneMSP", nil)
		raw, err := proto.Marshal(block)
		require.NoError(t, err)
		return testing.AllocsPerRun(20, func() {
			if err := n.service.VerifyBlock(common.ChainID("net"), 7, raw); err != nil {
				t.Fatal(err)
			}
		})
	}
	small, large := allocations(1, 100), allocations(200, 5000)
	require.LessOrEqual(t, large, small+2, "a million bytes must not cost more allocations than a hundred")
}

func BenchmarkVerifyBlock(b *testing.B) {
	n := newNetwork(b)
	for _, c := range []struct {
		name               string
		transactions, size int
	}{{"10KB", 10, 900}, {"100KB", 20, 4900}, {"1MB", 100, 10300}} {
		block := n.block(b, 7, c.transactions, c.size)
		n.sign(b, block, "OrdererTwoMSP", nil)
		raw, err := proto.Marshal(block)
		require.NoError(b, err)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for i := 0; i < b.N; i++ {
				if err := n.service.VerifyBlock(common.ChainID("net"), 7, raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
