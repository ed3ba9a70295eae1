// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"fmt"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
)

// Signer signs bytes with the local peer's identity.
type Signer func(msg []byte) ([]byte, error)

// Verifier checks that signature is peerIdentity's over message.
type Verifier func(peerIdentity []byte, signature, message []byte) error

// MsgConsumer is handed a message that a component takes in.
type MsgConsumer func(message *SignedGossipMessage)

// IdentifierExtractor names a message, so that peers can ask for it by name.
type IdentifierExtractor func(*SignedGossipMessage) string

// ReceivedMessage is a message that came from a remote peer, with a way back
// to that peer. Its method set is frozen: other packages implement it.
type ReceivedMessage interface {
	// Respond sends a message to the sender over the connection it came from.
	Respond(msg *GossipMessage)

	// GetGossipMessage returns the decoded message with its envelope.
	GetGossipMessage() *SignedGossipMessage

	// GetSourceEnvelope returns the envelope exactly as it was received.
	GetSourceEnvelope() *Envelope

	// GetConnectionInfo says who the remote peer proved to be.
	GetConnectionInfo() *ConnectionInfo

	// Ack tells the sender whether the message was processed: nil for yes.
	Ack(err error)
}

// ConnectionInfo is what the handshake established about a remote peer.
type ConnectionInfo struct {
	ID       common.PKIidType
	Auth     *AuthInfo
	Identity api.PeerIdentityType
	Endpoint string
}

// String is the endpoint and the PKI-ID, the latter as a list of decimals.
func (c *ConnectionInfo) String() string {
	return fmt.Sprintf("%s %v", c.Endpoint, c.ID)
}

// AuthInfo is the evidence of the handshake: the payload of the connection
// message and the signature over it.
type AuthInfo struct {
	SignedData []byte
	Signature  []byte
}
