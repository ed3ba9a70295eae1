// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package channelconfig_test

import (
	"testing"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/common/channelconfig"
	cb "github.com/hyperledger/fabric/protos/common"
)

// Whatever bytes arrive as a configuration, reading them ends in an error or
// in a bundle that all getters work on and that may follow itself.
func FuzzNewBundle(f *testing.F) {
	for _, seed := range []struct {
		channel string
		number  int
	}{{"mychannel", 0}, {"mychannel", 31}, {"syschannel", 0}} {
		raw, err := proto.Marshal(recordedConfig(f, seed.channel, seed.number))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	// Small seeds go through many more changes in the same time.
	small := recordedConfig(f, "mychannel", 31)
	for _, section := range small.ChannelGroup.Groups {
		section.Groups = nil
	}
	for _, config := range []*cb.Config{small, {ChannelGroup: &cb.ConfigGroup{Values: small.ChannelGroup.Values}}} {
		raw, err := proto.Marshal(config)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		config := &cb.Config{}
		if proto.Unmarshal(raw, config) != nil {
			return
		}
		b, err := channelconfig.NewBundle("fuzz", config)
		if err != nil {
			return
		}
		if len(b.ChannelConfig().OrdererAddresses()) == 0 {
			t.Fatal("a bundle without orderer addresses")
		}
		if orderer, present := b.OrdererConfig(); present && orderer.BatchTimeout() <= 0 {
			t.Fatalf("a bundle with batch timeout %s", orderer.BatchTimeout())
		}
		if application, present := b.ApplicationConfig(); present {
			for name, org := range application.Organizations() {
				if org.Name() != name || org.MSPID() == "" {
					t.Fatalf("organization %q is called %q with MSP %q", name, org.Name(), org.MSPID())
				}
			}
		}
		if err := b.ValidateNew(b); err != nil {
			t.Fatalf("a bundle may not follow itself: %v", err)
		}
		channelconfig.LogSanityChecks(b)
	})
}
