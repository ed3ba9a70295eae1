// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
	"google.golang.org/grpc"
)

var logger = flogging.MustGetLogger("blockpeer.orderer")

// DefaultTimeWindow is how far a request's timestamp may be from this server's
// clock, unless configured otherwise.
const DefaultTimeWindow = 15 * time.Minute

// Config says what an Orderer is made of.
type Config struct {
	// Dir holds the chain. Empty or absent: a new chain starts with Genesis.
	Dir string
	// Genesis is block 0 of the channel. With an existing chain it may be nil;
	// otherwise it must be that chain's block 0.
	Genesis *cb.Block
	// Signer signs blocks and the envelopes of new configurations. Peers accept
	// the blocks if it is a writer of an orderer organization of the channel.
	Signer crypto.LocalSigner
	// MutualTLS makes Deliver demand that a request names the client certificate
	// of its connection. Set it exactly when the server requires one.
	MutualTLS bool
	// TimeWindow is how far a request's timestamp may be from this clock; 0 means
	// DefaultTimeWindow.
	TimeWindow time.Duration
	// CloseAfterFailure ends a Deliver stream after a status other than SUCCESS,
	// as releases from 1.4.0 on do.
	CloseAfterFailure bool
	// OnBlock, when set, is called for each block once it is durable, in order,
	// on the ordering goroutine, which waits for it.
	OnBlock func(BlockInfo)
	// StoreOptions are passed to blockstore.Open.
	StoreOptions []blockstore.Option
}

// BlockInfo describes a block that has just been stored.
type BlockInfo struct {
	Number       uint64
	Transactions int
	Bytes        int // of the marshalled block
	Config       bool
}

// Orderer is a solo ordering service for one channel. Make it with New, and end
// it with Stop.
type Orderer struct {
	channel *channel.Channel
	store   *blockstore.Store
	chain   *chain
	server  *server
}

// New opens or creates the chain in cfg.Dir and starts ordering. It serves
// clients once it is registered on a gRPC server.
func New(cfg Config) (*Orderer, error) {
	if cfg.Signer == nil {
		return nil, errors.New("cannot start an orderer: no signer given")
	}
	channelID := ""
	if cfg.Genesis != nil {
		if err := checkGenesis(cfg.Genesis); err != nil {
			return nil, fmt.Errorf("cannot start an orderer: genesis block: %w", err)
		}
		var err error
		if channelID, err = utils.GetChainIDFromBlock(cfg.Genesis); err != nil {
			return nil, fmt.Errorf("cannot start an orderer: genesis block: %w", err)
		}
	}
	store, err := blockstore.Open(cfg.Dir, channelID, cfg.StoreOptions...)
	if err != nil {
		if cfg.Genesis == nil {
			err = fmt.Errorf("cannot start an orderer without a genesis block: %w", err)
		}
		return nil, err
	}
	o, err := assemble(cfg, store)
	if err != nil {
		store.Close()
		return nil, fmt.Errorf("cannot start an orderer for channel %s in %s: %w", store.ChannelID(), cfg.Dir, err)
	}
	return o, nil
}

// assemble builds the orderer over an open store and starts its goroutine.
func assemble(cfg Config, store *blockstore.Store) (*Orderer, error) {
	if err := begin(store, cfg.Genesis); err != nil {
		return nil, err
	}
	live, lastConfig, err := loadChannel(store)
	if err != nil {
		return nil, err
	}
	if err := supported(live.Bundle()); err != nil {
		return nil, err
	}
	warnIfNotTrusted(live, cfg.Signer)

	c := &chain{
		channel:   live,
		store:     store,
		admission: &admission{channel: live, signer: cfg.Signer, now: time.Now},
		onBlock:   cfg.OnBlock,
		queue:     make(chan *message, queueLength),
		stop:      make(chan struct{}),
		stopped:   make(chan struct{}),
		failed:    make(chan struct{}),
		sealer: &sealer{
			signer:     cfg.Signer,
			next:       store.Height(),
			previous:   store.LastHash(),
			lastConfig: lastConfig,
		},
	}
	window := cfg.TimeWindow
	if window == 0 {
		window = DefaultTimeWindow
	}
	o := &Orderer{channel: live, store: store, chain: c}
	o.server = newServer(&liveChain{chain: c}, serverConfig{
		window:            window,
		mutualTLS:         cfg.MutualTLS,
		closeAfterFailure: cfg.CloseAfterFailure,
		broadcast:         c.broadcast,
	})
	go c.run()
	logger.Infof("Channel %s: ordering from block %d on, under configuration %d of block %d",
		live.ID(), store.Height(), live.Sequence(), lastConfig)
	return o, nil
}

func checkGenesis(genesis *cb.Block) error {
	switch {
	case genesis.Header == nil:
		return errors.New("header is missing")
	case genesis.Header.Number != 0 || len(genesis.Header.PreviousHash) > 0:
		return fmt.Errorf("block %d is not the first of a chain", genesis.Header.Number)
	case !protoext.IsConfigBlock(genesis):
		return errors.New("not a config block")
	case !bytes.Equal(genesis.Header.DataHash, protoext.BlockDataHash(genesis.Data)):
		return errors.New("data does not match the data hash")
	}
	return nil
}

// begin makes sure that the chain starts with the genesis block, if one was
// given.
func begin(store *blockstore.Store, genesis *cb.Block) error {
	if genesis == nil {
		return nil
	}
	if store.Height() == 0 {
		raw, err := proto.Marshal(genesis)
		if err != nil {
			return fmt.Errorf("genesis block: %w", err)
		}
		return store.Append(blockstore.Block{Number: 0, Raw: raw, Header: genesis.Header, Config: true})
	}
	first, err := store.Header(0)
	if err != nil {
		return err
	}
	if !bytes.Equal(protoext.BlockHeaderHash(first), protoext.BlockHeaderHash(genesis.Header)) {
		return fmt.Errorf("the stored chain starts with another genesis block (hash %x) than the given one (%x): "+
			"give the one it was created with, or another directory",
			protoext.BlockHeaderHash(first), protoext.BlockHeaderHash(genesis.Header))
	}
	return nil
}

// loadChannel takes the configuration from the chain's newest config block.
func loadChannel(store *blockstore.Store) (*channel.Channel, uint64, error) {
	number, ok := store.LastConfig()
	if !ok {
		return nil, 0, errors.New("the stored chain has no config block")
	}
	block, err := store.Block(number)
	if err != nil {
		return nil, 0, err
	}
	live, err := channel.FromConfigBlock(block)
	if err != nil {
		return nil, 0, fmt.Errorf("config block %d: %w", number, err)
	}
	return live, number, nil
}

// warnIfNotTrusted tries a signature on the channel's own rule for blocks.
// Peers will refuse the blocks of a signer that fails it; that is worth a
// warning, not an error, as the configuration may be about to change.
func warnIfNotTrusted(live *channel.Channel, signer crypto.LocalSigner) {
	probe := []byte("probe")
	header, err := signer.NewSignatureHeader()
	if err == nil {
		var signature []byte
		if signature, err = signer.Sign(probe); err == nil {
			err = evaluate(live.PolicyManager(), policies.BlockValidation,
				[]*cb.SignedData{{Data: probe, Identity: header.Creator, Signature: signature}})
		}
	}
	if err != nil {
		logger.Warningf("Channel %s: peers will refuse the blocks of this orderer, as its identity may not sign them: %s", live.ID(), err)
	}
}

// Register offers the orderer's streams on a gRPC server. Call it once for each
// server, before that serves.
func (o *Orderer) Register(s *grpc.Server) { ab.RegisterAtomicBroadcastServer(s, o.server) }

// Stop ends all streams (clients see a broken connection, no status), orders
// what has been accepted, and closes the chain. It may be called more than
// once, before or after the gRPC server is stopped.
func (o *Orderer) Stop() {
	o.server.stop()
	o.chain.halt()
	if err := o.store.Close(); err != nil {
		logger.Warningf("Channel %s: %s", o.channel.ID(), err)
	}
}

// ChannelID returns the channel that is ordered.
func (o *Orderer) ChannelID() string { return o.channel.ID() }

// Channel returns the channel's live configuration.
func (o *Orderer) Channel() *channel.Channel { return o.channel }

// Height returns the number of the next block.
func (o *Orderer) Height() uint64 { return o.store.Height() }

// Block returns a stored block.
func (o *Orderer) Block(number uint64) (*cb.Block, error) { return o.store.Block(number) }

// WaitFor returns nil once a block is stored and, if it is a config block, in
// effect; or else why that will not happen.
func (o *Orderer) WaitFor(ctx context.Context, number uint64) error {
	err := o.store.WaitFor(ctx, number)
	o.chain.settle()
	return err
}
