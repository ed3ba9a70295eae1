// SPDX-License-Identifier: Apache-2.0

package pull

import (
	"encoding/binary"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

// maxUpdateBytes is the size of items from which on another DataUpdate is begun.
// It keeps answers far from what gRPC lets through, which is 100 MB.
const maxUpdateBytes = 16 << 20

// peers is the way from the engine to other peers. What the engine takes for a
// peer's name is all that it takes to send to that peer, so that nothing about
// the peers of a round has to be remembered, and who is asked for items is
// exactly who announced them.
type peers struct{ *mediator }

// SelectPeers picks the peers of a round.
func (p peers) SelectPeers() []string {
	var names []string
	for _, peer := range SelectEndpoints(p.config.PeerCountToSelect, p.adapter.MemSvc.GetMembership()) {
		names = append(names, nameOf(peer))
	}
	return names
}

// nameOf packs a peer's PKI-ID and endpoint, either of which may be empty.
func nameOf(peer *comm.RemotePeer) string {
	size := make([]byte, binary.MaxVarintLen64)
	size = size[:binary.PutUvarint(size, uint64(len(peer.PKIID)))]
	return string(size) + string(peer.PKIID) + peer.Endpoint
}

// peerNamed is the peer of a name that nameOf made.
func peerNamed(name string) *comm.RemotePeer {
	size, n := binary.Uvarint([]byte(name))
	rest := name[n:]
	return &comm.RemotePeer{PKIID: common.PKIidType(rest[:size]), Endpoint: rest[size:]}
}

// Hello asks a peer what it has.
func (p peers) Hello(dest string, nonce uint64) {
	p.send(dest, &gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_Hello{
		Hello: &gossipproto.GossipHello{Nonce: nonce, MsgType: p.config.MsgType},
	}})
}

// SendReq asks a peer for items that it has announced.
func (p peers) SendReq(dest string, ids []string, nonce uint64) {
	p.send(dest, &gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_DataReq{
		DataReq: &gossipproto.DataRequest{Nonce: nonce, MsgType: p.config.MsgType, Digests: digests(ids)},
	}})
}

// SendDigest answers a Hello.
func (p peers) SendDigest(ids []string, nonce uint64, hello interface{}) {
	p.respond(hello.(gossipproto.ReceivedMessage), func(respond func(*gossipproto.GossipMessage)) {
		respond(&gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_DataDig{
			DataDig: &gossipproto.DataDigest{Nonce: nonce, MsgType: p.config.MsgType, Digests: digests(ids)},
		}})
	})
}

// SendRes answers a request. The items are looked up at the last moment, when
// it is the turn of that peer's lane.
func (p peers) SendRes(ids []string, request interface{}, nonce uint64) {
	p.respond(request.(gossipproto.ReceivedMessage), func(respond func(*gossipproto.GossipMessage)) {
		for _, envelopes := range portions(p.envelopes(ids), maxUpdateBytes) {
			respond(&gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_DataUpdate{
				DataUpdate: &gossipproto.DataUpdate{Nonce: nonce, MsgType: p.config.MsgType, Data: envelopes},
			}})
		}
	})
}

// Refused counts a message that the engine has no use for.
func (p peers) Refused(reason string, context interface{}) {
	if msg, ok := context.(gossipproto.ReceivedMessage); ok {
		p.observe(observe.Dropped, reason, msg, nil)
	}
}

// Accepted keeps items that the engine has asked for. The engine calls it
// within OnRes, hence with the mutex held.
func (p peers) Accepted(ids []string) {
	for _, id := range ids {
		p.items[id] = p.arriving[id]
	}
}

func (p peers) send(dest string, m *gossipproto.GossipMessage) {
	m.Channel, m.Tag = p.config.Channel, p.config.Tag
	message, err := protoext.NoopSign(m)
	if err != nil {
		p.hook.Observe(observe.Event{Kind: observe.Dropped, Reason: "unencodable", Channel: string(p.config.Channel), Message: protoext.Kind(m), Err: err})
		return
	}
	p.adapter.Sndr.Send(message, peerNamed(dest))
}

// respond lets answer respond to a message on the lane of its sender.
func (p peers) respond(to gossipproto.ReceivedMessage, answer func(respond func(*gossipproto.GossipMessage))) {
	sender := ""
	if info := to.GetConnectionInfo(); info != nil {
		sender = string(info.ID)
	}
	queued := p.lanes.Do(sender, func() {
		answer(func(m *gossipproto.GossipMessage) {
			m.Channel, m.Tag = p.config.Channel, p.config.Tag
			to.Respond(m)
		})
	})
	if !queued {
		p.observe(observe.Dropped, "peer has too many unanswered requests", to, nil)
	}
}

// mayKnow is the owner's egress filter as the engine wants it.
func (m *mediator) mayKnow(context interface{}) func(id string) bool {
	if filter := m.adapter.EgressDigFilter; filter != nil {
		return filter(context.(gossipproto.ReceivedMessage))
	}
	return func(string) bool { return true }
}

// envelopes are those of the items that are still here.
func (m *mediator) envelopes(ids []string) []*gossipproto.Envelope {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	envelopes := make([]*gossipproto.Envelope, 0, len(ids))
	for _, id := range ids {
		if item := m.items[id]; item != nil && item.Envelope != nil {
			envelopes = append(envelopes, item.Envelope)
		}
	}
	return envelopes
}

// portions cuts a list where the envelopes so far have the given size or more;
// there is always one portion, which may be empty.
func portions(envelopes []*gossipproto.Envelope, size int) [][]*gossipproto.Envelope {
	var all [][]*gossipproto.Envelope
	begin, bytes := 0, 0
	for i, envelope := range envelopes {
		if bytes >= size {
			all = append(all, envelopes[begin:i:i])
			begin, bytes = i, 0
		}
		bytes += len(envelope.Payload) + len(envelope.Signature) + len(envelope.GetSecretEnvelope().GetPayload())
	}
	return append(all, envelopes[begin:])
}

func digests(ids []string) [][]byte {
	raw := make([][]byte, len(ids))
	for i, id := range ids {
		raw[i] = []byte(id)
	}
	return raw
}
