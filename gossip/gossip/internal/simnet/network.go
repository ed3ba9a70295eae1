// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"math"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
)

const (
	// quantum is what arrival times are rounded up to, so that the network has
	// to wake up less often.
	quantum = int64(100 * time.Microsecond)
	// breakAfter is how long an end waits for one that does not answer, from
	// the first message that did not get there.
	breakAfter = 5 * time.Second
	// never is when nothing is due.
	never = math.MaxInt64
)

// Network connects nodes.
type Network struct {
	seed    int64
	regular Link
	start   time.Time
	taps    []func(*Event)

	mu sync.Mutex
	// Guarded by mu:
	nodes   map[string]*node         // that listen, by endpoint
	links   map[[2]string]*direction // from, to
	groups  map[string]int           // of a partition, by endpoint
	aliases map[string]string        // other names of endpoints
	queue   queue
	order   uint64
	timer   *time.Timer
	due     int64 // when timer fires, never if it does not
	stopped bool
}

// New makes a network in which each link is like the one given, until SetLink
// says otherwise. Stop it.
func New(seed int64, l Link) *Network {
	n := &Network{
		seed:    seed,
		regular: l,
		start:   time.Now(),
		nodes:   map[string]*node{},
		links:   map[[2]string]*direction{},
		aliases: map[string]string{},
		due:     never,
	}
	n.timer = time.AfterFunc(time.Hour, n.fire)
	n.timer.Stop()
	return n
}

// Tap has f called for each message, from many goroutines at once. f may not
// block. Set up taps before the first node joins.
func (n *Network) Tap(f func(*Event)) { n.taps = append(n.taps, f) }

// Now is the time since the network's start.
func (n *Network) Now() time.Duration { return time.Duration(n.now()) }

func (n *Network) now() int64 { return int64(time.Since(n.start)) }

// Join adds a node that listens on the endpoint, and answers for the PKI-ID
// with the identity. The mapper signs for it and holds the identities that it
// meets. The result also has the methods Hook and OnIdentitySwitch of
// gossip/comm's. It fails if another node listens there.
func (n *Network) Join(endpoint string, mapper identity.Mapper, self api.PeerIdentityType, pkiID common.PKIidType) (comm.Comm, error) {
	joining, err := newNode(n, endpoint, mapper, self, pkiID)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		return nil, errors.New("the network has stopped")
	}
	if n.nodes[endpoint] != nil {
		return nil, errors.Errorf("a node listens on %s already", endpoint)
	}
	n.nodes[endpoint] = joining
	return joining, nil
}

// Alias makes an endpoint reachable under another name. Everything that is told
// of a message has the endpoint, once the peer has been reached.
func (n *Network) Alias(name, endpoint string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.aliases[name] = endpoint
}

// resolve is the endpoint that a name stands for. The lock is held.
func (n *Network) resolve(name string) string {
	if endpoint, ok := n.aliases[name]; ok {
		return endpoint
	}
	return name
}

// SetLink changes how messages travel between two endpoints in one direction
// from now on.
func (n *Network) SetLink(from, to string, l Link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.link(from, to).Link = l
}

// SetAllLinks changes all links, those that are not in use yet included.
func (n *Network) SetAllLinks(l Link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.regular = l
	for _, d := range n.links {
		d.Link = l
	}
}

func (n *Network) link(from, to string) *direction {
	key := [2]string{from, to}
	d := n.links[key]
	if d == nil {
		d = newDirection(n.seed, from, to, n.regular)
		n.links[key] = d
	}
	return d
}

// Partition cuts all links between the groups, and between each of them and the
// endpoints that are in none. It replaces an earlier partition.
func (n *Network) Partition(groups ...[]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.groups = map[string]int{}
	for i, group := range groups {
		for _, endpoint := range group {
			n.groups[endpoint] = i + 1
		}
	}
}

// Heal ends a partition.
func (n *Network) Heal() { n.Partition() }

// Crash makes a node vanish without a word to those that it is connected with.
// Its Stop still has to be called. Another node may join on its endpoint.
func (n *Network) Crash(endpoint string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if crashed := n.nodes[endpoint]; crashed != nil {
		crashed.crashed = true
		delete(n.nodes, endpoint)
	}
}

// reachable tells whether what one node sends can get to the other.
func (n *Network) reachable(from, to *node) bool {
	return !from.crashed && !to.crashed && n.groups[from.endpoint] == n.groups[to.endpoint]
}

// Stop ends all traffic. The nodes have to be stopped first, or at least soon.
func (n *Network) Stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stopped = true
	n.timer.Stop()
	n.queue = nil
}

// schedule puts an event into the queue.
func (n *Network) schedule(at int64, what happening, to *end, raw []byte) {
	if n.stopped {
		return
	}
	at = (at + quantum - 1) / quantum * quantum
	n.order++
	n.queue.push(event{at: at, order: n.order, what: what, to: to, raw: raw})
	if at < n.due {
		n.arm(n.now())
	}
}

// arm makes the timer fire for the first event.
func (n *Network) arm(now int64) {
	if len(n.queue) == 0 {
		n.due = never
		return
	}
	n.due = n.queue[0].at
	n.timer.Reset(time.Duration(n.due - now))
}

// fire does what is due.
func (n *Network) fire() {
	n.mu.Lock()
	var told []Event
	now := n.now()
	for len(n.queue) > 0 && n.queue[0].at <= now {
		e := n.queue.pop()
		if fate := e.to.happen(&e, now); fate != "" {
			told = append(told, e.to.peer.event(e.raw, fate))
		}
	}
	if !n.stopped {
		n.arm(now)
	}
	n.mu.Unlock()
	n.tell(told...)
}
