// SPDX-License-Identifier: Apache-2.0

package mcs_test

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

const (
	recordedDir = "../testdata/fabric-v1.3/"
	lastBlock   = 32
)

var mychannel = common.ChainID("mychannel")

func recordedBytes(t testing.TB, number uint64) []byte {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("%smychannel/%04d.block", recordedDir, number))
	require.NoError(t, err)
	return raw
}

func recordedBlock(t testing.TB, number uint64) *cb.Block {
	t.Helper()
	block := &cb.Block{}
	require.NoError(t, proto.Unmarshal(recordedBytes(t, number), block))
	return block
}

// recordedService is a service for the recorded channel as of its block 0.
func recordedService(t testing.TB) (*mcs.MCS, *channel.Channel) {
	t.Helper()
	c, err := channel.FromConfigBlock(recordedBlock(t, 0))
	require.NoError(t, err)
	registry := &channel.Registry{}
	require.NoError(t, registry.Add(c))
	return mcs.New(registry, nil, nil), c
}

func TestRecordedChainIsAccepted(t *testing.T) {
	m, c := recordedService(t)
	for number := uint64(1); number <= lastBlock; number++ {
		raw := recordedBytes(t, number)
		require.NoError(t, m.VerifyBlock(mychannel, number, raw))
		block := recordedBlock(t, number)
		require.NoError(t, m.VerifyDecodedBlock(mychannel, number, block))
		require.True(t, proto.Equal(recordedBlock(t, number), block), "the block is only read")
		if protoext.IsConfigBlock(block) {
			require.NoError(t, c.Apply(block))
		}
	}
}

func TestBlockZeroHasNoSignatureToPass(t *testing.T) {
	m, _ := recordedService(t)
	err := m.VerifyBlock(mychannel, 0, recordedBytes(t, 0))
	require.ErrorContains(t, err, "its signatures (none) do not satisfy policy /Channel/Orderer/BlockValidation")
}

// rehash makes the header fit the data again, as a forger would.
func rehash(b *cb.Block) { b.Header.DataHash = protoext.BlockDataHash(b.Data) }

// editSignatures changes the list of signatures of a block.
func editSignatures(t testing.TB, b *cb.Block, edit func(*cb.Metadata)) {
	t.Helper()
	metadata := &cb.Metadata{}
	require.NoError(t, proto.Unmarshal(b.Metadata.Metadata[0], metadata))
	edit(metadata)
	raw, err := proto.Marshal(metadata)
	require.NoError(t, err)
	b.Metadata.Metadata[0] = raw
}

// signatureHeader makes the header of a signature that creator claims.
func signatureHeader(t testing.TB, creator []byte) []byte {
	t.Helper()
	raw, err := proto.Marshal(&cb.SignatureHeader{Creator: creator, Nonce: make([]byte, 24)})
	require.NoError(t, err)
	return raw
}

// recordedIdentity is a member of the recorded network, without its key.
func recordedIdentity(t testing.TB, mspID, certificate string) []byte {
	t.Helper()
	pem, err := os.ReadFile(recordedDir + "crypto/" + certificate)
	require.NoError(t, err)
	raw, err := msp.NewSerializedIdentity(mspID, pem)
	require.NoError(t, err)
	return raw
}

// tampering is one thing that may be done to a block on its way.
type tampering struct {
	name  string
	do    func(testing.TB, *cb.Block)
	wants []string
	// only, if set, says which blocks it can be done to.
	only func(*cb.Block) bool
}

const (
	orderedBy = `(by "orderer.fixtures.test" of MSP OrdererMSP`
	forged    = `one by "OrdererMSP" does not verify`
)

func manyTransactions(b *cb.Block) bool { return len(b.Data.Data) > 1 }

func tamperings() []tampering {
	peer := "peerOrganizations/org1.fixtures.test/peers/peer0.org1.fixtures.test/msp/signcerts/peer0.org1.fixtures.test-cert.pem"
	return []tampering{
		{name: "a byte of a transaction", wants: []string{"its data hash is", "but its header says"},
			do: func(t testing.TB, b *cb.Block) {
				last := b.Data.Data[len(b.Data.Data)-1]
				last[len(last)-1] ^= 1
			}},
		{name: "a byte of a transaction, and the data hash made to fit", wants: []string{forged, "by \"orderer"},
			do: func(t testing.TB, b *cb.Block) {
				last := b.Data.Data[len(b.Data.Data)-1]
				last[len(last)-1] ^= 1
				rehash(b)
			}},
		{name: "data hash", wants: []string{"its data hash is"},
			do: func(t testing.TB, b *cb.Block) { b.Header.DataHash[5] ^= 1 }},
		{name: "data hash missing", wants: []string{"but its header says nothing"},
			do: func(t testing.TB, b *cb.Block) { b.Header.DataHash = nil }},
		{name: "data hash of megabytes", wants: []string{"(5000000 bytes)"},
			do: func(t testing.TB, b *cb.Block) { b.Header.DataHash = make([]byte, 5000000) }},
		{name: "previous hash", wants: []string{forged},
			do: func(t testing.TB, b *cb.Block) { b.Header.PreviousHash[0] ^= 1 }},
		{name: "number", wants: []string{"but actual seqNum inside block is [77]"},
			do: func(t testing.TB, b *cb.Block) { b.Header.Number = 77 }},
		{name: "header missing", wants: []string{"it has no header"},
			do: func(t testing.TB, b *cb.Block) { b.Header = nil }},
		{name: "data missing", wants: []string{"it has no transactions"},
			do: func(t testing.TB, b *cb.Block) { b.Data = nil }},
		{name: "data empty", wants: []string{"it has no transactions"},
			do: func(t testing.TB, b *cb.Block) { b.Data.Data = nil; rehash(b) }},
		{name: "first transaction empty", wants: []string{"not cut as", "transaction 0"},
			do: func(t testing.TB, b *cb.Block) { b.Data.Data[0] = nil; rehash(b) }},
		{name: "first transaction garbage", wants: []string{"not cut as", "transaction 0"},
			do: func(t testing.TB, b *cb.Block) { b.Data.Data[0] = []byte{0xff}; rehash(b) }},
		{name: "metadata missing", wants: []string{"it has no metadata"},
			do: func(t testing.TB, b *cb.Block) { b.Metadata = nil }},
		{name: "metadata without entries", wants: []string{"it has no metadata"},
			do: func(t testing.TB, b *cb.Block) { b.Metadata.Metadata = nil }},
		{name: "signatures metadata empty", wants: []string{"signatures (none)"},
			do: func(t testing.TB, b *cb.Block) { b.Metadata.Metadata[0] = nil }},
		{name: "signatures metadata garbage", wants: []string{"its signatures metadata is malformed"},
			do: func(t testing.TB, b *cb.Block) { b.Metadata.Metadata[0] = []byte{0x0a, 0xff} }},
		{name: "transactions joined", wants: []string{"its transactions are not cut as an orderer cuts them", "transaction 0"}, only: manyTransactions,
			do: func(t testing.TB, b *cb.Block) {
				b.Data.Data = append([][]byte{append(b.Data.Data[0], b.Data.Data[1]...)}, b.Data.Data[2:]...)
			}},
		{name: "transactions split elsewhere", wants: []string{"its transactions are not cut as an orderer cuts them"}, only: manyTransactions,
			do: func(t testing.TB, b *cb.Block) {
				first, second := b.Data.Data[0], b.Data.Data[1]
				b.Data.Data[0] = append(first, second[:7]...)
				b.Data.Data[1] = second[7:]
			}},
		{name: "an empty transaction added", wants: []string{"its transactions are not cut as an orderer cuts them"},
			do: func(t testing.TB, b *cb.Block) { b.Data.Data = append(b.Data.Data, nil) }},
		{name: "the signature cut off the last transaction", wants: []string{"its transactions are not cut as an orderer cuts them"},
			do: func(t testing.TB, b *cb.Block) {
				last := len(b.Data.Data) - 1
				envelope := &cb.Envelope{}
				require.NoError(t, proto.Unmarshal(b.Data.Data[last], envelope))
				payload, _ := proto.Marshal(&cb.Envelope{Payload: envelope.Payload})
				signature, _ := proto.Marshal(&cb.Envelope{Signature: envelope.Signature})
				b.Data.Data = append(b.Data.Data[:last], payload, signature)
			}},
		{name: "a byte of the signature", wants: []string{forged, orderedBy},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) {
					s := m.Signatures[0].Signature
					s[len(s)-1] ^= 1
				})
			}},
		{name: "signature empty", wants: []string{forged},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) { m.Signatures[0].Signature = nil })
			}},
		{name: "the nonce under the signature", wants: []string{forged},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) { m.Signatures[0].SignatureHeader[len(m.Signatures[0].SignatureHeader)-1] ^= 1 })
			}},
		{name: "the value under the signature", wants: []string{forged},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) { m.Value = []byte("x") })
			}},
		{name: "signature header garbage", wants: []string{"signature 0: malformed signature header"},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) { m.Signatures[0].SignatureHeader = []byte{0xff} })
			}},
		{name: "signature header missing", wants: []string{"by an empty identity", "1 by unknown identities"},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) { m.Signatures[0].SignatureHeader = nil })
			}},
		{name: "a peer put down as signer", wants: []string{`(by "peer0.org1.fixtures.test" of MSP Org1MSP`, `one by "Org1MSP" fits no principal`},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) {
					m.Signatures[0].SignatureHeader = signatureHeader(t, recordedIdentity(t, "Org1MSP", peer))
				})
			}},
		{name: "the other orderer put down as signer", wants: []string{forged, `"orderer2.fixtures.test" of MSP OrdererMSP`},
			only: func(b *cb.Block) bool { return b.Header.Number <= 9 }, // signed by the first one
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) {
					m.Signatures[0].SignatureHeader = signatureHeader(t, recordedIdentity(t, "OrdererMSP",
						"ordererOrganizations/fixtures.test/orderers/orderer2.fixtures.test/msp/signcerts/orderer2.fixtures.test-cert.pem"))
				})
			}},
		{name: "a peer of the orderers' name put down as signer", wants: []string{"1 by unknown identities"},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) {
					m.Signatures[0].SignatureHeader = signatureHeader(t, recordedIdentity(t, "OrdererMSP", peer))
				})
			}},
		{name: "more signatures than anybody makes", wants: []string{"more than 100 signatures"},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) {
					for len(m.Signatures) <= 100 {
						m.Signatures = append(m.Signatures, m.Signatures[0])
					}
				})
			}},
		{name: "signatures over more than memory holds", wants: []string{"are over more than"},
			do: func(t testing.TB, b *cb.Block) {
				editSignatures(t, b, func(m *cb.Metadata) {
					m.Value = make([]byte, 1<<20)
					for len(m.Signatures) < 100 {
						m.Signatures = append(m.Signatures, m.Signatures[0])
					}
				})
			}},
	}
}

func TestTamperedBlocksAreRefused(t *testing.T) {
	m, c := recordedService(t)
	done := map[string]int{}
	for number := uint64(1); number <= lastBlock; number++ {
		raw := recordedBytes(t, number)
		for _, tampering := range tamperings() {
			block := recordedBlock(t, number)
			if tampering.only != nil && !tampering.only(block) {
				continue
			}
			done[tampering.name]++
			tampering.do(t, block)
			tampered, err := proto.Marshal(block)
			require.NoError(t, err)
			err = m.VerifyBlock(mychannel, number, tampered)
			require.Error(t, err, "block %d, %s", number, tampering.name)
			if !protoext.IsConfigBlock(recordedBlock(t, number)) { // there, other checks may come first
				for _, text := range tampering.wants {
					require.ErrorContains(t, err, text, "block %d, %s", number, tampering.name)
				}
			}
			require.ErrorContains(t, err, fmt.Sprintf("block [%d] of channel [mychannel] refused", number))
			require.Less(t, len(err.Error()), 1000, "%s: %s", tampering.name, err)
		}
		require.NoError(t, m.VerifyBlock(mychannel, number, raw))
		if block := recordedBlock(t, number); protoext.IsConfigBlock(block) {
			require.NoError(t, c.Apply(block))
		}
	}
	for _, tampering := range tamperings() {
		require.NotZero(t, done[tampering.name], tampering.name)
	}
}

func TestConfigBlocksCannotBeSplit(t *testing.T) {
	m, _ := recordedService(t)
	block := recordedBlock(t, 1)
	envelope := &cb.Envelope{}
	require.NoError(t, proto.Unmarshal(block.Data.Data[0], envelope))
	payload, _ := proto.Marshal(&cb.Envelope{Payload: envelope.Payload})
	signature, _ := proto.Marshal(&cb.Envelope{Signature: envelope.Signature})
	block.Data.Data = [][]byte{payload, signature}
	require.Equal(t, block.Header.DataHash, protoext.BlockDataHash(block.Data), "the hash alone does not notice")
	require.True(t, protoext.IsConfigBlock(block))
	require.ErrorContains(t, m.VerifyDecodedBlock(mychannel, 1, block), "not cut as an orderer cuts them")
}

func TestBlockOfAnotherPlaceIsRefused(t *testing.T) {
	m, _ := recordedService(t)
	raw := recordedBytes(t, 3)
	require.ErrorContains(t, m.VerifyBlock(common.ChainID("other"), 3, raw), "it belongs to channel [mychannel]")
	require.ErrorContains(t, m.VerifyBlock(common.ChainID(""), 3, raw), "it belongs to channel [mychannel]")
	require.ErrorContains(t, m.VerifyBlock(mychannel, 4, raw), "announced as number [4] but actual seqNum inside block is [3]")

	nowhere := mcs.New(&channel.Registry{}, nil, nil)
	require.ErrorContains(t, nowhere.VerifyBlock(mychannel, 3, raw), "Could not acquire policy manager")
}

func TestBytesThatAreNoBlockAreRefused(t *testing.T) {
	m, _ := recordedService(t)
	raw := recordedBytes(t, 3)
	for _, c := range []struct {
		raw   []byte
		wants string
	}{
		{nil, "it has no header"},
		{[]byte{}, "it has no header"},
		{[]byte{0xff}, "malformed block"},
		{raw[:len(raw)-1], "malformed block"},
		{append(append([]byte{}, raw...), 0x0a), "malformed block"},
	} {
		require.ErrorContains(t, m.VerifyBlock(mychannel, 3, c.raw), c.wants)
	}
	require.ErrorContains(t, m.VerifyDecodedBlock(mychannel, 3, nil), "it has no header")
}

// Numbers that do not fit a signed integer crashed v1.3.0 peers.
func TestHugeNumbersAreRefusedNotFatal(t *testing.T) {
	m, _ := recordedService(t)
	for _, number := range []uint64{math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		block := recordedBlock(t, 3)
		block.Header.Number = number
		raw, err := proto.Marshal(block)
		require.NoError(t, err)
		require.ErrorContains(t, m.VerifyBlock(mychannel, number, raw), forged)
	}
}

func TestGoodSignatureAmongBadOnesIsFound(t *testing.T) {
	m, _ := recordedService(t)
	block := recordedBlock(t, 3)
	editSignatures(t, block, func(md *cb.Metadata) {
		good := md.Signatures[0]
		scribble := &cb.MetadataSignature{SignatureHeader: good.SignatureHeader, Signature: []byte("scribble")}
		altered := &cb.MetadataSignature{SignatureHeader: signatureHeader(t, recordedIdentity(t, "OrdererMSP",
			"ordererOrganizations/fixtures.test/orderers/orderer.fixtures.test/msp/signcerts/orderer.fixtures.test-cert.pem")), Signature: good.Signature}
		stranger := &cb.MetadataSignature{SignatureHeader: signatureHeader(t, []byte("stranger")), Signature: good.Signature}
		md.Signatures = []*cb.MetadataSignature{stranger, scribble, altered, scribble, {}, good, good}
	})
	require.NoError(t, m.VerifyDecodedBlock(mychannel, 3, block))
}
