// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"context"
	"io"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/common/ledger/blockledger"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/common/util"
	"github.com/hyperledger/fabric/core/comm"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/pkg/errors"
)

var logger = flogging.MustGetLogger("common/deliver")

// ChainManager finds chains by channel ID.
type ChainManager interface {
	// GetChain returns a channel's chain, false when there is no such channel.
	GetChain(chainID string) (Chain, bool)
}

// Chain is what Deliver needs to know of a channel. All methods may be called
// at any time, from several streams at once.
type Chain interface {
	// Sequence rises with each change of the channel's configuration.
	Sequence() uint64
	// PolicyManager returns the channel's current policies.
	PolicyManager() policies.Manager
	// Reader returns the channel's blocks.
	Reader() blockledger.Reader
	// Errored returns a channel that is closed when the chain cannot serve; a
	// seek asks once, when it begins.
	Errored() <-chan struct{}
}

// PolicyChecker decides whether the sender of an envelope may read a channel.
type PolicyChecker interface {
	// CheckPolicy returns nil for a permitted reader. It is called with the
	// envelope as received, before the first block and again after each change
	// of the channel's configuration.
	CheckPolicy(envelope *cb.Envelope, channelID string) error
}

// PolicyCheckerFunc is a PolicyChecker made of a function.
type PolicyCheckerFunc func(envelope *cb.Envelope, channelID string) error

// CheckPolicy calls the function.
func (f PolicyCheckerFunc) CheckPolicy(envelope *cb.Envelope, channelID string) error {
	return f(envelope, channelID)
}

// Inspector checks that a request belongs to the connection it came on.
type Inspector interface {
	// Inspect gets the channel header of the request.
	Inspect(ctx context.Context, header proto.Message) error
}

// InspectorFunc is an Inspector made of a function.
type InspectorFunc func(context.Context, proto.Message) error

// Inspect calls the function.
func (f InspectorFunc) Inspect(ctx context.Context, header proto.Message) error {
	return f(ctx, header)
}

// Receiver is the incoming half of a stream.
type Receiver interface {
	// Recv waits for the next envelope; io.EOF when the client sends no more.
	Recv() (*cb.Envelope, error)
}

// ResponseSender is the outgoing half of a stream. An error of either method
// ends the stream.
type ResponseSender interface {
	SendStatusResponse(status cb.Status) error
	SendBlockResponse(block *cb.Block) error
}

// Server is one client's stream together with the rule for who may read.
type Server struct {
	Receiver
	PolicyChecker
	ResponseSender
}

// Handler serves streams. Its fields are set before the first Handle and not
// changed afterwards; one Handler serves any number of streams at once.
type Handler struct {
	ChainManager ChainManager
	// TimeWindow is how far, either way, the timestamp of a request may be from
	// this server's clock.
	TimeWindow time.Duration
	// BindingInspector ties requests to their TLS connection; nil ties nothing.
	BindingInspector Inspector
	// CloseAfterFailure ends a stream after any status but SUCCESS, as releases
	// from 1.4.0 on do. v1.3.0 keeps it open.
	CloseAfterFailure bool

	// now is the clock, time.Now when nil.
	now func() time.Time
}

// NewHandler returns a handler that behaves as v1.3.0's. With mutualTLS each
// request must name the client certificate of its connection.
func NewHandler(cm ChainManager, timeWindow time.Duration, mutualTLS bool) *Handler {
	return &Handler{
		ChainManager:     cm,
		TimeWindow:       timeWindow,
		BindingInspector: InspectorFunc(comm.NewBindingInspector(mutualTLS, ExtractChannelHeaderCertHash)),
	}
}

// ExtractChannelHeaderCertHash returns the TLS certificate hash that a channel
// header names; nil for any other message.
func ExtractChannelHeaderCertHash(msg proto.Message) []byte {
	header, ok := msg.(*cb.ChannelHeader)
	if !ok || header == nil {
		return nil
	}
	return header.TlsCertHash
}

// Handle serves a stream until the client half-closes it (nil), the stream or
// the context fails (that error), or, with CloseAfterFailure, a seek fails (nil).
func (h *Handler) Handle(ctx context.Context, srv *Server) error {
	for {
		envelope, err := srv.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errors.WithMessage(err, "cannot receive the next request")
		}
		status, err := h.serve(ctx, srv, envelope)
		if err != nil {
			return err
		}
		if err := srv.SendStatusResponse(status); err != nil {
			return errors.WithMessage(err, "cannot send the final status of a seek")
		}
		if status != cb.Status_SUCCESS && h.CloseAfterFailure {
			return nil
		}
	}
}

// serve runs one seek. The error is of the stream; refusals are statuses.
func (h *Handler) serve(ctx context.Context, srv *Server, envelope *cb.Envelope) (cb.Status, error) {
	request, refusal := h.admit(ctx, srv, envelope)
	if refusal != nil {
		refusal.log(util.ExtractRemoteAddress(ctx))
		return refusal.status, nil
	}
	defer request.blocks.Close()
	return request.stream(ctx, srv)
}

func (h *Handler) clock() time.Time {
	if h.now != nil {
		return h.now()
	}
	return time.Now()
}
