// SPDX-License-Identifier: Apache-2.0

package genesis

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// metadataEntries is what a v1.3.0 block has. Newer protobuf modules know a
// fifth index, which must not be counted here.
const metadataEntries = 4

// Block makes a channel's block 0 from a profile: unsigned, with sequence 0, as
// configtxgen writes it. It reads the organizations' MSP directories. The
// result is known to load: a profile that does not make a valid configuration
// is an error.
func Block(p Profile) (*cb.Block, error) {
	tree, err := channelGroup(p.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("building the configuration of channel %q: %w", p.ChannelID, err)
	}
	config := &cb.Config{ChannelGroup: tree}
	if _, err := channelconfig.NewBundle(p.ChannelID, config); err != nil {
		return nil, fmt.Errorf("the profile makes no valid configuration: %w", err)
	}
	envelope, err := unsignedEnvelope(p.ChannelID, &cb.ConfigEnvelope{Config: config})
	if err != nil {
		return nil, fmt.Errorf("building block 0 of channel %q: %w", p.ChannelID, err)
	}
	return blockZero(envelope)
}

// unsignedEnvelope wraps a configuration for which nobody in particular
// vouches: an empty creator, no signature.
func unsignedEnvelope(channelID string, contents *cb.ConfigEnvelope) (*cb.Envelope, error) {
	nonce, err := crypto.GetRandomNonce()
	if err != nil {
		return nil, fmt.Errorf("drawing a nonce: %w", err)
	}
	channelHeader := utils.MakeChannelHeader(cb.HeaderType_CONFIG, 1, channelID, 0)
	txID := sha256.Sum256(nonce) // of the nonce followed by the creator, which is empty
	channelHeader.TxId = hex.EncodeToString(txID[:])
	data, err := utils.Marshal(contents)
	if err != nil {
		return nil, err
	}
	payload, err := utils.Marshal(&cb.Payload{
		Header: utils.MakePayloadHeader(channelHeader, utils.MakeSignatureHeader(nil, nonce)),
		Data:   data,
	})
	if err != nil {
		return nil, err
	}
	return &cb.Envelope{Payload: payload}, nil
}

func blockZero(envelope *cb.Envelope) (*cb.Block, error) {
	entry, err := utils.Marshal(envelope)
	if err != nil {
		return nil, err
	}
	block := &cb.Block{
		Header:   &cb.BlockHeader{},
		Data:     &cb.BlockData{Data: [][]byte{entry}},
		Metadata: &cb.BlockMetadata{Metadata: make([][]byte, metadataEntries)},
	}
	// LAST_CONFIG is block 0 itself: a message with nothing but zeros, which
	// encodes to no bytes at all.
	block.Header.DataHash = protoext.BlockDataHash(block.Data)
	return block, nil
}
