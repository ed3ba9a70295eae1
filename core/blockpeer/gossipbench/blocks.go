// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/core/blockpeer/internal/rusage"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

const (
	leastSize = 1 << 10
	mostSize  = 32 << 20
	// overhead is what a block has beside its transaction, about.
	overhead = 250
	// signatureSize is that of a client's, which nobody here checks.
	signatureSize = 71
)

// notary signs blocks, in an orderer's place.
type notary struct {
	key *ecdsa.PrivateKey
}

func newNotary() (*notary, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return &notary{key}, nil
}

// chain makes encoded blocks of about size bytes, numbered from 1.
func (n *notary) chain(count, size int) ([][]byte, error) {
	all := make([][]byte, 0, count)
	previous := make([]byte, 32)
	for number := uint64(1); number <= uint64(count); number++ {
		block, err := n.block(number, previous, size)
		if err != nil {
			return nil, fmt.Errorf("making block %d: %w", number, err)
		}
		raw, err := proto.Marshal(block)
		if err != nil {
			return nil, err
		}
		all, previous = append(all, raw), protoext.BlockHeaderHash(block.Header)
	}
	return all, nil
}

func (n *notary) block(number uint64, previous []byte, size int) (*cb.Block, error) {
	content := make([]byte, size-overhead)
	if _, err := rand.Read(content); err != nil {
		return nil, err
	}
	transaction, err := proto.Marshal(&cb.Envelope{Payload: content, Signature: content[:signatureSize]})
	if err != nil {
		return nil, err
	}
	data := &cb.BlockData{Data: [][]byte{transaction}}
	header := &cb.BlockHeader{Number: number, PreviousHash: previous, DataHash: protoext.BlockDataHash(data)}
	signature, err := sign(n.key, protoext.BlockHeaderBytes(header))
	if err != nil {
		return nil, err
	}
	return &cb.Block{Header: header, Data: data, Metadata: &cb.BlockMetadata{Metadata: [][]byte{signature}}}, nil
}

// verify does the work of verifying a block with one orderer's signature.
func (n *notary) verify(number uint64, raw []byte) error {
	block, err := protoext.UnmarshalBlock(raw)
	if err != nil {
		return err
	}
	metadata := block.GetMetadata().GetMetadata()
	switch {
	case block.GetHeader() == nil || len(metadata) == 0:
		return errors.New("no header or no signature")
	case block.Header.Number != number:
		return fmt.Errorf("block %d was announced as %d", block.Header.Number, number)
	case !bytes.Equal(block.Header.DataHash, protoext.BlockDataHash(block.Data)):
		return fmt.Errorf("block %d has other data than its header says", number)
	}
	return check(&n.key.PublicKey, metadata[0], protoext.BlockHeaderBytes(block.Header))
}

// calibrate measures the CPU time of checking one signature over a block's
// bytes.
func (n *notary) calibrate(message []byte) (time.Duration, error) {
	const rounds = 500
	signature, err := sign(n.key, message)
	if err != nil {
		return 0, err
	}
	before := rusage.CPU()
	for range rounds {
		if err := check(&n.key.PublicKey, signature, message); err != nil {
			return 0, err
		}
	}
	return (rusage.CPU() - before) / rounds, nil
}
