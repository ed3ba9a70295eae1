// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"context"
	"fmt"

	"github.com/hyperledger/fabric/common/deliver"
	"github.com/hyperledger/fabric/common/ledger/blockledger"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// delivery is one Deliver stream, in all the roles that the handler knows: it
// finds the chain, receives requests, checks readers and sends answers. It is
// used by the handler's goroutine only.
//
// Blocks pass it as stored bytes: the handler sees a block with nothing but a
// number, and the bytes that belong to it wait in transit until it is sent.
type delivery struct {
	server  *server
	ctx     context.Context
	stream  ab.AtomicBroadcast_DeliverServer
	transit transit
}

// transit holds the block between being read and being sent.
type transit struct {
	number uint64
	raw    []byte
}

// GetChain implements deliver.ChainManager.
func (d *delivery) GetChain(channelID string) (deliver.Chain, bool) {
	if channelID != d.server.source.channelID() {
		return nil, false
	}
	return d.server.source.open(&d.transit), true
}

// Recv implements deliver.Receiver. Requests that the server's own hook answers
// never reach the handler.
func (d *delivery) Recv() (*cb.Envelope, error) {
	for {
		envelope, err := receive(d.ctx, d.stream.Recv)
		if err != nil || d.server.config.seek == nil {
			return envelope, err
		}
		code, err := d.server.config.seek(d.ctx, envelope)
		if err != nil {
			return nil, err
		}
		if code == cb.Status_UNKNOWN {
			return envelope, nil
		}
		if err := d.SendStatusResponse(code); err != nil {
			return nil, err
		}
	}
}

// CheckPolicy implements deliver.PolicyChecker.
func (d *delivery) CheckPolicy(envelope *cb.Envelope, channelID string) error {
	if channelID != d.server.source.channelID() {
		return fmt.Errorf("channel %s does not exist", channelID)
	}
	return d.server.source.checkReader(envelope)
}

// SendStatusResponse implements deliver.ResponseSender.
func (d *delivery) SendStatusResponse(code cb.Status) error {
	return d.stream.Send(&ab.DeliverResponse{Type: &ab.DeliverResponse_Status{Status: code}})
}

// SendBlockResponse implements deliver.ResponseSender. The block is the one
// that was read last, and travels as its stored bytes.
func (d *delivery) SendBlockResponse(block *cb.Block) error {
	raw := d.transit.raw
	if number := block.GetHeader().GetNumber(); number != d.transit.number || raw == nil {
		return fmt.Errorf("block %d is to be sent but block %d was read", number, d.transit.number)
	}
	d.transit.raw = nil
	if d.server.config.send == nil {
		return d.stream.SendMsg(&rawResponse{block: raw})
	}
	substitutes, err := d.server.config.send(d.ctx, d.transit.number, raw)
	if err != nil {
		return err
	}
	for _, substitute := range substitutes {
		if err := d.stream.SendMsg(&rawResponse{block: substitute}); err != nil {
			return err
		}
	}
	return nil
}

// cursor reads raw blocks upwards, waiting at the end of the chain.
type cursor interface {
	NextRaw() (uint64, []byte, cb.Status)
	ReadyChan() <-chan struct{}
	Close()
}

// carrier is the iterator that the handler gets: it leaves the bytes in transit.
type carrier struct {
	cursor
	taken *transit
}

var _ blockledger.Iterator = (*carrier)(nil)

// Next implements blockledger.Iterator. Of the block only the number is set.
func (c *carrier) Next() (*cb.Block, cb.Status) {
	number, raw, code := c.NextRaw()
	if code != cb.Status_SUCCESS {
		return nil, code
	}
	c.taken.number, c.taken.raw = number, raw
	return &cb.Block{Header: &cb.BlockHeader{Number: number}}, code
}
