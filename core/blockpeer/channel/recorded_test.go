// SPDX-License-Identifier: Apache-2.0

package channel_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	cb "github.com/hyperledger/fabric/protos/common"
)

const recorded = "../testdata/fabric-v1.3/"

func recordedBlock(t testing.TB, name string, number uint64) *cb.Block {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("%s%s/%04d.block", recorded, name, number))
	require.NoError(t, err)
	block := &cb.Block{}
	require.NoError(t, proto.Unmarshal(raw, block))
	return block
}

func recordedChannel(t testing.TB, number uint64) *channel.Channel {
	t.Helper()
	c, err := channel.FromConfigBlock(recordedBlock(t, "mychannel", number))
	require.NoError(t, err)
	return c
}

// configLine is what the recording says about a config block.
type configLine struct {
	number    uint64
	addresses []string
}

// recordedConfigs reads the lines of mychannel.tsv that are about config blocks.
func recordedConfigs(t testing.TB) []configLine {
	t.Helper()
	file, err := os.Open(recorded + "mychannel.tsv")
	require.NoError(t, err)
	defer file.Close()
	var lines []configLine
	scanner := bufio.NewScanner(file)
	scanner.Scan() // column titles
	for scanner.Scan() {
		columns := strings.Split(scanner.Text(), "\t")
		addresses := columns[len(columns)-1]
		if addresses == "" {
			continue
		}
		number, err := strconv.ParseUint(columns[0], 10, 64)
		require.NoError(t, err)
		lines = append(lines, configLine{number, strings.Split(addresses, ",")})
	}
	require.NoError(t, scanner.Err())
	return lines
}

// From whichever config block a peer starts, it ends up with the same
// configuration by following the rest.
func TestFollowRecordedChannel(t *testing.T) {
	lines := recordedConfigs(t)
	var numbers []uint64
	for _, line := range lines {
		numbers = append(numbers, line.number)
	}
	require.Equal(t, []uint64{0, 1, 2, 9, 22, 31}, numbers)

	for start := range lines {
		c := recordedChannel(t, lines[start].number)
		assert.Equal(t, "mychannel", c.ID())
		for i := start; i < len(lines); i++ {
			if i > start {
				block := recordedBlock(t, "mychannel", lines[i].number)
				require.NoError(t, c.Validate(block))
				require.NoError(t, c.Apply(block))
			}
			assert.Equal(t, uint64(i+1), c.Sequence(), "block 0 of a channel made through an orderer has sequence 1")
			assert.Equal(t, lines[i].number, c.ConfigBlockNumber())
			assert.Equal(t, lines[i].addresses, c.OrdererAddresses())
		}
		orderer, _ := c.Bundle().OrdererConfig()
		assert.EqualValues(t, 40, orderer.BatchSize().MaxMessageCount)
	}
}

func TestSystemChannel(t *testing.T) {
	c, err := channel.FromConfigBlock(recordedBlock(t, "syschannel", 0))
	require.NoError(t, err)
	assert.Equal(t, "syschannel", c.ID())
	assert.Zero(t, c.Sequence())
	assert.Equal(t, []string{"127.0.0.1:7050"}, c.OrdererAddresses())
	assert.Nil(t, c.View().Organizations())
	application, orderer := c.TLSRoots()
	assert.Empty(t, application)
	assert.Len(t, orderer, 1)
}

func TestTLSRoots(t *testing.T) {
	application, orderer := recordedChannel(t, 31).TLSRoots()
	assert.Equal(t, certificates(t, "peerOrganizations"), asStrings(application))
	assert.Equal(t, certificates(t, "ordererOrganizations"), asStrings(orderer))
}

// certificates reads the TLS CAs of all organizations of a kind, in the order
// of their MSP IDs, which is that of their domains.
func certificates(t *testing.T, kind string) []string {
	t.Helper()
	files, err := filepath.Glob(recorded + "crypto/" + kind + "/*/msp/tlscacerts/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var contents []string
	for _, name := range files {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		contents = append(contents, string(raw))
	}
	return contents
}

func asStrings(list [][]byte) []string {
	var strs []string
	for _, item := range list {
		strs = append(strs, string(item))
	}
	return strs
}

func TestViewStaysAsItIs(t *testing.T) {
	c := recordedChannel(t, 2)
	before, bundle := c.View(), c.Bundle()
	require.NoError(t, c.Apply(recordedBlock(t, "mychannel", 9)))

	assert.Equal(t, "mychannel", before.ChainID())
	assert.EqualValues(t, 3, before.Sequence())
	assert.Equal(t, []string{"127.0.0.1:7050"}, before.OrdererAddresses())
	assert.Len(t, before.Organizations(), 2)
	assert.EqualValues(t, 3, bundle.ConfigtxValidator().Sequence())

	after := c.View()
	assert.EqualValues(t, 4, after.Sequence())
	assert.Equal(t, []string{"127.0.0.1:7050", "127.0.0.1:7060"}, after.OrdererAddresses())

	c.OrdererAddresses()[0] = "elsewhere:1"
	assert.Equal(t, "127.0.0.1:7050", c.OrdererAddresses()[0], "callers own what they are given")
}

func TestCurrentManagers(t *testing.T) {
	c := recordedChannel(t, 0)
	assert.Same(t, c.Bundle().PolicyManager(), c.PolicyManager())
	assert.Same(t, c.Bundle().MSPManager(), c.MSPManager())
	old := c.PolicyManager()
	require.NoError(t, c.Apply(recordedBlock(t, "mychannel", 1)))
	assert.NotSame(t, old, c.PolicyManager())
}

func TestCallbacks(t *testing.T) {
	c := recordedChannel(t, 0)
	var calls []string
	note := func(name string) func(channelconfig.Resources) {
		return func(r channelconfig.Resources) {
			assert.Same(t, c.Bundle(), r, "a callback finds the new configuration in place")
			calls = append(calls, fmt.Sprintf("%s %d", name, r.ConfigtxValidator().Sequence()))
		}
	}
	c.OnUpdate(note("gossip"))
	c.OnTrustUpdate(note("msp"))
	c.OnUpdate(note("delivery"))
	c.OnTrustUpdate(note("tls"))
	assert.Equal(t, []string{"gossip 1", "msp 1", "delivery 1", "tls 1"}, calls, "each is informed when it registers")

	calls = nil
	require.NoError(t, c.Apply(recordedBlock(t, "mychannel", 1)))
	assert.Equal(t, []string{"msp 2", "tls 2", "gossip 2", "delivery 2"}, calls, "trust comes first")

	calls = nil
	require.Error(t, c.Apply(recordedBlock(t, "mychannel", 9)))
	require.NoError(t, c.Validate(recordedBlock(t, "mychannel", 2)))
	assert.Empty(t, calls, "nothing happened, nobody is informed")
}

func TestReadersDuringUpdates(t *testing.T) {
	c := recordedChannel(t, 0)
	done := make(chan struct{})
	started := make(chan struct{})
	go func() {
		defer close(done)
		last := c.Sequence()
		close(started)
		for last < 6 {
			now := c.View().Sequence()
			if now < last {
				t.Errorf("sequence went from %d back to %d", last, now)
				return
			}
			last = now
			c.TLSRoots()
			c.OrdererAddresses()
		}
	}()
	<-started
	for _, line := range recordedConfigs(t)[1:] {
		require.NoError(t, c.Apply(recordedBlock(t, "mychannel", line.number)))
	}
	<-done
}

func TestRegistry(t *testing.T) {
	var r channel.Registry
	_, known := r.Get("mychannel")
	assert.False(t, known)
	manager, known := r.Manager("mychannel")
	assert.False(t, known)
	assert.Nil(t, manager)

	c := recordedChannel(t, 0)
	require.NoError(t, r.Add(c))
	assert.EqualError(t, r.Add(recordedChannel(t, 1)), "channel mychannel is already known")
	found, known := r.Get("mychannel")
	assert.True(t, known)
	assert.Same(t, c, found)

	require.NoError(t, c.Apply(recordedBlock(t, "mychannel", 1)))
	manager, known = r.Manager("mychannel")
	assert.True(t, known)
	assert.Same(t, c.PolicyManager(), manager, "policies are those of now")
}
