// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"github.com/golang/protobuf/proto"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/runtime/protoiface"
)

// rawResponse is an orderer.DeliverResponse that carries a block which is
// already marshalled: encoding it writes a few bytes and copies the block once,
// straight into the transport's buffer. It can be sent and nothing else.
type rawResponse struct {
	block []byte
}

// blockField is DeliverResponse.block.
const blockField = 2

// ProtoReflect implements proto.Message.
func (r *rawResponse) ProtoReflect() protoreflect.Message {
	return rawMessage{Message: emptyResponse, response: r}
}

// emptyResponse answers whatever is asked of a message besides its encoding.
var emptyResponse = proto.MessageReflect(&ab.DeliverResponse{})

type rawMessage struct {
	protoreflect.Message
	response *rawResponse
}

// Interface implements protoreflect.Message.
func (m rawMessage) Interface() protoreflect.ProtoMessage { return m.response }

// IsValid implements protoreflect.Message.
func (m rawMessage) IsValid() bool { return true }

// ProtoMethods implements protoreflect.Message: the encoder uses these instead
// of reflection.
func (m rawMessage) ProtoMethods() *protoiface.Methods { return rawMethods }

var rawMethods = &protoiface.Methods{
	Flags: protoiface.SupportMarshalDeterministic,
	Size: func(in protoiface.SizeInput) protoiface.SizeOutput {
		return protoiface.SizeOutput{Size: in.Message.(rawMessage).response.size()}
	},
	Marshal: func(in protoiface.MarshalInput) (protoiface.MarshalOutput, error) {
		return protoiface.MarshalOutput{Buf: in.Message.(rawMessage).response.append(in.Buf)}, nil
	},
	CheckInitialized: func(protoiface.CheckInitializedInput) (protoiface.CheckInitializedOutput, error) {
		return protoiface.CheckInitializedOutput{}, nil
	},
}

func (r *rawResponse) size() int {
	return protowire.SizeTag(blockField) + protowire.SizeBytes(len(r.block))
}

func (r *rawResponse) append(buf []byte) []byte {
	buf = protowire.AppendTag(buf, blockField, protowire.BytesType)
	return protowire.AppendBytes(buf, r.block)
}
