// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"time"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/protos/gossip"
)

// Fate is what became of a message.
type Fate string

// The fates. Whatever was handed to Send, SendWithAck or Respond has one, once.
const (
	Delivered   Fate = "delivered"         // it was about to be handed to the subscriptions
	Lost        Fate = "lost"              // by the link
	Unreachable Fate = "unreachable"       // the link was cut, or the other node was gone
	Overflow    Fate = "overflow"          // the connection, or what waits for it, was full
	Closed      Fate = "connection closed" // before the message was read
	Undialed    Fate = "no connection"     // the dial it waited for failed
	Malformed   Fate = "malformed"         // what arrived was no message
)

// Event is one message with its fate.
type Event struct {
	// At is the time since the network's start.
	At time.Duration
	// From and To are endpoints, FromID and ToID the peers that have, or were
	// thought to have, them. ToID is nil if it was not known.
	From, To     string
	FromID, ToID common.PKIidType
	// Raw is the envelope's encoding. It must not be changed.
	Raw  []byte
	Fate Fate

	message *gossip.SignedGossipMessage
}

// Message is the message, which must not be changed: it may be the receiver's.
// It is nil if Raw cannot be decoded.
func (e *Event) Message() *gossip.SignedGossipMessage {
	if e.message == nil {
		e.message, _ = decode(e.Raw)
	}
	return e.message
}

// decode makes a message from an envelope's encoding, of which it keeps
// nothing.
func decode(raw []byte) (*gossip.SignedGossipMessage, error) {
	m := &gossip.SignedGossipMessage{Envelope: &gossip.Envelope{}}
	if err := proto.Unmarshal(raw, m.Envelope); err != nil {
		return nil, err
	}
	return m.ToGossipMessage()
}

// tell reports the events to the taps. The network's lock is not held.
func (n *Network) tell(events ...Event) {
	for i := range events {
		for _, tap := range n.taps {
			tap(&events[i])
		}
	}
}
