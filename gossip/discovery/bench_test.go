// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"fmt"
	"testing"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/membership"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// idleTransport goes nowhere and believes everything.
type idleTransport struct{}

func (idleTransport) Gossip(*proto.SignedGossipMessage)                     {}
func (idleTransport) Forward(proto.ReceivedMessage)                         {}
func (idleTransport) SendToPeer(*NetworkMember, *proto.SignedGossipMessage) {}
func (idleTransport) Ping(*NetworkMember) bool                              { return true }
func (idleTransport) Accept() <-chan proto.ReceivedMessage                  { return nil }
func (idleTransport) PresumedDead() <-chan common.PKIidType                 { return nil }
func (idleTransport) CloseConn(*NetworkMember)                              {}
func (idleTransport) ValidateAliveMsg(*proto.SignedGossipMessage) bool      { return true }
func (idleTransport) SignMessage(m *proto.GossipMessage, _ string) *proto.Envelope {
	signed, err := protoext.Sign(m, func([]byte) ([]byte, error) { return []byte("signature"), nil })
	if err != nil {
		return nil
	}
	return signed.Envelope
}

// incoming is a message that came from somewhere.
type incoming struct {
	proto.ReceivedMessage
	message *proto.SignedGossipMessage
}

func (i incoming) GetGossipMessage() *proto.SignedGossipMessage { return i.message }

func incomingAlive(id string, counter uint64) incoming {
	m := aliveMessage(&NetworkMember{Endpoint: "h:1", PKIid: common.PKIidType(id)}, membership.Stamp{Incarnation: 1, Counter: counter})
	return incoming{message: &proto.SignedGossipMessage{GossipMessage: m, Envelope: idleTransport{}.SignMessage(m, "")}}
}

// withMembers is a peer that knows so many others.
func withMembers(n int) *gossipDiscoveryImpl {
	self := NetworkMember{Endpoint: "self:1", InternalEndpoint: "self:1", PKIid: common.PKIidType("self")}
	d := newDiscovery(self, idleTransport{}, idleTransport{}, nil)
	for i := 0; i < n; i++ {
		d.handleMsgFromComm(incomingAlive(fmt.Sprint("peer", i), 1))
	}
	return d
}

// Most alive messages that come are copies of ones that have come before.
func BenchmarkHandleCopyOfAlive(b *testing.B) {
	d := withMembers(50)
	defer d.Stop()
	m := incomingAlive("peer25", 1)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		d.handleMsgFromComm(m)
	}
}

func BenchmarkHandleNewAlive(b *testing.B) {
	d := withMembers(50)
	defer d.Stop()
	messages := make([]incoming, b.N)
	for i := range messages {
		messages[i] = incomingAlive("peer25", uint64(i+2))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, m := range messages {
		d.handleMsgFromComm(m)
	}
}

func BenchmarkGetMembershipOf50(b *testing.B) {
	d := withMembers(50)
	defer d.Stop()
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		d.GetMembership()
	}
}
