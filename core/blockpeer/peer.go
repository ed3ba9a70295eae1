// SPDX-License-Identifier: Apache-2.0

package blockpeer

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/common/localmsp"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	"github.com/hyperledger/fabric/core/blockpeer/peerledger"
	"github.com/hyperledger/fabric/core/blockpeer/window"
	"github.com/hyperledger/fabric/core/committer"
	deliverclient "github.com/hyperledger/fabric/core/deliverservice"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/msp/mgmt"
	cb "github.com/hyperledger/fabric/protos/common"
)

var logger = flogging.MustGetLogger("blockpeer")

// Config says what a peer is to do. The identity is loaded beforehand, with
// LoadIdentity.
type Config struct {
	// Dir holds the ledgers, one folder per channel.
	Dir string

	// ChannelID is the channel to pull.
	ChannelID string

	// Genesis is the channel's block 0. It is needed when there is no ledger
	// yet, and must be the ledger's own where there is one.
	Genesis *cb.Block

	// Trusted, when set, is a config block known to be of this channel. The
	// chain must come through it: a block of that number with another hash ends
	// the peer.
	Trusted *cb.Block

	// Orderers, when not empty, are dialled instead of those that the channel's
	// configuration lists, now and after updates.
	Orderers []string

	// ConnFactory, when not nil, replaces the delivery client's way to dial.
	ConnFactory func(channelID string) func(endpoint string) (*grpc.ClientConn, error)

	// StoreOptions are passed to blockstore.Open.
	StoreOptions []blockstore.Option

	// OnCommit, when not nil, is told of blocks that have become durable, in
	// order, on the committing goroutine.
	OnCommit func(run []blockstore.Block)
}

// Peer pulls one channel. Make it with Start.
type Peer struct {
	cfg       Config
	store     *blockstore.Store
	channel   *channel.Channel
	window    *window.Window
	committer committer.Committer
	delivery  deliverclient.DeliverService
	delivered chan struct{} // closed when delivery has ended
	stopping  sync.Once
}

// Start opens the channel's ledger, continues its configuration and begins to
// pull as the organization's static leader. It does not wait for an orderer.
func Start(cfg Config) (*Peer, error) {
	store, err := OpenLedger(cfg.Dir, cfg.ChannelID, cfg.Genesis, cfg.StoreOptions...)
	if err != nil {
		return nil, err
	}
	p := &Peer{cfg: cfg, store: store, committer: committer.NewLedgerCommitter(peerledger.New(store)), delivered: make(chan struct{})}
	if err := p.start(); err != nil {
		store.Close()
		return nil, fmt.Errorf("channel %s: %w", cfg.ChannelID, err)
	}
	return p, nil
}

func (p *Peer) start() error {
	if err := p.checkTrusted(); err != nil {
		return err
	}
	var err error
	if p.channel, err = CurrentChannel(p.store); err != nil {
		return err
	}
	channels := &channel.Registry{}
	if err := channels.Add(p.channel); err != nil {
		return err
	}
	shareTrust(p.channel)
	connect := p.cfg.ConnFactory
	if connect == nil {
		connect = deliverclient.DefaultConnectionFactory
	}
	p.delivery, err = deliverclient.NewDeliverService(&deliverclient.Config{
		CryptoSvc:   mcs.New(channels, localmsp.NewSigner(), mgmt.NewDeserializersManager()),
		Gossip:      (*adapter)(p),
		Endpoints:   p.endpoints(),
		ConnFactory: connect,
		ABCFactory:  deliverclient.DefaultABCFactory,
	})
	if err != nil {
		return err
	}
	p.window = window.New(p.store.Height(), p.commit)
	if len(p.cfg.Orderers) == 0 {
		p.channel.OnUpdate(p.followEndpoints)
	}
	logger.Infof("Channel %s: at height %d, pulling from %v", p.channel.ID(), p.store.Height(), p.endpoints())
	if err := p.delivery.StartDeliverForChannel(p.channel.ID(), p.committer, func() { close(p.delivered) }); err != nil {
		p.window.Stop()
		return err
	}
	return nil
}

// OpenLedger opens the ledger of a channel below dir, and writes block 0 into
// it when it is new. A genesis block that is not the ledger's is an error.
func OpenLedger(dir, channelID string, genesis *cb.Block, options ...blockstore.Option) (*blockstore.Store, error) {
	store, err := blockstore.Open(LedgerDir(dir, channelID), channelID, options...)
	if err != nil {
		return nil, err
	}
	if err := beginLedger(store, genesis); err != nil {
		store.Close()
		return nil, fmt.Errorf("channel %s: %w", channelID, err)
	}
	return store, nil
}

// LedgerDir is the folder of a channel's ledger.
func LedgerDir(dir, channelID string) string { return filepath.Join(dir, "ledgersData", channelID) }

func beginLedger(store *blockstore.Store, genesis *cb.Block) error {
	if store.Height() > 0 {
		return sameGenesis(store, genesis)
	}
	if genesis == nil {
		return errors.New("there is no ledger yet: give the channel's block 0")
	}
	if err := checkGenesis(genesis, store.ChannelID()); err != nil {
		return err
	}
	return peerledger.New(store).CommitWithPvtData(blockAlone(genesis))
}

// checkGenesis makes sure that a ledger that begins with a block can go on.
func checkGenesis(genesis *cb.Block, channelID string) error {
	header := genesis.Header
	switch {
	case header == nil:
		return errors.New("the block 0 given has no header")
	case header.Number != 0 || len(header.PreviousHash) > 0:
		return fmt.Errorf("a ledger begins with block 0, not with block %d", header.Number)
	case !slices.Equal(header.DataHash, protoext.BlockDataHash(genesis.Data)):
		return errors.New("the block 0 given is damaged: its data hash is not that of its data")
	}
	c, err := channel.FromConfigBlock(genesis)
	if err != nil {
		return fmt.Errorf("the block 0 given cannot be used: %w", err)
	}
	if c.ID() != channelID {
		return fmt.Errorf("the block 0 given is of channel %s", c.ID())
	}
	return nil
}

func sameGenesis(store *blockstore.Store, genesis *cb.Block) error {
	if genesis == nil {
		return nil
	}
	first, err := store.Block(0)
	if err != nil {
		return err
	}
	have, given := protoext.BlockHeaderHash(first.Header), protoext.BlockHeaderHash(genesis.Header)
	if !slices.Equal(have, given) {
		return fmt.Errorf("the block 0 given (%x) is not the one the ledger in %s began with (%x)", given, store.Dir(), have)
	}
	return nil
}

// CurrentChannel loads the configuration that the newest config block of a
// ledger put in effect.
func CurrentChannel(store *blockstore.Store) (*channel.Channel, error) {
	number, ok := store.LastConfig()
	if !ok {
		return nil, fmt.Errorf("the ledger in %s holds no config block", store.Dir())
	}
	block, err := store.Block(number)
	if err != nil {
		return nil, fmt.Errorf("reading config block %d: %w", number, err)
	}
	return channel.FromConfigBlock(block)
}

// checkTrusted holds a block that the ledger has already against the trusted
// one of that number.
func (p *Peer) checkTrusted() error {
	switch {
	case p.cfg.Trusted == nil:
		return nil
	case p.cfg.Trusted.Header == nil:
		return errors.New("the trusted config block has no header")
	case p.cfg.Trusted.Header.Number >= p.store.Height():
		return nil // it is to come
	}
	block, err := p.store.Block(p.cfg.Trusted.Header.Number)
	if err != nil {
		return err
	}
	return p.agreesWithTrusted(block.Header)
}

func (p *Peer) agreesWithTrusted(header *cb.BlockHeader) error {
	trusted := p.cfg.Trusted.GetHeader()
	if trusted == nil || header.Number != trusted.Number {
		return nil
	}
	have, want := protoext.BlockHeaderHash(header), protoext.BlockHeaderHash(trusted)
	if !slices.Equal(have, want) {
		return fmt.Errorf("block %d has hash %x where the trusted config block has %x: this is not the chain that the config block is of", header.Number, have, want)
	}
	return nil
}

// commit makes a run of blocks durable; a config block is checked before and
// takes effect after.
func (p *Peer) commit(run []blockstore.Block) error {
	var config *cb.Block
	for i := range run {
		if err := p.agreesWithTrusted(run[i].Header); err != nil {
			return err
		}
	}
	if run[0].Config {
		var err error
		if config, err = protoext.UnmarshalBlock(run[0].Raw); err != nil {
			return err
		}
		if err := p.channel.Validate(config); err != nil {
			return err
		}
	}
	if err := p.store.Append(run...); err != nil {
		return err
	}
	if config != nil {
		if err := p.channel.Apply(config); err != nil {
			return err
		}
	}
	if p.cfg.OnCommit != nil {
		p.cfg.OnCommit(run)
	}
	return nil
}

func (p *Peer) endpoints() []string {
	if len(p.cfg.Orderers) > 0 {
		return p.cfg.Orderers
	}
	return p.channel.OrdererAddresses()
}

func (p *Peer) followEndpoints(channelconfig.Resources) {
	// Delivery answers "not found" until it is started and remembers the list.
	if err := p.delivery.UpdateEndpoints(p.channel.ID(), p.channel.OrdererAddresses()); err != nil {
		logger.Debugf("Channel %s: %v", p.channel.ID(), err)
	}
}

// Channel is the live configuration of the channel.
func (p *Peer) Channel() *channel.Channel { return p.channel }

// Store is the ledger, for reading.
func (p *Peer) Store() *blockstore.Store { return p.store }

// Done is closed when the peer can commit no more; Err then says why, unless
// Stop was called.
func (p *Peer) Done() <-chan struct{} { return p.window.Done() }

// Err is the failure that ended the peer, nil while there is none.
func (p *Peer) Err() error { return p.window.Err() }

// Stop ends delivery and waits for it, for a commit in progress as well, and
// closes the ledger. It may be called more than once, from any goroutine.
func (p *Peer) Stop() {
	p.stopping.Do(func() {
		p.delivery.Stop()
		p.window.Stop() // delivery may be waiting for room in it
		<-p.delivered
		p.store.Close()
	})
}
