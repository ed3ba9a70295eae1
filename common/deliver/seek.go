// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"context"
	"math"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/ledger/blockledger"
	"github.com/hyperledger/fabric/common/util"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
)

// refusal is a seek that is answered with a status and nothing else.
type refusal struct {
	status  cb.Status
	channel string // "" while unknown
	reason  error
	// routine refusals are what well-behaved clients provoke all the time.
	routine bool
}

func refuse(status cb.Status, channel string, reason error) *refusal {
	return &refusal{status: status, channel: channel, reason: reason}
}

func (r *refusal) log(client string) {
	if r.routine {
		logger.Debugf("Channel %q: seek from %s answered with %s: %s", r.channel, client, r.status, r.reason)
		return
	}
	logger.Warningf("Channel %q: seek from %s refused with %s: %s", r.channel, client, r.status, r.reason)
}

// seek is an admitted request.
type seek struct {
	channel string
	access  *SessionAccessControl
	errored <-chan struct{} // as it was when the seek began
	reader  blockledger.Reader
	blocks  blockledger.Iterator
	next    uint64 // number of the block that blocks returns next
	stop    uint64 // number after which the seek is complete
	wait    bool   // wait for blocks that do not exist yet
}

// admit runs the checks of a request in v1.3.0's order, as the status for a
// request with several faults depends on it.
func (h *Handler) admit(ctx context.Context, srv *Server, envelope *cb.Envelope) (*seek, *refusal) {
	payload, header, err := unpack(envelope)
	if err != nil {
		return nil, refuse(cb.Status_BAD_REQUEST, "", err)
	}
	channel := header.ChannelId
	if err := h.checkTime(header); err != nil {
		return nil, refuse(cb.Status_BAD_REQUEST, channel, err)
	}
	if h.BindingInspector != nil {
		if err := h.BindingInspector.Inspect(ctx, header); err != nil {
			return nil, refuse(cb.Status_BAD_REQUEST, channel, errors.WithMessage(err, "TLS binding"))
		}
	}
	chain, found := h.ChainManager.GetChain(channel)
	if !found {
		// Clients poll for channels that are about to be created.
		r := refuse(cb.Status_NOT_FOUND, channel, errors.New("no such channel"))
		r.routine = true
		return nil, r
	}
	errored := chain.Errored()
	select {
	case <-errored:
		return nil, refuse(cb.Status_SERVICE_UNAVAILABLE, channel, errors.New("the chain cannot serve at the moment"))
	default:
	}
	access, err := NewSessionAC(chain, envelope, srv, channel, crypto.ExpiresAt)
	if err != nil {
		return nil, refuse(cb.Status_BAD_REQUEST, channel, err)
	}
	access.now = h.clock
	if err := access.Evaluate(); err != nil {
		return nil, refuse(cb.Status_FORBIDDEN, channel, err)
	}
	s := &seek{channel: channel, access: access, errored: errored, reader: chain.Reader()}
	if err := s.position(payload.Data); err != nil {
		return nil, refuse(cb.Status_BAD_REQUEST, channel, err)
	}
	return s, nil
}

// unpack opens an envelope as far as its channel header.
func unpack(envelope *cb.Envelope) (*cb.Payload, *cb.ChannelHeader, error) {
	payload := &cb.Payload{}
	if err := proto.Unmarshal(envelope.GetPayload(), payload); err != nil {
		return nil, nil, errors.Wrap(err, "the envelope's payload is malformed")
	}
	if payload.Header == nil {
		return nil, nil, errors.New("the envelope has no header")
	}
	header := &cb.ChannelHeader{}
	if err := proto.Unmarshal(payload.Header.ChannelHeader, header); err != nil {
		return nil, nil, errors.Wrap(err, "the channel header is malformed")
	}
	return payload, header, nil
}

// Timestamps outside these years are refused before any arithmetic that could
// overflow with them.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

func (h *Handler) checkTime(header *cb.ChannelHeader) error {
	stamp := header.GetTimestamp()
	if stamp == nil {
		return errors.New("the channel header has no timestamp")
	}
	if stamp.Seconds < earliest.Unix() || stamp.Seconds > latest.Unix() {
		return errors.Errorf("the timestamp is %d seconds from the epoch, which is no date", stamp.Seconds)
	}
	sent := time.Unix(stamp.Seconds, int64(stamp.Nanos))
	apart := h.clock().Sub(sent)
	if apart > h.TimeWindow || apart < -h.TimeWindow {
		return errors.Errorf("the timestamp %s differs from this server's time by %s, more than %s",
			sent.UTC().Format(time.RFC3339), apart, h.TimeWindow)
	}
	return nil
}

// position reads the seek info and opens the iterator.
func (s *seek) position(data []byte) error {
	info := &ab.SeekInfo{}
	if err := proto.Unmarshal(data, info); err != nil {
		return errors.Wrap(err, "the seek info is malformed")
	}
	if info.Start == nil || info.Stop == nil {
		return errors.New("the seek info lacks its start or its stop")
	}
	s.wait = info.Behavior != ab.SeekInfo_FAIL_IF_NOT_READY
	s.blocks, s.next = s.reader.Iterator(info.Start)
	stop, err := s.resolveStop(info)
	if err != nil {
		s.blocks.Close()
		return err
	}
	s.stop = stop
	return nil
}

func (s *seek) resolveStop(info *ab.SeekInfo) (uint64, error) {
	switch stop := info.Stop.Type.(type) {
	case *ab.SeekPosition_Oldest:
		return s.next, nil
	case *ab.SeekPosition_Newest:
		if info.Start.GetNewest() != nil {
			// Asking for the height again could see a block that was appended
			// since the iterator was opened, and send two.
			return s.next, nil
		}
		if height := s.reader.Height(); height > 0 {
			return height - 1, nil
		}
		return math.MaxUint64, nil
	case *ab.SeekPosition_Specified:
		number := stop.Specified.GetNumber()
		if number < s.next {
			return 0, errors.Errorf("the range ends at block %d, before its start %d", number, s.next)
		}
		return number, nil
	default:
		return 0, nil
	}
}

// stream sends the blocks of an admitted request and returns its final status.
func (s *seek) stream(ctx context.Context, srv *Server) (cb.Status, error) {
	for {
		if !s.wait && s.next >= s.reader.Height() {
			return cb.Status_NOT_FOUND, nil
		}
		block, status, err := s.await(ctx)
		if err != nil {
			return status, err
		}
		if status != cb.Status_SUCCESS {
			s.logEnd(ctx, status)
			return status, nil
		}
		s.next++
		if err := s.access.Evaluate(); err != nil {
			refuse(cb.Status_FORBIDDEN, s.channel, err).log(util.ExtractRemoteAddress(ctx))
			return cb.Status_FORBIDDEN, nil
		}
		if err := srv.SendBlockResponse(block); err != nil {
			return cb.Status_INTERNAL_SERVER_ERROR, errors.WithMessage(err, "cannot send a block")
		}
		if block.GetHeader().GetNumber() == s.stop {
			return cb.Status_SUCCESS, nil
		}
	}
}

func (s *seek) logEnd(ctx context.Context, status cb.Status) {
	if status == cb.Status_NOT_FOUND {
		logger.Debugf("Channel %q: %s seeks beyond the chain", s.channel, util.ExtractRemoteAddress(ctx))
		return
	}
	logger.Warningf("Channel %q: stream to %s ends with %s before block %d", s.channel, util.ExtractRemoteAddress(ctx), status, s.next)
}

// readier is an iterator that can be waited for in a select.
type readier interface {
	ReadyChan() <-chan struct{}
}

// await returns the next block, or the status that ends the seek, or the
// context's error.
func (s *seek) await(ctx context.Context) (*cb.Block, cb.Status, error) {
	ready, got := s.waitable()
	select {
	case <-ctx.Done():
		return nil, cb.Status_INTERNAL_SERVER_ERROR, errors.Wrap(ctx.Err(), "context finished before block retrieved")
	case <-s.errored:
		return nil, cb.Status_SERVICE_UNAVAILABLE, nil
	case <-ready:
		block, status := s.blocks.Next()
		return block, status, nil
	case r := <-got:
		return r.block, r.status, nil
	}
}

type result struct {
	block  *cb.Block
	status cb.Status
}

// waitable returns the channel to wait on for a block: either one that says
// when Next will not wait, or one with Next's result from a goroutine, which
// ends at the latest when the iterator is closed. The other one is nil.
func (s *seek) waitable() (<-chan struct{}, <-chan result) {
	if r, ok := s.blocks.(readier); ok {
		return r.ReadyChan(), nil
	}
	got := make(chan result, 1)
	blocks := s.blocks
	go func() {
		block, status := blocks.Next()
		got <- result{block, status}
	}()
	return nil, got
}
