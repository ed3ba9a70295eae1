// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/settings"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// peerFlags are the flags of commands that act as a peer of an organization.
type peerFlags struct {
	config    string
	channelID string
	block     string
	orderers  []string
}

func (f *peerFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.config, "config", "", "core.yaml to use (default: in $FABRIC_CFG_PATH, ., /etc/hyperledger/fabric); CORE_... variables override it")
	c.Flags().StringVar(&f.channelID, "channel", "", "the channel (default: the one that the --block file is of)")
	c.Flags().StringVar(&f.block, "block", "", "a file with the channel's block 0, or with a later config block")
	c.Flags().StringSliceVar(&f.orderers, "orderer", nil, "host:port of an orderer, instead of those in the channel's configuration; may be repeated")
}

// load reads the configuration and the identity, and the block file if any.
func (f *peerFlags) load() (*settings.Settings, *cb.Block, error) {
	for _, endpoint := range f.orderers {
		if _, _, err := net.SplitHostPort(endpoint); err != nil {
			return nil, nil, fmt.Errorf("--orderer %q is not host:port: %w", endpoint, err)
		}
	}
	s, err := settings.Load(f.config)
	if err != nil {
		return nil, nil, err
	}
	if err := blockpeer.LoadIdentity(s); err != nil {
		return nil, nil, err
	}
	if f.block == "" {
		return s, nil, nil
	}
	block, err := readBlock(f.block)
	if err != nil {
		return nil, nil, err
	}
	if !protoext.IsConfigBlock(block) {
		return nil, nil, fmt.Errorf("--block %s: block %d is not a config block", f.block, block.Header.Number)
	}
	if !bytes.Equal(block.Header.DataHash, protoext.BlockDataHash(block.Data)) {
		return nil, nil, fmt.Errorf("--block %s: block %d is damaged: its data hash is not that of its data", f.block, block.Header.Number)
	}
	id, err := utils.GetChainIDFromBlock(block)
	if err != nil {
		return nil, nil, fmt.Errorf("--block %s: %w", f.block, err)
	}
	if f.channelID == "" {
		f.channelID = id
	}
	if f.channelID != id {
		return nil, nil, fmt.Errorf("--block %s is of channel %s, not of %s", f.block, id, f.channelID)
	}
	return s, block, nil
}

// readBlock reads the file that --block names.
func readBlock(file string) (*cb.Block, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--block: %w", err)
	}
	block, err := protoext.UnmarshalBlock(raw)
	if err != nil {
		return nil, fmt.Errorf("--block %s: not a block: %w", file, err)
	}
	if block.Header == nil {
		return nil, fmt.Errorf("--block %s: not a block: it has no header", file)
	}
	return block, nil
}
