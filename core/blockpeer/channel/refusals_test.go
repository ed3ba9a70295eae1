// SPDX-License-Identifier: Apache-2.0

package channel_test

import (
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	cb "github.com/hyperledger/fabric/protos/common"
)

// rewrite takes a config block apart, lets edit change what it carries, and
// puts it together again. Signatures are not made anew.
func rewrite(t testing.TB, b *cb.Block, edit func(h *cb.ChannelHeader, contents *cb.ConfigEnvelope)) *cb.Block {
	t.Helper()
	envelope, payload := &cb.Envelope{}, &cb.Payload{}
	header, contents := &cb.ChannelHeader{}, &cb.ConfigEnvelope{}
	require.NoError(t, proto.Unmarshal(b.Data.Data[0], envelope))
	require.NoError(t, proto.Unmarshal(envelope.Payload, payload))
	require.NoError(t, proto.Unmarshal(payload.Header.ChannelHeader, header))
	require.NoError(t, proto.Unmarshal(payload.Data, contents))
	edit(header, contents)
	payload.Header.ChannelHeader = marshal(t, header)
	payload.Data = marshal(t, contents)
	envelope.Payload = marshal(t, payload)
	changed := proto.Clone(b).(*cb.Block)
	changed.Data.Data[0] = marshal(t, envelope)
	return changed
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	raw, err := proto.Marshal(m)
	require.NoError(t, err)
	return raw
}

func requiring(t testing.TB, name string) []byte {
	return marshal(t, channelconfig.CapabilitiesValue(map[string]bool{name: true}).Value())
}

func TestRefusedAtStart(t *testing.T) {
	good := recordedBlock(t, "mychannel", 9)
	with := func(edit func(b *cb.Block)) *cb.Block {
		b := proto.Clone(good).(*cb.Block)
		edit(b)
		return b
	}
	config := func(edit func(c *cb.Config)) *cb.Block {
		return rewrite(t, good, func(_ *cb.ChannelHeader, e *cb.ConfigEnvelope) { edit(e.Config) })
	}
	garbage := []byte{0xff, 0xff}
	for name, c := range map[string]struct {
		block *cb.Block
		want  string
	}{
		"nil":              {nil, "config block is nil"},
		"no header":        {with(func(b *cb.Block) { b.Header = nil }), "config block has no header"},
		"no data":          {with(func(b *cb.Block) { b.Data = nil }), "block 9 has no entries"},
		"no entry":         {with(func(b *cb.Block) { b.Data.Data = nil }), "block 9 has no entries"},
		"two entries":      {with(func(b *cb.Block) { b.Data.Data = append(b.Data.Data, nil) }), "block 9 has 2 entries"},
		"garbled envelope": {with(func(b *cb.Block) { b.Data.Data[0] = garbage }), "block 9: decoding its envelope"},
		"garbled payload":  {with(func(b *cb.Block) { b.Data.Data[0] = marshal(t, &cb.Envelope{Payload: garbage}) }), "block 9: decoding its payload"},
		"empty payload":    {with(func(b *cb.Block) { b.Data.Data[0] = nil }), "block 9: its payload has no header"},
		"transactions":     {recordedBlock(t, "mychannel", 3), "block 3 has 10 entries"},
		"another type":     {rewrite(t, good, func(h *cb.ChannelHeader, _ *cb.ConfigEnvelope) { h.Type = 3 }), "not a config block: its entry is of type ENDORSER_TRANSACTION"},
		"nothing inside":   {rewrite(t, good, func(_ *cb.ChannelHeader, e *cb.ConfigEnvelope) { e.Config = nil }), "has no configuration"},
		"no channel group": {config(func(c *cb.Config) { c.ChannelGroup = nil }), "has no configuration"},
		"no addresses":     {config(func(c *cb.Config) { delete(c.ChannelGroup.Values, "OrdererAddresses") }), "OrdererAddresses"},
		"channel name":     {rewrite(t, good, func(h *cb.ChannelHeader, _ *cb.ConfigEnvelope) { h.ChannelId = "Not OK" }), "bad channel ID"},
		"newer channel":    {config(func(c *cb.Config) { c.ChannelGroup.Values["Capabilities"].Value = requiring(t, "V1_4_2") }), "Channel capability V1_4_2 is required but not supported"},
		"newer application": {config(func(c *cb.Config) {
			c.ChannelGroup.Groups["Application"].Values["Capabilities"].Value = requiring(t, "V2_0")
		}), "Application capability V2_0 is required but not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := channel.FromConfigBlock(c.block)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
	_, err := channel.FromConfigBlock(config(func(c *cb.Config) {
		c.ChannelGroup.Groups["Orderer"].Values["Capabilities"].Value = requiring(t, "V2_0")
	}))
	assert.NoError(t, err, "what orderers must implement is not a peer's concern")
}

func TestRefusedUpdates(t *testing.T) {
	next := recordedBlock(t, "mychannel", 9)
	for name, c := range map[string]struct {
		block *cb.Block
		want  string
	}{
		"nil":             {nil, "channel mychannel: reading a config block: config block is nil"},
		"transactions":    {recordedBlock(t, "mychannel", 3), "channel mychannel: reading a config block: block 3 has 10 entries"},
		"the current one": {recordedBlock(t, "mychannel", 2), "the configuration in block 2: has sequence 3, the next is 4"},
		"an older one":    {recordedBlock(t, "mychannel", 0), "the configuration in block 0: has sequence 1, the next is 4"},
		"one left out":    {recordedBlock(t, "mychannel", 22), "the configuration in block 22: has sequence 5, the next is 4"},
		"another channel": {recordedBlock(t, "syschannel", 0), `channel mychannel: block 0 carries a configuration of channel "syschannel"`},
		"no update": {rewrite(t, next, func(_ *cb.ChannelHeader, e *cb.ConfigEnvelope) { e.LastUpdate = nil }),
			"the configuration in block 9: is not what its update allows"},
		"more than the update": {rewrite(t, next, func(_ *cb.ChannelHeader, e *cb.ConfigEnvelope) {
			addresses := channelconfig.OrdererAddressesValue([]string{"evil.test:7050"})
			e.Config.ChannelGroup.Values["OrdererAddresses"].Value = marshal(t, addresses.Value())
		}), "the configuration in block 9: is not what its update allows"},
		"an update of before": {rewrite(t, next, func(_ *cb.ChannelHeader, e *cb.ConfigEnvelope) {
			rewrite(t, recordedBlock(t, "mychannel", 2), func(_ *cb.ChannelHeader, old *cb.ConfigEnvelope) { e.LastUpdate = old.LastUpdate })
		}), "the configuration in block 9: is not what its update allows"},
	} {
		t.Run(name, func(t *testing.T) {
			channel := recordedChannel(t, 2)
			before := channel.Bundle()
			err := channel.Apply(c.block)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.EqualError(t, channel.Validate(c.block), err.Error())
			assert.Same(t, before, channel.Bundle(), "nothing has changed")
			assert.NoError(t, channel.Apply(next), "the channel goes on")
		})
	}
}
