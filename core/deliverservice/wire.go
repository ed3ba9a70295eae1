// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"context"

	"github.com/golang/protobuf/proto"
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
	opts = append(opts[:len(opts):len(opts)], grpc.CallCustomCodec(wireCodec{}))
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
	return &stream.Message{Response: in.response, Block: in.block}, nil
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

// wireCodec is the codec of Deliver streams. It is given a received message in
// memory of its own, which the message may keep: old releases of gRPC allocate
// it for each message, new ones hand a codec of this old kind a copy. (Between
// them are releases that can be told to share it, by a dial option which is off
// by default and must stay off.) The usual codec would copy a block once more,
// out of a buffer that it first clears, all of a megabyte for a block of 40 KB.
type wireCodec struct{}

// Marshal encodes what the stream sends, like the usual codec.
func (wireCodec) Marshal(v interface{}) ([]byte, error) {
	msg, ok := v.(proto.Message)
	if !ok {
		return nil, errors.Errorf("a %T cannot be sent to an orderer", v)
	}
	return proto.Marshal(msg)
}

// Unmarshal makes data the memory of v.
func (wireCodec) Unmarshal(data []byte, v interface{}) error {
	in, ok := v.(*wireResponse)
	if !ok {
		return errors.Errorf("an orderer's response cannot be received into a %T", v)
	}
	return in.decode(data)
}

// String names the encoding; gRPC puts it into errors.
func (wireCodec) String() string { return "proto" }

// wireResponse is what a response is received into. The block in it is not taken
// apart into copies: it is held once, and the decoded block points into it.
type wireResponse struct {
	response *ab.DeliverResponse
	block    []byte // nil for a status
}

// maxBesides is how many bytes besides a block are kept along with it; orderers
// send less than ten. More would be memory that nobody counts.
const maxBesides = 1 << 10

// decode reads an orderer.DeliverResponse, and keeps raw.
func (r *wireResponse) decode(raw []byte) (err error) {
	r.response, r.block, err = protoext.UnmarshalDeliverResponse(raw)
	if err != nil || r.block == nil || len(raw)-len(r.block) <= maxBesides {
		return err
	}
	r.block = append([]byte{}, r.block...)
	block, err := protoext.UnmarshalBlock(r.block)
	r.response = &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: block}}
	return err
}
