// SPDX-License-Identifier: Apache-2.0

package blocksprovider

import (
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/deliverservice/internal/progress"
	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
	"go.uber.org/zap/zapcore"
)

// refreshedWait bounds what is left of a rest once the endpoints have changed.
// It is not zero because the ledger may still be taking in the last blocks, and
// its height goes into the next seek.
const refreshedWait = 100 * time.Millisecond

// delivery is one run of DeliverBlocks. It belongs to the goroutine that runs.
type delivery struct {
	*blocksProviderImpl
	core progress.Core

	// What the client offers beyond streamClient; nil if it does not.
	source   stream.Source
	numbered stream.Numbered
	ledger   stream.Ledger
}

func newDelivery(b *blocksProviderImpl) *delivery {
	b.wakes.init()
	d := &delivery{blocksProviderImpl: b}
	d.source, _ = b.client.(stream.Source)
	d.numbered, _ = b.client.(stream.Numbered)
	d.ledger, _ = b.client.(stream.Ledger)
	return d
}

func (d *delivery) receive() (*stream.Message, error) {
	if d.source != nil {
		return d.source.RecvMessage()
	}
	response, err := d.client.Recv()
	if err != nil {
		return nil, err
	}
	return &stream.Message{Response: response}, nil
}

// serial is the number of the stream that the message at hand came from, 0 if
// the client does not tell.
func (d *delivery) serial() uint64 {
	if d.numbered == nil {
		return 0
	}
	return d.numbered.Serial()
}

// take deals with one message to the end and reports whether delivery goes on.
func (d *delivery) take(msg *stream.Message) bool {
	if msg == nil {
		msg = &stream.Message{}
	}
	d.wakes.forget()
	switch kind := msg.Response.GetType().(type) {
	case *ab.DeliverResponse_Status:
		if kind != nil {
			return d.obey(d.core.Status(kind.Status, d.serial(), d.limits()))
		}
	case *ab.DeliverResponse_Block:
		if kind != nil {
			return d.takeBlock(msg, kind.Block)
		}
	}
	return d.obey(d.core.Garbled(errors.New("neither a block nor a status"), d.serial(), d.limits()))
}

// takeBlock takes a block as far as it gets: placed, verified, handed on, gossiped.
func (d *delivery) takeBlock(msg *stream.Message, block *cb.Block) bool {
	raw, err := shapeUp(msg, block)
	if err != nil {
		return d.obey(d.core.Garbled(err, d.serial(), d.limits()))
	}
	about := describe(block.Header, d.serial())
	var height progress.Height
	if d.core.Starts(about) {
		height = d.height()
	}
	if act := d.core.Arrived(about, height, d.limits()); act.Do != progress.Verify {
		return d.obey(act)
	}
	if on, ok := d.verify(msg.Verdict, block, raw); !ok {
		return on
	}
	payload := &gproto.Payload{SeqNum: block.Header.Number, Data: raw}
	if on, ok := d.handOn(payload); !ok {
		return on
	}
	d.core.Accepted(carriesConfig(block))
	if logger.IsEnabledFor(zapcore.DebugLevel) {
		logger.Debugf("[%s] Block [%d] is verified and handed on", d.chainID, block.Header.Number)
	}
	if !d.stopped() {
		d.gossip.Gossip(gossipMessage(d.chainID, payload))
	}
	return true
}

// shapeUp returns the bytes of a block that has the shape of one: those it came
// in where the receiver kept them, or newly made ones.
func shapeUp(msg *stream.Message, block *cb.Block) ([]byte, error) {
	if err := checkShape(block); err != nil {
		return nil, err
	}
	if msg.Block != nil {
		return msg.Block, nil
	}
	raw, err := proto.Marshal(block)
	return raw, errors.Wrapf(err, "block [%d] cannot be marshaled", block.Header.Number)
}

// describe tells the core about a block. A block without a data hash, which
// only stand-ins send, is no link of a hash chain.
func describe(header *cb.BlockHeader, serial uint64) progress.Block {
	about := progress.Block{Number: header.Number, Stream: serial, Previous: header.PreviousHash}
	if len(header.DataHash) > 0 {
		about.Hash = protoext.BlockHeaderHash(header)
	}
	return about
}

// verify has the block verified, by whoever got to it first, until the outcome
// is final. ok means valid; otherwise on says whether delivery goes on.
func (d *delivery) verify(verdict func() error, block *cb.Block, raw []byte) (on, ok bool) {
	for checks := 0; ; {
		var err error
		if verdict != nil {
			err = verdict()
		} else {
			err = checkBlock(d.mcs, d.chainID, block, raw)
		}
		if err == nil {
			return true, true
		}
		act := d.core.Disproved(err, d.height(), d.limits())
		if act.Do != progress.Again {
			return d.obey(act), false
		}
		if checks++; checks == 1 {
			logger.Infof("[%s] Will check again, a configuration block may not have taken effect: %s", d.chainID, act.Reason)
		}
		// A verdict is given once; what comes after is judged afresh.
		verdict = nil
		if !d.wait(act.After) {
			return false, false
		}
	}
}

// handOn gives the payload to the channel's state, several times if need be.
func (d *delivery) handOn(payload *gproto.Payload) (on, ok bool) {
	for {
		err := d.gossip.AddPayload(d.chainID, payload)
		if err == nil {
			return true, true
		}
		act := d.core.Stuck(err, d.height(), d.limits())
		if act.Do != progress.Again {
			return d.obey(act), false
		}
		logger.Warningf("[%s] Will try once more in %s: %s", d.chainID, act.After, act.Reason)
		if !d.wait(act.After) {
			return false, false
		}
	}
}

// obey carries out an action other than Verify and Again and reports whether
// delivery goes on.
func (d *delivery) obey(act progress.Action) bool {
	switch act.Do {
	case progress.Ignore:
		logger.Debugf("[%s] Ignored a message: %s", d.chainID, act.Reason)
		return true
	case progress.Leave:
		logger.Warningf("[%s] Leaving this orderer's stream in %s: %s", d.chainID, act.After, act.Reason)
		if !d.rest(act.After) {
			return false // Stop has closed the client
		}
		d.client.Disconnect(act.Blame)
		return true
	}
	logger.Criticalf("[%s] Delivery ends: %s", d.chainID, act.Reason)
	return false
}

// rest waits like wait; new endpoints make it short, and later rests as well.
func (d *delivery) rest(delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-d.wakes.stopC:
		return false
	case <-timer.C:
		return true
	case <-d.wakes.refreshC:
		d.core.Refreshed()
		if delay > refreshedWait {
			delay = refreshedWait
		}
		return d.wait(delay)
	}
}

// wait returns true after the delay, false at once when the provider is
// stopped.
func (d *delivery) wait(delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-d.wakes.stopC:
		return false
	case <-timer.C:
		return true
	}
}

func (d *delivery) limits() progress.Limits {
	return progress.Limits{MaxDelay: maxRetryDelay, Threshold: d.wrongStatusThreshold}
}

// height is the ledger's height if the client can tell it.
func (d *delivery) height() progress.Height {
	if d.ledger == nil {
		return progress.Height{}
	}
	value, err := d.ledger.LedgerHeight()
	if err != nil {
		logger.Warningf("[%s] Going on without the ledger's height: %s", d.chainID, err)
		return progress.Height{}
	}
	return progress.Height{Value: value, Known: true}
}

// carriesConfig reports whether a block holds a channel configuration, which
// always has the block to itself.
func carriesConfig(block *cb.Block) bool {
	return len(block.GetData().GetData()) == 1 && protoext.IsConfigBlock(block)
}

func gossipMessage(channel string, payload *gproto.Payload) *gproto.GossipMessage {
	return &gproto.GossipMessage{
		Tag:     gproto.GossipMessage_CHAN_AND_ORG,
		Channel: []byte(channel),
		Content: &gproto.GossipMessage_DataMsg{
			DataMsg: &gproto.DataMessage{Payload: payload},
		},
	}
}
