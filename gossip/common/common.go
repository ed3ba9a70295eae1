// SPDX-License-Identifier: Apache-2.0

package common

import "bytes"

// PKIidType names a peer: a hash over its organization and certificate. Every
// peer computes it from the identity itself and refuses a mismatch.
type PKIidType []byte

// IsNotSameFilter tells whether that names another peer.
func (id PKIidType) IsNotSameFilter(that PKIidType) bool {
	return !bytes.Equal(id, that)
}

// ChainID is the name of a channel, as bytes.
type ChainID []byte

// MessageAcceptor tells whether its owner wants a message.
type MessageAcceptor func(interface{}) bool

// Payload is a block on its way, with the channel it belongs to.
type Payload struct {
	ChainID ChainID
	Data    []byte
	Hash    string
	SeqNum  uint64
}

// InvalidationResult is the verdict on a new message and a stored one.
type InvalidationResult int

const (
	// MessageNoAction: the two have nothing to do with each other.
	MessageNoAction InvalidationResult = iota
	// MessageInvalidates: the new message makes the stored one obsolete.
	MessageInvalidates
	// MessageInvalidated: the stored message makes the new one obsolete.
	MessageInvalidated
)

// MessageReplacingPolicy judges message this against the stored message that.
type MessageReplacingPolicy func(this interface{}, that interface{}) InvalidationResult
