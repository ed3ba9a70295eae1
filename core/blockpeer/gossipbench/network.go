// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/hyperledger/fabric/core/blockpeer/internal/rusage"
	"github.com/hyperledger/fabric/gossip/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// pollEvery is how exactly the time to full membership is told. Looking costs
// little: it ends at the first node that does not know all others yet.
const pollEvery = 20 * time.Millisecond

// network is all nodes. The first is the others' bootstrap node; the last one
// leads.
type network struct {
	wire    wire
	notary  *notary
	nodes   []*node
	tally   *tally
	traffic *traffic // nil if nobody wants to know
	started time.Time
}

// startNetwork starts all nodes. On an error none is left running.
func startNetwork(o *options, org *organization) (_ *network, err error) {
	n := &network{notary: org.notary, tally: newTally(o.blocks, o.nodes-1)}
	listeners := make([]net.Listener, 0, o.nodes)
	defer func() {
		if err != nil {
			n.stop()
			for _, l := range listeners[len(n.nodes):] {
				err = errors.Join(err, l.Close())
			}
		}
	}()
	for range o.nodes {
		l, err := n.wire.listen()
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, l)
	}
	if o.verbose {
		n.traffic = newTraffic()
	}
	var bootstrap []string
	n.started = time.Now()
	for i, l := range listeners {
		one, err := startNode(l, org, o.tls, bootstrap, func(number uint64) { n.tally.arrived(i, number) })
		if err != nil {
			return nil, err
		}
		n.nodes = append(n.nodes, one)
		if n.traffic != nil {
			n.traffic.watch(one.gossip)
		}
		bootstrap = []string{listeners[0].Addr().String()}
	}
	return n, nil
}

func (n *network) stop() {
	var stopped sync.WaitGroup
	for _, one := range n.nodes {
		stopped.Go(one.stop)
	}
	stopped.Wait()
}

// join waits until every node knows all others.
func (n *network) join(ctx context.Context, o *options, r *result) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.patience, errors.New("membership is not complete"))
	defer cancel()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	everybody := len(n.nodes) - 1
	for r.channel == 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-poll.C:
		}
		if r.membership == 0 && n.all(func(one *node) bool { return len(one.gossip.Peers()) == everybody }) {
			r.membership = time.Since(n.started)
		}
		if n.all(func(one *node) bool { return len(one.gossip.PeersOfChannel(common.ChainID(channelID))) == everybody }) {
			r.channel = time.Since(n.started)
		}
	}
	return wait(ctx, o.settle)
}

func (n *network) all(is func(*node) bool) bool {
	return !slices.ContainsFunc(n.nodes, func(one *node) bool { return !is(one) })
}

// rest watches the network while nothing is asked of it.
func (n *network) rest(ctx context.Context, o *options, r *result) error {
	runtime.GC()
	before := n.read()
	if err := wait(ctx, o.idle); err != nil {
		return err
	}
	r.idle = before.until(n.read())
	r.goroutines = float64(runtime.NumGoroutine()) / float64(len(n.nodes))
	r.connections = 2 * float64(n.wire.open.Load()) / float64(len(n.nodes))
	return profileGoroutines(o.profile)
}

// load gossips the blocks and waits until all are everywhere.
func (n *network) load(ctx context.Context, o *options, r *result, blocks [][]byte) (err error) {
	leader := n.nodes[len(n.nodes)-1]
	tick := time.NewTicker(time.Duration(float64(time.Second) / o.rate))
	defer tick.Stop()
	before, copies := n.read(), n.copies()
	for i, raw := range blocks {
		number := uint64(i + 1)
		n.tally.sent(number)
		leader.gossip.Gossip(blockMessage(number, raw))
		leader.gossip.UpdateLedgerHeight(number+1, common.ChainID(channelID))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	late := time.NewTimer(o.patience)
	defer late.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-n.tally.complete:
	case <-late.C:
	}
	r.blocks, r.load = len(blocks), before.until(n.read())
	r.copies = float64(n.copies()-copies) / float64(len(blocks)*len(n.nodes))
	r.arrivals, r.lost = n.tally.results()
	r.check, err = n.notary.calibrate(blocks[0])
	return err
}

func (n *network) copies() int64 {
	sum := int64(0)
	for _, one := range n.nodes {
		sum += one.copies.Load()
	}
	return sum
}

func blockMessage(number uint64, raw []byte) *proto.GossipMessage {
	return &proto.GossipMessage{
		Channel: []byte(channelID),
		Tag:     proto.GossipMessage_CHAN_AND_ORG,
		Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{
			Payload: &proto.Payload{SeqNum: number, Data: raw},
		}},
	}
}

// reading is the state of the clocks and counters of this process.
type reading struct {
	at    time.Time
	cpu   time.Duration
	bytes int64
}

func (n *network) read() reading {
	return reading{time.Now(), rusage.CPU(), n.wire.bytes.Load()}
}

func (r reading) until(end reading) usage {
	return usage{end.at.Sub(r.at), end.cpu - r.cpu, end.bytes - r.bytes}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case <-timer.C:
		return nil
	}
}
