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
	number   int
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
// one returns an error. It copies nothing.
func eachField(raw []byte, visit func(wireField) error) error {
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

// nextField splits the first field off an encoding. Groups, which no message
// of Fabric has, are refused.
func nextField(raw []byte) (f wireField, rest []byte, err error) {
	key, n := proto.DecodeVarint(raw)
	if n == 0 {
		return f, nil, errTruncated
	}
	f.number, f.wireType = int(key>>3), int(key&7)
	if key>>3 == 0 || key>>3 > maxFieldNumber {
		return f, nil, errors.Errorf("field number %d", key>>3)
	}
	raw = raw[n:]
	switch f.wireType {
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
