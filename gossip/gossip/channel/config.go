// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"time"

	"github.com/hyperledger/fabric/gossip/gossip/channel/internal/gap"
	"github.com/hyperledger/fabric/gossip/util"
)

const (
	leaderAliveKey = "peer.gossip.election.leaderAliveThreshold"
	leaderAlive    = 10 * time.Second
)

// leadershipMemory is for how long leadership messages are remembered: what
// leader election calls the expiration of its messages.
func leadershipMemory() time.Duration {
	return 10 * util.GetDurationOrDefault(leaderAliveKey, leaderAlive)
}

const (
	// smallPool is up to how many candidates any of them may be asked. When there
	// are more, those who are asked come from the overlay, so that a peer has
	// connections to few.
	smallPool = 8

	// steadyRequests is after how many intervals of requests for StateInfo that
	// brought nobody new, in a large pool, fewer are sent: to one peer instead of
	// PullPeerNum, and once in steadyStride intervals.
	steadyRequests = 4
	steadyStride   = 4
)

// The bounds on bytes of blocks kept for others. They bind only when blocks are
// large: a hundred blocks of half a megabyte are within.
const (
	channelBytes = 64 << 20  // in one channel
	processBytes = 256 << 20 // in all channels of the process together
	assuredBytes = 8 << 20   // in one channel, whatever there is in others
)

// fetching is how a channel with room for so many blocks fetches what is
// missing.
//
// Pushing brings a block to all of 50 peers in less than 100 ms, and when the
// processors are busy in somewhat more. GapGrace is just above that: a block
// that was overtaken has arrived by then, and a block that was lost is asked
// for, at 6 blocks a second, within 170 + 150 ms, and again within 400 ms if the
// first one asked is silent. ClaimGrace is longer as it is about blocks that
// others had first, and only matters when no further block comes.
func fetching(window int) gap.Config {
	return gap.Config{
		Window:     uint64(window),
		GapGrace:   150 * time.Millisecond,
		ClaimGrace: 400 * time.Millisecond,
		DigestWait: 400 * time.Millisecond,
		UpdateWait: time.Second,
		Batch:      10,
		Parallel:   2,
	}
}
