// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/membership"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// stopPatience is how long Stop waits for the two loops. They end at once unless
// the transport or the cryptography service keeps them.
const stopPatience = time.Second

// gossipDiscoveryImpl is the membership of one peer: a membership.Core, and all
// that it takes to feed it and to do what it says. See the package comment for
// who runs what.
type gossipDiscoveryImpl struct {
	// Set once, before any goroutine starts.
	comm     CommService
	crypt    CryptoService
	policy   DisclosurePolicy
	times    membership.Times
	selfID   common.PKIidType
	ownNames map[string]bool // endpoints that are always this peer's own
	logger   util.Logger
	quiet    *limiter
	hook     observe.Hook
	msgStore *aliveMsgStore // locks itself; may be used with lock held

	// lock guards what follows, down to the next blank line. Nothing outside
	// this package is called while it is held, but for msgStore and the stores
	// of members.
	lock            *sync.RWMutex
	core            *membership.Core
	self            NetworkMember // its ID and internal endpoint never change
	members         *table        // the core's; the next five are what it consists of
	id2Member       map[string]*NetworkMember
	aliveLastTS     map[string]*timestamp
	deadLastTS      map[string]*timestamp
	aliveMembership *util.MembershipStore
	deadMembership  *util.MembershipStore
	contacts        map[string]contact         // by endpoint: what Connect was told
	edition         int                        // of self; grows with each change
	latest          *proto.SignedGossipMessage // what was said last; nil if that is outdated
	latestAt        time.Time
	selfView        *proto.Envelope // of Self; nil if it is to be made anew
	armed           time.Time       // when the clock wakes up next

	answers answerQueue

	wake    chan struct{} // one place: the clock has to look at NextWake again
	done    chan struct{} // closed by Stop
	helpers sync.Mutex    // guards stopped, and that nothing is started after it is set
	stopped bool
	loops   sync.WaitGroup
}

// NewDiscoveryService makes and starts the membership of the peer that self
// describes. It panics if self's internal endpoint is not a host and a port.
func NewDiscoveryService(self NetworkMember, comm CommService, crypt CryptoService, disPol DisclosurePolicy) Discovery {
	d := newDiscovery(self, comm, crypt, disPol)
	d.start()
	return d
}

func (d *gossipDiscoveryImpl) start() {
	d.loops.Add(2)
	go d.runInbox()
	go d.runClock()
}

func newDiscovery(self NetworkMember, comm CommService, crypt CryptoService, policy DisclosurePolicy) *gossipDiscoveryImpl {
	d := &gossipDiscoveryImpl{
		comm:     comm,
		crypt:    crypt,
		policy:   policy,
		times:    readTimes(),
		selfID:   self.PKIid,
		logger:   util.GetLogger(util.LoggingDiscoveryModule, self.InternalEndpoint),
		quiet:    newLimiter(),
		lock:     &sync.RWMutex{},
		self:     self,
		members:  newTable(),
		contacts: make(map[string]contact),
		wake:     make(chan struct{}, 1),
		done:     make(chan struct{}),
	}
	port, err := portOf(self.InternalEndpoint)
	if err != nil {
		d.logger.Panicf("A peer needs an internal endpoint of the form host:port: %v", err)
	}
	d.ownNames = map[string]bool{
		net.JoinHostPort("127.0.0.1", port): true,
		net.JoinHostPort("localhost", port): true,
		self.InternalEndpoint:               true,
	}
	d.id2Member, d.aliveLastTS, d.deadLastTS = d.members.id2Member, d.members.aliveLastTS, d.members.deadLastTS
	d.aliveMembership, d.deadMembership = d.members.aliveMembership, d.members.deadMembership
	d.msgStore = newAliveMsgStore(d.times.Retention)
	d.core = membership.New(string(self.PKIid), d.times, d.members, util.RandomUInt64, time.Now())
	d.armed = d.core.NextWake()
	return d
}

// portOf is the port of an endpoint host:port.
func portOf(endpoint string) (string, error) {
	parts := strings.Split(endpoint, ":")
	if len(parts) != 2 {
		return "", errors.Errorf("%q has %d colons instead of one", endpoint, len(parts)-1)
	}
	if _, err := strconv.ParseUint(parts[1], 10, 16); err != nil {
		return "", errors.Wrapf(err, "the port of %q", endpoint)
	}
	return parts[1], nil
}

// Hook is where this component tells what happens in it.
func (d *gossipDiscoveryImpl) Hook() *observe.Hook { return &d.hook }

func (d *gossipDiscoveryImpl) Lookup(id common.PKIidType) *NetworkMember {
	d.lock.RLock()
	defer d.lock.RUnlock()
	if !id.IsNotSameFilter(d.selfID) {
		self := d.self
		return &self
	}
	if record, known := d.id2Member[string(id)]; known {
		found := *record
		return &found
	}
	return nil
}

func (d *gossipDiscoveryImpl) GetMembership() []NetworkMember {
	if d.isStopped() {
		return []NetworkMember{}
	}
	return d.alive()
}

// Roster is a number that changes whenever GetMembership begins to list others
// than before, or other endpoints. The node finds it by interface assertion: who
// looks at nothing else need not ask for the list after each heartbeat.
func (d *gossipDiscoveryImpl) Roster() uint64 {
	d.lock.RLock()
	defer d.lock.RUnlock()
	return d.members.roster
}

// alive is a copy of the list of members that are alive.
func (d *gossipDiscoveryImpl) alive() []NetworkMember {
	d.lock.RLock()
	view := d.members.view
	d.lock.RUnlock()
	if view == nil {
		d.lock.Lock()
		view = d.members.list()
		d.lock.Unlock()
	}
	return append(make([]NetworkMember, 0, len(view)), view...)
}

func (d *gossipDiscoveryImpl) UpdateMetadata(metadata []byte) {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.self.Metadata = metadata
	d.latest, d.selfView = nil, nil
	d.edition++
}

func (d *gossipDiscoveryImpl) UpdateEndpoint(endpoint string) {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.self.Endpoint = endpoint
	d.latest, d.selfView = nil, nil
	d.edition++
}

// Forget removes a member whose identity is gone, or has been replaced by
// another at its endpoint. It is known again once it says something newer that
// verifies. The caller must hold no lock that the cryptography service or the
// disclosure policy take.
func (d *gossipDiscoveryImpl) Forget(id common.PKIidType) {
	d.step(func(now time.Time) { d.core.Forget(string(id), now) })
}

// step gives the core an input and does what comes of it, except for what only
// a tick brings.
func (d *gossipDiscoveryImpl) step(input func(now time.Time)) {
	d.perform(d.input(input))
}

// input is step without the doing. It wakes the clock up if there is something
// to do earlier than it knows.
func (d *gossipDiscoveryImpl) input(input func(now time.Time)) membership.Ready {
	d.lock.Lock()
	defer d.lock.Unlock()
	input(time.Now())
	if d.core.NextWake().Before(d.armed) {
		select {
		case d.wake <- struct{}{}:
		default:
		}
	}
	return d.core.Take()
}

// Stop see Discovery.
func (d *gossipDiscoveryImpl) Stop() {
	if d.markStopped() {
		close(d.done)
		d.msgStore.Stop()
	}
	ended := make(chan struct{})
	go func() {
		d.loops.Wait()
		close(ended)
	}()
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
	}
}

func (d *gossipDiscoveryImpl) markStopped() (first bool) {
	d.helpers.Lock()
	defer d.helpers.Unlock()
	first = !d.stopped
	d.stopped = true
	return first
}

func (d *gossipDiscoveryImpl) isStopped() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}
