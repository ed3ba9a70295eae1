// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"encoding/json"
	"time"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Comm exchanges messages with other peers over authenticated streams. All of
// it may be used from many goroutines at once.
type Comm interface {
	// GetPKIid is this peer's own PKI-ID.
	GetPKIid() common.PKIidType

	// Send sends a message's envelope to each of the peers, connecting to those
	// that there is no stream to. It returns at once and reports nothing: where
	// a peer cannot be reached its PKI-ID comes out of PresumedDead, and where
	// too much waits for a peer already the message is dropped. Messages that
	// one goroutine sends to a peer arrive in that order. The envelope must not
	// be changed afterwards.
	Send(msg *proto.SignedGossipMessage, peers ...*RemotePeer)

	// SendWithAck sends a message to each of the peers and waits until minAck of
	// them have acknowledged it, all have answered, or the timeout, counted from
	// the call, is over. The result lists the answers so far in the order in
	// which they came; with the timeout those that are missing fail with "timed
	// out". With a minAck of zero it waits for all.
	SendWithAck(msg *proto.SignedGossipMessage, timeout time.Duration, minAck int, peers ...*RemotePeer) AggregatedSendResult

	// Probe returns nil if something answers at the peer's endpoint. It does not
	// tell who.
	Probe(peer *RemotePeer) error

	// Handshake authenticates whoever is at the peer's endpoint, over a stream of
	// its own, and returns its identity. It fails if the PKI-ID is given and is
	// not the one found.
	Handshake(peer *RemotePeer) (api.PeerIdentityType, error)

	// Accept returns a channel of the messages that come from now on and satisfy
	// the predicate, which is given a proto.ReceivedMessage. Who does not read it
	// holds up the peers that send such messages. Stop closes it.
	Accept(common.MessageAcceptor) <-chan proto.ReceivedMessage

	// PresumedDead tells the PKI-IDs of peers that could not be reached.
	PresumedDead() <-chan common.PKIidType

	// CloseConn closes the streams to and from a peer, which is named by its
	// PKI-ID. It does not wait.
	CloseConn(peer *RemotePeer)

	// Stop closes everything and waits for it. Only the first call does.
	Stop()
}

// SecurityAdvisor tells which organization an identity belongs to. It is the
// interface of that name in gossip/api over again.
type SecurityAdvisor interface {
	// OrgByPeerIdentity returns nil when the organization is not known.
	OrgByPeerIdentity(api.PeerIdentityType) api.OrgIdentityType
}

// SendResult is what became of a message to one peer: acknowledged, if there is
// no error in it.
type SendResult struct {
	error
	RemotePeer
}

// Error is the error's text, or "" if there is none.
func (sr SendResult) Error() string {
	if sr.error == nil {
		return ""
	}
	return sr.error.Error()
}

// AggregatedSendResult is what became of one message to several peers.
type AggregatedSendResult []SendResult

// AckCount is how many peers acknowledged the message.
func (ar AggregatedSendResult) AckCount() int {
	return len(ar) - ar.NackCount()
}

// NackCount is how many peers did not.
func (ar AggregatedSendResult) NackCount() int {
	failed := 0
	for _, r := range ar {
		if r.error != nil {
			failed++
		}
	}
	return failed
}

// String is a JSON object: how many succeeded, and how often each error came.
func (ar AggregatedSendResult) String() string {
	var summary struct {
		Successes int            `json:"successes,omitempty"`
		Failures  map[string]int `json:"failures,omitempty"`
	}
	summary.Successes = ar.AckCount()
	for _, r := range ar {
		if r.error == nil {
			continue
		}
		if summary.Failures == nil {
			summary.Failures = make(map[string]int)
		}
		summary.Failures[r.Error()]++
	}
	text, err := json.Marshal(summary)
	if err != nil { // cannot be: numbers and strings
		return err.Error()
	}
	return string(text)
}
