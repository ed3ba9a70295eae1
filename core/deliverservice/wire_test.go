// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
)

func fullBlock() *cb.Block {
	return &cb.Block{
		Header:   &cb.BlockHeader{Number: 5, PreviousHash: []byte("previous"), DataHash: []byte("data hash")},
		Data:     &cb.BlockData{Data: [][]byte{[]byte("one"), {}, bytes.Repeat([]byte("x"), 300)}},
		Metadata: &cb.BlockMetadata{Metadata: [][]byte{[]byte("signatures"), {}, {}, {}}},
	}
}

func marshal(t *testing.T, msg proto.Message) []byte {
	raw, err := proto.Marshal(msg)
	assert.NoError(t, err)
	return raw
}

func TestWireResponseDecodesLikeProtobuf(t *testing.T) {
	for name, response := range map[string]*ab.DeliverResponse{
		"empty":       {},
		"status":      {Type: &ab.DeliverResponse_Status{Status: cb.Status_FORBIDDEN}},
		"odd status":  {Type: &ab.DeliverResponse_Status{Status: -7}},
		"zero status": {Type: &ab.DeliverResponse_Status{}},
		"empty block": {Type: &ab.DeliverResponse_Block{Block: &cb.Block{}}},
		"bare block":  blockResponse(1 << 63),
		"full block":  {Type: &ab.DeliverResponse_Block{Block: fullBlock()}},
	} {
		raw := marshal(t, response)
		in := &wireResponse{}
		assert.NoError(t, in.decode(raw), name)
		assert.True(t, proto.Equal(response, in.response), "%s: got %v", name, in.response)
		if block := response.GetBlock(); block != nil {
			assert.Equal(t, marshal(t, block), append([]byte{}, in.block...), name)
			assert.NotNil(t, in.block, name)
		} else {
			assert.Nil(t, in.block, name)
		}
	}
}

// Blocks keep the memory that gRPC gave them, which is theirs alone.
func TestReceivedBlocksStayAsTheyCame(t *testing.T) {
	sizes := []int{1, 300, 5000, 70000, 5000, 1500000, 300, 70000}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	server := grpc.NewServer()
	ab.RegisterAtomicBroadcastServer(server, sizedOrderer(sizes))
	go server.Serve(listener)
	defer server.Stop()
	conn, err := DefaultConnectionFactory("ch")(listener.Addr().String())
	if !assert.NoError(t, err) {
		return
	}
	defer conn.Close()
	s, err := DefaultABCFactory(conn).Deliver(context.Background())
	assert.NoError(t, err)
	assert.NoError(t, s.CloseSend())
	var got []*stream.Message
	for {
		msg, err := s.(*wireStream).RecvMessage()
		if err != nil {
			assert.Equal(t, io.EOF, err)
			break
		}
		got = append(got, msg)
	}
	assert.Len(t, got, len(sizes))
	for i, msg := range got {
		want := sizedResponse(i, sizes)
		assert.True(t, proto.Equal(want, msg.Response), "block %d", i)
		assert.True(t, bytes.Equal(marshal(t, want.GetBlock()), msg.Block), "block %d", i)
	}
}

// sizedOrderer sends a block for each size and hangs up.
type sizedOrderer []int

func (sizedOrderer) Broadcast(ab.AtomicBroadcast_BroadcastServer) error { return nil }

func (sizes sizedOrderer) Deliver(s ab.AtomicBroadcast_DeliverServer) error {
	for i := range sizes {
		if err := s.Send(sizedResponse(i, sizes)); err != nil {
			return err
		}
	}
	return nil
}

func sizedResponse(i int, sizes []int) *ab.DeliverResponse {
	response := blockResponse(uint64(i))
	response.GetBlock().Data = &cb.BlockData{Data: [][]byte{bytes.Repeat([]byte{byte('a' + i)}, sizes[i])}}
	return response
}

// What an orderer puts around a block does not stay in memory with it.
func TestWireResponseDropsWhatSurroundsABlock(t *testing.T) {
	want := &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: fullBlock()}}
	raw := append(marshal(t, want), 15<<3|2, 0x80, 0x10)
	raw = append(raw, make([]byte, 2048)...)
	in := &wireResponse{}
	assert.NoError(t, in.decode(raw))
	for i := range raw {
		raw[i] = 0xff
	}
	assert.True(t, proto.Equal(want, in.response))
	assert.Equal(t, marshal(t, want.GetBlock()), in.block)
}

func TestWireCodecIsForDeliverOnly(t *testing.T) {
	c := wireCodec{}
	assert.Error(t, c.Unmarshal(nil, &ab.DeliverResponse{}))
	_, err := c.Marshal("text")
	assert.Error(t, err)
	raw, err := c.Marshal(&cb.Envelope{Payload: []byte("p")})
	assert.NoError(t, err)
	assert.Equal(t, marshal(t, &cb.Envelope{Payload: []byte("p")}), raw)
}

// The decoded block and its bytes are the same memory: a block is held once.
func TestWireResponseHoldsABlockOnce(t *testing.T) {
	in := &wireResponse{}
	assert.NoError(t, in.decode(marshal(t, &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: fullBlock()}})))
	at := bytes.Index(in.block, []byte("one"))
	in.block[at] = 'O'
	assert.Equal(t, "One", string(in.response.GetBlock().Data.Data[0]))
}

func TestWireResponseSkipsWhatItDoesNotKnow(t *testing.T) {
	unknown := []byte{3 << 3, 1, 4<<3 | 1, 1, 2, 3, 4, 5, 6, 7, 8, 5<<3 | 2, 2, 'h', 'i', 6<<3 | 5, 1, 2, 3, 4}
	raw := append(append([]byte{}, unknown...), marshal(t, blockResponse(3))...)
	raw = append(raw, unknown...)
	in := &wireResponse{}
	assert.NoError(t, in.decode(raw))
	assert.Equal(t, uint64(3), in.response.GetBlock().Header.Number)
}

func TestWireResponseTakesTheLastOfBlockAndStatus(t *testing.T) {
	block, status := marshal(t, blockResponse(3)), []byte{1 << 3, 200, 1}
	in := &wireResponse{}
	assert.NoError(t, in.decode(append(append([]byte{}, block...), status...)))
	assert.Equal(t, cb.Status_SUCCESS, in.response.GetStatus())
	assert.Nil(t, in.block)
	assert.NoError(t, in.decode(append(append([]byte{}, status...), block...)))
	assert.Equal(t, uint64(3), in.response.GetBlock().Header.Number)
}

func TestWireResponseRefuses(t *testing.T) {
	block := marshal(t, blockResponse(3))
	for _, c := range []struct {
		text string
		raw  []byte
	}{
		{"a second block", append(append([]byte{}, block...), block...)},
		{"status has wire type 2", []byte{1<<3 | 2, 0}},
		{"block has wire type 0", []byte{2 << 3, 0}},
		{"truncated", []byte{0x80}},
		{"truncated", []byte{1 << 3, 0x80}},
		{"truncated", []byte{2<<3 | 2, 0x80}},
		{"truncated", []byte{2<<3 | 2, 5, 1}},
		{"truncated", []byte{7<<3 | 1, 1}},
		{"field number 0", []byte{0, 0}},
		{"field number 536870912", []byte{0x80, 0x80, 0x80, 0x80, 0x10, 0}},
		{"field 7 is a group", []byte{7<<3 | 3, 7<<3 | 4}},
		{"malformed block", []byte{2<<3 | 2, 2, 1<<3 | 2, 9}},
		{"malformed block", []byte{2<<3 | 2, 2, 1<<3 | 2, 9, 1 << 3, 1}}, // not saved by a status behind it
	} {
		text, raw := c.text, c.raw
		err := (&wireResponse{}).decode(raw)
		if assert.Error(t, err, text) {
			assert.Contains(t, err.Error(), text)
			assert.Contains(t, err.Error(), "from orderer")
		}
	}
}
