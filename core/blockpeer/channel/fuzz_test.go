// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package channel_test

import (
	"os"
	"testing"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	cb "github.com/hyperledger/fabric/protos/common"
)

// Whatever bytes arrive as a block: a channel starts from it or does not, a
// running channel accepts it or does not, and nothing panics.
func FuzzFromConfigBlock(f *testing.F) {
	for _, name := range []string{"mychannel/0000", "mychannel/0009", "mychannel/0032", "syschannel/0000"} {
		raw, err := os.ReadFile(recorded + name + ".block")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	// A small seed goes through many more changes in the same time.
	f.Add(marshal(f, rewrite(f, recordedBlock(f, "mychannel", 9), func(_ *cb.ChannelHeader, e *cb.ConfigEnvelope) {
		e.LastUpdate = nil
		e.Config.ChannelGroup.Groups = nil
	})))
	running := recordedChannel(f, 2)
	f.Fuzz(func(t *testing.T, raw []byte) {
		block := &cb.Block{}
		if proto.Unmarshal(raw, block) != nil {
			return
		}
		if c, err := channel.FromConfigBlock(block); err == nil {
			if len(c.OrdererAddresses()) == 0 || c.ID() == "" {
				t.Fatalf("channel %q with addresses %v", c.ID(), c.OrdererAddresses())
			}
			if err := c.Apply(block); err == nil {
				t.Fatal("one block was applied twice")
			}
			c.TLSRoots()
			c.View().Organizations()
		}
		if running.Validate(block) == nil {
			if config, err := genesis.ConfigFromBlock(block); err != nil || config.Sequence != 4 {
				t.Fatalf("accepted after sequence 3: %v, %v", config.GetSequence(), err)
			}
		}
	})
}
