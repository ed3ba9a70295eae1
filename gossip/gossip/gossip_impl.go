// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/gossip/pull"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// gossipServiceImpl is the one implementation of Gossip: it wires the parts of
// a node together and owns them. What is set at construction does not change.
type gossipServiceImpl struct {
	stopping int32 // 1 from the beginning of Stop; used atomically

	conf                *Config
	selfIdentity        api.PeerIdentityType
	selfOrg             api.OrgIdentityType
	includeIdentityTill time.Time // heartbeats carry the identity until then

	mcs        api.MessageCryptoService
	secAdvisor api.SecurityAdvisor
	idMapper   identity.Mapper
	comm       comm.Comm
	disc       discovery.Discovery
	certStore  *certStore
	certPuller pull.Mediator
	chanState  *channelState
	emitter    batchingEmitter

	orgs     *orgDirectory
	secrets  *verifiedSecrets
	rumours  *rumours
	relays   *relayMemory
	audience *audience // replaced by the emitter's callback only
	audible  subscriptions
	purges   *purges
	lanes    nodeLanes

	pullFrom *pullContacts

	members  chan proto.ReceivedMessage // from the membership lane to discovery
	ready    chan struct{}              // closed when construction is complete
	done     chan struct{}              // closed when Stop begins
	stopOnce sync.Once
	running  sync.WaitGroup // the node's own goroutines

	hook   observe.Hook
	logger util.Logger
}

// transport connects a node to others, given what it knows of identities.
type transport func(identity.Mapper) (comm.Comm, error)

// NewGossipService makes a node and starts it. It is reached through s, which
// must not serve yet; if s is nil, through a server of its own on the port of
// conf. The result is nil if that fails. Connections to bootstrap peers are
// made in the background.
func NewGossipService(conf *Config, s *grpc.Server, sa api.SecurityAdvisor, mcs api.MessageCryptoService, selfIdentity api.PeerIdentityType, secureDialOpts api.PeerSecureDialOpts) Gossip {
	connect := func(idMapper identity.Mapper) (comm.Comm, error) {
		if s == nil {
			return comm.NewCommInstanceWithServer(conf.BindPort, idMapper, selfIdentity, secureDialOpts, sa)
		}
		return comm.NewCommInstance(s, conf.TLSCerts, idMapper, selfIdentity, secureDialOpts, sa)
	}
	if node := newNode(conf, sa, mcs, selfIdentity, connect); node != nil {
		return node
	}
	return nil
}

// NewGossipServiceWithServer is NewGossipService without a server.
func NewGossipServiceWithServer(conf *Config, sa api.SecurityAdvisor, mcs api.MessageCryptoService, identity api.PeerIdentityType, secureDialOpts api.PeerSecureDialOpts) Gossip {
	return NewGossipService(conf, nil, sa, mcs, identity, secureDialOpts)
}

// newNode makes a node and starts it. The result is nil, and the reason in the
// log, if it cannot be connected.
func newNode(conf *Config, sa api.SecurityAdvisor, mcs api.MessageCryptoService, self api.PeerIdentityType, dial transport) *gossipServiceImpl {
	g := &gossipServiceImpl{
		conf:                conf,
		selfIdentity:        self,
		selfOrg:             sa.OrgByPeerIdentity(self),
		includeIdentityTill: time.Now().Add(conf.PublishCertPeriod),
		mcs:                 mcs,
		secAdvisor:          sa,
		secrets:             newVerifiedSecrets(),
		rumours:             newRumours(),
		relays:              newRelayMemory(100 * conf.PublishStateInfoInterval),
		purges:              newPurges(),
		members:             make(chan proto.ReceivedMessage),
		ready:               make(chan struct{}),
		done:                make(chan struct{}),
		logger:              util.GetLogger(util.LoggingGossipModule, conf.ID),
	}
	g.idMapper = identity.NewIdentityMapper(mcs, self, g.identityPurged, sa)
	g.orgs = newOrgDirectory(g.idMapper, sa)
	g.pullFrom = &pullContacts{node: g}
	connection, err := dial(g.idMapper)
	if err != nil {
		g.logger.Errorf("No gossip: cannot set up the connection to other peers: %v", err)
		g.idMapper.Stop()
		return nil
	}
	g.comm = connection
	g.assemble()
	g.start()
	return g
}

// assemble makes the parts that need the transport. Some of them begin to work
// at once; what they want of the node waits, or is nothing, until it is ready.
func (g *gossipServiceImpl) assemble() {
	if observed, ok := g.comm.(hooked); ok {
		observed.Hook().Set(&g.hook)
	}
	if switching, ok := g.comm.(interface {
		OnIdentitySwitch(func(requested, actual common.PKIidType))
	}); ok {
		switching.OnIdentitySwitch(g.identitySwitched)
	}
	g.lanes = g.newNodeLanes()
	g.chanState = newChannelState(g)
	g.emitter = newBatchingEmitter(g.conf.PropagateIterations, g.conf.MaxPropagationBurstSize, g.conf.MaxPropagationBurstLatency, g.emit)
	crypto := &discoverySecurityAdapter{node: g}
	g.disc = discovery.NewDiscoveryService(g.selfNetworkMember(), &discoveryAdapter{node: g}, crypto, g.disclosurePolicy)
	if observed, ok := g.disc.(hooked); ok {
		observed.Hook().Set(&g.hook)
	}
	g.certPuller = g.newCertPuller()
	if observed, ok := g.certPuller.(hooked); ok {
		observed.Hook().Set(&g.hook)
	}
	g.certStore = newCertStore(g.certPuller, g.idMapper, g.selfIdentity, g.mcs)
	g.certStore.hook = &g.hook
}

// start sets the node going.
func (g *gossipServiceImpl) start() {
	inbound := g.comm.Accept(wanted)
	close(g.ready)
	g.purges.begin(g.parted)
	g.run(func() { g.dispatch(inbound) })
	g.run(g.syncMembership)
	g.run(func() { g.purges.run(g.done, g.forget) })
	g.connectToBootstrapPeers()
}

// run runs a part of the node until Stop.
func (g *gossipServiceImpl) run(part func()) {
	g.running.Add(1)
	go func() {
		defer g.running.Done()
		part()
	}()
}

// wanted tells whether an inbound message concerns the node: not those of the
// handshake, and not private data, which goes past it.
func wanted(o interface{}) bool {
	m, ok := o.(proto.ReceivedMessage)
	if !ok {
		return false
	}
	received := m.GetGossipMessage()
	if received == nil {
		return false
	}
	content := received.GossipMessage
	return content.GetConn() == nil && content.GetEmpty() == nil && !protoext.IsPrivateDataMsg(content)
}

// isReady tells whether construction is complete.
func (g *gossipServiceImpl) isReady() bool {
	select {
	case <-g.ready:
		return true
	default:
		return false
	}
}

func (g *gossipServiceImpl) isStopping() bool { return atomic.LoadInt32(&g.stopping) == 1 }

// syncMembership asks others for members they know of, again and again.
func (g *gossipServiceImpl) syncMembership() {
	g.disc.InitiateSync(g.conf.PullPeerNum)
	interval := g.conf.PullInterval
	if interval < time.Millisecond {
		interval = time.Millisecond // a ticker wants a positive one
	}
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			g.disc.InitiateSync(g.conf.PullPeerNum)
		case <-g.done:
			return
		}
	}
}

// Stop ends the node. The order keeps anybody from waiting for who has gone:
// first everything that waits is released, then those that call others stop,
// then those that are called.
func (g *gossipServiceImpl) Stop() {
	g.stopOnce.Do(func() {
		atomic.StoreInt32(&g.stopping, 1)
		g.logger.Info("Gossip is stopping")
		close(g.done)
		disconnected := make(chan struct{})
		go func() {
			defer close(disconnected)
			g.comm.Stop()
		}()
		g.chanState.stop()
		g.disc.Stop()
		g.certStore.stop()
		g.lanes.stop()
		g.emitter.Stop()
		<-disconnected
		g.running.Wait()
		g.logger.Info("Gossip has stopped")
	})
}

// hooked is a part that lets itself be observed.
type hooked interface {
	Hook() *observe.Hook
}

// Hook tells what happens in the node and its parts. It is found by interface
// assertion; Gossip does not have it.
func (g *gossipServiceImpl) Hook() *observe.Hook { return &g.hook }

// selfNetworkMember is the node as others may know it.
func (g *gossipServiceImpl) selfNetworkMember() discovery.NetworkMember {
	self := discovery.NetworkMember{
		Endpoint:         g.conf.ExternalEndpoint,
		InternalEndpoint: g.conf.InternalEndpoint,
		PKIid:            g.comm.GetPKIid(),
		Metadata:         []byte{},
	}
	if g.disc != nil {
		self.Metadata = g.disc.Self().Metadata
	}
	return self
}
