// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

// Field numbers on the way from a data entry to its channel.
const (
	payloadHeaderField = 1
	headerChannelField = 1
	channelTypeField   = 1
	channelIDField     = 4
)

// ChannelOf reads from a block's entry, an encoded envelope, which channel it
// belongs to and of what type it is. It copies nothing but the name. Of the
// message it looks at no more than that: most of it is a client's, and what is
// odd about it elsewhere has been for the orderer to refuse. The error says
// which layer is missing or malformed.
func ChannelOf(entry []byte) (channelID string, kind cb.HeaderType, err error) {
	header, err := channelHeaderOf(entry)
	if err != nil {
		return "", 0, err
	}
	err = eachClientField(header, func(f wireField) error {
		switch {
		case f.number == channelTypeField && f.wireType == proto.WireVarint:
			kind = cb.HeaderType(int32(f.value))
		case f.number == channelIDField && f.wireType == proto.WireBytes:
			channelID = string(f.content)
		}
		return nil
	})
	if err != nil {
		return "", 0, errors.WithMessage(err, "malformed channel header")
	}
	return channelID, kind, nil
}

// channelHeaderOf finds the encoded channel header of an encoded envelope.
func channelHeaderOf(entry []byte) ([]byte, error) {
	payload, err := lastBytes(entry, envelopePayloadField)
	if err != nil {
		return nil, errors.WithMessage(err, "malformed envelope")
	}
	// The header is a message, of which protobuf merges all occurrences: the
	// last channel header in any of them counts.
	var header, channelHeader []byte
	err = eachClientField(payload, func(f wireField) error {
		if f.number != payloadHeaderField || f.wireType != proto.WireBytes {
			return nil
		}
		header = f.content
		found, err := lastBytes(f.content, headerChannelField)
		if found != nil {
			channelHeader = found
		}
		return errors.WithMessage(err, "malformed header")
	})
	switch {
	case err != nil:
		return nil, errors.WithMessage(err, "malformed payload")
	case header == nil:
		return nil, errors.New("payload without header")
	case channelHeader == nil:
		return nil, errors.New("header without channel header")
	}
	return channelHeader, nil
}

// lastBytes is the content of a length-delimited field; where it occurs more
// than once the last counts. It is nil if there is none, and not nil if it is
// empty.
func lastBytes(raw []byte, number uint64) (content []byte, err error) {
	err = eachClientField(raw, func(f wireField) error {
		if f.number == number && f.wireType == proto.WireBytes {
			content = f.content
		}
		return nil
	})
	return content, err
}
