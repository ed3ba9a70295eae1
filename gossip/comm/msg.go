// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// ReceivedMessageImpl is a message with the stream that it came on. A value
// made of a message alone can be asked everything about the message; it has no
// sender, and answers to it go nowhere.
type ReceivedMessageImpl struct {
	*proto.SignedGossipMessage
	conn *connection
}

// GetSourceEnvelope is the envelope as it came.
func (m *ReceivedMessageImpl) GetSourceEnvelope() *proto.Envelope {
	return m.Envelope
}

// GetGossipMessage is the message with its envelope.
func (m *ReceivedMessageImpl) GetGossipMessage() *proto.SignedGossipMessage {
	return m.SignedGossipMessage
}

// GetConnectionInfo tells who sent the message, and what it proved that with.
func (m *ReceivedMessageImpl) GetConnectionInfo() *proto.ConnectionInfo {
	if m.conn == nil {
		return nil
	}
	return m.conn.info
}

// Respond sends a message, unsigned, on the stream that this one came on. It
// waits while too much is waiting there already, and gives up when the stream
// ends.
func (m *ReceivedMessageImpl) Respond(msg *proto.GossipMessage) {
	if m.conn == nil {
		return
	}
	signed, err := protoext.NoopSign(msg)
	if err != nil {
		m.conn.node.logger.Errorf("cannot encode a response to %s: %v", m.conn.info.Endpoint, err)
		return
	}
	m.conn.respond(newOutgoing(signed))
}

// Ack tells the sender that the message was accepted, or why it was not.
func (m *ReceivedMessageImpl) Ack(err error) {
	m.Respond(ackFor(m.GetNonce(), err))
}
