// SPDX-License-Identifier: Apache-2.0

// Package fetch asks orderers for a range of a channel's blocks, once: it is
// what `peer channel fetch` does, for any range. It keeps nothing and commits
// nothing; core/deliverservice is what pulls a channel for good.
//
// Each block is checked to be the next of a hash chain with the data that its
// header says and, when a verifier is given, to be signed as the channel
// demands. An orderer that fails or lies is left for the next one, which
// continues where the last one stopped.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/common/localmsp"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
)

// Positions that are not numbers.
const (
	Newest = math.MaxUint64
	Oldest = math.MaxUint64 - 1
)

// Request says what to fetch and from whom.
type Request struct {
	ChannelID string
	From, To  uint64 // inclusive; Oldest and Newest are allowed for both
	Endpoints []string
	Dial      func(endpoint string) (*grpc.ClientConn, error)

	// TLSCertHash binds the request to the client's TLS certificate; nil
	// without TLS.
	TLSCertHash []byte

	// Verify, when not nil, judges each block: its signatures, or by what else
	// it is to be known.
	Verify func(block *cb.Block) error
}

// Sink takes in each block as it arrives; an error ends the fetch.
type Sink func(block *cb.Block) error

// ErrNotReady is wrapped when the channel has not got as far as was asked for.
var ErrNotReady = errors.New("the channel is not as long as that")

// Run fetches the blocks in order and returns how many there were. It gives up
// when all endpoints have failed, one after the other, without a block from
// any of them; the error has a line for each. It stops when ctx ends.
func Run(ctx context.Context, r Request, sink Sink) (int, error) {
	if len(r.Endpoints) == 0 {
		return 0, errors.New("no orderer to fetch from")
	}
	if r.From < Oldest && r.To < Oldest && r.From > r.To {
		return 0, fmt.Errorf("the range begins with block %d, after its end %d", r.From, r.To)
	}
	p := &progress{next: r.From}
	var failures []error // since the last progress
	for i := 0; len(failures) < len(r.Endpoints) && !p.complete(r); {
		endpoint := r.Endpoints[i%len(r.Endpoints)]
		before := p.count
		err := fromOne(ctx, r, endpoint, p, sink)
		var stop final
		switch {
		case err == nil:
			return p.count, nil
		case errors.As(err, &stop):
			return p.count, stop.error
		case ctx.Err() != nil:
			return p.count, ctx.Err()
		case p.count > before:
			failures = nil
			continue
		}
		failures = append(failures, fmt.Errorf("%s: %w", endpoint, err))
		i++
	}
	return p.count, errors.Join(failures...)
}

// final marks an error that another orderer cannot mend.
type final struct{ error }

// progress is how far a fetch has come.
type progress struct {
	next  uint64 // what to ask for: a number, Oldest or Newest
	count int
	last  *cb.BlockHeader
}

// complete tells whether all that was asked for has come. Of a range up to the
// newest block only the orderer knows the end.
func (p *progress) complete(r Request) bool {
	switch {
	case p.count == 0:
		return false
	case r.From == r.To:
		return true
	}
	return r.To < Oldest && p.next > r.To
}

// fromOne runs one stream against one orderer until the range is complete.
func fromOne(ctx context.Context, r Request, endpoint string, p *progress, sink Sink) error {
	conn, err := r.Dial(endpoint)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := ab.NewAtomicBroadcastClient(conn).Deliver(ctx)
	if err != nil {
		return fmt.Errorf("opening the Deliver stream: %w", err)
	}
	if err := seek(stream, r, p.next); err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("receiving after %d blocks: %w", p.count, err)
		}
		switch t := response.Type.(type) {
		case *ab.DeliverResponse_Status:
			return conclude(t.Status, r, p)
		case *ab.DeliverResponse_Block:
			if err := accept(r, p, t.Block); err != nil {
				return err
			}
			if err := sink(t.Block); err != nil {
				return final{err}
			}
		default:
			return errors.New("an answer that is neither block nor status")
		}
	}
}

func seek(stream ab.AtomicBroadcast_DeliverClient, r Request, from uint64) error {
	envelope, err := utils.CreateSignedEnvelopeWithTLSBinding(cb.HeaderType_DELIVER_SEEK_INFO, r.ChannelID, localmsp.NewSigner(), &ab.SeekInfo{
		Start:    position(from),
		Stop:     position(r.To),
		Behavior: ab.SeekInfo_FAIL_IF_NOT_READY,
	}, 0, 0, r.TLSCertHash)
	if err != nil {
		return final{fmt.Errorf("making the seek request: %w", err)}
	}
	if err := stream.Send(envelope); err != nil {
		return fmt.Errorf("sending the seek request: %w", err)
	}
	return nil
}

func position(n uint64) *ab.SeekPosition {
	switch n {
	case Newest:
		return &ab.SeekPosition{Type: &ab.SeekPosition_Newest{Newest: &ab.SeekNewest{}}}
	case Oldest:
		return &ab.SeekPosition{Type: &ab.SeekPosition_Oldest{Oldest: &ab.SeekOldest{}}}
	}
	return &ab.SeekPosition{Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: n}}}
}

// conclude translates the status that ends a seek.
func conclude(status cb.Status, r Request, p *progress) error {
	switch status {
	case cb.Status_SUCCESS:
		if p.count == 0 || r.To < Oldest && !p.complete(r) {
			return fmt.Errorf("it says that all has been sent (status SUCCESS) after %d blocks", p.count)
		}
		return nil
	case cb.Status_NOT_FOUND:
		if p.count > 0 {
			return fmt.Errorf("%w: it ends before block %d", ErrNotReady, p.next)
		}
		return fmt.Errorf("%w, or the orderer does not know the channel (status NOT_FOUND)", ErrNotReady)
	case cb.Status_FORBIDDEN:
		return errors.New("refused (status FORBIDDEN): is this identity a reader of the channel?")
	case cb.Status_BAD_REQUEST:
		return errors.New("refused (status BAD_REQUEST): is the clock right, and does mutual TLS present the certificate that the request names?")
	}
	return fmt.Errorf("ended with status %s", status)
}

// accept checks that a block is the next one and hangs together.
func accept(r Request, p *progress, block *cb.Block) error {
	header := block.GetHeader()
	switch {
	case header == nil:
		return errors.New("a block without a header")
	case p.complete(r):
		return fmt.Errorf("block %d after the end of the range", header.Number)
	case p.next < Oldest && header.Number != p.next:
		return fmt.Errorf("block %d where %d was due", header.Number, p.next)
	case !bytes.Equal(header.DataHash, protoext.BlockDataHash(block.Data)):
		return fmt.Errorf("block %d: its data does not match its data hash", header.Number)
	case p.last != nil && !bytes.Equal(header.PreviousHash, protoext.BlockHeaderHash(p.last)):
		return fmt.Errorf("block %d does not follow block %d: previous hash differs", header.Number, p.last.Number)
	}
	if r.Verify != nil {
		if err := r.Verify(block); err != nil {
			return fmt.Errorf("block %d: %w", header.Number, err)
		}
	}
	p.last, p.next, p.count = header, header.Number+1, p.count+1
	return nil
}
