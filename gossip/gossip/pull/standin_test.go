// SPDX-License-Identifier: Apache-2.0

package pull_test

import (
	"strconv"
	"sync"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// letter is a message that came from a peer. What is responded to it goes to
// reply.
type letter struct {
	from    string
	message *proto.SignedGossipMessage
	reply   func(*proto.GossipMessage)
}

func (l *letter) GetGossipMessage() *proto.SignedGossipMessage { return l.message }
func (l *letter) GetSourceEnvelope() *proto.Envelope           { return l.message.Envelope }
func (l *letter) Ack(error)                                    { panic("nothing is acknowledged") }

func (l *letter) GetConnectionInfo() *proto.ConnectionInfo {
	if l.from == "" {
		return nil
	}
	return &proto.ConnectionInfo{ID: common.PKIidType(l.from)}
}

func (l *letter) Respond(m *proto.GossipMessage) {
	if l.reply == nil {
		panic("nothing is responded to this")
	}
	l.reply(m)
}

// inbox collects messages.
type inbox struct {
	mutex    sync.Mutex
	messages []*proto.GossipMessage
}

func (b *inbox) put(m *proto.GossipMessage) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.messages = append(b.messages, m)
}

func (b *inbox) take() []*proto.GossipMessage {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	taken := b.messages
	b.messages = nil
	return taken
}

// post is a network that delivers at once, each message on a goroutine.
type post struct {
	mutex sync.Mutex
	boxes map[string]func(*letter) // by PKI-ID
	sent  []string                 // "from kind to"
	calls int                      // of Send
}

func newPost() *post { return &post{boxes: map[string]func(*letter){}} }

// box sets who gets what is sent to a peer.
func (p *post) box(name string, get func(*letter)) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.boxes[name] = get
}

func (p *post) log() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	sent := p.sent
	p.sent = nil
	return sent
}

func (p *post) deliver(from, to string, m *proto.SignedGossipMessage) {
	p.mutex.Lock()
	p.sent = append(p.sent, from+" "+protoext.Kind(m.GossipMessage)+" "+to)
	box := p.boxes[to]
	p.mutex.Unlock()
	if box == nil {
		return
	}
	received, err := protoext.EnvelopeToGossipMessage(m.Envelope)
	if err != nil {
		panic(err)
	}
	l := &letter{from: from, message: received}
	l.reply = func(answer *proto.GossipMessage) {
		sealed, err := protoext.NoopSign(answer)
		if err != nil {
			panic(err)
		}
		p.deliver(to, from, sealed)
	}
	go box(l)
}

// sender sends for one peer, and lists for it who there is.
type sender struct {
	*post
	name    string
	members func() []discovery.NetworkMember
}

func (s *sender) Send(m *proto.SignedGossipMessage, peers ...*comm.RemotePeer) {
	s.mutex.Lock()
	s.calls++
	s.mutex.Unlock()
	for _, peer := range peers {
		s.deliver(s.name, string(peer.PKIID), m)
	}
}

func (s *sender) GetMembership() []discovery.NetworkMember { return s.members() }

func members(names ...string) func() []discovery.NetworkMember {
	return func() []discovery.NetworkMember {
		var all []discovery.NetworkMember
		for _, name := range names {
			all = append(all, discovery.NetworkMember{PKIid: common.PKIidType(name), Endpoint: name + ":7051"})
		}
		return all
	}
}

// item is a block without content; of a size, if one is given.
func item(number uint64, size ...int) *proto.SignedGossipMessage {
	payload := &proto.Payload{SeqNum: number}
	if len(size) > 0 {
		payload.Data = make([]byte, size[0])
	}
	sealed, err := protoext.NoopSign(&proto.GossipMessage{
		Channel: []byte("C"),
		Tag:     proto.GossipMessage_CHAN_AND_ORG,
		Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{Payload: payload}},
	})
	if err != nil {
		panic(err)
	}
	return sealed
}

func nameOfItem(m *proto.SignedGossipMessage) string {
	return strconv.FormatUint(m.GetDataMsg().GetPayload().GetSeqNum(), 10)
}

func bytesOf(texts ...string) [][]byte {
	var all [][]byte
	for _, text := range texts {
		all = append(all, []byte(text))
	}
	return all
}

func hello(nonce uint64) *proto.GossipMessage {
	return &proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_AND_ORG, Content: &proto.GossipMessage_Hello{
		Hello: &proto.GossipHello{Nonce: nonce, MsgType: proto.PullMsgType_BLOCK_MSG},
	}}
}

func digest(nonce uint64, ids ...string) *proto.GossipMessage {
	return &proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_AND_ORG, Content: &proto.GossipMessage_DataDig{
		DataDig: &proto.DataDigest{Nonce: nonce, MsgType: proto.PullMsgType_BLOCK_MSG, Digests: bytesOf(ids...)},
	}}
}

func request(nonce uint64, ids ...string) *proto.GossipMessage {
	return &proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_AND_ORG, Content: &proto.GossipMessage_DataReq{
		DataReq: &proto.DataRequest{Nonce: nonce, MsgType: proto.PullMsgType_BLOCK_MSG, Digests: bytesOf(ids...)},
	}}
}

func update(nonce uint64, items ...*proto.Envelope) *proto.GossipMessage {
	return &proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_AND_ORG, Content: &proto.GossipMessage_DataUpdate{
		DataUpdate: &proto.DataUpdate{Nonce: nonce, MsgType: proto.PullMsgType_BLOCK_MSG, Data: items},
	}}
}
