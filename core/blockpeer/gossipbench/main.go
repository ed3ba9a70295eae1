// SPDX-License-Identifier: Apache-2.0

/*
Command gossipbench measures gossip: many nodes of one organization in this one
process, each behind its own gRPC server on a loopback socket, connected as
peers are. It uses exported names only, so it can measure any implementation of
them; only what -v lists of messages and events is this one's. Run it with

	go run ./core/blockpeer/gossipbench                    # 50 nodes
	go run ./core/blockpeer/gossipbench -nodes 5 -tls=false

# What happens

All nodes start at once with v1.3.0's default configuration, know one bootstrap
node and join one channel. Identities are X.509 certificates of P-256 keys that
one authority issued; every signature is made and checked, as is the one in each
block. Once everybody knows everybody, in the membership and in the channel, the
network is left alone for a while and then watched idling. After that one node,
the leader, gossips blocks at a steady rate.

# What is measured

Latency is from the call of Gossip at the leader to the block's coming out of
Accept at each other node. Copies are the blocks that reach a node's transport,
pushed or pulled, per block and node; the leader counts as a node. Goroutines and
connections are those at the end of the idle phase, by node; a connection counts
at both nodes that it joins. CPU is this process's user and system time, for all
nodes and the little that measuring takes. Bytes are those that go over all
sockets, each counted once, TLS's included, TCP's and IP's own not. What checking
one signature takes at the end of the run tells how fast the machine was: a third
of the CPU goes there, and where other work shares the processors all CPU figures
grow with it.

Beside the figures stand those of v1.3.0 on two cores for 5, 20 and 50 nodes,
and what this implementation is to reach with 50. With more cores than two, hold
the process to two: taskset -c 0,1. Missing a goal fails only under -check.
*/
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/hyperledger/fabric/common/flogging"
)

// cores is what all nodes share.
const cores = 2

// options are the command line.
type options struct {
	nodes    int
	blocks   int           // how many the leader gossips
	rate     float64       // blocks a second
	size     int           // of a block, in bytes
	settle   time.Duration // between full membership and the idle phase
	idle     time.Duration
	patience time.Duration // for membership to be complete, for a block to arrive
	tls      bool
	check    bool
	verbose  bool
	profile  string
	logs     string
}

func main() {
	runtime.GOMAXPROCS(min(cores, runtime.GOMAXPROCS(0)))
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2) // the flag set has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gossipbench:", err)
		stop()
		os.Exit(1)
	}
}

func parse(arguments []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("gossipbench", flag.ContinueOnError)
	flags.IntVar(&o.nodes, "nodes", 50, "how many nodes")
	flags.Float64Var(&o.rate, "rate", 6, "blocks a second")
	flags.IntVar(&o.size, "size", 10<<10, "bytes of a block")
	load := flags.Duration("load", time.Minute, "how long blocks are gossiped")
	flags.IntVar(&o.blocks, "blocks", 0, "how many blocks, instead of -load")
	flags.DurationVar(&o.settle, "settle", 15*time.Second, "rest between full membership and the idle phase")
	flags.DurationVar(&o.idle, "idle", 20*time.Second, "length of the idle phase")
	flags.DurationVar(&o.patience, "patience", 2*time.Minute, "how long to wait for full membership, and for the last block")
	flags.BoolVar(&o.tls, "tls", true, "mutual TLS between the nodes")
	flags.BoolVar(&o.check, "check", false, "fail if a goal is missed")
	flags.StringVar(&o.profile, "cpuprofile", "", "write CPU profiles of the phases to this name with .join, .idle and .load, goroutines after idling with .goroutines")
	flags.BoolVar(&o.verbose, "v", false, "list what is sent, what happens and the slowest deliveries")
	flags.StringVar(&o.logs, "logs", "fatal", "logging specification")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	if o.blocks == 0 {
		o.blocks = int(load.Seconds() * o.rate)
	}
	if flags.NArg() > 0 || o.nodes < 2 || o.blocks < 1 || o.rate <= 0 || o.size < leastSize || o.size > mostSize ||
		o.settle < 0 || o.idle <= 0 || o.patience <= 0 {
		err := fmt.Errorf("usage: at least 2 nodes, at least one block of %d to %d bytes, lasting phases, and no further arguments", leastSize, mostSize)
		fmt.Fprintln(flags.Output(), err)
		return nil, err
	}
	return o, nil
}

// run goes through all phases and reports them.
func run(ctx context.Context, o *options, out io.Writer) (err error) {
	flogging.Init(flogging.Config{LogSpec: o.logs})
	blocks, err := newNotary()
	if err != nil {
		return err
	}
	raw, err := blocks.chain(o.blocks, o.size)
	if err != nil {
		return err
	}
	org, err := newOrganization(blocks)
	if err != nil {
		return err
	}
	printHead(out, o)
	r := &result{nodes: o.nodes, verbose: o.verbose}
	network, err := startNetwork(o, org)
	if err != nil {
		return err
	}
	defer network.stop()
	for _, phase := range []struct {
		name string
		run  func(context.Context, *options, *result) error
	}{
		{"join", network.join},
		{"idle", network.rest},
		{"load", func(ctx context.Context, o *options, r *result) error { return network.load(ctx, o, r, raw) }},
	} {
		if network.traffic != nil {
			network.traffic.reset()
		}
		start := time.Now()
		if err := profiled(o.profile, phase.name, func() error { return phase.run(ctx, o, r) }); err != nil {
			return fmt.Errorf("%s: %w", phase.name, err)
		}
		if network.traffic != nil {
			network.traffic.print(out, phase.name, time.Since(start))
		}
	}
	r.print(out)
	if missed := r.missed(); len(missed) > 0 && o.check {
		return errors.New("goals missed")
	}
	return nil
}
