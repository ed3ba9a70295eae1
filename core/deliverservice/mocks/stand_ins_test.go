// SPDX-License-Identifier: Apache-2.0

package mocks

import (
	"context"
	"errors"
	"testing"

	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	cb "github.com/hyperledger/fabric/protos/common"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

var (
	_ ab.AtomicBroadcastClient               = (*MockAtomicBroadcastClient)(nil)
	_ ab.AtomicBroadcast_DeliverClient       = (*MockBlocksDeliverer)(nil)
	_ ab.AtomicBroadcastServer               = (*Orderer)(nil)
	_ interface{ UpdateEndpoints([]string) } = (*MockBlocksDeliverer)(nil)
)

func TestGossipStandIn(t *testing.T) {
	m := &MockGossipServiceAdapter{GossipBlockDisseminations: make(chan uint64, 1)}
	if peers := m.PeersOfChannel(gossipcommon.ChainID("ch")); peers == nil || len(peers) != 0 {
		t.Errorf("peers are %v", peers)
	}
	for i := 0; i < 3; i++ {
		if err := m.AddPayload("ch", &gproto.Payload{}); err != nil {
			t.Error(err)
		}
	}
	if m.AddPayloadsCnt != 3 {
		t.Errorf("counted %d", m.AddPayloadsCnt)
	}
	m.Gossip(&gproto.GossipMessage{Content: &gproto.GossipMessage_DataMsg{
		DataMsg: &gproto.DataMessage{Payload: &gproto.Payload{SeqNum: 12}},
	}})
	if n := <-m.GossipBlockDisseminations; n != 12 {
		t.Errorf("gossiped %d", n)
	}
}

func TestBroadcastClientStandIn(t *testing.T) {
	bd := &MockBlocksDeliverer{}
	c := &MockAtomicBroadcastClient{bd}
	stream, err := c.Deliver(context.Background())
	if err != nil || stream != ab.AtomicBroadcast_DeliverClient(bd) {
		t.Errorf("got %v, %v", stream, err)
	}
	mustPanic(t, "Broadcast", func() { c.Broadcast(context.Background()) })
}

func TestDelivererCountsAndAnswers(t *testing.T) {
	m := &MockBlocksDeliverer{Pos: 5, MockRecv: MockRecv}
	for want := uint64(5); want < 8; want++ {
		r, err := m.Recv()
		if err != nil {
			t.Fatal(err)
		}
		b := r.GetBlock()
		if b.Header.Number != want || b.Header.DataHash == nil || len(b.Header.DataHash) != 0 ||
			b.Header.PreviousHash == nil || len(b.Header.PreviousHash) != 0 || len(b.Data.Data) != 0 {
			t.Errorf("got %v", b)
		}
	}
	m.MockRecv = func(*MockBlocksDeliverer) (*ab.DeliverResponse, error) { return nil, errors.New("gone") }
	if _, err := m.Recv(); err == nil || m.RecvCnt != 4 || m.Pos != 8 {
		t.Errorf("error %v, count %d, position %d", err, m.RecvCnt, m.Pos)
	}
	m.MockRecv = nil
	mustPanic(t, "Recv without MockRecv", func() { m.Recv() })
}

func TestDelivererFollowsSeeks(t *testing.T) {
	m := &MockBlocksDeliverer{Pos: 5}
	for _, step := range []struct {
		env  *cb.Envelope
		want uint64
	}{
		{seekTo(specified(17)), 17},
		{seekTo(nil), 17},
		{&cb.Envelope{Payload: []byte{0xff}}, 17},
		{&cb.Envelope{}, 17},
		{nil, 17},
		{seekTo(oldest()), 0},
		{seekTo(specified(1<<64 - 1)), 1<<64 - 1},
	} {
		if err := m.Send(step.env); err != nil || m.Pos != step.want {
			t.Errorf("error %v, position %d, want %d", err, m.Pos, step.want)
		}
	}
}

func TestDelivererReportsCalls(t *testing.T) {
	m := &MockBlocksDeliverer{
		DisconnectCalled:           make(chan struct{}, 9),
		DisconnectAndDisableCalled: make(chan struct{}, 9),
		CloseCalled:                make(chan struct{}, 9),
	}
	m.Disconnect(false)
	m.Disconnect(true)
	m.Disconnect(true)
	m.Close()
	m.Close()
	m.Close()
	if len(m.DisconnectCalled) != 1 || len(m.DisconnectAndDisableCalled) != 2 || len(m.CloseCalled) != 3 {
		t.Errorf("%d, %d, %d calls", len(m.DisconnectCalled), len(m.DisconnectAndDisableCalled), len(m.CloseCalled))
	}
	m.UpdateEndpoints([]string{"a"})
	if eps := m.GetEndpoints(); eps == nil || len(eps) != 0 {
		t.Errorf("endpoints are %v", eps)
	}

	deaf := &MockBlocksDeliverer{} // calls nobody listens to return
	deaf.Disconnect(false)
	deaf.Disconnect(true)
	deaf.Close()
}

func TestDelivererBlocksUntilHeard(t *testing.T) {
	m := &MockBlocksDeliverer{DisconnectCalled: make(chan struct{})}
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		m.Disconnect(false)
	}()
	<-m.DisconnectCalled
	<-returned
}

func TestLedgerStandIn(t *testing.T) {
	height, err := (&MockLedgerInfo{7}).LedgerHeight()
	if height != 7 || err != nil {
		t.Errorf("got %d, %v", height, err)
	}
}
