// SPDX-License-Identifier: Apache-2.0

package channelconfig_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	cb "github.com/hyperledger/fabric/protos/common"
)

const recorded = "../../core/blockpeer/testdata/fabric-v1.3/"

// recordedBlock reads a block of the recorded network.
func recordedBlock(t testing.TB, channel string, number int) *cb.Block {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("%s%s/%04d.block", recorded, channel, number))
	require.NoError(t, err)
	block := &cb.Block{}
	require.NoError(t, proto.Unmarshal(raw, block))
	return block
}

func recordedConfig(t testing.TB, channel string, number int) *cb.Config {
	t.Helper()
	config, err := genesis.ConfigFromBlock(recordedBlock(t, channel, number))
	require.NoError(t, err)
	return config
}

// edited returns the configuration of the recorded channel, after the edit.
func edited(t testing.TB, edit func(c *cb.Config)) *cb.Config {
	t.Helper()
	config := recordedConfig(t, "mychannel", 31)
	edit(config)
	return config
}

func bundle(t testing.TB, config *cb.Config) *channelconfig.Bundle {
	t.Helper()
	b, err := channelconfig.NewBundle("mychannel", config)
	require.NoError(t, err)
	return b
}

// group walks from the root group.
func group(c *cb.Config, path ...string) *cb.ConfigGroup {
	g := c.ChannelGroup
	for _, key := range path {
		g = g.Groups[key]
	}
	return g
}

// put sets a value in a group.
func put(g *cb.ConfigGroup, value channelconfig.ConfigValue) {
	raw, err := proto.Marshal(value.Value())
	if err != nil {
		panic(err)
	}
	g.Values[value.Key()] = &cb.ConfigValue{Value: raw, ModPolicy: "Admins"}
}
