// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"
	"golang.org/x/term"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/fetch"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

func fetchCommand() *cobra.Command {
	var f peerFlags
	var folder, roots string
	c := &cobra.Command{
		Use:   "fetch RANGE",
		Short: "Fetch blocks into files, once",
		Long: `Fetch blocks from an orderer into files NUMBER.block.

RANGE is a number, FROM..TO with numbers or the words oldest and newest, one of
these words, or config for the newest config block.

With --block, a config block of the channel, the orderers' addresses and TLS
roots are taken from it and every block's signatures are verified. Without it,
give --channel, --orderer and, with TLS, --cafile.`,
		Example: `  blockpeer fetch 0 --channel mychannel --orderer orderer.example.com:7050 --cafile tlsca.pem
  blockpeer fetch oldest..newest --block mychannel.block --to blocks`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return runFetch(c.Context(), c.OutOrStdout(), &f, args[0], folder, roots)
		},
	}
	f.add(c)
	c.Flags().StringVar(&folder, "to", ".", "the folder to write into; made if it does not exist")
	c.Flags().StringVar(&roots, "cafile", "", "PEM file with the orderers' TLS roots (default: those in --block, else peer.tls.rootcert.file)")
	return c
}

func runFetch(ctx context.Context, out io.Writer, f *peerFlags, span, folder, roots string) error {
	from, to, err := parseRange(span)
	if err != nil {
		return err
	}
	request, err := fetchRequest(f, roots)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if span == "config" {
		if from, err = newestConfig(ctx, *request); err != nil {
			return err
		}
		to = from
		request.Verify = also(request.Verify, demandConfig)
	}
	request.From, request.To = from, to
	progress := newMeter(out, from, to)
	count, err := fetch.Run(ctx, *request, func(block *cb.Block) error {
		raw, err := proto.Marshal(block)
		if err != nil {
			return err
		}
		progress.add(block.Header.Number, len(raw))
		return os.WriteFile(filepath.Join(folder, fmt.Sprintf("%04d.block", block.Header.Number)), raw, 0o644)
	})
	progress.end()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d blocks of channel %s in %s\n", count, request.ChannelID, folder)
	return nil
}

// fetchRequest gathers whom to ask, how to trust them and how to judge blocks.
func fetchRequest(f *peerFlags, roots string) (*fetch.Request, error) {
	s, block, err := f.load()
	if err != nil {
		return nil, err
	}
	if f.channelID == "" {
		return nil, errors.New("which channel? give --channel, or --block with one of its config blocks")
	}
	request := blockpeer.Request(f.channelID, f.orderers)
	if block != nil {
		channel, verify, err := blockpeer.Verifier(block)
		if err != nil {
			return nil, err
		}
		request.Verify = verify
		if len(request.Endpoints) == 0 {
			request.Endpoints = channel.OrdererAddresses()
		}
	}
	if viper.GetBool("peer.tls.enabled") && (block == nil || roots != "") {
		if roots == "" {
			roots = s.TLS.RootCert
		}
		if err := blockpeer.TrustOrderers(f.channelID, roots); err != nil {
			return nil, err
		}
	}
	if len(request.Endpoints) == 0 {
		return nil, errors.New("which orderer? give --orderer, or --block with a config block of the channel")
	}
	return &request, nil
}

// newestConfig asks for the newest block to learn which one holds the
// configuration.
func newestConfig(ctx context.Context, request fetch.Request) (number uint64, err error) {
	request.From, request.To = fetch.Newest, fetch.Newest
	request.Verify = also(request.Verify, func(block *cb.Block) (err error) {
		if number, err = utils.GetLastConfigIndexFromBlock(block); err == nil && number > block.Header.Number {
			err = fmt.Errorf("it names block %d as the last config block", number)
		}
		return err
	})
	_, err = fetch.Run(ctx, request, func(*cb.Block) error { return nil })
	return number, err
}

func demandConfig(block *cb.Block) error {
	if !protoext.IsConfigBlock(block) {
		return errors.New("it is no config block, although the newest block names it as the last one")
	}
	return nil
}

// also makes one check of two, the first of which may be nil.
func also(first, second func(*cb.Block) error) func(*cb.Block) error {
	if first == nil {
		return second
	}
	return func(block *cb.Block) error {
		if err := first(block); err != nil {
			return err
		}
		return second(block)
	}
}

// parseRange reads a range of block numbers. Both ends of "config" are set
// later.
func parseRange(text string) (from, to uint64, err error) {
	if text == "config" {
		return 0, 0, nil
	}
	first, last, isRange := strings.Cut(text, "..")
	if from, err = parsePosition(first); err != nil || !isRange {
		return from, from, err
	}
	to, err = parsePosition(last)
	if err == nil && from < fetch.Oldest && to < fetch.Oldest && from > to {
		err = fmt.Errorf("range %s: it begins after its end", text)
	}
	return from, to, err
}

func parsePosition(text string) (uint64, error) {
	switch text {
	case "oldest":
		return fetch.Oldest, nil
	case "newest":
		return fetch.Newest, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is not a block number, oldest or newest", text)
	}
	return n, nil
}

// meter shows progress and rate: on a terminal continuously, elsewhere not at
// all.
type meter struct {
	out      io.Writer
	terminal bool
	total    uint64 // 0 when it cannot be told
	started  time.Time
	shown    time.Time
	blocks   int
	bytes    int
	last     uint64
}

const showEvery = 200 * time.Millisecond

func newMeter(out io.Writer, from, to uint64) *meter {
	m := &meter{out: out, started: time.Now()}
	if file, ok := out.(*os.File); ok {
		m.terminal = term.IsTerminal(int(file.Fd()))
	}
	if from < fetch.Oldest && to < fetch.Oldest {
		m.total = to - from + 1
	}
	return m
}

func (m *meter) add(number uint64, size int) {
	m.blocks, m.bytes, m.last = m.blocks+1, m.bytes+size, number
	if m.terminal && time.Since(m.shown) > showEvery {
		m.show()
	}
}

func (m *meter) show() {
	m.shown = time.Now()
	seconds := time.Since(m.started).Seconds()
	share := ""
	if m.total > 0 {
		share = fmt.Sprintf(" of %d (%d%%)", m.total, uint64(m.blocks)*100/m.total)
	}
	fmt.Fprintf(m.out, "\r%d blocks%s, at block %d, %.0f blocks/s, %.1f MB/s  ", m.blocks, share, m.last, float64(m.blocks)/seconds, float64(m.bytes)/1e6/seconds)
}

func (m *meter) end() {
	if m.terminal && m.blocks > 0 {
		m.show()
		fmt.Fprintln(m.out)
	}
}
