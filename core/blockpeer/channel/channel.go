// SPDX-License-Identifier: Apache-2.0

// Package channel keeps a channel's configuration live: it starts from a config
// block and follows every later one.
//
// # Purpose
//
// A Channel is what the rest of a peer asks about its channel: where the
// orderers are, which policies and MSPs apply, which TLS roots to trust. It
// answers from the configuration of the last config block applied. It fetches
// and stores nothing; whoever commits blocks calls Validate before it commits
// a config block and Apply after.
//
// # What Apply trusts
//
// The caller has verified the block itself: its place in the chain and the
// signatures of the ordering service. Apply checks the update inside as a
// v1.3.0 peer does: it is the next in sequence, the signatures under it satisfy
// the policies of what it changes, it leads exactly to the configuration in
// the block, that one is valid and may follow the present one, and this code
// implements all capabilities that it asks for. What v1.3.0 answers with a
// panic is an error here, and leaves the Channel as it was.
//
// # Order of effects
//
// Apply first replaces policies, MSPs and TLS roots, all in one step; then runs
// the callbacks of OnTrustUpdate, for parties that copy trust elsewhere (pools
// of TLS roots, a table of MSP managers); then those of OnUpdate, for parties
// that act on it (delivery, gossip). So nobody dials a peer, or judges an
// identity again, by the configuration that has just been replaced.
//
// # Goroutines and ownership
//
// None are started. Reads are lock-free and give a consistent view: take
// Bundle once where several answers must belong together. Apply, OnUpdate and
// OnTrustUpdate exclude each other and run callbacks on the caller's
// goroutine; a callback may read the Channel but must not call those three.
package channel

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

var logger = flogging.MustGetLogger("blockpeer.channel")

// Channel is a channel's live configuration. Make it with FromConfigBlock.
type Channel struct {
	id      string               // immutable
	current atomic.Pointer[view] // never nil; replaced under updating

	updating sync.Mutex // serializes Apply and registration; guards the callbacks
	trust    []func(channelconfig.Resources)
	others   []func(channelconfig.Resources)
}

// FromConfigBlock starts a channel from its block 0 or from any later config
// block, which must come from a trusted source: there is nothing yet to verify
// it against. The block stays the caller's.
func FromConfigBlock(b *cb.Block) (*Channel, error) {
	id, contents, err := genesis.EnvelopeFromBlock(b)
	if err != nil {
		return nil, fmt.Errorf("reading a channel's configuration: %w", err)
	}
	first, err := newView(id, b.Header.Number, contents.Config)
	if err != nil {
		return nil, fmt.Errorf("loading channel %q from block %d: %w", id, b.Header.Number, err)
	}
	channelconfig.LogSanityChecks(first.bundle)
	c := &Channel{id: id}
	c.current.Store(first)
	return c, nil
}

// ID is the channel's name.
func (c *Channel) ID() string { return c.id }

// Bundle is the current configuration: an immutable value that stays as it is
// when the channel moves on.
func (c *Channel) Bundle() channelconfig.Resources { return c.current.Load().bundle }

// PolicyManager resolves the policies of the current configuration.
func (c *Channel) PolicyManager() policies.Manager { return c.current.Load().bundle.PolicyManager() }

// MSPManager serves identities by the current configuration.
func (c *Channel) MSPManager() msp.MSPManager { return c.current.Load().bundle.MSPManager() }

// OrdererAddresses lists where to reach the ordering service, at least one
// entry, each meant to be host:port. The slice is the caller's.
func (c *Channel) OrdererAddresses() []string {
	return slices.Clone(c.current.Load().OrdererAddresses())
}

// Sequence is the number of the current configuration, one more with each
// config block. Block 0 has 0 or 1.
func (c *Channel) Sequence() uint64 { return c.current.Load().Sequence() }

// ConfigBlockNumber is the number of the block that the current configuration
// came in.
func (c *Channel) ConfigBlockNumber() uint64 { return c.current.Load().block }

// TLSRoots returns, in PEM, the TLS root and intermediate certificates of the
// organizations in the application section and of those in the orderer
// section. Orderers are to be trusted by the latter only, peers by the former
// only. The entries are shared: read only.
func (c *Channel) TLSRoots() (application, orderer [][]byte) {
	now := c.current.Load()
	return slices.Clone(now.applicationRoots), slices.Clone(now.ordererRoots)
}

// View is the current configuration as gossip wants it (it satisfies
// gossip/service.Config): it stays as it is when the channel moves on.
func (c *Channel) View() View { return c.current.Load() }

// Validate tells whether Apply would accept the block now, and changes nothing.
func (c *Channel) Validate(b *cb.Block) error {
	_, err := c.successor(b)
	return err
}

// Apply makes the configuration of a committed config block current and runs
// the callbacks before it returns. On an error nothing has changed.
func (c *Channel) Apply(b *cb.Block) error {
	c.updating.Lock()
	defer c.updating.Unlock()
	next, err := c.successor(b)
	if err != nil {
		return err
	}
	channelconfig.LogSanityChecks(next.bundle)
	c.current.Store(next)
	logger.Infof("Channel %s: configuration %d, of block %d, is in effect", c.id, next.Sequence(), next.block)
	for _, inform := range slices.Concat(c.trust, c.others) {
		inform(next.bundle)
	}
	return nil
}

// OnUpdate runs f now with the current configuration and then at each Apply,
// after the callbacks of OnTrustUpdate and in the order of registration.
func (c *Channel) OnUpdate(f func(channelconfig.Resources)) { c.register(&c.others, f) }

// OnTrustUpdate is as OnUpdate, for those that keep policies, MSPs or TLS roots
// elsewhere: they are informed before all others.
func (c *Channel) OnTrustUpdate(f func(channelconfig.Resources)) { c.register(&c.trust, f) }

func (c *Channel) register(list *[]func(channelconfig.Resources), f func(channelconfig.Resources)) {
	c.updating.Lock()
	defer c.updating.Unlock()
	*list = append(*list, f)
	f(c.current.Load().bundle)
}

// successor reads and checks the configuration that a block would make current.
func (c *Channel) successor(b *cb.Block) (*view, error) {
	id, contents, err := genesis.EnvelopeFromBlock(b)
	if err != nil {
		return nil, fmt.Errorf("channel %s: reading a config block: %w", c.id, err)
	}
	if id != c.id {
		return nil, fmt.Errorf("channel %s: block %d carries a configuration of channel %q", c.id, b.Header.Number, id)
	}
	next, err := c.current.Load().follow(b.Header.Number, contents)
	if err != nil {
		return nil, fmt.Errorf("channel %s: the configuration in block %d: %w", c.id, b.Header.Number, err)
	}
	return next, nil
}
