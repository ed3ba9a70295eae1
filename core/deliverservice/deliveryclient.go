// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"math/rand"
	"sync"
	"time"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/hyperledger/fabric/core/deliverservice/blocksprovider"
	"github.com/hyperledger/fabric/core/deliverservice/internal/retry"
	"github.com/hyperledger/fabric/gossip/api"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
	"google.golang.org/grpc"
)

var logger = flogging.MustGetLogger("deliveryClient")

// DeliverService pulls the blocks of channels from orderers while this peer
// leads its organization there. No method waits for the network or for blocks
// being processed.
type DeliverService interface {
	// StartDeliverForChannel starts to pull the blocks that ledgerInfo lacks.
	// It fails if the service is stopping or the channel has been started and
	// not been stopped. When delivery has ended, for whatever reason, finalizer
	// is called once, from a goroutine that holds no lock.
	StartDeliverForChannel(chainID string, ledgerInfo blocksprovider.LedgerInfo, finalizer func()) error

	// StopDeliverForChannel ends the delivery of a channel, and forgets one
	// that has ended by itself. It fails if there is none.
	StopDeliverForChannel(chainID string) error

	// UpdateEndpoints changes the orderers of a channel, now and for later
	// starts. It fails if the channel has not been started, but even then the
	// endpoints are kept.
	UpdateEndpoints(chainID string, endpoints []string) error

	// Stop ends all deliveries for good.
	Stop()
}

// Config is what a DeliverService works with. All fields are required.
type Config struct {
	// ConnFactory returns, for a channel, the function that connects to one of
	// its endpoints.
	ConnFactory func(channelID string) func(endpoint string) (*grpc.ClientConn, error)
	// ABCFactory makes an orderer client of a connection.
	ABCFactory func(*grpc.ClientConn) orderer.AtomicBroadcastClient
	// CryptoSvc verifies blocks. It may be called from several goroutines.
	CryptoSvc api.MessageCryptoService
	// Gossip takes the verified blocks.
	Gossip blocksprovider.GossipServiceAdapter
	// Endpoints are the orderers of channels for which there was no update.
	Endpoints []string
}

func (conf *Config) validate() error {
	switch {
	case conf == nil:
		return errors.New("no configuration specified")
	case len(conf.Endpoints) == 0:
		return errors.New("no endpoints specified")
	case conf.Gossip == nil:
		return errors.New("no gossip provider specified")
	case conf.ABCFactory == nil:
		return errors.New("no AtomicBroadcast factory specified")
	case conf.ConnFactory == nil:
		return errors.New("no connection factory specified")
	case conf.CryptoSvc == nil:
		return errors.New("no crypto service specified")
	}
	return nil
}

// deliverServiceImpl keeps the deliveries of this peer, by channel. A delivery
// that has ended stays in the map until it is stopped.
type deliverServiceImpl struct {
	conf           *Config
	lock           sync.RWMutex // guards blockProviders and stopping
	blockProviders map[string]blocksprovider.BlocksProvider
	stopping       bool

	signer crypto.LocalSigner // of the requests; nil: the peer's own

	endpointsLock sync.Mutex // guards endpoints; taken inside lock
	endpoints     map[string][]string
}

// NewDeliverService returns a service, without starting anything. conf is kept,
// not copied.
func NewDeliverService(conf *Config) (DeliverService, error) {
	if err := conf.validate(); err != nil {
		return nil, err
	}
	return &deliverServiceImpl{
		conf:           conf,
		blockProviders: make(map[string]blocksprovider.BlocksProvider),
	}, nil
}

// StartDeliverForChannel implements DeliverService.
func (d *deliverServiceImpl) StartDeliverForChannel(chainID string, ledgerInfo blocksprovider.LedgerInfo, finalizer func()) error {
	d.lock.Lock()
	defer d.lock.Unlock()
	if d.stopping {
		return errors.Errorf("Delivery service is stopping cannot join a new channel %s", chainID)
	}
	if _, exists := d.blockProviders[chainID]; exists {
		return errors.Errorf("Delivery service - block provider already exists for %s found, can't start delivery", chainID)
	}
	s := newSupervisor(chainID, isStaticLeader(), func() *session {
		return d.newSession(chainID, ledgerInfo)
	})
	d.blockProviders[chainID] = s
	logger.Infof("[%s] Starting to pull blocks from orderers", chainID)
	go deliver(s, finalizer)
	return nil
}

// deliver is a started channel's goroutine. It holds no lock when it calls the
// finalizer, which may call back into the service.
func deliver(s *supervisor, finalizer func()) {
	s.DeliverBlocks()
	logger.Infof("[%s] No longer pulling blocks from orderers", s.chainID)
	if finalizer != nil {
		finalizer()
	}
	s.wait()
}

// StopDeliverForChannel implements DeliverService.
func (d *deliverServiceImpl) StopDeliverForChannel(chainID string) error {
	d.lock.Lock()
	defer d.lock.Unlock()
	if d.stopping {
		return errors.Errorf("Delivery service is stopping, cannot stop delivery for channel %s", chainID)
	}
	provider, exists := d.blockProviders[chainID]
	if !exists {
		return errors.Errorf("Delivery service - no block provider for %s found, can't stop delivery", chainID)
	}
	provider.Stop()
	delete(d.blockProviders, chainID)
	return nil
}

// Stop implements DeliverService.
func (d *deliverServiceImpl) Stop() {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.stopping = true
	for _, provider := range d.blockProviders {
		provider.Stop()
	}
}

// UpdateEndpoints implements DeliverService. It is called on the goroutine that
// commits blocks, for each config block, so nothing in it may wait.
func (d *deliverServiceImpl) UpdateEndpoints(chainID string, endpoints []string) error {
	d.remember(chainID, endpoints)
	d.lock.RLock()
	provider, exists := d.blockProviders[chainID]
	d.lock.RUnlock()
	if !exists {
		return errors.Errorf("Channel with %s id was not found", chainID)
	}
	provider.UpdateOrderingEndpoints(endpoints)
	return nil
}

// remember keeps the newest endpoints of a channel. An empty list says nothing.
func (d *deliverServiceImpl) remember(chainID string, endpoints []string) {
	if len(endpoints) == 0 {
		return
	}
	d.endpointsLock.Lock()
	defer d.endpointsLock.Unlock()
	if d.endpoints == nil {
		d.endpoints = make(map[string][]string)
	}
	d.endpoints[chainID] = append([]string(nil), endpoints...)
}

// endpointsOf returns the newest endpoints of a channel, in a copy.
func (d *deliverServiceImpl) endpointsOf(chainID string) []string {
	d.endpointsLock.Lock()
	defer d.endpointsLock.Unlock()
	endpoints, updated := d.endpoints[chainID]
	if !updated {
		endpoints = d.conf.Endpoints
	}
	return append([]string(nil), endpoints...)
}

// newSession makes the parts that deliver blocks until something ends them.
func (d *deliverServiceImpl) newSession(chainID string, ledgerInfo blocksprovider.LedgerInfo) *session {
	client := d.newClient(chainID, ledgerInfo)
	return &session{
		provider: blocksprovider.NewBlocksProvider(chainID, client, d.conf.Gossip, d.conf.CryptoSvc),
		client:   client,
		newest:   func() []string { return d.endpointsOf(chainID) },
	}
}

// newClient returns a client that will ask the channel's orderers for what
// ledgerInfoProvider lacks, each time it connects. It does not connect yet.
func (d *deliverServiceImpl) newClient(chainID string, ledgerInfoProvider blocksprovider.LedgerInfo) *broadcastClient {
	useTLS := tlsEnabled()
	endpoints := d.endpointsOf(chainID)
	logger.Debugf("[%s] A client for the orderers %v", chainID, endpoints)
	producer := comm.NewConnectionProducer(d.conf.ConnFactory(chainID), endpoints)
	setup := func(deliverer blocksprovider.BlocksDeliverer) error {
		requester := &blocksRequester{tls: useTLS, chainID: chainID, client: deliverer, signer: d.signer}
		return requester.RequestBlocks(ledgerInfoProvider)
	}
	client := NewBroadcastClient(producer, d.conf.ABCFactory, setup, configuredPolicy())
	client.channelID = chainID
	client.ledger = ledgerInfoProvider
	client.farsight = true
	client.silence = bearableSilence()
	if d.conf.CryptoSvc != nil {
		client.check = checkOf(d.conf.CryptoSvc, chainID)
	}
	return client
}

// checkOf returns what a block of the channel is put to. Whether its data hash
// and signatures are good is for crypto to say; the boundaries between its
// transactions are covered by neither.
func checkOf(crypto api.MessageCryptoService, chainID string) blockCheck {
	return func(block *cb.Block, raw []byte) error {
		if err := protoext.CheckTransactionBoundaries(block); err != nil {
			return err
		}
		return crypto.VerifyBlock(gossipcommon.ChainID(chainID), block.Header.Number, raw)
	}
}

// firstDelayBase makes the first delay, which follows attempt 1, a second.
const firstDelayBase = 500 * time.Millisecond

// configuredPolicy returns the back-off that is configured at this moment. A
// static leader has nobody to hand over to, so its policy never gives up.
func configuredPolicy() retryPolicy {
	policy := retry.Policy{Base: firstDelayBase, Cap: backoffCap(), Budget: totalTimeLimit()}
	if isStaticLeader() {
		policy.Budget = 0
	}
	return jittered(policy)
}

// Silence is no failure, for a channel may be quiet. But an orderer that hangs,
// or withholds blocks, looks the same. So a silent stream is renewed, at another
// orderer if there is one: after firstSilence to begin with, and later and later
// where that turns out to be the channel's rhythm.
const (
	firstSilence   = time.Minute
	longestSilence = 10 * time.Minute
)

func bearableSilence() func(level int) time.Duration {
	policy := jittered(retry.Policy{Base: firstSilence, Cap: longestSilence})
	return func(level int) time.Duration {
		patience, _ := policy(level, 0)
		return patience
	}
}

// jittered supplies a policy with chance. The source is its own, since the
// library's common one starts the same way in each process on old releases.
func jittered(policy retry.Policy) retryPolicy {
	var mutex sync.Mutex // guards source
	source := rand.New(rand.NewSource(time.Now().UnixNano()))
	return func(attemptNum int, elapsedTime time.Duration) (time.Duration, bool) {
		mutex.Lock()
		chance := source.Float64()
		mutex.Unlock()
		return policy.Delay(attemptNum, elapsedTime, chance)
	}
}
