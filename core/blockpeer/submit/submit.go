// SPDX-License-Identifier: Apache-2.0

// Package submit is a minimal client of an orderer's Broadcast service: it
// signs opaque transactions and hands them in. The demonstration, benchmarks
// and tests use it to make a channel grow; an application uses an SDK.
package submit

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/common/crypto"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
)

// Stream is an open Broadcast stream. It is for one goroutine.
type Stream struct {
	stream ab.AtomicBroadcast_BroadcastClient
}

// Open opens a stream that lasts until ctx ends.
func Open(ctx context.Context, conn *grpc.ClientConn) (*Stream, error) {
	stream, err := ab.NewAtomicBroadcastClient(conn).Broadcast(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening a Broadcast stream: %w", err)
	}
	return &Stream{stream: stream}, nil
}

// Transaction makes a signed envelope of type MESSAGE around content, which
// orderers and peers that do not execute transactions do not look into.
func Transaction(channelID string, signer crypto.LocalSigner, content []byte) (*cb.Envelope, error) {
	header, err := signer.NewSignatureHeader()
	if err != nil {
		return nil, err
	}
	channelHeader := utils.MakeChannelHeader(cb.HeaderType_MESSAGE, 0, channelID, 0)
	if err := utils.SetTxID(channelHeader, header); err != nil {
		return nil, err
	}
	payload := utils.MarshalOrPanic(&cb.Payload{Header: utils.MakePayloadHeader(channelHeader, header), Data: content})
	signature, err := signer.Sign(payload)
	if err != nil {
		return nil, err
	}
	return &cb.Envelope{Payload: payload, Signature: signature}, nil
}

// Send hands in one envelope and waits for the answer. Anything but SUCCESS is
// an error that carries the orderer's reason, and ends the stream.
func (s *Stream) Send(envelope *cb.Envelope) error {
	if err := s.stream.Send(envelope); err != nil {
		return fmt.Errorf("submitting a transaction: %w", err)
	}
	response, err := s.stream.Recv()
	if err != nil {
		return fmt.Errorf("waiting for the orderer's answer: %w", err)
	}
	if response.Status != cb.Status_SUCCESS {
		return fmt.Errorf("the orderer refused the transaction: %s %q", response.Status, response.Info)
	}
	return nil
}
