// SPDX-License-Identifier: Apache-2.0

package genesis_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/gossip/protoext"
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

func recordedConfig(t testing.TB, name string, number uint64) *cb.Config {
	t.Helper()
	config, err := genesis.ConfigFromBlock(recordedBlock(t, name, number))
	require.NoError(t, err)
	return config
}

// recordedOrg describes an organization of the recorded network with the
// policies that its configtx.yaml gave it.
func recordedOrg(number int) genesis.Org {
	id := fmt.Sprintf("Org%dMSP", number)
	return genesis.Org{
		MSPID:  id,
		MSPDir: fmt.Sprintf("%scrypto/peerOrganizations/org%d.fixtures.test/msp", recorded, number),
		Policies: map[string]string{
			"Readers": fmt.Sprintf("OR('%[1]s.admin', '%[1]s.peer', '%[1]s.client')", id),
			"Writers": fmt.Sprintf("OR('%[1]s.admin', '%[1]s.client')", id),
		},
	}
}

func recordedOrdererOrg() genesis.Org {
	return genesis.Org{Name: "OrdererOrg", MSPID: "OrdererMSP", MSPDir: recorded + "crypto/ordererOrganizations/fixtures.test/msp"}
}

// describe lists a tree, one element a line, with everything but the contents
// of values and policies.
func describe(path string, g *cb.ConfigGroup) []string {
	lines := []string{fmt.Sprintf("%s: group, version %d, mod_policy %s", path, g.Version, g.ModPolicy)}
	for key, v := range g.Values {
		lines = append(lines, fmt.Sprintf("%s/%s: value, version %d, mod_policy %s", path, key, v.Version, v.ModPolicy))
	}
	for key, p := range g.Policies {
		lines = append(lines, fmt.Sprintf("%s/%s: policy of type %d, version %d, mod_policy %s", path, key, p.Policy.Type, p.Version, p.ModPolicy))
	}
	for key, sub := range g.Groups {
		lines = append(lines, describe(path+"/"+key, sub)...)
	}
	sort.Strings(lines)
	return lines
}

// differences names the elements whose contents differ in two trees of the
// same structure.
func differences(path string, a, b *cb.ConfigGroup) []string {
	var found []string
	for key := range a.Values {
		if string(a.Values[key].Value) != string(b.Values[key].Value) {
			found = append(found, path+"/"+key)
		}
	}
	for key := range a.Policies {
		if !proto.Equal(a.Policies[key], b.Policies[key]) {
			found = append(found, path+"/"+key)
		}
	}
	for key := range a.Groups {
		found = append(found, differences(path+"/"+key, a.Groups[key], b.Groups[key])...)
	}
	sort.Strings(found)
	return found
}

func TestSameAsConfigtxgen(t *testing.T) {
	theirs := recordedBlock(t, "syschannel", 0)
	ours, err := genesis.Block(genesis.Profile{
		ChannelID:    "syschannel",
		OrdererOrgs:  []genesis.Org{recordedOrdererOrg()},
		Consortiums:  []genesis.Consortium{{Name: "SampleConsortium", Orgs: []genesis.Org{recordedOrg(1), recordedOrg(2)}}},
		BatchTimeout: 500 * time.Millisecond,
	})
	require.NoError(t, err)

	want, err := genesis.ConfigFromBlock(theirs)
	require.NoError(t, err)
	got, err := genesis.ConfigFromBlock(ours)
	require.NoError(t, err)
	assert.Equal(t, describe("/Channel", want.ChannelGroup), describe("/Channel", got.ChannelGroup))
	assert.Empty(t, differences("/Channel", want.ChannelGroup, got.ChannelGroup))
	assert.True(t, proto.Equal(want, got))

	assert.Zero(t, ours.Header.Number)
	assert.Empty(t, ours.Header.PreviousHash)
	assert.Equal(t, protoext.BlockDataHash(ours.Data), ours.Header.DataHash)
	assert.Equal(t, len(theirs.Metadata.Metadata), len(ours.Metadata.Metadata))
	for _, entry := range ours.Metadata.Metadata {
		assert.Empty(t, entry)
	}
	checkUnsignedHeader(t, theirs, "syschannel")
	checkUnsignedHeader(t, ours, "syschannel")
}

// checkUnsignedHeader holds for block 0 of configtxgen as for ours.
func checkUnsignedHeader(t *testing.T, b *cb.Block, channelID string) {
	t.Helper()
	require.Len(t, b.Data.Data, 1)
	envelope, payload := &cb.Envelope{}, &cb.Payload{}
	header, signer := &cb.ChannelHeader{}, &cb.SignatureHeader{}
	require.NoError(t, proto.Unmarshal(b.Data.Data[0], envelope))
	require.NoError(t, proto.Unmarshal(envelope.Payload, payload))
	require.NoError(t, proto.Unmarshal(payload.Header.ChannelHeader, header))
	require.NoError(t, proto.Unmarshal(payload.Header.SignatureHeader, signer))

	assert.Empty(t, envelope.Signature)
	assert.Empty(t, signer.Creator)
	assert.Len(t, signer.Nonce, 24)
	txID := sha256.Sum256(signer.Nonce)
	assert.Equal(t, hex.EncodeToString(txID[:]), header.TxId)
	assert.EqualValues(t, cb.HeaderType_CONFIG, header.Type)
	assert.EqualValues(t, 1, header.Version)
	assert.Equal(t, channelID, header.ChannelId)
	assert.Zero(t, header.Epoch)
	assert.NotZero(t, header.Timestamp.Seconds)
	assert.Zero(t, header.Timestamp.Nanos)
}

// The recorded application channel was made through an orderer: its tree is
// what configtxgen makes directly, but for the version of the application group,
// which the creation update raised.
func TestApplicationChannelAsThroughAnOrderer(t *testing.T) {
	want := recordedConfig(t, "mychannel", 0)
	block, err := genesis.Block(genesis.Profile{
		ChannelID:       "mychannel",
		Consortium:      "SampleConsortium",
		OrdererOrgs:     []genesis.Org{recordedOrdererOrg()},
		ApplicationOrgs: []genesis.Org{recordedOrg(1), recordedOrg(2)},
		BatchTimeout:    500 * time.Millisecond,
	})
	require.NoError(t, err)
	got, err := genesis.ConfigFromBlock(block)
	require.NoError(t, err)
	assert.Zero(t, got.Sequence)
	want.ChannelGroup.Groups["Application"].Version = 0
	assert.Equal(t, describe("/Channel", want.ChannelGroup), describe("/Channel", got.ChannelGroup))
	assert.Empty(t, differences("/Channel", want.ChannelGroup, got.ChannelGroup))
}

// The updates in the recorded chain were computed by Fabric's tools.
func TestSameUpdatesAsFabricsTools(t *testing.T) {
	numbers := []uint64{0, 1, 2, 9, 22, 31}
	for i, number := range numbers[1:] {
		t.Run(fmt.Sprint("block ", number), func(t *testing.T) {
			channelID, contents, err := genesis.EnvelopeFromBlock(recordedBlock(t, "mychannel", number))
			require.NoError(t, err)
			want := updateInside(t, contents.LastUpdate)
			// configtxgen, which made the updates of blocks 1 and 2, repeats
			// the mod_policy of a group that stays as it is. It has no effect.
			for _, set := range []*cb.ConfigGroup{want.ReadSet, want.WriteSet} {
				if application := set.Groups["Application"]; application != nil {
					application.ModPolicy = ""
				}
			}

			got, err := genesis.ComputeUpdate(channelID, recordedConfig(t, "mychannel", numbers[i]), contents.Config)
			require.NoError(t, err)
			assert.Equal(t, want.ChannelId, got.ChannelId)
			assert.True(t, proto.Equal(want.ReadSet, got.ReadSet), "read set: want %v, got %v", want.ReadSet, got.ReadSet)
			assert.True(t, proto.Equal(want.WriteSet, got.WriteSet), "write set: want %v, got %v", want.WriteSet, got.WriteSet)
		})
	}
}

func updateInside(t testing.TB, envelope *cb.Envelope) *cb.ConfigUpdate {
	t.Helper()
	payload, contents, update := &cb.Payload{}, &cb.ConfigUpdateEnvelope{}, &cb.ConfigUpdate{}
	require.NoError(t, proto.Unmarshal(envelope.Payload, payload))
	require.NoError(t, proto.Unmarshal(payload.Data, contents))
	require.NoError(t, proto.Unmarshal(contents.ConfigUpdate, update))
	return update
}

func TestBlockRefusals(t *testing.T) {
	org := recordedOrg(1)
	with := func(edit func(o *genesis.Org)) []genesis.Org { o := org; edit(&o); return []genesis.Org{o} }
	for name, c := range map[string]struct {
		profile genesis.Profile
		want    string
	}{
		"no channel name":  {genesis.Profile{}, "bad channel ID"},
		"bad channel name": {genesis.Profile{ChannelID: "Mine"}, "bad channel ID"},
		"no MSP ID":        {genesis.Profile{ChannelID: "c", OrdererOrgs: with(func(o *genesis.Org) { o.MSPID = "" })}, `organization "" has no MSP ID`},
		"no MSP directory": {genesis.Profile{ChannelID: "c", OrdererOrgs: with(func(o *genesis.Org) { o.MSPDir = "" })}, "organization Org1MSP has no MSP directory"},
		"not there":        {genesis.Profile{ChannelID: "c", OrdererOrgs: with(func(o *genesis.Org) { o.MSPDir = "nowhere/msp" })}, "organization Org1MSP: reading its MSP from nowhere/msp"},
		"anchor peer": {genesis.Profile{ChannelID: "c", ApplicationOrgs: with(func(o *genesis.Org) { o.AnchorPeers = []genesis.AnchorPeer{{"h", 0}} })},
			"organization Org1MSP: anchor peer h:0 is not a host and a port"},
		"policy": {genesis.Profile{ChannelID: "c", ApplicationOrgs: with(func(o *genesis.Org) { o.Policies = map[string]string{"Admins": "NOT"} })},
			"organization Org1MSP: policy Admins"},
		"twice": {genesis.Profile{ChannelID: "c", ApplicationOrgs: []genesis.Org{org, org}}, "organization Org1MSP occurs twice in a section"},
		"one MSP ID for two": {genesis.Profile{ChannelID: "c", ApplicationOrgs: []genesis.Org{org},
			OrdererOrgs: []genesis.Org{{MSPID: "Org1MSP", MSPDir: recordedOrg(2).MSPDir}}}, `two different definitions of the MSP "Org1MSP"`},
		"batch size": {genesis.Profile{ChannelID: "c", AbsoluteMaxBytes: 1}, "preferred_max_bytes 524288 exceeds absolute_max_bytes 1"},
		"timeout":    {genesis.Profile{ChannelID: "c", BatchTimeout: -1}, "BatchTimeout: -1ns is not positive"},
		"capabilities": {genesis.Profile{ChannelID: "c", OrdererCapabilities: []string{}},
			"cannot enable channel capabilities without orderer support first"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := genesis.Block(c.profile)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}

func TestConfigFromBlockRefusals(t *testing.T) {
	_, err := genesis.ConfigFromBlock(nil)
	assert.EqualError(t, err, "config block is nil")
	_, err = genesis.ConfigFromBlock(recordedBlock(t, "mychannel", 32))
	require.Error(t, err)
	assert.True(t, strings.HasPrefix(err.Error(), "block 32"), err.Error())
}
