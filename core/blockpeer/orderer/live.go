// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"context"

	"github.com/hyperledger/fabric/common/deliver"
	"github.com/hyperledger/fabric/common/ledger/blockledger"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
)

// broadcast answers one submitted message, in v1.3.0's order of checks.
func (c *chain) broadcast(ctx context.Context, envelope *cb.Envelope) (cb.Status, string) {
	r := c.submit(ctx, envelope)
	if r == nil {
		return cb.Status_SUCCESS, ""
	}
	logger.Warningf("Channel %s: refused a message with %s: %s", c.channel.ID(), r.status, r)
	return r.status, r.Error()
}

func (c *chain) submit(ctx context.Context, envelope *cb.Envelope) *refused {
	config, r := c.admission.kind(envelope)
	if r != nil {
		return r
	}
	if c.unavailable() {
		return &refused{cb.Status_SERVICE_UNAVAILABLE, errHalted}
	}
	c.settle()
	m, r := c.admission.judge(envelope, config)
	if r != nil {
		return r
	}
	return c.enqueue(ctx, m)
}

// liveChain is the source that an Orderer serves.
type liveChain struct {
	chain *chain
}

func (l *liveChain) channelID() string { return l.chain.channel.ID() }

func (l *liveChain) open(taken *transit) deliver.Chain {
	return &liveView{chain: l.chain, taken: taken}
}

// checkReader judges by the configuration that belongs to the newest block.
func (l *liveChain) checkReader(envelope *cb.Envelope) error {
	signed, err := utils.EnvelopeAsSignedData(envelope)
	if err != nil {
		return err
	}
	l.chain.settle()
	return evaluate(l.chain.channel.PolicyManager(), policies.ChannelReaders, signed)
}

// liveView is the chain as one stream sees it.
type liveView struct {
	chain *chain
	taken *transit
}

// Sequence implements deliver.Chain.
func (v *liveView) Sequence() uint64 {
	v.chain.settle()
	return v.chain.channel.Sequence()
}

// PolicyManager implements deliver.Chain.
func (v *liveView) PolicyManager() policies.Manager { return v.chain.channel.PolicyManager() }

// Errored implements deliver.Chain: a solo chain cannot serve once it cannot
// write.
func (v *liveView) Errored() <-chan struct{} { return v.chain.failed }

// Reader implements deliver.Chain.
func (v *liveView) Reader() blockledger.Reader { return v }

// Height implements blockledger.Reader.
func (v *liveView) Height() uint64 { return v.chain.store.Height() }

// Iterator implements blockledger.Reader.
func (v *liveView) Iterator(start *ab.SeekPosition) (blockledger.Iterator, uint64) {
	number, ok := blockstore.Resolve(start, v.chain.store.Height())
	if !ok {
		return &blockledger.NotFoundErrorIterator{}, 0
	}
	return &carrier{cursor: v.chain.store.Cursor(number), taken: v.taken}, number
}
