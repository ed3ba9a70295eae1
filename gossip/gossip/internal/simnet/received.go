// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// received is a message as the layers above get it.
type received struct {
	*proto.SignedGossipMessage
	end *end
}

// GetGossipMessage returns the message.
func (r *received) GetGossipMessage() *proto.SignedGossipMessage { return r.SignedGossipMessage }

// GetSourceEnvelope returns the envelope that the message came in.
func (r *received) GetSourceEnvelope() *proto.Envelope { return r.Envelope }

// GetConnectionInfo tells who sent the message.
func (r *received) GetConnectionInfo() *proto.ConnectionInfo { return r.end.info }

// Respond sends a message back. It waits until there is room for it, or the
// connection is closed.
func (r *received) Respond(m *proto.GossipMessage) {
	signed, err := protoext.NoopSign(m)
	if err != nil {
		r.end.node.logger.Errorf("Cannot encode a response: %v", err)
		return
	}
	raw, err := encode(signed.Envelope)
	if err != nil {
		r.end.node.logger.Errorf("Cannot encode a response: %v", err)
		return
	}
	r.end.sendWaiting(raw)
}

// sendWaiting is send, with waiting, for who does not hold the network's lock.
func (e *end) sendWaiting(raw []byte) Fate {
	n := e.node.net
	n.mu.Lock()
	fate := e.send(raw, true)
	n.mu.Unlock()
	if fate != "" {
		n.tell(e.event(raw, fate))
	}
	return fate
}

// Ack tells the sender what became of the message.
func (r *received) Ack(err error) {
	ack := &proto.Acknowledgement{}
	if err != nil {
		ack.Error = err.Error()
	}
	r.Respond(&proto.GossipMessage{
		Nonce:   r.Nonce,
		Content: &proto.GossipMessage_Ack{Ack: ack},
	})
}
