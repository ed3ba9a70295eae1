// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package discovery

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

// world is a network in memory and in virtual time, to be used within a bubble.
type world struct {
	t *testing.T

	mutex   sync.Mutex
	dice    *rand.Rand
	nodes   map[string]*node                                              // by endpoint, as long as they are up
	passes  func(from, to *node, m *gossipproto.SignedGossipMessage) bool // nil: everything passes
	cut     func(from, to *node) bool                                     // nil: everybody can be reached
	fanout  int                                                           // of gossip; 0: no gossip
	streams map[string]string                                             // where gossip from an endpoint goes, besides to members
	shunned string                                                        // the endpoint of a member that no gossip goes to
	sent    map[string]int                                                // messages by kind
}

// latency is how long a message takes; dialFailure how long it takes to find
// that nobody is there.
const (
	latency     = time.Millisecond
	dialFailure = 500 * time.Millisecond
)

// node is a member with its transport and its cryptography.
type node struct {
	*gossipDiscoveryImpl
	world    *world
	endpoint string
	inbox    chan gossipproto.ReceivedMessage
	dead     chan common.PKIidType
	reveals  bool // identifiers say who they found

	mutex    sync.Mutex
	received []*gossipproto.SignedGossipMessage
	verified map[string]int // successful verifications by payload
	refuted  int
	closed   map[string]int // connections by endpoint
	dialled  map[string]int
	mute     bool // it cannot sign
}

// simulate runs a test in a world whose members have the settings of the tests
// that v1.3.0 runs: a heartbeat of 100 ms, dead after one second.
func simulate(t *testing.T, test func(w *world)) {
	simulateWith(t, 100*time.Millisecond, test)
}

// simulateWith runs a test in a world with the heartbeat given and the usual
// proportions of the other times to it.
func simulateWith(t *testing.T, heartbeat time.Duration, test func(w *world)) {
	defer configure(heartbeat)()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, dice: rand.New(rand.NewSource(1)), nodes: map[string]*node{}, fanout: 3, sent: map[string]int{}}
		defer w.end()
		test(w)
	})
}

// end stops all members. Whoever is within a call of the transport gets some
// time to come back; a goroutine that is still there then fails the test.
func (w *world) end() {
	for _, n := range w.all() {
		n.stop()
	}
	time.Sleep(2 * (dialFailure + latency))
}

// configure changes the settings and returns how to restore them.
func configure(heartbeat time.Duration) (restore func()) {
	interval, timeout, check, reconnect, attempts := getAliveTimeInterval(), getAliveExpirationTimeout(), getAliveExpirationCheckInterval(), getReconnectInterval(), maxConnectionAttempts
	SetAliveTimeInterval(heartbeat)
	SetAliveExpirationTimeout(10 * heartbeat)
	SetAliveExpirationCheckInterval(heartbeat)
	SetReconnectInterval(10 * heartbeat)
	SetMaxConnAttempts(10000)
	return func() {
		SetAliveTimeInterval(interval)
		SetAliveExpirationTimeout(timeout)
		SetAliveExpirationCheckInterval(check)
		SetReconnectInterval(reconnect)
		SetMaxConnAttempts(attempts)
	}
}

func everybody(*NetworkMember) (Sieve, EnvelopeFilter) {
	return func(*gossipproto.SignedGossipMessage) bool { return true },
		func(m *gossipproto.SignedGossipMessage) *gossipproto.Envelope { return m.Envelope }
}

// add starts a member at host:port and connects it to the endpoints given.
func (w *world) add(endpoint string, policy DisclosurePolicy, bootstrap ...string) *node {
	return w.start("id of "+endpoint, endpoint, policy, bootstrap...)
}

// addAs starts a member with an ID of its own.
func (w *world) addAs(id, endpoint string) *node { return w.start(id, endpoint, everybody) }

func (w *world) start(id, endpoint string, policy DisclosurePolicy, bootstrap ...string) *node {
	n := &node{
		world:    w,
		endpoint: endpoint,
		inbox:    make(chan gossipproto.ReceivedMessage, 1000),
		dead:     make(chan common.PKIidType, 100),
		reveals:  true,
		verified: map[string]int{},
		closed:   map[string]int{},
		dialled:  map[string]int{},
	}
	self := NetworkMember{Endpoint: endpoint, InternalEndpoint: endpoint, PKIid: common.PKIidType(id), Metadata: []byte{}}
	n.gossipDiscoveryImpl = newDiscovery(self, n, n, policy)
	n.start()
	w.mutex.Lock()
	w.nodes[endpoint] = n
	w.mutex.Unlock()
	for _, other := range bootstrap {
		n.connect(other)
	}
	return n
}

func (n *node) connect(endpoint string) {
	n.Connect(NetworkMember{Endpoint: endpoint, InternalEndpoint: endpoint}, func() (*PeerIdentification, error) { return n.dial(endpoint) })
}

func (n *node) dial(endpoint string) (*PeerIdentification, error) {
	n.mutex.Lock()
	n.dialled[endpoint]++
	n.mutex.Unlock()
	other := n.world.reach(n, endpoint)
	if other == nil {
		return nil, errors.New("nobody listens")
	}
	if !n.reveals {
		return &PeerIdentification{SelfOrg: true}, nil
	}
	return &PeerIdentification{SelfOrg: true, ID: other.selfID}, nil
}

// stop takes the member off the network for good.
func (n *node) stop() {
	n.world.mutex.Lock()
	if n.world.nodes[n.endpoint] == n {
		delete(n.world.nodes, n.endpoint)
	}
	n.world.mutex.Unlock()
	n.Stop()
}

// syncEvery has the member ask for news until it is stopped.
func (n *node) syncEvery(period time.Duration, peers int) {
	go func() {
		for {
			select {
			case <-time.After(period):
				n.InitiateSync(peers)
			case <-n.done:
				return
			}
		}
	}()
}

// reach finds the member at an endpoint; where there is none it takes a while.
func (w *world) reach(from *node, endpoint string) *node {
	time.Sleep(latency)
	w.mutex.Lock()
	to := w.nodes[endpoint]
	unreachable := to == nil || w.cut != nil && w.cut(from, to)
	w.mutex.Unlock()
	if unreachable {
		time.Sleep(dialFailure)
		return nil
	}
	return to
}

func (w *world) all() []*node {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var nodes []*node
	for _, n := range w.nodes {
		nodes = append(nodes, n)
	}
	return nodes
}

// arrival is a message as a member receives it.
type arrival struct {
	gossipproto.ReceivedMessage
	from    *node
	message *gossipproto.SignedGossipMessage
}

func (a *arrival) GetGossipMessage() *gossipproto.SignedGossipMessage { return a.message }
func (a *arrival) GetConnectionInfo() *gossipproto.ConnectionInfo {
	return &gossipproto.ConnectionInfo{ID: a.from.selfID}
}

// deliver carries a message over, as a copy that shares nothing.
func (w *world) deliver(from *node, endpoint string, m *gossipproto.SignedGossipMessage) bool {
	raw, err := proto.Marshal(m.Envelope)
	if err != nil {
		w.t.Errorf("encoding an envelope: %v", err)
		return false
	}
	w.mutex.Lock()
	w.sent[protoext.Kind(m.GossipMessage)]++
	w.mutex.Unlock()
	to := w.reach(from, endpoint)
	if to == nil {
		return false
	}
	envelope := &gossipproto.Envelope{}
	if err := proto.Unmarshal(raw, envelope); err != nil {
		w.t.Errorf("decoding an envelope: %v", err)
		return false
	}
	copied, err := protoext.EnvelopeToGossipMessage(envelope)
	if err != nil {
		w.t.Errorf("decoding a message: %v", err)
		return false
	}
	w.mutex.Lock()
	lost := w.passes != nil && !w.passes(from, to, copied)
	w.mutex.Unlock()
	if !lost {
		to.mutex.Lock()
		to.received = append(to.received, copied)
		to.mutex.Unlock()
		select {
		case to.inbox <- &arrival{from: from, message: copied}:
		case <-to.done:
		}
	}
	return true
}

// The transport.

func (n *node) Gossip(m *gossipproto.SignedGossipMessage) { n.spread(m, nil) }

func (n *node) Forward(r gossipproto.ReceivedMessage) {
	n.spread(r.GetGossipMessage(), r.GetConnectionInfo().ID)
}

// spread sends a message to some of the members, but not to the one it is from.
func (n *node) spread(m *gossipproto.SignedGossipMessage, from common.PKIidType) {
	others := Members(n.GetMembership()).Filter(func(m NetworkMember) bool {
		return !bytes.Equal(m.PKIid, from) && m.Endpoint != n.world.shunned
	})
	if to := n.world.streams[n.endpoint]; to != "" {
		n.post(&NetworkMember{Endpoint: to}, m)
	}
	n.world.mutex.Lock()
	fanout := n.world.fanout
	order := n.world.dice.Perm(len(others))
	n.world.mutex.Unlock()
	for i := 0; i < fanout && i < len(order); i++ {
		n.post(&others[order[i]], m)
	}
}

func (n *node) post(to *NetworkMember, m *gossipproto.SignedGossipMessage) {
	// The original must not be touched after the call that brought it.
	m = detached(m)
	go func() {
		if !n.world.deliver(n, to.PreferredEndpoint(), m) && len(to.PKIid) > 0 {
			select {
			case n.dead <- to.PKIid:
			default:
			}
		}
	}()
}

func (n *node) SendToPeer(to *NetworkMember, m *gossipproto.SignedGossipMessage) { n.post(to, m) }
func (n *node) Ping(to *NetworkMember) bool {
	return n.world.reach(n, to.PreferredEndpoint()) != nil
}
func (n *node) Accept() <-chan gossipproto.ReceivedMessage { return n.inbox }
func (n *node) PresumedDead() <-chan common.PKIidType      { return n.dead }
func (n *node) CloseConn(to *NetworkMember) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.closed[to.PreferredEndpoint()]++
}

// The cryptography: who knows an ID can sign for it, but nobody here does.

func signature(id, payload []byte) []byte {
	sum := sha256.Sum256(append(append([]byte("signed by "), id...), payload...))
	return sum[:]
}

func (n *node) SignMessage(m *gossipproto.GossipMessage, internal string) *gossipproto.Envelope {
	n.mutex.Lock()
	mute := n.mute
	n.mutex.Unlock()
	if mute {
		return nil
	}
	return signAs(n.selfID, m, internal).Envelope
}

func signAs(id []byte, m *gossipproto.GossipMessage, internal string) *gossipproto.SignedGossipMessage {
	sign := func(payload []byte) ([]byte, error) { return signature(id, payload), nil }
	signed, err := protoext.Sign(m, sign)
	if err == nil && internal != "" {
		err = protoext.SignSecret(signed.Envelope, sign, &gossipproto.Secret{Content: &gossipproto.Secret_InternalEndpoint{InternalEndpoint: internal}})
	}
	if err != nil {
		panic(err)
	}
	return signed
}

func (n *node) ValidateAliveMsg(m *gossipproto.SignedGossipMessage) bool {
	id := m.GetAliveMsg().Membership.PkiId
	valid := bytes.Equal(m.Signature, signature(id, m.Payload))
	if s := m.SecretEnvelope; s != nil {
		valid = valid && bytes.Equal(s.Signature, signature(id, s.Payload))
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if valid {
		n.verified[string(m.Payload)]++
	} else {
		n.refuted++
	}
	return valid
}

// What is asked of members in tests.

// full tells whether all members know all others to be alive, and nobody else.
func full(nodes []*node) bool {
	for _, n := range nodes {
		if n.count() != len(nodes)-1 {
			return false
		}
	}
	return true
}

func (n *node) count() int {
	n.lock.RLock()
	defer n.lock.RUnlock()
	return len(n.aliveLastTS)
}

// holds lists the parts in which the member holds an ID.
func (n *node) holds(id string) string {
	n.lock.RLock()
	defer n.lock.RUnlock()
	parts := ""
	if _, ok := n.id2Member[id]; ok {
		parts += "known "
	}
	if _, ok := n.aliveLastTS[id]; ok {
		parts += "alive "
	}
	if _, ok := n.deadLastTS[id]; ok {
		parts += "dead "
	}
	if n.aliveMembership.MsgByID([]byte(id)) != nil {
		parts += "message "
	}
	if n.deadMembership.MsgByID([]byte(id)) != nil {
		parts += "last message "
	}
	return parts
}

// empty tells whether the member knows nobody.
func (n *node) empty() bool {
	n.lock.RLock()
	defer n.lock.RUnlock()
	return len(n.id2Member)+len(n.aliveLastTS)+len(n.deadLastTS)+n.aliveMembership.Size()+n.deadMembership.Size()+len(n.msgStore.Get()) == 0
}

// tries is how often the member has tried an endpoint.
func (n *node) tries(endpoint string) int {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.dialled[endpoint]
}

func (n *node) knows(other *node) bool {
	_, alive := n.find(other.selfID)
	return alive
}

// stored is a message that the member has passed on.
func (n *node) stored(id common.PKIidType) *gossipproto.SignedGossipMessage {
	for _, m := range n.msgStore.Get() {
		if m := m.(*gossipproto.SignedGossipMessage); bytes.Equal(m.GetAliveMsg().Membership.PkiId, id) {
			return m
		}
	}
	n.world.t.Fatalf("nothing of %s was passed on", id)
	return nil
}

// heard lists messages of a kind that the member has received.
func (n *node) heard(kind string) []*gossipproto.SignedGossipMessage {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	var messages []*gossipproto.SignedGossipMessage
	for _, m := range n.received {
		if protoext.Kind(m.GossipMessage) == kind {
			messages = append(messages, m)
		}
	}
	return messages
}

func (n *node) forgetHeard() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.received = nil
}

// within waits until something holds, or fails.
func (w *world) within(limit time.Duration, what string, holds func() bool) time.Duration {
	w.t.Helper()
	start := time.Now()
	for !holds() {
		if time.Since(start) > limit {
			w.t.Fatalf("not within %v: %s", limit, what)
		}
		pass(20 * time.Millisecond)
	}
	return time.Since(start)
}

// throughout checks that something holds all the time.
func (w *world) throughout(period time.Duration, what string, holds func() bool) {
	w.t.Helper()
	for start := time.Now(); time.Since(start) < period; {
		if !holds() {
			w.t.Fatalf("after %v: not %s", time.Since(start), what)
		}
		pass(20 * time.Millisecond)
	}
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func at(i int) string { return fmt.Sprintf("host%d:%d", i, 7000+i) }
