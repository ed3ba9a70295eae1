// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"strconv"
	"unicode/utf8"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"
)

// NewSerializedIdentity puts an MSP ID and the bytes of an identity (for X.509, its certificate in PEM) together.
// Neither is checked.
func NewSerializedIdentity(mspID string, certPEM []byte) ([]byte, error) {
	raw, err := proto.Marshal(&msp.SerializedIdentity{Mspid: mspID, IdBytes: certPEM})
	return raw, errors.Wrapf(err, "serializing an identity of MSP %s", mspID)
}

// parseSerialized decodes a serialized identity.
func parseSerialized(raw []byte) (*msp.SerializedIdentity, error) {
	sid := &msp.SerializedIdentity{}
	if err := proto.Unmarshal(raw, sid); err != nil {
		return nil, errors.Wrapf(err, "could not deserialize %d bytes as a serialized identity", len(raw))
	}
	return sid, nil
}

// shown makes a name that a remote chose fit for errors and logs: it stays as it is unless it is long or would break a
// line.
func shown(name string) string {
	const enough = 100
	tail := ""
	if len(name) > enough {
		name, tail = name[:enough], "..."
	}
	quoted := strconv.Quote(name)
	return quoted[1:len(quoted)-1] + tail
}

// peekMSPID returns the MSP ID inside a serialized identity that is encoded the plain way, MSP ID and identity in this
// order and nothing else, without decoding it. ok is false for any other encoding, valid or not.
func peekMSPID(raw []byte) (mspID []byte, ok bool) {
	mspID, rest, ok := plainField(raw, 1)
	if !ok || !utf8.Valid(mspID) {
		return nil, false
	}
	_, rest, ok = plainField(rest, 2)
	return mspID, ok && len(rest) == 0
}

// plainField takes a length-delimited field with the given number off raw.
func plainField(raw []byte, number protowire.Number) (value, rest []byte, ok bool) {
	found, kind, tagLen := protowire.ConsumeTag(raw)
	if tagLen < 0 || found != number || kind != protowire.BytesType {
		return nil, nil, false
	}
	value, n := protowire.ConsumeBytes(raw[tagLen:])
	if n < 0 {
		return nil, nil, false
	}
	return value, raw[tagLen+n:], true
}
