// SPDX-License-Identifier: Apache-2.0

package genesis

import (
	"fmt"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
)

// ConfigFromBlock returns the configuration that a config block carries. The
// block comes from anywhere: an error names what is missing or does not
// decode. Nothing is verified.
func ConfigFromBlock(b *cb.Block) (*cb.Config, error) {
	_, contents, err := EnvelopeFromBlock(b)
	if err != nil {
		return nil, err
	}
	return contents.Config, nil
}

// EnvelopeFromBlock returns what a config block carries: the channel's name
// and the config envelope, whose Config and channel group are never nil. The
// update that led to it, LastUpdate, is nil in most blocks 0. Nothing is
// verified.
func EnvelopeFromBlock(b *cb.Block) (channelID string, contents *cb.ConfigEnvelope, err error) {
	entry, err := soleEntry(b)
	if err != nil {
		return "", nil, err
	}
	payload, header, err := configPayload(entry)
	if err != nil {
		return "", nil, fmt.Errorf("block %d: %w", b.Header.Number, err)
	}
	contents = &cb.ConfigEnvelope{}
	if err := proto.Unmarshal(payload.Data, contents); err != nil {
		return "", nil, fmt.Errorf("block %d: decoding its config envelope: %w", b.Header.Number, err)
	}
	if contents.Config == nil || contents.Config.ChannelGroup == nil {
		return "", nil, fmt.Errorf("block %d: its config envelope has no configuration", b.Header.Number)
	}
	return header.ChannelId, contents, nil
}

// soleEntry returns the one entry that a config block has.
func soleEntry(b *cb.Block) ([]byte, error) {
	switch {
	case b == nil:
		return nil, fmt.Errorf("config block is nil")
	case b.Header == nil:
		return nil, fmt.Errorf("config block has no header")
	case b.Data == nil || len(b.Data.Data) == 0:
		return nil, fmt.Errorf("block %d has no entries, a config block has one", b.Header.Number)
	case len(b.Data.Data) > 1:
		return nil, fmt.Errorf("block %d has %d entries, a config block has one", b.Header.Number, len(b.Data.Data))
	}
	return b.Data.Data[0], nil
}

func configPayload(entry []byte) (*cb.Payload, *cb.ChannelHeader, error) {
	envelope := &cb.Envelope{}
	if err := proto.Unmarshal(entry, envelope); err != nil {
		return nil, nil, fmt.Errorf("decoding its envelope: %w", err)
	}
	payload := &cb.Payload{}
	if err := proto.Unmarshal(envelope.Payload, payload); err != nil {
		return nil, nil, fmt.Errorf("decoding its payload: %w", err)
	}
	if payload.Header == nil {
		return nil, nil, fmt.Errorf("its payload has no header")
	}
	header := &cb.ChannelHeader{}
	if err := proto.Unmarshal(payload.Header.ChannelHeader, header); err != nil {
		return nil, nil, fmt.Errorf("decoding its channel header: %w", err)
	}
	if header.Type != int32(cb.HeaderType_CONFIG) {
		return nil, nil, fmt.Errorf("not a config block: its entry is of type %s", cb.HeaderType(header.Type))
	}
	return payload, header, nil
}
