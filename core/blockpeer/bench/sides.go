// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/common/localmsp"
	"github.com/hyperledger/fabric/common/util"
	"github.com/hyperledger/fabric/core/comm"
	deliverclient "github.com/hyperledger/fabric/core/deliverservice"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
)

// source is a chain at a server, to be read from block 1 on.
type source struct {
	peer   *peer
	server *server
	pass   pass
}

// limit makes one pass with a loop of Recv.
func (s *source) limit(ctx context.Context) (figures, error) {
	m := &meter{pass: s.pass}
	err := s.receive(ctx, func(*cb.Block) bool { return m.block() })
	return m.figures(), err
}

// receive gives each block to take until that says true.
func (s *source) receive(ctx context.Context, take func(*cb.Block) (last bool)) error {
	conn, err := deliverclient.DefaultConnectionFactory(channelID)(s.server.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := ab.NewAtomicBroadcastClient(conn).Deliver(ctx)
	if err != nil {
		return err
	}
	request, err := seekAll(s.peer.network.tls)
	if err != nil {
		return err
	}
	if err := stream.Send(request); err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		block := response.GetBlock()
		if block == nil {
			return fmt.Errorf("the server answered with status %s", response.GetStatus())
		}
		if take(block) {
			return nil
		}
	}
}

// serial makes one pass with the plainest client that does what has to be done,
// the way v1.3.0 goes about it: decode a block, encode it again for the payload,
// decode that to verify it, hash a copy of its data, one after the other. It is
// not v1.3.0's code; it shows where upstream would stand on this machine.
func (s *source) serial(ctx context.Context) (figures, error) {
	k := &sink{meter: meter{pass: s.pass}, full: make(chan struct{})}
	var failure error
	err := s.receive(ctx, func(block *cb.Block) bool {
		failure = s.takeSerially(block, k)
		select {
		case <-k.full:
			return true
		default:
			return failure != nil
		}
	})
	return k.figures(), errors.Join(err, failure)
}

func (s *source) takeSerially(block *cb.Block, k *sink) error {
	raw, err := proto.Marshal(block)
	if err != nil {
		return err
	}
	again := &cb.Block{}
	if err := proto.Unmarshal(raw, again); err != nil {
		return err
	}
	again.Data.Data = [][]byte{util.ConcatenateBytes(again.Data.Data...)}
	if err := s.peer.crypto.VerifyBlock(gossipcommon.ChainID(channelID), block.Header.Number, raw); err != nil {
		return err
	}
	return k.AddPayload(channelID, &gossip.Payload{SeqNum: block.Header.Number, Data: raw})
}

// seekAll is a request for block 1 and all that follow.
func seekAll(useTLS bool) (*cb.Envelope, error) {
	at := func(number uint64) *ab.SeekPosition {
		return &ab.SeekPosition{Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: number}}}
	}
	var binding []byte
	if useTLS {
		binding = util.ComputeSHA256(comm.GetCredentialSupport().GetClientCertificate().Certificate[0])
	}
	request := &ab.SeekInfo{Start: at(1), Stop: at(math.MaxUint64), Behavior: ab.SeekInfo_BLOCK_UNTIL_READY}
	return utils.CreateSignedEnvelopeWithTLSBinding(cb.HeaderType_DELIVER_SEEK_INFO, channelID, localmsp.NewSigner(), request, 0, 0, binding)
}

// path makes one pass with the delivery service.
func (s *source) path(ctx context.Context) (figures, error) {
	k := &sink{meter: meter{pass: s.pass}, full: make(chan struct{})}
	service, err := deliverclient.NewDeliverService(&deliverclient.Config{
		CryptoSvc:   s.peer.crypto,
		Gossip:      k,
		Endpoints:   []string{s.server.address},
		ConnFactory: deliverclient.DefaultConnectionFactory,
		ABCFactory:  deliverclient.DefaultABCFactory,
	})
	if err != nil {
		return figures{}, err
	}
	ended := make(chan struct{})
	if err := service.StartDeliverForChannel(channelID, k, func() { close(ended) }); err != nil {
		return figures{}, err
	}
	select {
	case <-k.full:
	case <-ended:
		err = errors.New("delivery ended by itself")
	case <-ctx.Done():
		err = ctx.Err()
	}
	service.Stop()
	<-ended
	return k.figures(), err
}

// sink takes verified blocks in, and is the ledger that tells how many it has.
type sink struct {
	meter  // of the delivering goroutine, until full is closed
	full   chan struct{}
	height atomic.Uint64 // less block 0
}

// AddPayload counts a block.
func (k *sink) AddPayload(_ string, payload *gossip.Payload) error {
	if height := k.height.Load() + 1; payload.SeqNum != height {
		return fmt.Errorf("got block %d, expected %d", payload.SeqNum, height)
	}
	k.height.Add(1)
	select {
	case <-k.full:
	default:
		if k.block() {
			close(k.full)
		}
	}
	return nil
}

// LedgerHeight implements blocksprovider.LedgerInfo.
func (k *sink) LedgerHeight() (uint64, error) { return k.height.Load() + 1, nil }

// PeersOfChannel knows no other peers.
func (k *sink) PeersOfChannel(gossipcommon.ChainID) []discovery.NetworkMember { return nil }

// Gossip has nobody to pass blocks on to.
func (k *sink) Gossip(*gossip.GossipMessage) {}

// verifyAlone measures VerifyBlock, on a part of the chain, by itself: one
// goroutine, each block once. elapsed is its time.
func (s *source) verifyAlone(ctx context.Context) (figures, error) {
	var blocks [][]byte
	var failure error
	enough := min(256, s.pass.count, max(16, (16<<20)/s.server.blockBytes))
	err := s.receive(ctx, func(block *cb.Block) bool {
		raw, err := proto.Marshal(block)
		blocks, failure = append(blocks, raw), err
		return err != nil || len(blocks) > enough
	})
	if err = errors.Join(err, failure); err != nil {
		return figures{}, err
	}
	var from reading
	for i, raw := range blocks {
		if i == 1 { // the first fills the caches of identities
			from = read()
		}
		if err := s.peer.crypto.VerifyBlock(gossipcommon.ChainID(channelID), uint64(i+1), raw); err != nil {
			return figures{}, err
		}
	}
	return from.until(read(), enough, enough), nil
}
