// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"time"

	"github.com/spf13/viper"

	"github.com/hyperledger/fabric/gossip/gossip"
	"github.com/hyperledger/fabric/gossip/util"
)

// The settings of a node, read at each call of NewGossipComponent. A number or
// duration that is zero or absent means the default.
const (
	maxBlockCountKey      = "peer.gossip.maxBlockCountToStore"       // 100
	burstLatencyKey       = "peer.gossip.maxPropagationBurstLatency" // 10ms
	burstSizeKey          = "peer.gossip.maxPropagationBurstSize"    // 10
	iterationsKey         = "peer.gossip.propagateIterations"        // 1
	peerNumKey            = "peer.gossip.propagatePeerNum"           // 3
	pullIntervalKey       = "peer.gossip.pullInterval"               // 4s
	pullPeerNumKey        = "peer.gossip.pullPeerNum"                // 3
	certPeriodKey         = "peer.gossip.publishCertPeriod"          // 10s
	requestStateKey       = "peer.gossip.requestStateInfoInterval"   // 4s
	publishStateKey       = "peer.gossip.publishStateInfoInterval"   // 4s
	skipVerificationKey   = "peer.gossip.skipBlockVerification"      // false; has no effect
	externalEndpointKey   = "peer.gossip.externalEndpoint"           // ""
	defaultPullInterval   = 4 * time.Second
	defaultCertPeriod     = 10 * time.Second
	defaultBurstLatency   = 10 * time.Millisecond
	defaultBurstSize      = 10
	defaultMaxBlockCount  = 100
	defaultIterations     = 1
	defaultPeerNum        = 3
	defaultStateInfoEvery = 4 * time.Second
)

// settings reads the part of a node's configuration that does not depend on
// where it is.
func settings() *gossip.Config {
	return &gossip.Config{
		MaxBlockCountToStore:       util.GetIntOrDefault(maxBlockCountKey, defaultMaxBlockCount),
		MaxPropagationBurstLatency: util.GetDurationOrDefault(burstLatencyKey, defaultBurstLatency),
		MaxPropagationBurstSize:    util.GetIntOrDefault(burstSizeKey, defaultBurstSize),
		PropagateIterations:        util.GetIntOrDefault(iterationsKey, defaultIterations),
		PropagatePeerNum:           util.GetIntOrDefault(peerNumKey, defaultPeerNum),
		PullInterval:               util.GetDurationOrDefault(pullIntervalKey, defaultPullInterval),
		PullPeerNum:                util.GetIntOrDefault(pullPeerNumKey, defaultPeerNum),
		PublishCertPeriod:          util.GetDurationOrDefault(certPeriodKey, defaultCertPeriod),
		RequestStateInfoInterval:   util.GetDurationOrDefault(requestStateKey, defaultStateInfoEvery),
		PublishStateInfoInterval:   util.GetDurationOrDefault(publishStateKey, defaultStateInfoEvery),
		SkipBlockVerification:      viper.GetBool(skipVerificationKey),
		ExternalEndpoint:           viper.GetString(externalEndpointKey),
	}
}
