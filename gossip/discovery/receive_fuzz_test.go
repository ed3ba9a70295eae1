// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package discovery

import (
	"testing"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

// gullible is a transport to nowhere and a cryptography that believes every
// message whose payload has an even length, so that lies get far.
type gullible struct{}

func (gullible) Gossip(*gossipproto.SignedGossipMessage)                     {}
func (gullible) Forward(m gossipproto.ReceivedMessage)                       { _ = m.GetGossipMessage().Envelope.Payload }
func (gullible) SendToPeer(*NetworkMember, *gossipproto.SignedGossipMessage) {}
func (gullible) Ping(*NetworkMember) bool                                    { return true }
func (gullible) Accept() <-chan gossipproto.ReceivedMessage                  { return nil }
func (gullible) PresumedDead() <-chan common.PKIidType                       { return nil }
func (gullible) CloseConn(*NetworkMember)                                    {}
func (gullible) ValidateAliveMsg(m *gossipproto.SignedGossipMessage) bool {
	return len(m.Payload)%2 == 0
}
func (gullible) SignMessage(m *gossipproto.GossipMessage, _ string) *gossipproto.Envelope {
	payload, err := proto.Marshal(m)
	if err != nil {
		return nil
	}
	return &gossipproto.Envelope{Payload: payload, Signature: []byte("s")}
}

// relayed is a message from who knows where.
type relayed struct {
	gossipproto.ReceivedMessage
	message *gossipproto.SignedGossipMessage
}

func (r relayed) GetGossipMessage() *gossipproto.SignedGossipMessage { return r.message }

func believeAll(*NetworkMember) (Sieve, EnvelopeFilter) {
	return func(m *gossipproto.SignedGossipMessage) bool { return len(m.Payload)%3 > 0 },
		func(m *gossipproto.SignedGossipMessage) *gossipproto.Envelope { return m.Envelope }
}

func bytesOf(f *testing.F, m *gossipproto.GossipMessage) []byte {
	raw, err := proto.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	return raw
}

// Whatever two messages in a row hold, nothing panics, and the parts that
// members consist of agree.
func FuzzHandleMsgFromComm(f *testing.F) {
	alive := func(id string, counter uint64) *gossipproto.SignedGossipMessage {
		m := aliveMessage(&NetworkMember{Endpoint: "h:1", PKIid: common.PKIidType(id)}, stampOf(&gossipproto.AliveMessage{Timestamp: &gossipproto.PeerTime{IncNum: 1, SeqNum: counter}}))
		return &gossipproto.SignedGossipMessage{GossipMessage: m, Envelope: gullible{}.SignMessage(m, "")}
	}
	response := &gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_MemRes{MemRes: &gossipproto.MembershipResponse{
		Alive: []*gossipproto.Envelope{alive("a", 2).Envelope, alive("self", 3).Envelope},
		Dead:  []*gossipproto.Envelope{alive("bb", 2).Envelope},
	}}}
	f.Add(bytesOf(f, alive("a", 1).GossipMessage), bytesOf(f, requestWith(alive("a", 2), 3)))
	f.Add(bytesOf(f, response), bytesOf(f, alive("bb", 1).GossipMessage))
	f.Add(bytesOf(f, requestWith(alive("bb", 1), 1)), bytesOf(f, response))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		self := NetworkMember{Endpoint: "self:1", InternalEndpoint: "self:1", PKIid: common.PKIidType("self")}
		d := newDiscovery(self, gullible{}, gullible{}, believeAll)
		defer d.Stop()
		for _, raw := range [][]byte{first, second, first} {
			m, err := protoext.EnvelopeToGossipMessage(&gossipproto.Envelope{Payload: raw, Signature: []byte("s")})
			if err != nil {
				continue
			}
			d.handleMsgFromComm(relayed{message: m})
		}
		d.lock.RLock()
		defer d.lock.RUnlock()
		if len(d.id2Member) != len(d.aliveLastTS)+len(d.deadLastTS) || len(d.aliveLastTS) != d.aliveMembership.Size() || len(d.deadLastTS) != d.deadMembership.Size() {
			t.Fatalf("%d members, %d alive, %d dead, %d and %d messages", len(d.id2Member), len(d.aliveLastTS), len(d.deadLastTS), d.aliveMembership.Size(), d.deadMembership.Size())
		}
		if _, known := d.id2Member["self"]; known {
			t.Fatal("a member of its own")
		}
	})
}
