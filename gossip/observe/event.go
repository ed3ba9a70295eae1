// SPDX-License-Identifier: Apache-2.0

package observe

import "github.com/hyperledger/fabric/gossip/common"

// Kind is what sort of thing happened. The kinds are a fixed set, fit to name
// metrics by.
type Kind string

// The kinds of events.
const (
	// Connected: a stream to a peer was authenticated and registered. Reason is
	// "inbound" or "outbound".
	Connected Kind = "connected"
	// Disconnected: a registered stream ended. Reason says why: "closed",
	// "replaced", "read error", "write error", "malformed envelope", ...
	Disconnected Kind = "disconnected"
	// Refused: a stream or a dial never got past authentication.
	Refused Kind = "refused"
	// Dropped: a message, sound as far as is known, was given up because a
	// bounded queue was full or its purpose had gone.
	Dropped Kind = "dropped"
	// Verified: a message's signature, or a block, was checked and holds.
	Verified Kind = "verified"
	// Rejected: a message broke a rule, or its signature does not hold.
	Rejected Kind = "rejected"
	// MemberAlive, MemberDead and MemberForgotten: what membership thinks of a
	// peer has changed to this. Reason says by what.
	MemberAlive     Kind = "member alive"
	MemberDead      Kind = "member dead"
	MemberForgotten Kind = "member forgotten"
	// Sent and Received: one envelope written to, or read from, a stream. They
	// come once for each message on the wire.
	Sent     Kind = "sent"
	Received Kind = "received"
)

// Event is one thing that happened. Fields that do not apply are empty.
type Event struct {
	Kind Kind
	// Reason is one of a fixed set of short texts per kind, never with data in
	// it, so that counting by it stays bounded.
	Reason string
	// Peer is whom it concerns: the other end of a connection, the sender of a
	// message, the member.
	Peer common.PKIidType
	// Endpoint is the peer's address where it is known.
	Endpoint string
	// Channel is the channel's name where it is known.
	Channel string
	// Message is the message's kind as protoext.Kind names it.
	Message string
	// Bytes is the size of the message's envelope, in bytes, for Sent,
	// Received and Dropped.
	Bytes int
	// Err is the detail behind Reason, for traces and logs.
	Err error
}

// Observer receives events, in the goroutine in which they happen, some of
// them under that component's lock: it must return at once, must not call back
// into gossip and must be safe for concurrent use. It must not keep Peer for
// writing.
type Observer interface {
	Observe(Event)
}
