// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"context"
	"encoding/binary"

	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
)

// wireClient is the default orderer client: the generated one, save that its
// Deliver streams keep the bytes in which blocks arrive.
type wireClient struct {
	ab.AtomicBroadcastClient
	conn *grpc.ClientConn
}

const deliverMethod = "/orderer.AtomicBroadcast/Deliver"

// Deliver opens a stream bound to ctx. Failures of the network usually show at
// the first Recv only.
func (c *wireClient) Deliver(ctx context.Context, opts ...grpc.CallOption) (ab.AtomicBroadcast_DeliverClient, error) {
	desc := &grpc.StreamDesc{StreamName: "Deliver", ServerStreams: true, ClientStreams: true}
	s, err := c.conn.NewStream(ctx, desc, deliverMethod, opts...)
	if err != nil {
		return nil, err
	}
	return &wireStream{ClientStream: s}, nil
}

// wireStream is a Deliver stream whose messages come with their bytes. One
// goroutine may receive while another one sends.
type wireStream struct {
	grpc.ClientStream
}

func (s *wireStream) Send(envelope *cb.Envelope) error {
	return s.SendMsg(envelope)
}

func (s *wireStream) Recv() (*ab.DeliverResponse, error) {
	msg, err := s.RecvMessage()
	if err != nil {
		return nil, err
	}
	return msg.Response, nil
}

// RecvMessage returns the next response together with its block's bytes.
func (s *wireStream) RecvMessage() (*stream.Message, error) {
	in := &wireResponse{}
	if err := s.RecvMsg(in); err != nil {
		return nil, err
	}
	return &stream.Message{Response: &in.response, Block: in.block}, nil
}

// clientCertificate returns the DER of the TLS certificate that this end held
// ready when the connection was made, and false if that is not known.
func (s *wireStream) clientCertificate() ([]byte, bool) {
	p, ok := peer.FromContext(s.Context())
	if !ok {
		return nil, false
	}
	own, ok := p.AuthInfo.(ownCertInfo)
	if !ok {
		return nil, false
	}
	return own.leaf, true
}

// wireResponse is what gRPC decodes a response into. Because it brings its own
// Unmarshal, which every version of gRPC's codec honours, the block is not
// taken apart into copies: there is one copy of the bytes, and the decoded
// block points into it. That copy is needed as gRPC reuses its buffer.
type wireResponse struct {
	response ab.DeliverResponse
	block    []byte
}

// Reset, String and ProtoMessage make wireResponse a message to gRPC's codec.
func (r *wireResponse) Reset() {
	r.response.Type = nil
	r.block = nil
}

func (r *wireResponse) String() string { return "orderer response" }

func (*wireResponse) ProtoMessage() {}

// Unmarshal decodes an orderer.DeliverResponse. Unknown fields are skipped; of
// several statuses the last one counts, as usual, but a second block is refused
// instead of being merged into the first.
func (r *wireResponse) Unmarshal(data []byte) error {
	r.Reset()
	raw := make([]byte, len(data))
	copy(raw, data)
	blocks := 0
	for len(raw) > 0 {
		field, rest, err := nextField(raw)
		if err != nil {
			return errors.WithMessage(err, "malformed response from orderer")
		}
		raw = rest
		switch {
		case field.number == 1 && field.wireType == varintType:
			r.block = nil
			r.response.Type = &ab.DeliverResponse_Status{Status: cb.Status(field.value)}
		case field.number == 2 && field.wireType == bytesType:
			blocks++
			r.block = field.content
		case field.number == 1 || field.number == 2:
			return errors.Errorf("malformed response from orderer: field %d has wire type %d", field.number, field.wireType)
		}
	}
	return r.decodeBlock(blocks)
}

func (r *wireResponse) decodeBlock(blocks int) error {
	if blocks > 1 {
		return errors.Errorf("malformed response from orderer: %d blocks in one message", blocks)
	}
	if r.block == nil {
		return nil
	}
	block, err := protoext.UnmarshalBlock(r.block)
	if err != nil {
		return errors.WithMessage(err, "malformed block from orderer")
	}
	r.response.Type = &ab.DeliverResponse_Block{Block: block}
	return nil
}

// The wire types of protobuf that a message may hold.
const (
	varintType  = 0
	fixed64Type = 1
	bytesType   = 2
	fixed32Type = 5
)

type wireField struct {
	number   uint64
	wireType uint64
	value    uint64 // of a varint
	content  []byte // of a length-delimited field; shares memory with the input
}

// nextField splits the first field off a message.
func nextField(in []byte) (wireField, []byte, error) {
	key, n := binary.Uvarint(in)
	if n <= 0 {
		return wireField{}, nil, errors.New("bad field key")
	}
	in = in[n:]
	f := wireField{number: key >> 3, wireType: key & 7}
	if f.number == 0 || f.number > 1<<29-1 {
		return wireField{}, nil, errors.Errorf("bad field number %d", f.number)
	}
	size := uint64(0)
	switch f.wireType {
	case varintType:
		if f.value, n = binary.Uvarint(in); n <= 0 {
			return wireField{}, nil, errors.Errorf("bad value of field %d", f.number)
		}
		return f, in[n:], nil
	case fixed64Type:
		size = 8
	case fixed32Type:
		size = 4
	case bytesType:
		if size, n = binary.Uvarint(in); n <= 0 {
			return wireField{}, nil, errors.Errorf("bad length of field %d", f.number)
		}
		in = in[n:]
	default:
		return wireField{}, nil, errors.Errorf("field %d has unsupported wire type %d", f.number, f.wireType)
	}
	if size > uint64(len(in)) {
		return wireField{}, nil, errors.Errorf("field %d is cut short", f.number)
	}
	f.content = in[:size:size]
	return f, in[size:], nil
}
