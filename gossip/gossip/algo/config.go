// SPDX-License-Identifier: Apache-2.0

package algo

import (
	"time"

	"github.com/hyperledger/fabric/gossip/util"
)

const (
	digestWaitKey   = "peer.gossip.digestWaitTime"
	requestWaitKey  = "peer.gossip.requestWaitTime"
	responseWaitKey = "peer.gossip.responseWaitTime"

	defDigestWaitTime   = 1000 * time.Millisecond
	defRequestWaitTime  = 1500 * time.Millisecond
	defResponseWaitTime = 2000 * time.Millisecond
)

// The bounds on what an engine keeps.
const (
	maxItems     = 1 << 16 // looked at of what one peer announces in a round, or requests
	maxNonces    = 1 << 14 // remembered of those that asked for digests
	maxRounds    = 1 << 8  // in progress
	maxAnswers   = 1 << 7  // being sent
	minSleepTime = time.Millisecond
)

// SetDigestWaitTime sets for how long engines made from now on take in digests.
func SetDigestWaitTime(wait time.Duration) { util.SetDuration(digestWaitKey, wait) }

// SetRequestWaitTime sets for how long engines made from now on answer requests
// of a peer that has asked for their digest.
func SetRequestWaitTime(wait time.Duration) { util.SetDuration(requestWaitKey, wait) }

// SetResponseWaitTime sets for how long engines made from now on take in what
// they have requested.
func SetResponseWaitTime(wait time.Duration) { util.SetDuration(responseWaitKey, wait) }
