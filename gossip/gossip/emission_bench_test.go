// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"fmt"
	"testing"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// silent is a transport that sends nothing.
type silent struct{ comm.Comm }

func (silent) Send(*proto.SignedGossipMessage, ...*comm.RemotePeer) {}

// BenchmarkEmission measures what it costs to find out to whom a message goes,
// one message at a time, in a node with 50 peers in its organization and channel.
func BenchmarkEmission(b *testing.B) {
	n := stubbedNode(b, nil)
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID("c"))
	var all []*actor
	for i := 0; i < 50; i++ {
		all = append(all, n.actor("A", fmt.Sprintf("%d+", i)))
	}
	n.knows("c", all...)
	n.emitter.Stop() // the benchmark takes its turn
	n.comm = silent{n.comm}
	for _, kind := range []struct {
		name    string
		message *proto.SignedGossipMessage
	}{
		{"alive", all[7].alive(b, 2)},
		{"state", all[7].stateInfo(b, "c", 2)},
		{"block", unsigned(b, blockOf("c", 1))},
	} {
		b.Run(kind.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				n.emit([]interface{}{&outgoing{message: kind.message, from: all[7].pkiID}})
			}
		})
	}
}
