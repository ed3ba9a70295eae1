// SPDX-License-Identifier: Apache-2.0

package main

import (
	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
)

// service is what a server process offers to its connections.
type service interface {
	Register(*grpc.Server)
	Stop()
}

// stub sends blocks as an unmodified orderer does: each stored block is decoded
// by the ledger's iterator, and encoded again by the generated stream's Send,
// for each receiver. The embedded orderer's own way (-raw) sends stored bytes.
type stub struct {
	blocks [][]byte
}

func newService(n *network, blocks [][]byte, raw bool) (service, error) {
	if raw {
		return orderer.NewReplay(blocks, orderer.ReplayConfig{MutualTLS: n.tls})
	}
	return &stub{blocks: blocks}, nil
}

// Register offers the service on a gRPC server.
func (s *stub) Register(server *grpc.Server) { ab.RegisterAtomicBroadcastServer(server, s) }

// Stop does nothing: streams end with the gRPC server.
func (s *stub) Stop() {}

// Broadcast ends the stream: nothing is ordered here.
func (s *stub) Broadcast(ab.AtomicBroadcast_BroadcastServer) error { return nil }

// Deliver serves one seek from a specified number on.
func (s *stub) Deliver(stream ab.AtomicBroadcast_DeliverServer) error {
	envelope, err := stream.Recv()
	if err != nil {
		return err
	}
	seek := &ab.SeekInfo{}
	if _, err := utils.UnmarshalEnvelopeOfType(envelope, cb.HeaderType_DELIVER_SEEK_INFO, seek); err != nil {
		return err
	}
	for number := seek.GetStart().GetSpecified().GetNumber(); number < uint64(len(s.blocks)); number++ {
		block, err := utils.UnmarshalBlock(s.blocks[number])
		if err != nil {
			return err
		}
		if err := stream.Send(&ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: block}}); err != nil {
			return err
		}
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}
