// SPDX-License-Identifier: Apache-2.0

// Package demo runs the delivery flow once, on one machine and in half a
// minute, for someone who wants to see it: it makes crypto material and a
// channel, starts an orderer in a process of its own and a leader peer in this
// one, over mutual TLS, submits transactions, kills and restarts the orderer
// on the way, and at the end holds the two chains against each other.
//
// While it runs it prints each step of the flow with the function and the line
// of code that took it. Nothing of it is special to the demonstration: these
// are the delivery packages' own log lines, and the orderer, peer and client
// are those of the other commands.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/viper"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/core/blockpeer/settings"
)

// Options of a run. The zero value is fine but for Executable.
type Options struct {
	// Executable is the program to start the orderer with: its argument
	// "orderer" must run the orderer command.
	Executable string

	// Dir keeps all files of the run; "" means a folder that is removed again.
	Dir string

	// Transactions is how many are submitted before the orderer is killed, and
	// again after it is back; 0 means 400.
	Transactions int

	// Color colours the lines, for terminals.
	Color bool
}

const (
	channelID   = "demo"
	perBlock    = 20
	patience    = 25 * time.Second // for the whole run
	contentSize = 1 << 10          // bytes of a transaction
)

// Run runs the demonstration and returns nil if the leader ended up with the
// orderer's chain.
func Run(ctx context.Context, out io.Writer, o Options) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if o.Transactions < 0 {
		return fmt.Errorf("%d transactions cannot be submitted", o.Transactions)
	}
	if o.Transactions == 0 {
		o.Transactions = 400
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "blockpeer-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(o.Dir)
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return err
	}
	r := &run{Options: o, say: newStage(out, o.Color)}
	defer func() { err = errors.Join(err, r.end()) }()
	for _, step := range []func(context.Context) error{
		r.prepare, r.startOrderer, r.startLeader, r.grow, r.crash, r.reconfigure, r.grow, r.compare,
	} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				err = fmt.Errorf("not finished after %s: %w", patience, err)
			}
			return err
		}
	}
	return nil
}

// run is the state of one demonstration; it belongs to Run's goroutine, except
// for say, which the leader's goroutines write to as well.
type run struct {
	Options
	say     *stage
	network network
	orderer *process
	client  *client
	leader  *blockpeer.Peer
}

// prepare makes certificates, the channel's block 0 and the peer's core.yaml.
func (r *run) prepare(context.Context) error {
	r.say.step("Crypto material and a channel")
	var err error
	if r.network, err = newNetwork(r.Dir); err != nil {
		return err
	}
	r.say.note("certificates of OrdererMSP and Org1MSP in %s", r.network.path("crypto"))
	r.say.note("block 0 of channel %q in %s", channelID, r.network.path("genesis.block"))
	return nil
}

func (r *run) startOrderer(ctx context.Context) (err error) {
	r.say.step("An orderer, in a process of its own, with mutual TLS")
	if r.orderer, err = startProcess(ctx, r.Executable, r.network.ordererArguments()...); err != nil {
		return err
	}
	r.say.note("%s (pid %d)", r.orderer.greeting, r.orderer.pid())
	r.client, err = newClient(&r.network)
	return err
}

// startLeader starts the peer; from here on the flow's own lines appear.
func (r *run) startLeader(ctx context.Context) error {
	r.say.step("A leader peer that knows only block 0")
	s, err := settings.Load(r.network.path("core.yaml"))
	if err != nil {
		return err
	}
	viper.Set("peer.gossip.orgLeader", true)
	if err := blockpeer.LoadIdentity(s); err != nil {
		return err
	}
	r.say.traceFlow()
	r.leader, err = blockpeer.Start(blockpeer.Config{
		Dir:       s.Dir,
		ChannelID: channelID,
		Genesis:   r.network.genesis,
		OnCommit:  func(blocks []blockstore.Block) { r.say.committed(blocks) },
	})
	return err
}

// grow submits transactions and waits until the leader has them all.
func (r *run) grow(ctx context.Context) error {
	r.say.step(fmt.Sprintf("A client submits %d transactions", r.Transactions))
	began, height := time.Now(), r.leader.Store().Height()
	if err := r.client.submit(ctx, r.Transactions); err != nil {
		return err
	}
	blocks, err := r.awaitTransactions(ctx, height, r.Transactions)
	if err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	r.say.note("%d transactions submitted, ordered, delivered, verified and stored as %d blocks in %.2f s: %.0f tx/s, %.0f blocks/s",
		r.Transactions, blocks, seconds, float64(r.Transactions)/seconds, float64(blocks)/seconds)
	return nil
}

// awaitTransactions waits until the leader has so many transactions from a
// block on, and returns how many blocks they are in: fewer fit into one where
// a timeout cut it.
func (r *run) awaitTransactions(ctx context.Context, from uint64, count int) (blocks uint64, err error) {
	for have := 0; have < count; blocks++ {
		if err := r.awaitBlock(ctx, from+blocks); err != nil {
			return blocks, err
		}
		block, err := r.leader.Store().Block(from + blocks)
		if err != nil {
			return blocks, err
		}
		have += len(block.Data.Data)
	}
	return blocks, nil
}

// crash kills the orderer without warning and starts it again.
func (r *run) crash(ctx context.Context) error {
	r.say.step(fmt.Sprintf("The orderer is killed (SIGKILL to pid %d) and started again", r.orderer.pid()))
	r.client.disconnect()
	if err := r.orderer.kill(); err != nil {
		return err
	}
	restarted, err := startProcess(ctx, r.Executable, r.network.ordererArguments()...)
	if err != nil {
		return err
	}
	r.orderer = restarted
	r.say.note("%s (pid %d)", r.orderer.greeting, r.orderer.pid())
	return nil
}

// reconfigure changes the channel's configuration: a config block passes
// through the flow and takes effect.
func (r *run) reconfigure(ctx context.Context) error {
	r.say.step("An administrator changes the channel's batch timeout")
	config, err := genesis.ConfigFromBlock(r.network.genesis)
	if err != nil {
		return err
	}
	number := r.leader.Store().Height()
	if err := r.client.reconfigure(ctx, config); err != nil {
		return err
	}
	return r.awaitBlock(ctx, number)
}

// awaitBlock waits until the leader has committed a block and the stage has
// told so.
func (r *run) awaitBlock(ctx context.Context, number uint64) error {
	for {
		height, grown := r.say.height()
		if height > number {
			return nil
		}
		select {
		case <-grown:
		case <-r.leader.Done():
			return fmt.Errorf("waiting for block %d: the leader has ended", number) // why, end tells
		case <-ctx.Done():
			return fmt.Errorf("waiting for block %d: %w", number, ctx.Err())
		}
	}
}

// compare fetches the orderer's whole chain anew and holds the leader's
// against it.
func (r *run) compare(ctx context.Context) error {
	r.say.step("Do leader and orderer hold the same chain?")
	count, err := sameChain(ctx, &r.network, r.leader.Store())
	if err != nil {
		return err
	}
	r.say.success("yes: %d blocks, equal header hashes, the last one %x", count, r.leader.Store().LastHash())
	return nil
}

// end takes everything down that was started.
func (r *run) end() error {
	var failures []error
	if r.leader != nil {
		r.leader.Stop()
		failures = append(failures, r.leader.Err())
	}
	r.client.disconnect()
	if r.orderer != nil {
		failures = append(failures, r.orderer.terminate())
	}
	r.say.close()
	if len(failures) == 0 {
		return nil
	}
	return errors.Join(failures...)
}

// path is a file of the run.
func (n *network) path(elements ...string) string {
	return filepath.Join(append([]string{n.dir}, elements...)...)
}
