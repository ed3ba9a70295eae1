// SPDX-License-Identifier: Apache-2.0

package mocks

import (
	"context"
	"sync/atomic"

	"github.com/golang/protobuf/proto"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	cb "github.com/hyperledger/fabric/protos/common"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"google.golang.org/grpc"
)

// MockGossipServiceAdapter counts the payloads it is given and reports the
// blocks it is asked to gossip.
type MockGossipServiceAdapter struct {
	AddPayloadsCnt int32 // written atomically

	// GossipBlockDisseminations takes the number of each block gossiped; a
	// Gossip call returns when the number has been received, with a nil channel
	// never.
	GossipBlockDisseminations chan uint64
}

// PeersOfChannel returns no members.
func (*MockGossipServiceAdapter) PeersOfChannel(gossipcommon.ChainID) []discovery.NetworkMember {
	return []discovery.NetworkMember{}
}

// AddPayload counts the call.
func (m *MockGossipServiceAdapter) AddPayload(chainID string, payload *gproto.Payload) error {
	atomic.AddInt32(&m.AddPayloadsCnt, 1)
	return nil
}

// Gossip reports the number of the block in msg.
func (m *MockGossipServiceAdapter) Gossip(msg *gproto.GossipMessage) {
	m.GossipBlockDisseminations <- msg.GetDataMsg().GetPayload().GetSeqNum()
}

// MockAtomicBroadcastClient is an orderer's client whose Deliver streams are all
// the same one.
type MockAtomicBroadcastClient struct {
	BD *MockBlocksDeliverer
}

// Broadcast panics.
func (*MockAtomicBroadcastClient) Broadcast(ctx context.Context, opts ...grpc.CallOption) (ab.AtomicBroadcast_BroadcastClient, error) {
	panic("MockAtomicBroadcastClient cannot broadcast")
}

// Deliver returns BD.
func (m *MockAtomicBroadcastClient) Deliver(ctx context.Context, opts ...grpc.CallOption) (ab.AtomicBroadcast_DeliverClient, error) {
	return m.BD, nil
}

// MockBlocksDeliverer is a Deliver stream, and also the client that a blocks
// provider expects. The embedded stream is there for its methods' names only.
type MockBlocksDeliverer struct {
	// Disconnect(false), Disconnect(true) and Close send on these, and return
	// when the value was taken. Where the channel is nil they do nothing.
	DisconnectCalled           chan struct{}
	DisconnectAndDisableCalled chan struct{}
	CloseCalled                chan struct{}

	// Pos is the number that the last Send asked for, and MockRecv counts on
	// from there.
	Pos uint64
	grpc.ClientStream
	RecvCnt int32 // calls of Recv; written atomically

	// MockRecv answers Recv; it must not be nil when Recv is called.
	MockRecv func(mock *MockBlocksDeliverer) (*ab.DeliverResponse, error)
}

// Recv counts the call and answers what the field MockRecv does.
func (m *MockBlocksDeliverer) Recv() (*ab.DeliverResponse, error) {
	atomic.AddInt32(&m.RecvCnt, 1)
	return m.MockRecv(m)
}

// MockRecv makes the block at mock.Pos, which has a number and nothing else
// that is not empty, and moves Pos to the next.
func MockRecv(mock *MockBlocksDeliverer) (*ab.DeliverResponse, error) {
	block := &cb.Block{
		Header: &cb.BlockHeader{Number: mock.Pos, PreviousHash: []byte{}, DataHash: []byte{}},
		Data:   &cb.BlockData{Data: [][]byte{}},
	}
	mock.Pos++
	return &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: block}}, nil
}

// Send moves Pos to where the seek in env starts, if there is such a seek.
func (m *MockBlocksDeliverer) Send(env *cb.Envelope) error {
	seek, _ := seekOf(env)
	if start, ok := startOf(seek); ok {
		m.Pos = start
	}
	return nil
}

// Disconnect reports the call.
func (m *MockBlocksDeliverer) Disconnect(disableEndpoint bool) {
	if disableEndpoint {
		tell(m.DisconnectAndDisableCalled)
		return
	}
	tell(m.DisconnectCalled)
}

// Close reports the call.
func (m *MockBlocksDeliverer) Close() {
	tell(m.CloseCalled)
}

// tell hands over one value to whoever listens on c; nobody can on nil.
func tell(c chan<- struct{}) {
	if c != nil {
		c <- struct{}{}
	}
}

// UpdateEndpoints does nothing.
func (*MockBlocksDeliverer) UpdateEndpoints(endpoints []string) {}

// GetEndpoints returns no endpoints.
func (*MockBlocksDeliverer) GetEndpoints() []string {
	return []string{}
}

// MockLedgerInfo is a ledger of a height that tests set with atomic.StoreUint64.
type MockLedgerInfo struct {
	Height uint64
}

// LedgerHeight returns Height.
func (m *MockLedgerInfo) LedgerHeight() (uint64, error) {
	return atomic.LoadUint64(&m.Height), nil
}

// seekOf unwraps a seek from its envelope; on an error it returns what could be
// read, which is never nil.
func seekOf(env *cb.Envelope) (*ab.SeekInfo, error) {
	payload, seek := &cb.Payload{}, &ab.SeekInfo{}
	if err := proto.Unmarshal(env.GetPayload(), payload); err != nil {
		return seek, err
	}
	return seek, proto.Unmarshal(payload.Data, seek)
}

// startOf returns the number of the first block a seek asks for. The newest one
// has none that could be told in advance.
func startOf(seek *ab.SeekInfo) (number uint64, ok bool) {
	start := seek.GetStart()
	switch {
	case start.GetOldest() != nil:
		return 0, true
	case start.GetSpecified() != nil:
		return start.GetSpecified().Number, true
	}
	return 0, false
}
