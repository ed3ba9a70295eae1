// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package channel

import (
	"testing"
	"time"

	pb "github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// FuzzHandleMessage hands whatever decodes to a channel, as from a neighbour,
// and then checks that it still takes in blocks and StateInfo and answers.
func FuzzHandleMessage(f *testing.F) {
	for _, m := range []*proto.SignedGossipMessage{
		stateInfo("A.1", 2, 2), leftBy("A.1", 2), stateInfoRequest("A.1"), snapshot(stateInfo("A.2", 1, 1).Envelope), leadership("A.1", 1),
		block(5), greeting(1), announcement(1, "5", "x"), order(1, "5"), supply(1, block(5)),
	} {
		f.Add(m.Envelope.Payload)
	}
	town := newTown("A.1")
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := &proto.GossipMessage{}
		if pb.Unmarshal(raw, m) != nil {
			return
		}
		gc := town.settle("A.0", func(c *Config) {
			c.PullInterval, c.RequestStateInfoInterval, c.PublishStateInfoInterval = time.Hour, time.Hour, time.Hour
		})
		defer gc.Stop()
		get(gc, "A.1", stateInfo("A.1", 1, 1))
		if m.Channel != nil {
			m.Channel = []byte("C")
		}
		if info := m.GetStateInfo(); info != nil {
			info.Channel_MAC = GenerateMAC(common.PKIidType(info.PkiId), common.ChainID("C"))
		}
		for _, sealed := range []*proto.SignedGossipMessage{{GossipMessage: m}, signedBy("A.1", m)} {
			gc.HandleMessage(&parcel{from: "A.1", message: sealed, reply: func(*proto.GossipMessage) {}})
			gc.AddToMsgStore(sealed)
		}
		town.take()
		town.takeHanded()
		answered := make(chan struct{})
		get(gc, "A.2", stateInfo("A.2", 1, 1))
		get(gc, "A.2", stateInfoRequest("A.2"), func(*proto.GossipMessage) { close(answered) })
		<-answered
		for _, name := range []string{"A.1", "A.2"} {
			gc.KnownHolder(5, common.PKIidType(name))
		}
		gc.GetPeers()
		gc.sweep()
	})
}
