// SPDX-License-Identifier: Apache-2.0

package blocksprovider

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/gossip/api"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	cb "github.com/hyperledger/fabric/protos/common"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// wrongStatusThreshold is how many BAD_REQUEST and FORBIDDEN statuses in a row
// a provider puts up with; the next one ends delivery.
const wrongStatusThreshold = 10

// maxRetryDelay caps the delay before a stream is given up. It is read when a
// delay is due.
var maxRetryDelay = 10 * time.Second

var logger = flogging.MustGetLogger("blocksProvider")

// LedgerInfo tells how far a channel's ledger has come.
type LedgerInfo interface {
	// LedgerHeight returns the number of the first block that the ledger lacks.
	LedgerHeight() (uint64, error)
}

// GossipServiceAdapter is what a provider needs of the gossip service.
type GossipServiceAdapter interface {
	// PeersOfChannel returns the live members of a channel.
	PeersOfChannel(gossipcommon.ChainID) []discovery.NetworkMember

	// AddPayload hands a verified block to the channel's state. It may block
	// for as long as the state is full, which is how a slow ledger slows the
	// orderer down. The payload must not be modified afterwards.
	AddPayload(chainID string, payload *gproto.Payload) error

	// Gossip sends a message to other peers of the organization.
	Gossip(msg *gproto.GossipMessage)
}

// BlocksProvider delivers the blocks of one channel.
type BlocksProvider interface {
	// DeliverBlocks delivers until it is stopped or gives up, on the caller's
	// goroutine, and closes the client before it returns. Call it once.
	DeliverBlocks()

	// UpdateOrderingEndpoints makes endpoints the orderers to choose from. If
	// they differ from the present ones, the present stream is ended so that
	// the next is opened to one of them. An empty list changes nothing.
	UpdateOrderingEndpoints(endpoints []string)

	// Stop ends DeliverBlocks, or keeps it from starting, without waiting for
	// it. No gossiping starts after it has returned. It may be called more than
	// once and from any goroutine; it closes the client each time.
	Stop()
}

// BlocksDeliverer is a stream of an ordering service's Deliver call.
type BlocksDeliverer interface {
	Recv() (*ab.DeliverResponse, error)
	Send(*cb.Envelope) error
}

// streamClient is a BlocksDeliverer that finds itself a new stream when it is
// disconnected. A client may also be a stream.Source,
// stream.Numbered or stream.Ledger.
type streamClient interface {
	BlocksDeliverer
	// UpdateEndpoints replaces the list of orderers for later connections.
	UpdateEndpoints(endpoints []string)
	// GetEndpoints returns the list of orderers.
	GetEndpoints() []string
	// Close fails the pending and all later calls of Recv.
	Close()
	// Disconnect ends the present stream. With disableEndpoint, its orderer is
	// avoided for a while.
	Disconnect(disableEndpoint bool)
}

// blocksProviderImpl is the BlocksProvider. A literal with chainID, client and
// gossip set is usable; the parts that stopping needs make themselves.
type blocksProviderImpl struct {
	// Set once.
	chainID              string
	client               streamClient
	gossip               GossipServiceAdapter
	mcs                  api.MessageCryptoService
	wrongStatusThreshold int

	done  int32 // 1 once Stop was called; accessed atomically
	wakes wakes
}

// NewBlocksProvider returns a provider of channel chainID's blocks that receives
// from client, verifies with mcs and hands on to gossip. It does nothing until
// DeliverBlocks is called.
func NewBlocksProvider(chainID string, client streamClient, gossip GossipServiceAdapter, mcs api.MessageCryptoService) BlocksProvider {
	return &blocksProviderImpl{
		chainID:              chainID,
		client:               client,
		gossip:               gossip,
		mcs:                  mcs,
		wrongStatusThreshold: wrongStatusThreshold,
	}
}

// DeliverBlocks implements BlocksProvider.
func (b *blocksProviderImpl) DeliverBlocks() {
	defer b.client.Close()
	d := newDelivery(b)
	for !b.stopped() {
		msg, err := d.receive()
		if err != nil {
			if !b.stopped() {
				logger.Warningf("[%s] Delivery ends, there is nothing more to receive: %s", b.chainID, err)
			}
			return
		}
		if !d.take(msg) {
			return
		}
	}
}

// Stop implements BlocksProvider.
func (b *blocksProviderImpl) Stop() {
	atomic.StoreInt32(&b.done, 1)
	b.wakes.stop()
	b.client.Close()
}

func (b *blocksProviderImpl) stopped() bool {
	return atomic.LoadInt32(&b.done) != 0
}

// UpdateOrderingEndpoints implements BlocksProvider.
func (b *blocksProviderImpl) UpdateOrderingEndpoints(endpoints []string) {
	if len(endpoints) == 0 {
		logger.Warningf("[%s] Keeping the ordering endpoints: the update names none", b.chainID)
		return
	}
	if sameEndpoints(b.client.GetEndpoints(), endpoints) {
		return
	}
	logger.Infof("[%s] Ordering endpoints are now %v", b.chainID, endpoints)
	b.client.UpdateEndpoints(endpoints)
	b.client.Disconnect(false)
	b.wakes.refresh()
}

// sameEndpoints reports whether an update from old to new can be left out: as
// many endpoints, and no new one among them. Order does not matter.
func sameEndpoints(old, new []string) bool {
	if len(old) != len(new) {
		return false
	}
	known := make(map[string]struct{}, len(old))
	for _, e := range old {
		known[e] = struct{}{}
	}
	for _, e := range new {
		if _, ok := known[e]; !ok {
			return false
		}
	}
	return true
}

// wakes are the two things that cut a delivery's waits short. The zero value is
// ready to use.
type wakes struct {
	make, halt sync.Once
	stopC      chan struct{} // closed by stop
	refreshC   chan struct{} // holds a token if the endpoints changed
}

func (w *wakes) init() {
	w.make.Do(func() {
		w.stopC = make(chan struct{})
		w.refreshC = make(chan struct{}, 1)
	})
}

func (w *wakes) stop() {
	w.init()
	w.halt.Do(func() { close(w.stopC) })
}

func (w *wakes) refresh() {
	w.init()
	select {
	case w.refreshC <- struct{}{}:
	default: // one token says it all
	}
}

// forget drops the token of a change that came before the message at hand: the
// disconnect that goes with it has already had its effect.
func (w *wakes) forget() {
	select {
	case <-w.refreshC:
	default:
	}
}
