// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"time"

	"github.com/hyperledger/fabric/gossip/util"
)

// Settings that an operator makes, with the moment at which each is read:
//
//	key                        default  read
//	peer.gossip.dialTimeout    3s       when an instance is made
//	peer.gossip.connTimeout    2s       at each handshake
//	peer.gossip.recvBuffSize   20       when a stream starts being read
//	peer.gossip.sendBuffSize   20       when a stream, or a dial, begins
const (
	dialTimeoutKey  = "peer.gossip.dialTimeout"
	connTimeoutKey  = "peer.gossip.connTimeout"
	recvBuffSizeKey = "peer.gossip.recvBuffSize"
	sendBuffSizeKey = "peer.gossip.sendBuffSize"

	defDialTimeout  = 3 * time.Second
	defConnTimeout  = 2 * time.Second
	defRecvBuffSize = 20
	defSendBuffSize = 20
)

// Bounds that are not configurable.
const (
	// pingTimeout is how long a peer may take to answer a ping.
	pingTimeout = 2 * time.Second
	// handshakeTimeout bounds a stream that is made only to authenticate.
	handshakeTimeout = 10 * time.Second
	// farewellTime is how long the other side may take to end such a stream.
	farewellTime = 250 * time.Millisecond
	// deadBuffSize is how many presumed dead peers wait to be heard of.
	deadBuffSize = 100
	// bufferedBytes bounds, in bytes, what a stream has brought and nobody has
	// taken yet, besides the number of messages. One message may be larger than that.
	bufferedBytes = 16 << 20
	// outgoingBytes is the same for what is to be sent, which is lost when there
	// is no room instead of waiting. Envelopes are shared with other streams.
	outgoingBytes = 128 << 20
	// window is how many bytes a peer may send on an outbound stream before they
	// have been read. It is fixed, for otherwise gRPC measures the line, by a ping
	// for each message of a stream that is as quiet as gossip's.
	window = 4 << 20
	// maxIntroduction bounds the envelope by which a peer introduces itself.
	maxIntroduction = 256 << 10
	// maxStrangers and maxStrangersPerHost bound the inbound streams that have
	// not been authenticated yet, in all and from one address.
	maxStrangers        = 512
	maxStrangersPerHost = 256
	// maxDials is how many dials for messages may be under way before the next
	// one waits. When many peers appear at once, TLS handshakes to all of them
	// together would take longer than each may, and peers that are well be
	// presumed dead.
	maxDials = 6
	// dialPatience is how long a dial waits for that: those before it may be to
	// peers that are not there.
	dialPatience = 500 * time.Millisecond
	// idleTimeout is how long a stream that this peer opened lasts without any
	// message on it, and settleTime how long both peers' streams are kept if
	// they connected to each other at once. housekeeping is how often it is
	// looked for either.
	idleTimeout  = 30 * time.Second
	settleTime   = 5 * time.Second
	housekeeping = 5 * time.Second
	// partingTime is how long the other side may take to end a stream that this
	// side has said that it is done with.
	partingTime = 5 * time.Second
	// supersededTime is how long an inbound stream is read on after the remote has
	// sent something on a newer one.
	supersededTime = time.Second
	// stopTimeout bounds Stop's wait for goroutines that run callers' code.
	stopTimeout = 10 * time.Second
)

// SetDialTimeout overrides how long connecting to a peer may take, for
// instances that are made from now on.
func SetDialTimeout(timeout time.Duration) {
	util.SetDuration(dialTimeoutKey, timeout)
}

func dialTimeout() time.Duration {
	return util.GetDurationOrDefault(dialTimeoutKey, defDialTimeout)
}

func connTimeout() time.Duration {
	return util.GetDurationOrDefault(connTimeoutKey, defConnTimeout)
}

// recvBuffSize and sendBuffSize are at least one: without any room nothing
// would ever pass.
func recvBuffSize() int { return atLeastOne(util.GetIntOrDefault(recvBuffSizeKey, defRecvBuffSize)) }

func sendBuffSize() int { return atLeastOne(util.GetIntOrDefault(sendBuffSizeKey, defSendBuffSize)) }

func atLeastOne(n int) int {
	if n < 1 {
		return 1
	}
	return n
}
