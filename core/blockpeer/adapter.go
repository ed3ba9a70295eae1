// SPDX-License-Identifier: Apache-2.0

package blockpeer

import (
	"github.com/hyperledger/fabric/core/blockpeer/window"
	"github.com/hyperledger/fabric/core/deliverservice/blocksprovider"
	"github.com/hyperledger/fabric/core/ledger"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/gossip"
)

// adapter is what delivery sees of a peer: a sink for verified blocks. It
// gossips with nobody.
type adapter Peer

var _ blocksprovider.GossipServiceAdapter = (*adapter)(nil)

// PeersOfChannel knows no other peers.
func (a *adapter) PeersOfChannel(gossipcommon.ChainID) []discovery.NetworkMember { return nil }

// AddPayload puts a verified block into the window and blocks while that is
// full. A block that comes while the peer is being stopped is dropped, which is
// nothing to complain of: it is not in the ledger, so it will be asked for.
func (a *adapter) AddPayload(_ string, payload *gossip.Payload) error {
	err := a.window.Add(payload.SeqNum, payload.Data)
	if err == window.ErrStopped {
		return nil
	}
	return err
}

// Gossip has nobody to pass blocks on to.
func (a *adapter) Gossip(*gossip.GossipMessage) {}

func blockAlone(b *cb.Block) *ledger.BlockAndPvtData { return &ledger.BlockAndPvtData{Block: b} }
