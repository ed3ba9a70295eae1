// SPDX-License-Identifier: Apache-2.0

package utils_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/peer"
	"github.com/hyperledger/fabric/protos/utils"
)

// fakeSigner signs by prefixing.
type fakeSigner struct{ headerErr, signErr error }

func (s fakeSigner) NewSignatureHeader() (*cb.SignatureHeader, error) {
	return &cb.SignatureHeader{Creator: []byte("me"), Nonce: []byte("nonce")}, s.headerErr
}

func (s fakeSigner) Sign(m []byte) ([]byte, error) { return append([]byte("signed:"), m...), s.signErr }

func TestSignedEnvelope(t *testing.T) {
	seek := &ab.SeekInfo{Behavior: ab.SeekInfo_FAIL_IF_NOT_READY}
	before := time.Now().Unix()
	env, err := utils.CreateSignedEnvelopeWithTLSBinding(cb.HeaderType_DELIVER_SEEK_INFO, "ch", fakeSigner{}, seek, 3, 4, []byte("hash"))
	require.NoError(t, err)
	require.Equal(t, append([]byte("signed:"), env.Payload...), env.Signature, "what is signed is the payload")

	header, err := utils.ChannelHeader(env)
	require.NoError(t, err)
	require.Equal(t, int32(5), header.Type)
	require.Equal(t, int32(3), header.Version)
	require.Equal(t, uint64(4), header.Epoch)
	require.Equal(t, "ch", header.ChannelId)
	require.Equal(t, []byte("hash"), header.TlsCertHash)
	require.Empty(t, header.TxId)
	require.GreaterOrEqual(t, header.Timestamp.Seconds, before)
	require.Zero(t, header.Timestamp.Nanos, "whole seconds")

	got := &ab.SeekInfo{}
	_, err = utils.UnmarshalEnvelopeOfType(env, cb.HeaderType_DELIVER_SEEK_INFO, got)
	require.NoError(t, err)
	require.True(t, proto.Equal(seek, got))
	_, err = utils.UnmarshalEnvelopeOfType(env, cb.HeaderType_CONFIG, got)
	require.EqualError(t, err, "the envelope is of type DELIVER_SEEK_INFO where CONFIG was wanted")

	signed, err := utils.EnvelopeAsSignedData(env)
	require.NoError(t, err)
	require.Equal(t, []*cb.SignedData{{Data: env.Payload, Identity: []byte("me"), Signature: env.Signature}}, signed)
	id, err := utils.ChannelID(env)
	require.NoError(t, err)
	require.Equal(t, "ch", id)
}

func TestSignedEnvelopeFailures(t *testing.T) {
	broken := errors.New("broken")
	for _, s := range []fakeSigner{{headerErr: broken}, {signErr: broken}} {
		_, err := utils.CreateSignedEnvelope(cb.HeaderType_MESSAGE, "ch", s, &cb.Envelope{}, 0, 0)
		require.Equal(t, broken, err)
	}
	_, err := utils.CreateSignedEnvelope(cb.HeaderType_MESSAGE, "ch", nil, (*cb.Envelope)(nil), 0, 0)
	require.ErrorContains(t, err, "error marshaling")
	unsigned, err := utils.CreateSignedEnvelope(cb.HeaderType_MESSAGE, "ch", nil, &cb.Envelope{}, 0, 0)
	require.NoError(t, err)
	require.Nil(t, unsigned.Signature)
	signed, err := utils.EnvelopeAsSignedData(unsigned)
	require.NoError(t, err, "an empty signature header is for policies to refuse")
	require.Empty(t, signed[0].Identity)

	garbage := []byte{0xff}
	for what, env := range map[string]*cb.Envelope{
		"a nil envelope":                nil,
		"cannot decode Payload":         {Payload: garbage},
		"Missing Header":                {},
		"cannot decode SignatureHeader": {Payload: utils.MarshalOrPanic(&cb.Payload{Header: &cb.Header{SignatureHeader: garbage}})},
	} {
		_, err := utils.EnvelopeAsSignedData(env)
		require.ErrorContains(t, err, what)
	}
	for what, env := range map[string]*cb.Envelope{
		"header not set":              {},
		"channel header not set":      {Payload: utils.MarshalOrPanic(&cb.Payload{Header: &cb.Header{}})},
		"cannot decode ChannelHeader": {Payload: utils.MarshalOrPanic(&cb.Payload{Header: &cb.Header{ChannelHeader: garbage}})},
		"cannot decode Payload":       {Payload: garbage},
		"no envelope":                 nil,
	} {
		_, err := utils.ChannelHeader(env)
		require.ErrorContains(t, err, what)
	}
}

func TestConfigUpdateSignatures(t *testing.T) {
	header := utils.MarshalOrPanic(&cb.SignatureHeader{Creator: []byte("admin")})
	signed, err := utils.ConfigUpdateEnvelopeAsSignedData(&cb.ConfigUpdateEnvelope{ConfigUpdate: []byte("update"), Signatures: []*cb.ConfigSignature{{SignatureHeader: header, Signature: []byte("s")}}})
	require.NoError(t, err)
	require.Equal(t, []*cb.SignedData{{Data: append(append([]byte{}, header...), "update"...), Identity: []byte("admin"), Signature: []byte("s")}}, signed)
	_, err = utils.ConfigUpdateEnvelopeAsSignedData(nil)
	require.Error(t, err)
	_, err = utils.ConfigUpdateEnvelopeAsSignedData(&cb.ConfigUpdateEnvelope{Signatures: []*cb.ConfigSignature{{SignatureHeader: []byte{0xff}}}})
	require.ErrorContains(t, err, "signature 0 of the config update")
	_, err = utils.ConfigUpdateEnvelopeAsSignedData(&cb.ConfigUpdateEnvelope{Signatures: []*cb.ConfigSignature{nil}})
	require.NoError(t, err)
}

func TestTransactionID(t *testing.T) {
	header := &cb.ChannelHeader{}
	require.NoError(t, utils.SetTxID(header, utils.MakeSignatureHeader([]byte("creator"), []byte("nonce"))))
	want := sha256.Sum256([]byte("noncecreator"))
	require.Equal(t, hex.EncodeToString(want[:]), header.TxId)
	require.Len(t, utils.CreateNonceOrPanic(), 24)
}

func configBlock(t *testing.T) *cb.Block {
	env, err := utils.CreateSignedEnvelope(cb.HeaderType_CONFIG, "ch", nil, &cb.ConfigEnvelope{}, 0, 0)
	require.NoError(t, err)
	block := cb.NewBlock(7, []byte("previous"))
	block.Data.Data = [][]byte{utils.MarshalOrPanic(env)}
	return block
}

func TestBlocks(t *testing.T) {
	block := configBlock(t)
	require.Len(t, block.Metadata.Metadata, 4)
	require.True(t, utils.IsConfigBlock(block))
	id, err := utils.GetChainIDFromBlock(block)
	require.NoError(t, err)
	require.Equal(t, "ch", id)
	id, err = utils.GetChainIDFromBlockBytes(utils.MarshalOrPanic(block))
	require.NoError(t, err)
	require.Equal(t, "ch", id)

	last, err := utils.GetLastConfigIndexFromBlock(block)
	require.NoError(t, err)
	require.Zero(t, last, "an empty entry means 0")
	block.Metadata.Metadata[1] = utils.MarshalOrPanic(&cb.Metadata{Value: utils.MarshalOrPanic(&cb.LastConfig{Index: 5})})
	require.Equal(t, uint64(5), utils.GetLastConfigIndexFromBlockOrPanic(block))

	copied := &cb.Block{}
	utils.CopyBlockMetadata(block, copied)
	require.Equal(t, block.Metadata.Metadata, copied.Metadata.Metadata)
	fresh := &cb.Block{}
	utils.InitBlockMetadata(fresh)
	require.Len(t, fresh.Metadata.Metadata, 3)
}

func TestMalformedBlocks(t *testing.T) {
	for what, block := range map[string]*cb.Block{
		"nil": nil, "empty": {}, "no entries": {Data: &cb.BlockData{}},
		"no envelope": {Data: &cb.BlockData{Data: [][]byte{{0xff}}}},
		"no header":   {Data: &cb.BlockData{Data: [][]byte{nil}}},
	} {
		require.False(t, utils.IsConfigBlock(block), what)
		_, err := utils.GetChainIDFromBlock(block)
		require.Error(t, err, what)
		_, err = utils.GetLastConfigIndexFromBlock(block)
		require.Error(t, err, what)
	}
	block := configBlock(t)
	_, err := utils.ExtractEnvelope(block, 1)
	require.EqualError(t, err, "the block has 1 envelopes, none with index 1")
	_, err = utils.ExtractEnvelope(block, -1)
	require.Error(t, err)
	_, err = utils.GetMetadataFromBlock(block, 9)
	require.ErrorContains(t, err, "4 metadata entries")
	block.Metadata.Metadata[0] = []byte{0xff}
	_, err = utils.GetMetadataFromBlock(block, 0)
	require.ErrorContains(t, err, "SIGNATURES")
	block.Metadata.Metadata[1] = utils.MarshalOrPanic(&cb.Metadata{Value: []byte{0xff}})
	_, err = utils.GetLastConfigIndexFromBlock(block)
	require.ErrorContains(t, err, "LastConfig")
	require.Panics(t, func() { utils.UnmarshalBlockOrPanic([]byte{0xff}) })
}

func TestActionInsideAnEnvelope(t *testing.T) {
	action := &peer.ChaincodeAction{Results: []byte("writes")}
	payload := &peer.ChaincodeActionPayload{Action: &peer.ChaincodeEndorsedAction{
		ProposalResponsePayload: utils.MarshalOrPanic(&peer.ProposalResponsePayload{Extension: utils.MarshalOrPanic(action)}),
	}}
	wrap := func(actions ...*peer.TransactionAction) []byte {
		tx := utils.MarshalOrPanic(&peer.Transaction{Actions: actions})
		return utils.MarshalOrPanic(&cb.Envelope{Payload: utils.MarshalOrPanic(&cb.Payload{Data: tx})})
	}
	got, err := utils.GetActionFromEnvelope(wrap(&peer.TransactionAction{Payload: utils.MarshalOrPanic(payload)}))
	require.NoError(t, err)
	require.True(t, proto.Equal(action, got))
	for what, raw := range map[string][]byte{
		"no actions":           wrap(),
		"no proposal response": wrap(&peer.TransactionAction{}),
		"no chaincode action": wrap(&peer.TransactionAction{Payload: utils.MarshalOrPanic(&peer.ChaincodeActionPayload{
			Action: &peer.ChaincodeEndorsedAction{ProposalResponsePayload: utils.MarshalOrPanic(&peer.ProposalResponsePayload{ProposalHash: []byte("h")})},
		})}),
		"ChaincodeActionPayload": wrap(&peer.TransactionAction{Payload: []byte{0xff}}),
		"Envelope":               {0xff},
	} {
		_, err := utils.GetActionFromEnvelope(raw)
		require.ErrorContains(t, err, what)
	}
}
