// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package pull_test

import (
	"testing"
	"time"

	pb "github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/gossip/pull"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// FuzzMediatorHandleMessage hands whatever decodes to a mediator, and then
// checks that it still does its work.
func FuzzMediatorHandleMessage(f *testing.F) {
	for _, m := range []*proto.GossipMessage{hello(1), digest(1, "1", "x"), request(1, "1"), update(1, item(2).Envelope, &proto.Envelope{}), item(3).GossipMessage} {
		raw, err := pb.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	nobody := &sender{post: newPost(), name: "a", members: func() []discovery.NetworkMember { return nil }}
	mediator := pull.NewPullMediator(pull.Config{PullInterval: time.Hour, Channel: common.ChainID("C"), MsgType: proto.PullMsgType_BLOCK_MSG}, &pull.PullAdapter{
		Sndr: nobody, MemSvc: nobody, IdExtractor: nameOfItem, MsgCons: func(*proto.SignedGossipMessage) {},
	})
	f.Cleanup(mediator.Stop)
	mediator.Add(item(1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := &proto.GossipMessage{}
		if pb.Unmarshal(raw, m) != nil {
			return
		}
		mediator.HandleMessage(&letter{from: "x", message: &proto.SignedGossipMessage{GossipMessage: m}, reply: func(*proto.GossipMessage) {}})
		answered := make(chan struct{})
		mediator.HandleMessage(&letter{from: "y", message: &proto.SignedGossipMessage{GossipMessage: hello(1)}, reply: func(answer *proto.GossipMessage) {
			if len(answer.GetDataDig().GetDigests()) == 1 {
				close(answered)
			}
		}})
		<-answered
	})
}
