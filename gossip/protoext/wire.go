// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"math"

	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"
)

// maxFieldNumber is the largest number that protobuf lets a field have.
const maxFieldNumber = 1<<29 - 1

var errTruncated = errors.New("truncated")

// wireField is one field of an encoded message. Its content, if it is length
// delimited, points into the encoding.
type wireField struct {
	number   uint64
	wireType int
	value    uint64 // of a varint
	content  []byte // of a length-delimited field
}

func (f wireField) bytes(name string) ([]byte, error) {
	if f.wireType != proto.WireBytes {
		return nil, errors.Errorf("%s has wire type %d", name, f.wireType)
	}
	return f.content, nil
}

func (f wireField) uint(name string) (uint64, error) {
	if f.wireType != proto.WireVarint {
		return 0, errors.Errorf("%s has wire type %d", name, f.wireType)
	}
	return f.value, nil
}

// message hands a sub-message's content to decode.
func (f wireField) message(name string, decode func(content []byte) error) error {
	content, err := f.bytes(name)
	if err != nil {
		return err
	}
	return errors.WithMessage(decode(content), name)
}

// eachField calls visit for each field of an encoded message, in order, until
// one returns an error. It copies nothing. It is for messages that the ordering
// service encodes: groups, which no message of Fabric has, and field numbers
// that protobuf does not allow are refused.
func eachField(raw []byte, visit func(wireField) error) error {
	return eachClientField(raw, func(f wireField) error {
		if f.number > maxFieldNumber {
			return errors.Errorf("field number %d", f.number)
		}
		if f.wireType == proto.WireStartGroup {
			return errors.Errorf("field %d is a group", f.number)
		}
		return visit(f)
	})
}

// eachClientField is eachField for what the ordering service passes on as a
// client encoded it. It walks through everything that the protobuf library of
// v1.3.0's orderers does: refusing any of it would let a client stop those who
// pull the channel, by a transaction that everybody else accepts.
func eachClientField(raw []byte, visit func(wireField) error) error {
	for len(raw) > 0 {
		f, rest, err := nextField(raw)
		if err != nil {
			return err
		}
		if err := visit(f); err != nil {
			return err
		}
		raw = rest
	}
	return nil
}

// nextField splits the first field off an encoding, a group as a whole and
// without content.
func nextField(raw []byte) (f wireField, rest []byte, err error) {
	f, rest, err = nextElement(raw)
	if err != nil {
		return f, nil, err
	}
	if f.number == 0 {
		return f, nil, errors.New("field number 0")
	}
	switch f.wireType {
	case proto.WireStartGroup:
		rest, err = skipGroup(rest)
	case proto.WireEndGroup:
		err = errors.Errorf("field %d ends a group that never began", f.number)
	}
	return f, rest, err
}

// skipGroup returns what follows the group of which the start has been read. As
// in v1.3.0's library, an end belongs to the innermost start whatever numbers
// they have.
func skipGroup(raw []byte) ([]byte, error) {
	for open := 1; open > 0; {
		f, rest, err := nextElement(raw)
		if err != nil {
			return nil, err
		}
		switch f.wireType {
		case proto.WireStartGroup:
			open++
		case proto.WireEndGroup:
			open--
		}
		raw = rest
	}
	return raw, nil
}

// nextElement splits off a field, or the mark at which a group starts or ends.
func nextElement(raw []byte) (f wireField, rest []byte, err error) {
	key, n := proto.DecodeVarint(raw)
	if n == 0 {
		return f, nil, errTruncated
	}
	f.number, f.wireType = key>>3, int(key&7)
	raw = raw[n:]
	switch f.wireType {
	case proto.WireStartGroup, proto.WireEndGroup:
		return f, raw, nil
	case proto.WireVarint:
		if f.value, n = proto.DecodeVarint(raw); n == 0 {
			return f, nil, errTruncated
		}
		return f, raw[n:], nil
	case proto.WireFixed64:
		return f.skip(raw, 8)
	case proto.WireFixed32:
		return f.skip(raw, 4)
	case proto.WireBytes:
		size, n := proto.DecodeVarint(raw)
		if n == 0 || size > math.MaxInt32 || size > uint64(len(raw)-n) {
			return f, nil, errTruncated
		}
		end := n + int(size)
		f.content = raw[n:end:end]
		return f, raw[end:], nil
	}
	return f, nil, errors.Errorf("field %d has wire type %d", f.number, f.wireType)
}

func (f wireField) skip(raw []byte, size int) (wireField, []byte, error) {
	if len(raw) < size {
		return f, nil, errTruncated
	}
	return f, raw[size:], nil
}
