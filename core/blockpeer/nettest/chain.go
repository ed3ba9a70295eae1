// SPDX-License-Identifier: Apache-2.0

package nettest

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/core/blockpeer/submit"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// RecordedDir is the folder with what was recorded from a v1.3.0 network.
func RecordedDir() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "testdata", "fabric-v1.3")
}

// RecordedChain is the recorded channel "mychannel", 33 blocks as they came.
func RecordedChain(t testing.TB) [][]byte {
	t.Helper()
	blocks, err := orderer.ReadBlockDir(filepath.Join(RecordedDir(), "mychannel"))
	require.NoError(t, err)
	return blocks
}

// Recorded is what was written down about a block when it was recorded.
type Recorded struct {
	HeaderHash   string // hexadecimal
	Transactions int
	LastConfig   uint64
	Bytes        int
	Orderers     []string // nil unless it is a config block
}

// RecordedFacts are those of the recorded chain's blocks.
func RecordedFacts(t testing.TB) []Recorded {
	t.Helper()
	reader := csv.NewReader(bytes.NewReader(read(t, filepath.Join(RecordedDir(), "mychannel.tsv"))))
	reader.Comma = '\t'
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"number", "header_hash", "previous_hash", "data_hash", "txs", "last_config", "signer_msps", "bytes", "orderer_addresses_if_config"}, rows[0])
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	var facts []Recorded
	for _, row := range rows[1:] {
		r := Recorded{HeaderHash: row[1], Transactions: number(row[4]), LastConfig: uint64(number(row[5])), Bytes: number(row[7])}
		if row[8] != "" {
			r.Orderers = strings.Split(row[8], ",")
		}
		facts = append(facts, r)
	}
	return facts
}

// Decode makes a block of its bytes.
func Decode(t testing.TB, raw []byte) *cb.Block {
	t.Helper()
	block, err := utils.GetBlockFromBlockBytes(raw)
	require.NoError(t, err)
	return block
}

// Encode makes bytes of a block.
func Encode(t testing.TB, block *cb.Block) []byte {
	t.Helper()
	raw, err := proto.Marshal(block)
	require.NoError(t, err)
	return raw
}

// WriteBlock writes a block into a file of a new folder and returns its name.
func WriteBlock(t testing.TB, raw []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.block")
	require.NoError(t, os.WriteFile(file, raw, 0o600))
	return file
}

// Chain makes a chain of the given height that begins with block 0 of a
// channel: blocks of two transactions by User1, signed by the orderer.
func (n *Network) Chain(t testing.TB, first *cb.Block, height int) [][]byte {
	t.Helper()
	channelID, err := utils.GetChainIDFromBlock(first)
	require.NoError(t, err)
	user, sealer := n.UserSigner(t), n.OrdererSigner(t)
	blocks := [][]byte{Encode(t, first)}
	for last := first; len(blocks) < height; {
		next := cb.NewBlock(uint64(len(blocks)), protoext.BlockHeaderHash(last.Header))
		for range 2 {
			envelope, err := submit.Transaction(channelID, user, []byte("a transaction"))
			require.NoError(t, err)
			next.Data.Data = append(next.Data.Data, utils.MarshalOrPanic(envelope))
		}
		next.Header.DataHash = protoext.BlockDataHash(next.Data)
		Sign(t, next, sealer)
		blocks = append(blocks, Encode(t, next))
		last = next
	}
	return blocks
}

// Sign makes the signature of a signer the only one over a block, under an
// empty value, as orderers sign. The last config block is said to be block 0.
func Sign(t testing.TB, block *cb.Block, signer crypto.LocalSigner) {
	t.Helper()
	for _, index := range []cb.BlockMetadataIndex{cb.BlockMetadataIndex_SIGNATURES, cb.BlockMetadataIndex_LAST_CONFIG} {
		header, err := signer.NewSignatureHeader()
		require.NoError(t, err)
		rawHeader := utils.MarshalOrPanic(header)
		signature, err := signer.Sign(append(bytes.Clone(rawHeader), protoext.BlockHeaderBytes(block.Header)...))
		require.NoError(t, err)
		block.Metadata.Metadata[index] = utils.MarshalOrPanic(&cb.Metadata{
			Signatures: []*cb.MetadataSignature{{SignatureHeader: rawHeader, Signature: signature}},
		})
	}
}
