// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"context"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hyperledger/fabric/common/deliver"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errStopping ends the streams of a server that stops. Clients see what a
// vanished server looks like, and no status of the protocol.
var errStopping = status.Error(codes.Unavailable, "the ordering service is shutting down")

// serverConfig is what differs between servers.
type serverConfig struct {
	window            time.Duration
	mutualTLS         bool
	closeAfterFailure bool
	// broadcast answers one message; nil error text means SUCCESS.
	broadcast func(ctx context.Context, envelope *cb.Envelope) (cb.Status, string)
	// seek, when set, may answer a request instead of the handler: with a status
	// other than UNKNOWN, or an error that ends the stream.
	seek func(ctx context.Context, envelope *cb.Envelope) (cb.Status, error)
	// send, when set, replaces a block by zero or more raw blocks.
	send func(ctx context.Context, number uint64, raw []byte) ([][]byte, error)
}

// source is a chain as a server reads it.
type source interface {
	channelID() string
	// open returns the chain for one stream. Blocks go through taken as they are
	// read, as stored bytes.
	open(taken *transit) deliver.Chain
	// checkReader decides whether the sender of an envelope may read.
	checkReader(envelope *cb.Envelope) error
}

// server is an orderer.AtomicBroadcastServer over a source.
type server struct {
	source source
	config serverConfig

	// stopping is done once stop has been called.
	stopping context.Context
	cancel   context.CancelFunc

	mu      sync.Mutex     // guards ended, and orders streams.Add before Wait
	ended   bool           // no new streams
	streams sync.WaitGroup // running stream handlers
}

func newServer(s source, config serverConfig) *server {
	stopping, cancel := context.WithCancel(context.Background())
	return &server{source: s, config: config, stopping: stopping, cancel: cancel}
}

// enter admits a stream; leave must be called when it ends.
func (s *server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	s.streams.Add(1)
	return true
}

// stop ends all streams and waits for their handlers.
func (s *server) stop() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.cancel()
	s.streams.Wait()
}

// Broadcast implements orderer.AtomicBroadcastServer: one answer per message,
// and the stream ends after the first that is not SUCCESS.
func (s *server) Broadcast(stream ab.AtomicBroadcast_BroadcastServer) error {
	return s.run(stream.Context(), func(ctx context.Context) error {
		for {
			envelope, err := receive(ctx, stream.Recv)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			code, info := s.config.broadcast(ctx, envelope)
			if err := stream.Send(&ab.BroadcastResponse{Status: code, Info: info}); err != nil {
				return err
			}
			if code != cb.Status_SUCCESS {
				return nil
			}
		}
	})
}

// Deliver implements orderer.AtomicBroadcastServer.
func (s *server) Deliver(stream ab.AtomicBroadcast_DeliverServer) error {
	return s.run(stream.Context(), func(ctx context.Context) error {
		d := &delivery{server: s, ctx: ctx, stream: stream}
		handler := deliver.NewHandler(d, s.config.window, s.config.mutualTLS)
		handler.CloseAfterFailure = s.config.closeAfterFailure
		return handler.Handle(ctx, &deliver.Server{Receiver: d, PolicyChecker: d, ResponseSender: d})
	})
}

// run carries one stream: it ends when the server stops, and a panic ends this
// stream only, without a status, as in v1.3.0.
func (s *server) run(ctx context.Context, serve func(context.Context) error) (err error) {
	if !s.enter() {
		return errStopping
	}
	defer s.streams.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	defer func() {
		if r := recover(); r != nil {
			logger.Errorf("Channel %s: a stream failed: %v\n%s", s.source.channelID(), r, debug.Stack())
			err = nil
		}
	}()
	err = serve(ctx)
	if s.stopping.Err() != nil {
		return errStopping
	}
	return err
}

// receive waits for a message or for the end of ctx. When ctx ends first, the
// pending receive ends with the stream, which the caller leaves next.
func receive(ctx context.Context, recv func() (*cb.Envelope, error)) (*cb.Envelope, error) {
	type received struct {
		envelope *cb.Envelope
		err      error
	}
	got := make(chan received, 1)
	go func() {
		envelope, err := recv()
		got <- received{envelope, err}
	}()
	select {
	case r := <-got:
		return r.envelope, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
