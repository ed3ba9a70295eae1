// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	cb "github.com/hyperledger/fabric/protos/common"
)

const (
	// queueLength is how many admitted messages wait for the ordering goroutine
	// while it writes; more than that makes Broadcast streams wait.
	queueLength = 64
	// groupBytes bounds the blocks that are stored with one fsync.
	groupBytes = 16 << 20
)

// errHalted is what clients are told when the chain takes no messages.
var errHalted = errors.New("the ordering service is not available")

// chain orders one channel's messages.
type chain struct {
	// Immutable after newChain.
	channel   *channel.Channel
	store     *blockstore.Store
	admission *admission
	onBlock   func(BlockInfo)

	queue   chan *message
	stop    chan struct{} // closed by halt: order what is queued, then end
	stopped chan struct{} // closed when run has ended
	// failed is closed when the chain can no longer write; nothing but a restart
	// brings it back.
	failed   chan struct{}
	stopOnce sync.Once

	// configuring is held while a config block is stored and applied, so that a
	// reader which sees the block also sees its configuration: as in v1.3.0, a
	// client that the block bars does not get it.
	configuring sync.RWMutex

	// Owned by run.
	sealer *sealer
	cutter cutter
	group  []blockstore.Block // sealed, not yet stored
	infos  []BlockInfo        // of group
	bytes  int                // of group
}

// enqueue hands a message to the ordering goroutine, waiting for room.
func (c *chain) enqueue(ctx context.Context, m *message) *refused {
	if c.unavailable() {
		return &refused{cb.Status_SERVICE_UNAVAILABLE, errHalted}
	}
	select {
	case c.queue <- m:
		return nil
	case <-c.failed:
	case <-c.stop:
	case <-ctx.Done():
	}
	return &refused{cb.Status_SERVICE_UNAVAILABLE, errHalted}
}

func (c *chain) unavailable() bool {
	select {
	case <-c.failed:
		return true
	case <-c.stop:
		return true
	default:
		return false
	}
}

// halt ends ordering after what has been queued, and waits for that. All
// Broadcast streams have ended before, so nothing is queued meanwhile.
func (c *chain) halt() {
	c.stopOnce.Do(func() { close(c.stop) })
	<-c.stopped
}

// settle waits while a config block is being stored and applied: afterwards the
// configuration in effect is at least that of the newest block seen before.
func (c *chain) settle() {
	c.configuring.RLock()
	defer c.configuring.RUnlock()
}

// run is the ordering goroutine.
func (c *chain) run() {
	defer close(c.stopped)
	if err := c.orderAll(); err != nil {
		logger.Errorf("Channel %s: ordering has stopped, blocks and messages are refused until this orderer is restarted: %s", c.channel.ID(), err)
		close(c.failed)
	}
}

// orderAll runs until halt (nil) or until a block cannot be written.
func (c *chain) orderAll() error {
	// One timer, re-armed for each wait. Not running: nothing is pending.
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		if due, pending := c.cutter.due(c.limits()); pending {
			timer.Reset(time.Until(due))
		}
		var err error
		select {
		case m := <-c.queue:
			err = c.orderQueued(m)
		case <-timer.C:
			err = c.cutPending()
		case <-c.stop:
			return c.drain()
		}
		if err == nil {
			err = c.flush()
		}
		if err != nil {
			return err
		}
		timer.Stop()
	}
}

// orderQueued orders a message and those that wait behind it, up to what one
// group takes.
func (c *chain) orderQueued(m *message) error {
	for {
		if err := c.order(m); err != nil {
			return err
		}
		if c.bytes >= groupBytes {
			return nil
		}
		if due, pending := c.cutter.due(c.limits()); pending && !time.Now().Before(due) {
			return c.cutPending()
		}
		select {
		case m = <-c.queue:
		default:
			return nil
		}
	}
}

// drain orders everything that was accepted.
func (c *chain) drain() error {
	for {
		select {
		case m := <-c.queue:
			if err := c.orderQueued(m); err != nil {
				return err
			}
			if err := c.flush(); err != nil {
				return err
			}
			continue
		default:
		}
		if err := c.cutPending(); err != nil {
			return err
		}
		return c.flush()
	}
}

// order takes one message. The error is fatal; a message that has become
// unacceptable is dropped.
func (c *chain) order(m *message) error {
	if m.sequence != c.channel.Sequence() {
		again, r := c.admission.judge(m.submitted, m.config)
		if r != nil {
			logger.Warningf("Channel %s: dropped a message that was accepted under configuration %d and is not under %d: %s",
				c.channel.ID(), m.sequence, c.channel.Sequence(), r)
			return nil
		}
		m = again
	}
	if m.config {
		return c.orderConfig(m)
	}
	for _, b := range c.cutter.add(time.Now(), m.entry, c.limits()) {
		if err := c.seal(b, false); err != nil {
			return err
		}
	}
	return nil
}

// orderConfig puts a configuration into a block of its own and makes it current
// once that block is durable, before any later message is ordered.
func (c *chain) orderConfig(m *message) error {
	if err := c.cutPending(); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	before := *c.sealer
	block, stored, err := c.sealer.seal(batch{m.entry}, true)
	if err != nil {
		return err
	}
	if err := c.channel.Validate(block); err != nil {
		*c.sealer = before // the block is not stored, so its number is free
		logger.Errorf("Channel %s: dropped a config update that leads to a configuration this orderer cannot apply: %s", c.channel.ID(), err)
		return nil
	}
	c.push(stored, 1)
	c.configuring.Lock()
	defer c.configuring.Unlock()
	if err := c.flush(); err != nil {
		return err
	}
	if err := c.channel.Apply(block); err != nil {
		return fmt.Errorf("config block %d is stored but cannot be applied: %w", stored.Number, err)
	}
	return nil
}

func (c *chain) cutPending() error {
	if b := c.cutter.cut(); b != nil {
		return c.seal(b, false)
	}
	return nil
}

func (c *chain) seal(b batch, config bool) error {
	_, stored, err := c.sealer.seal(b, config)
	if err != nil {
		return err
	}
	c.push(stored, len(b))
	return nil
}

func (c *chain) push(b blockstore.Block, transactions int) {
	c.group = append(c.group, b)
	c.infos = append(c.infos, BlockInfo{
		Number: b.Number, Transactions: transactions, Bytes: len(b.Raw), Config: b.Config,
	})
	c.bytes += len(b.Raw)
}

// flush stores the sealed blocks, after which Deliver streams see them.
func (c *chain) flush() error {
	if len(c.group) == 0 {
		return nil
	}
	if err := c.store.Append(c.group...); err != nil {
		return err
	}
	if c.onBlock != nil {
		for _, info := range c.infos {
			c.onBlock(info)
		}
	}
	// The slices are reused; their old content would keep the blocks alive.
	clear(c.group)
	c.group, c.infos, c.bytes = c.group[:0], c.infos[:0], 0
	return nil
}

// limits reads the current configuration.
func (c *chain) limits() limits {
	orderer, ok := c.channel.Bundle().OrdererConfig()
	if !ok {
		// Channel.Apply keeps the section from disappearing.
		return limits{count: 1, preferred: 1}
	}
	size := orderer.BatchSize()
	return limits{
		count:     int(size.MaxMessageCount),
		preferred: int(size.PreferredMaxBytes),
		timeout:   orderer.BatchTimeout(),
	}
}
