// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"fmt"
	"sort"
	"strings"

	"github.com/golang/protobuf/proto"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/peer"
	"github.com/hyperledger/fabric/protos/utils"
)

// maxConfigDepth bounds the walk through a config tree: real ones are four
// groups deep.
const maxConfigDepth = 32

// Config describes the configuration in a config block.
type Config struct {
	Sequence         uint64     `json:"sequence"`
	OrdererAddresses []string   `json:"orderer_addresses"`
	Organizations    []string   `json:"organizations"` // section/name
	Changes          []string   `json:"changes"`       // what the update that led here wrote
	UpdateSigners    []Identity `json:"update_signers"`
}

// describeConfig fills in the configuration of a config block.
func (d *Block) describeConfig(block *cb.Block) {
	if !utils.IsConfigBlock(block) {
		return
	}
	contents := &cb.ConfigEnvelope{}
	envelope, err := utils.ExtractEnvelope(block, 0)
	if err == nil {
		_, err = utils.UnmarshalEnvelopeOfType(envelope, cb.HeaderType_CONFIG, contents)
	}
	if err != nil {
		d.problem("configuration: %v", err)
		return
	}
	root := contents.GetConfig().GetChannelGroup()
	c := &Config{Sequence: contents.GetConfig().GetSequence(), OrdererAddresses: []string{}, Organizations: []string{}, Changes: []string{}, UpdateSigners: []Identity{}}
	addresses := &cb.OrdererAddresses{}
	if err := proto.Unmarshal(root.GetValues()["OrdererAddresses"].GetValue(), addresses); err == nil {
		c.OrdererAddresses = append(c.OrdererAddresses, addresses.Addresses...)
	}
	for _, section := range sortedKeys(root.GetGroups()) {
		for _, org := range sortedKeys(root.Groups[section].GetGroups()) {
			c.Organizations = append(c.Organizations, section+"/"+org)
		}
	}
	c.describeUpdate(contents.LastUpdate)
	d.Config = c
}

// describeUpdate lists what the update wrote that it did not merely read.
func (c *Config) describeUpdate(last *cb.Envelope) {
	if last == nil {
		return
	}
	signed := &cb.ConfigUpdateEnvelope{}
	if _, err := utils.UnmarshalEnvelopeOfType(last, cb.HeaderType_CONFIG_UPDATE, signed); err != nil {
		c.Changes = append(c.Changes, "unreadable update: "+err.Error())
		return
	}
	for _, s := range signed.Signatures {
		if creator := creatorOf(s.GetSignatureHeader()); creator != nil {
			c.UpdateSigners = append(c.UpdateSigners, *creator)
		}
	}
	update := &cb.ConfigUpdate{}
	if err := proto.Unmarshal(signed.ConfigUpdate, update); err != nil {
		c.Changes = append(c.Changes, "unreadable update: "+err.Error())
		return
	}
	c.compare("/Channel", update.ReadSet, update.WriteSet, maxConfigDepth)
}

// compare walks the read and the write set of an update side by side.
func (c *Config) compare(path string, read, write *cb.ConfigGroup, depth int) {
	if depth == 0 {
		c.Changes = append(c.Changes, path+": nested too deeply to describe")
		return
	}
	if read == nil || write.GetVersion() != read.GetVersion() {
		c.Changes = append(c.Changes, fmt.Sprintf("group %s to version %d", path, write.GetVersion()))
	}
	for _, name := range sortedKeys(write.GetValues()) {
		was, is := read.GetValues()[name], write.Values[name]
		if was == nil || was.Version != is.GetVersion() {
			c.Changes = append(c.Changes, fmt.Sprintf("value %s/%s to version %d%s", path, name, is.GetVersion(), describeValue(name, is.GetValue())))
		}
	}
	for _, name := range sortedKeys(write.GetPolicies()) {
		was, is := read.GetPolicies()[name], write.Policies[name]
		if was == nil || was.Version != is.GetVersion() {
			c.Changes = append(c.Changes, fmt.Sprintf("policy %s/%s to version %d", path, name, is.GetVersion()))
		}
	}
	for _, name := range sortedKeys(write.GetGroups()) {
		c.compare(path+"/"+name, read.GetGroups()[name], write.Groups[name], depth-1)
	}
}

// describeValue prints the values that operators change most.
func describeValue(name string, raw []byte) string {
	var message proto.Message
	switch name {
	case "OrdererAddresses":
		message = &cb.OrdererAddresses{}
	case "BatchSize":
		message = &orderer.BatchSize{}
	case "BatchTimeout":
		message = &orderer.BatchTimeout{}
	case "AnchorPeers":
		message = &peer.AnchorPeers{}
	case "Capabilities":
		message = &cb.Capabilities{}
	default:
		return ""
	}
	if proto.Unmarshal(raw, message) != nil {
		return ": unreadable"
	}
	return ": " + strings.TrimSpace(proto.CompactTextString(message))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
