// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"fmt"
	"math/rand"
	"runtime/debug"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
	"github.com/hyperledger/fabric/gossip/identity"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// simChannel is joined by all peers of a simulated network, unless a test has
// other channels.
const simChannel = "business"

// simPlan says what a simulated network is like.
type simPlan struct {
	seed     int64 // 0: the next one, if a test runs more than once
	orgs     int
	peers    int // of each organization
	external int // of these, how many have an external endpoint
	link     simnet.Link
	config   func(*Config) // changes v1.3.0's defaults
	alone    bool          // peers join no channel by themselves
}

// simWorld is a simulated network with its peers.
type simWorld struct {
	*simnet.Network
	t         *testing.T
	plan      simPlan
	random    *rand.Rand // of the test's own goroutine
	authority simcrypto.Authority
	orgs      []string
	peers     []*simPeer
	wire      *simWire
}

// simRuns is how often each test has run in this process.
var simRuns = map[string]int64{}

// simulateWorld runs a test on a network in virtual time. At its end all peers
// are stopped, and the bubble proves that nothing runs any more.
func simulateWorld(t *testing.T, plan simPlan, test func(w *simWorld)) {
	if plan.seed == 0 {
		simRuns[t.Name()]++
		plan.seed = simRuns[t.Name()]
	}
	t.Logf("seed %d", plan.seed)
	defer flogging.InitFromSpec(flogging.DefaultLevel())
	flogging.InitFromSpec("ERROR")
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // else collections shrink stacks as fast as they grow
	synctest.Test(t, func(t *testing.T) {
		w := newSimWorld(t, plan)
		defer w.Network.Stop()
		defer w.stop(w.peers...)
		test(w)
		w.wire.report(t)
	})
}

// simUnlessRace is how much of something a test does: less if the race detector
// runs.
func simUnlessRace(regular, underRace int) int {
	if simUnderRace {
		return underRace
	}
	return regular
}

func newSimWorld(t *testing.T, plan simPlan) *simWorld {
	w := &simWorld{
		Network: simnet.New(plan.seed, plan.link),
		t:       t,
		plan:    plan,
		random:  rand.New(rand.NewSource(plan.seed)),
		wire:    newSimWire(),
	}
	for o := 0; o < plan.orgs; o++ {
		w.orgs = append(w.orgs, fmt.Sprintf("org%d", o))
	}
	for o := range w.orgs {
		for i := 0; i < plan.peers; i++ {
			w.addPeer(o, i, i < plan.external)
		}
	}
	w.authority.SetChannel(simChannel, w.orgs...)
	w.wire.setChannel(simChannel, w.orgs...)
	w.Tap(w.wire.saw)
	return w
}

// addPeer makes a peer that does not run yet. The first two of an organization
// are those that others contact first.
func (w *simWorld) addPeer(org, index int, external bool) *simPeer {
	p := &simPeer{
		w:        w,
		org:      w.orgs[org],
		index:    index,
		internal: simInternal(w.orgs[org], index),
		ledger:   newSimLedger(),
	}
	if external {
		p.external = simExternal(w.orgs[org], index)
		w.Alias(p.external, p.internal)
	}
	p.identify(0)
	w.peers = append(w.peers, p)
	return p
}

// No other text on the wire may contain simInside.
const simInside = ".inside:"

func simInternal(org string, index int) string {
	return fmt.Sprintf("p%d.%s%s7051", index, org, simInside)
}

func simExternal(org string, index int) string {
	return fmt.Sprintf("p%d.%s.outside:7051", index, org)
}

// start starts peers, one every so often, all of them right away for 0.
func (w *simWorld) start(every time.Duration, peers ...*simPeer) {
	for _, p := range peers {
		p.start()
		w.pass(every)
	}
}

// stop stops those of the peers that run, all at once.
func (w *simWorld) stop(peers ...*simPeer) {
	var stopped sync.WaitGroup
	for _, p := range peers {
		stopped.Add(1)
		go func() {
			defer stopped.Done()
			p.stop()
		}()
	}
	stopped.Wait()
}

// org lists the peers of an organization.
func (w *simWorld) org(name string) []*simPeer {
	var peers []*simPeer
	for _, p := range w.peers {
		if p.org == name {
			peers = append(peers, p)
		}
	}
	return peers
}

func (w *simWorld) running() []*simPeer {
	var peers []*simPeer
	for _, p := range w.peers {
		if p.node != nil {
			peers = append(peers, p)
		}
	}
	return peers
}

// within lets time pass until the condition holds and returns how long it took,
// in whole steps. It fails the test if it takes too long.
func (w *simWorld) within(limit, step time.Duration, what string, holds func() bool) time.Duration {
	w.t.Helper()
	start := time.Now()
	for !holds() {
		if time.Since(start) >= limit {
			require.FailNow(w.t, "not in time", "%s: not within %v", what, limit)
		}
		w.pass(step)
	}
	return time.Since(start)
}

// pass lets time pass, and what is due then be done.
func (w *simWorld) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// membershipComplete tells whether each running peer knows exactly whom it may.
func (w *simWorld) membershipComplete() bool {
	complete := true
	for _, p := range w.running() {
		missing, extra := p.membership()
		complete = complete && missing+extra == 0
	}
	return complete
}

// channelComplete tells whether each running peer knows the channel state of
// all peers that it may know.
func (w *simWorld) channelComplete() bool {
	for _, p := range w.running() {
		if len(p.node.PeersOfChannel(common.ChainID(simChannel))) != len(p.known()) {
			return false
		}
	}
	return true
}

// simPeer is a peer: what it is, and while it runs, its node.
type simPeer struct {
	w        *simWorld
	org      string
	index    int
	internal string
	external string
	id       api.PeerIdentityType
	pkiID    common.PKIidType
	ledger   *simLedger

	node   *gossipServiceImpl // nil while it does not run
	reader chan struct{}      // closed to end the reader of blocks
	gone   sync.WaitGroup
}

// identify gives the peer an identity. A new serial number is a renewed one.
func (p *simPeer) identify(serial int) {
	former := p.pkiID
	p.id = simcrypto.Identity(p.org, fmt.Sprintf("p%d", p.index), serial)
	p.pkiID = simcrypto.PKIID(p.id)
	p.w.wire.add(p, former)
}

// config is v1.3.0's default configuration.
func (p *simPeer) config() *Config {
	c := &Config{
		ID:                         p.internal,
		InternalEndpoint:           p.internal,
		ExternalEndpoint:           p.external,
		BootstrapPeers:             []string{simInternal(p.org, 0), simInternal(p.org, 1)},
		PropagateIterations:        1,
		PropagatePeerNum:           3,
		MaxBlockCountToStore:       100,
		MaxPropagationBurstSize:    10,
		MaxPropagationBurstLatency: 10 * time.Millisecond,
		PullInterval:               4 * time.Second,
		PullPeerNum:                3,
		PublishCertPeriod:          10 * time.Second,
		PublishStateInfoInterval:   4 * time.Second,
		RequestStateInfoInterval:   4 * time.Second,
	}
	if p.w.plan.config != nil {
		p.w.plan.config(c)
	}
	return c
}

func (p *simPeer) start() {
	svc := p.w.authority.Service(p.id)
	p.node = newNode(p.config(), svc, svc, p.id, func(m identity.Mapper) (comm.Comm, error) {
		return p.w.Join(p.internal, m, p.id, p.pkiID)
	})
	require.NotNil(p.w.t, p.node)
	p.reader = make(chan struct{})
	p.ledger.restart()
	p.read(simChannel, p.ledger)
	if !p.w.plan.alone {
		p.join(simChannel, p.w.orgs...)
		p.node.UpdateLedgerHeight(p.ledger.height(), common.ChainID(simChannel))
	}
}

// join has the peer join a channel of the organizations, whose peers with
// external endpoints are the anchor peers.
func (p *simPeer) join(channel string, orgs ...string) {
	p.node.JoinChan(&simJoin{w: p.w, orgs: orgs}, common.ChainID(channel))
}

// read hands the blocks of a channel to the ledger as they come.
func (p *simPeer) read(channel string, l *simLedger) {
	node, end := p.node, p.reader
	blocks, _ := node.Accept(func(o interface{}) bool {
		m, ok := o.(*proto.GossipMessage)
		return ok && m.GetDataMsg() != nil && string(m.Channel) == channel
	}, false)
	p.gone.Add(1)
	go func() {
		defer p.gone.Done()
		for {
			select {
			case m := <-blocks:
				payload := m.GetDataMsg().Payload
				if grown := l.take(payload.SeqNum, payload.Data, p.w.Now()); grown {
					node.UpdateLedgerHeight(l.height(), common.ChainID(channel))
				}
			case <-end:
				return
			}
		}
	}()
}

func (p *simPeer) stop() {
	if p.node == nil {
		return
	}
	p.node.Stop()
	close(p.reader)
	p.gone.Wait()
	p.node = nil
}

// lead has the peer gossip all blocks up to a number that it does not have.
func (p *simPeer) lead(upTo uint64, size int) { p.leadIn(simChannel, p.ledger, upTo, size) }

// leadIn is lead in any channel, of which l is the ledger.
func (p *simPeer) leadIn(channel string, l *simLedger, upTo uint64, size int) {
	for n := l.height(); n <= upTo; n = l.height() {
		p.node.Gossip(&proto.GossipMessage{
			Channel: []byte(channel),
			Tag:     proto.GossipMessage_CHAN_AND_ORG,
			Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{Payload: &proto.Payload{SeqNum: n, Data: simcrypto.Block(channel, n, size)}}},
		})
		l.own(n)
	}
	p.node.UpdateLedgerHeight(l.height(), common.ChainID(channel))
}

// mayKnow tells whether the peer is allowed to know another: one of its
// organization, or if it can be reached from outside, any that can be too.
func (p *simPeer) mayKnow(other *simPeer) bool {
	return other != p && (other.org == p.org || other.external != "" && p.external != "")
}

// known are the PKI-IDs of the running peers that this one should know.
func (p *simPeer) known() map[string]bool {
	ids := map[string]bool{}
	for _, other := range p.w.running() {
		if p.mayKnow(other) {
			ids[string(other.pkiID)] = true
		}
	}
	return ids
}

// membership counts the peers that this one should know and does not, and those
// that it knows although they do not run. One that it may not know at any time
// fails the test.
func (p *simPeer) membership() (missing, extra int) {
	expected := p.known()
	for _, m := range p.node.Peers() {
		if expected[string(m.PKIid)] {
			delete(expected, string(m.PKIid))
			continue
		}
		extra++
		if !p.w.wire.mayKnow(p, m.PKIid) {
			require.FailNow(p.w.t, "a peer knows whom it may not know", "%s knows %v", p.internal, m.Endpoint)
		}
	}
	return len(expected), extra
}

// simJoin is the configuration of a channel.
type simJoin struct {
	w    *simWorld
	orgs []string
}

func (j *simJoin) SequenceNumber() uint64 { return 1 }

func (j *simJoin) Members() []api.OrgIdentityType {
	var members []api.OrgIdentityType
	for _, org := range j.orgs {
		members = append(members, api.OrgIdentityType(org))
	}
	return members
}

func (j *simJoin) AnchorPeersOf(org api.OrgIdentityType) []api.AnchorPeer {
	var anchors []api.AnchorPeer
	for i := 0; i < j.w.plan.external && i < 2; i++ {
		anchors = append(anchors, api.AnchorPeer{Host: fmt.Sprintf("p%d.%s.outside", i, org), Port: 7051})
	}
	return anchors
}
