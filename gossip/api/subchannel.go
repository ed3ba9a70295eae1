// SPDX-License-Identifier: Apache-2.0

package api

import "github.com/hyperledger/fabric/gossip/common"

// RoutingFilter tells whether a peer is among those a message may go to.
type RoutingFilter func(peerIdentity PeerIdentityType) bool

// SubChannelSelectionCriteria tells whether the maker of a signature belongs
// to a subset of a channel, such as a private data collection.
type SubChannelSelectionCriteria func(signature PeerSignature) bool

// RoutingFilterFactory turns criteria on signatures into filters on peers.
type RoutingFilterFactory interface {
	// Peers returns a filter for the peers of a channel that meet the criteria.
	Peers(chainID common.ChainID, criteria SubChannelSelectionCriteria) RoutingFilter
}
