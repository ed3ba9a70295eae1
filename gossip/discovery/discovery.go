// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"github.com/hyperledger/fabric/gossip/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// CryptoService signs what this peer says about itself and checks what others
// say about themselves. Discovery calls it without holding a lock, from several
// goroutines.
type CryptoService interface {
	// ValidateAliveMsg tells whether an alive message, and the secret beside it
	// if there is one, was signed by the peer that it is about.
	ValidateAliveMsg(message *proto.SignedGossipMessage) bool

	// SignMessage puts a message into a signed envelope, together with
	// internalEndpoint as its secret unless that is empty. It may complete the
	// message before it signs it. It returns nil if it cannot sign.
	SignMessage(m *proto.GossipMessage, internalEndpoint string) *proto.Envelope
}

// EnvelopeFilter returns the envelope of a message as a certain remote peer may
// have it. The message it is given is its own to change, as far as the envelope
// and the presence of a secret are concerned.
type EnvelopeFilter func(message *proto.SignedGossipMessage) *proto.Envelope

// Sieve tells whether a certain remote peer may have an alive message.
type Sieve func(message *proto.SignedGossipMessage) bool

// DisclosurePolicy says what a remote peer may know of the membership. It is
// asked, without a lock held, for each membership request that is answered.
type DisclosurePolicy func(remotePeer *NetworkMember) (Sieve, EnvelopeFilter)

// CommService is what membership needs of the transport. Gossip and Forward are
// called from the two goroutines that keep membership going and should not
// block; SendToPeer and Ping are called from goroutines that may wait. All of
// them may be called at the same time, and never with a lock held.
type CommService interface {
	// Gossip sends a message to members of the transport's choice.
	Gossip(msg *proto.SignedGossipMessage)

	// SendToPeer sends a message to one peer.
	SendToPeer(peer *NetworkMember, msg *proto.SignedGossipMessage)

	// Ping tells whether a peer answers.
	Ping(peer *NetworkMember) bool

	// Accept is where messages about membership come from. Its closing ends
	// the reading.
	Accept() <-chan proto.ReceivedMessage

	// PresumedDead is where the PKI-IDs of peers come from that a message could
	// not be sent to.
	PresumedDead() <-chan common.PKIidType

	// CloseConn ends the connection to a peer, if there is one.
	CloseConn(peer *NetworkMember)

	// Forward sends a message on to members of the transport's choice other
	// than the one it came from.
	Forward(msg proto.ReceivedMessage)
}

// PeerIdentification is who was found behind an endpoint.
type PeerIdentification struct {
	ID      common.PKIidType // may be nil
	SelfOrg bool             // it is of this peer's own organization
}

// identifier finds out who is behind an endpoint. It may take as long as a dial
// takes to fail.
type identifier func() (*PeerIdentification, error)

// Discovery is the membership of one peer. Its methods may be called from many
// goroutines.
type Discovery interface {
	// Lookup returns what is known of a peer, whether alive or dead: of this
	// one itself, too. It returns nil for peers that are not known. The result
	// is the caller's.
	Lookup(PKIID common.PKIidType) *NetworkMember

	// Self describes this peer by its external endpoint, its metadata and its
	// PKI-ID; the envelope holds an alive message, unsigned.
	Self() NetworkMember

	// UpdateMetadata changes what the next alive message says about this peer.
	UpdateMetadata([]byte)

	// UpdateEndpoint changes the external endpoint that the next alive message
	// gives.
	UpdateEndpoint(string)

	// Stop ends the membership's work; nothing is sent from then on. Messages
	// and requests in the making may still be in the transport's hands when it
	// returns. It may be called more than once.
	Stop()

	// GetMembership lists the other members that are alive, in no particular
	// order, with the envelopes of their latest alive messages.
	GetMembership() []NetworkMember

	// InitiateSync asks up to peerNum members for their view of the membership:
	// fewer while all is calm. It is for calling every now and then, and sends
	// on the caller's goroutine.
	InitiateSync(peerNum int)

	// Connect makes a peer known by its endpoint and never forgets that: it is
	// tried until it answers, and again whenever this peer has lost it, or has
	// lost everybody. It returns at once. id is asked each time who is there.
	Connect(member NetworkMember, id identifier)
}
