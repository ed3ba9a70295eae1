// SPDX-License-Identifier: Apache-2.0

package channel

import (
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// handleLeadership hands on, once, what a peer of the own organization says
// about leading it. Its signature has been checked. Peers send these messages
// to everybody themselves, so they are not forwarded.
func (gc *gossipChannel) handleLeadership(leadership *proto.LeadershipMessage, msg proto.ReceivedMessage) {
	if !gc.isOwnOrg(senderOf(msg)) || !gc.isOwnOrg(leadership.PkiId) {
		gc.reject(msg, refuse(reasonForeignOrg, nil))
		return
	}
	if !gc.leaderMsgStore.Add(msg.GetGossipMessage()) {
		gc.drop(msg, reasonStale)
		return
	}
	gc.DeMultiplex(msg.GetGossipMessage())
}
