// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	cb "github.com/hyperledger/fabric/protos/common"
)

// reportEvery is how often a running peer says how far it is, if it moved.
const reportEvery = 5 * time.Second

var logger = flogging.MustGetLogger("blockpeer")

func startCommand() *cobra.Command { return startCommandTelling(nil) }

// startCommandTelling is startCommand for those who want to know of committed
// blocks, on the committing goroutine.
func startCommandTelling(committed func([]blockstore.Block)) *cobra.Command {
	var f peerFlags
	var repair bool
	c := &cobra.Command{
		Use:   "start",
		Short: "Pull a channel as its organization's leader until stopped",
		Long: `Pull a channel as its organization's static leader: connect to one of its
orderers, verify each block, store it durably, for ever.

The first start needs --block with the channel's block 0, or with a later config
block: then block 0 is fetched from the orderers which that block names, and the
chain must come to that very block. Later starts need only --channel.`,
		Example: `  FABRIC_CFG_PATH=. blockpeer start --block mychannel.block
  blockpeer start --config core.yaml --channel mychannel --orderer orderer.example.com:7050`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return start(c.Context(), &f, repair, committed) },
	}
	f.add(c)
	c.Flags().BoolVar(&repair, "repair", false, repairHelp)
	return c
}

// repairHelp explains --repair of the commands that keep a chain.
const repairHelp = "if a block on disk is damaged, forget it and all above it: a peer fetches them again, an orderer has lost them"

func start(ctx context.Context, f *peerFlags, repair bool, committed func([]blockstore.Block)) error {
	s, block, err := f.load()
	if err != nil {
		return err
	}
	if f.channelID == "" {
		return errors.New("which channel? give --channel, or --block with one of its config blocks")
	}
	// There is no election yet: whoever starts this command wants a leader.
	viper.Set("peer.gossip.orgLeader", true)
	viper.Set("peer.gossip.useLeaderElection", false)
	count := counter{also: committed}
	cfg := blockpeer.Config{Dir: s.Dir, ChannelID: f.channelID, Orderers: f.orderers, OnCommit: count.add}
	if repair {
		cfg.StoreOptions = append(cfg.StoreOptions, blockstore.TruncateAtDamage())
	}
	if err := beginning(ctx, &cfg, block); err != nil {
		return err
	}
	peer, err := blockpeer.Start(cfg)
	if err != nil {
		return err
	}
	defer peer.Stop()
	report := time.NewTicker(reportEvery)
	defer report.Stop()
	for {
		select {
		case <-ctx.Done():
			peer.Stop()
			logger.Infof("Channel %s: stopped at height %d", f.channelID, peer.Store().Height())
			return nil
		case <-peer.Done():
			return fmt.Errorf("channel %s: %w", f.channelID, peer.Err())
		case <-report.C:
			count.report(f.channelID, peer.Store().Height())
		}
	}
}

// beginning finds block 0: it is the block given, or is fetched by means of it.
func beginning(ctx context.Context, cfg *blockpeer.Config, block *cb.Block) error {
	switch {
	case block == nil:
		return nil
	case block.Header.Number == 0:
		cfg.Genesis = block
		return nil
	}
	cfg.Trusted = block
	begun, err := blockpeer.HasLedger(cfg.Dir, cfg.ChannelID)
	if err != nil || begun {
		return err
	}
	logger.Infof("Channel %s: fetching block 0 by means of config block %d", cfg.ChannelID, block.Header.Number)
	cfg.Genesis, err = blockpeer.FetchGenesis(ctx, block, cfg.Orderers)
	return err
}

// counter counts committed blocks between reports.
type counter struct {
	blocks, bytes atomic.Int64
	also          func([]blockstore.Block) // told as well, if not nil
}

func (c *counter) add(run []blockstore.Block) {
	for i := range run {
		c.blocks.Add(1)
		c.bytes.Add(int64(len(run[i].Raw)))
	}
	if c.also != nil {
		c.also(run)
	}
}

func (c *counter) report(channelID string, height uint64) {
	blocks, bytes := c.blocks.Swap(0), c.bytes.Swap(0)
	if blocks > 0 {
		seconds := reportEvery.Seconds()
		logger.Infof("Channel %s: height %d, %.1f blocks/s, %.2f MB/s", channelID, height, float64(blocks)/seconds, float64(bytes)/1e6/seconds)
	}
}
