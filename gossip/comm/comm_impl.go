// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/internal/conntable"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// commImpl is the one implementation of Comm over gRPC, and the service that
// remote peers call.
type commImpl struct {
	// Set when the instance is made:
	idMapper       identity.Mapper
	identity       api.PeerIdentityType
	pkiID          common.PKIidType
	advisor        api.SecurityAdvisor
	tlsCerts       *common.TLSCertificates // nil without TLS
	secureDialOpts api.PeerSecureDialOpts
	dialTimeout    time.Duration
	logger         util.Logger
	server         *grpc.Server    // its own, nil if it has none
	ctx            context.Context // ends when Stop is called
	cancel         func()
	born           time.Time

	// Safe for concurrent use:
	hook        observe.Hook
	switched    atomic.Value // func(requested, actual common.PKIidType)
	subscribers *ChannelDeMultiplexer
	dead        chan common.PKIidType
	strangers   turnstile
	dialTurns   chan struct{} // holds one for each dial under way
	complaints  limiter

	optsLock sync.Mutex
	opts     []grpc.DialOption // guarded by optsLock

	// tasks are all goroutines, and all calls of other goroutines that Stop waits
	// for. One is added by begin, or by one that is itself counted.
	tasks sync.WaitGroup

	lock sync.Mutex
	// Guarded by lock, under which nothing waits:
	table    *conntable.Table
	stopping bool
	chores   *time.Timer
}

// NewCommInstanceWithServer makes an instance that listens on the port on all
// interfaces, with TLS certificates of its own making and regardless of
// secureDialOpts, and serves at once; it panics if that cannot be. A port of
// zero or less makes one that listens nowhere, has no TLS certificates and dials
// with secureDialOpts.
func NewCommInstanceWithServer(port int, idMapper identity.Mapper, peerIdentity api.PeerIdentityType,
	secureDialOpts api.PeerSecureDialOpts, sa api.SecurityAdvisor, dialOpts ...grpc.DialOption) (Comm, error) {
	if port <= 0 {
		return newInstance(-1, nil, idMapper, peerIdentity, secureDialOpts, sa, dialOpts), nil
	}
	server, listener, ownDialOpts, certs := createGRPCLayer(port)
	c := newInstance(port, certs, idMapper, peerIdentity, ownDialOpts, sa, dialOpts)
	c.server = server
	proto.RegisterGossipServer(server, c)
	c.tasks.Add(1)
	go func() {
		defer c.tasks.Done()
		if err := server.Serve(listener); err != nil && c.ctx.Err() == nil {
			c.logger.Errorf("does not listen on port %d any more: %v", port, err)
		}
	}()
	return c, nil
}

// NewCommInstance makes an instance that is served by a server which does not
// serve yet, and which Stop leaves alone. certs are the certificates that this
// peer shows; nil means that there is no TLS.
func NewCommInstance(s *grpc.Server, certs *common.TLSCertificates, idStore identity.Mapper,
	peerIdentity api.PeerIdentityType, secureDialOpts api.PeerSecureDialOpts, sa api.SecurityAdvisor,
	dialOpts ...grpc.DialOption) (Comm, error) {
	c := newInstance(-1, certs, idStore, peerIdentity, secureDialOpts, sa, dialOpts)
	proto.RegisterGossipServer(s, c)
	return c, nil
}

func newInstance(port int, certs *common.TLSCertificates, idMapper identity.Mapper, self api.PeerIdentityType,
	secureDialOpts api.PeerSecureDialOpts, sa api.SecurityAdvisor, opts []grpc.DialOption) *commImpl {
	c := &commImpl{
		idMapper:       idMapper,
		identity:       self,
		pkiID:          idMapper.GetPKIidOfCert(self),
		advisor:        sa,
		tlsCerts:       certs,
		secureDialOpts: secureDialOpts,
		dialTimeout:    dialTimeout(),
		logger:         util.GetLogger(util.LoggingCommModule, strconv.Itoa(port)),
		born:           time.Now(),
		subscribers:    NewChannelDemultiplexer(),
		dead:           make(chan common.PKIidType, deadBuffSize),
		dialTurns:      make(chan struct{}, maxDials),
		opts:           opts,
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.table = conntable.New(conntable.Config{Self: string(c.pkiID), Settle: settleTime, Idle: idleTimeout})
	c.lock.Lock()
	defer c.lock.Unlock()
	c.chores = time.AfterFunc(housekeeping, c.keepHouse)
	return c
}

// Hook is where the instance tells what happens: Connected, Disconnected,
// Refused, Sent, Received, Rejected and Dropped events. Comm does not have it;
// it is found by interface assertion.
func (c *commImpl) Hook() *observe.Hook { return &c.hook }

// OnIdentitySwitch has a function called whenever another peer of the expected
// one's organization answers at its endpoint, as happens after its certificate
// was renewed. It is called from many goroutines, without locks. Comm does not
// have this method; it is found by interface assertion.
func (c *commImpl) OnIdentitySwitch(callback func(requested, actual common.PKIidType)) {
	c.switched.Store(callback)
}

func (c *commImpl) identitySwitched(requested, actual common.PKIidType) {
	if callback, ok := c.switched.Load().(func(requested, actual common.PKIidType)); ok && callback != nil {
		callback(requested, actual)
	}
}

// observe reports what happened on a stream to or from an authenticated peer.
func (c *commImpl) observe(e observe.Event, at *proto.ConnectionInfo) {
	e.Peer, e.Endpoint = at.ID, at.Endpoint
	c.hook.Observe(e)
}

// SetDialOpts replaces the options that every dial gets besides the secure ones.
func (c *commImpl) SetDialOpts(opts ...grpc.DialOption) {
	if len(opts) == 0 {
		c.logger.Warning("no dial options given, keeping those that are set")
		return
	}
	c.optsLock.Lock()
	defer c.optsLock.Unlock()
	c.opts = opts
}

// clock is the time by which links age.
func (c *commImpl) clock() time.Duration { return time.Since(c.born) }

// begin counts a call, or a goroutine to be, among those that Stop waits for.
// It fails once Stop has been called.
func (c *commImpl) begin() bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.stopping {
		return false
	}
	c.tasks.Add(1)
	return true
}

// GetPKIid implements Comm.
func (c *commImpl) GetPKIid() common.PKIidType { return c.pkiID }

// Accept implements Comm.
func (c *commImpl) Accept(acceptor common.MessageAcceptor) <-chan proto.ReceivedMessage {
	messages, open := c.subscribers.addTyped(acceptor)
	if !open {
		c.logger.Warning("stopped: there will be no messages to accept")
	}
	return messages
}

// PresumedDead implements Comm.
func (c *commImpl) PresumedDead() <-chan common.PKIidType { return c.dead }

// CloseConn implements Comm.
func (c *commImpl) CloseConn(peer *RemotePeer) {
	c.lock.Lock()
	links := c.table.Evict(string(peer.PKIID))
	c.lock.Unlock()
	endAll(links, byRequest)
}

// Stop implements Comm. Own goroutines have ended when it returns, unless one is
// stuck in code of the caller's: predicates, the identity mapper, dial options.
func (c *commImpl) Stop() {
	c.lock.Lock()
	if c.stopping {
		c.lock.Unlock()
		return
	}
	c.stopping = true
	links, dials := c.table.Close()
	c.chores.Stop()
	c.lock.Unlock()

	c.cancel()
	for _, dial := range dials {
		left, _ := dial.Owner.(*dialling).out.end(errStopped)
		c.discard(left, byStop, errStopped, dial.Target)
	}
	endAll(links, byStop)
	if c.server != nil {
		c.server.Stop()
	}
	c.subscribers.Close()
	c.awaitTasks()
}

func (c *commImpl) awaitTasks() {
	done := make(chan struct{})
	go func() {
		c.tasks.Wait()
		close(done)
	}()
	patience := time.NewTimer(stopTimeout)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
		c.logger.Warningf("still busy %v after being stopped", stopTimeout)
	}
}

// keepHouse does from time to time what nothing else brings about.
func (c *commImpl) keepHouse() {
	if !c.begin() {
		return
	}
	defer c.tasks.Done()
	c.lock.Lock()
	idle := c.table.Tidy(c.clock(), func(link *conntable.Link) time.Duration {
		return time.Duration(atomic.LoadInt64(&link.Owner.(*connection).lastUse))
	})
	if !c.stopping {
		c.chores.Reset(housekeeping)
	}
	c.lock.Unlock()
	for _, link := range idle {
		link.Owner.(*connection).retire(byIdleness)
	}
}

// heard is told of the first message on a connection.
func (c *commImpl) heard(conn *connection) {
	c.lock.Lock()
	replaced := c.table.Heard(conn.link, c.clock())
	c.lock.Unlock()
	supersede(replaced)
}

// forget takes an ended connection out of the table first, so that who finds
// its outbox ended finds another one, and returns what was in it.
func (c *commImpl) forget(conn *connection) (left []*outgoing) {
	c.lock.Lock()
	c.table.Ended(conn.link)
	c.lock.Unlock()
	left, _ = conn.out.end(errEnded)
	return left
}

// limiter lets a warning through now and then, so that remote peers cannot fill
// the log.
type limiter struct {
	lock sync.Mutex
	// Guarded by lock:
	next     time.Time
	withheld int
}

const complaintInterval = 10 * time.Second

// warnf logs a warning, or, too soon after the last one, the same at debug level.
func (l *limiter) warnf(logger util.Logger, format string, args ...interface{}) {
	l.lock.Lock()
	now := time.Now()
	due, withheld := !now.Before(l.next), l.withheld
	if due {
		l.next, l.withheld = now.Add(complaintInterval), 0
	} else {
		l.withheld++
	}
	l.lock.Unlock()
	switch {
	case !due:
		logger.Debugf(format, args...)
	case withheld > 0:
		logger.Warningf("%s (and %d more such since the last time)", fmt.Sprintf(format, args...), withheld)
	default:
		logger.Warningf(format, args...)
	}
}

// Interface checks.
var (
	_ Comm               = (*commImpl)(nil)
	_ proto.GossipServer = (*commImpl)(nil)
)
