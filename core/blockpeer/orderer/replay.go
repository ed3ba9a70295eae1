// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/deliver"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
	"google.golang.org/grpc"
)

// ReplayConfig says how a recorded chain is served. The zero value serves all
// of it to anyone, with v1.3.0's behaviour.
type ReplayConfig struct {
	// ChannelID is the channel served; "" means that of the first block.
	ChannelID string
	// MutualTLS, TimeWindow and CloseAfterFailure are as in Config.
	MutualTLS         bool
	TimeWindow        time.Duration
	CloseAfterFailure bool
	// Height is how many blocks exist at first; 0 means all. The others appear by
	// Reveal.
	Height uint64
	// CheckReader, when set, decides who may read; an error refuses with
	// FORBIDDEN. By default everyone may, as the recorded chain's own members are
	// rarely the readers of a replay.
	CheckReader func(envelope *cb.Envelope) error
	// Seek, when set, sees each request before it is served. A status other than
	// UNKNOWN is the answer, an error ends the stream with it; otherwise the
	// request is served. ctx is the stream's.
	Seek func(ctx context.Context, envelope *cb.Envelope) (cb.Status, error)
	// Send, when set, sees each block before it is sent and returns what is sent
	// instead: the block itself, a changed one, several, or none. An error ends
	// the stream with it. It must not change raw, which is shared.
	Send func(ctx context.Context, number uint64, raw []byte) ([][]byte, error)
}

// Replay serves recorded blocks as they are: it verifies nothing of them, keeps
// them in memory, and refuses Broadcast. Block number n is the n-th of the
// recording, whatever its header says.
type Replay struct {
	channel string
	blocks  [][]byte // immutable
	server  *server
	check   func(envelope *cb.Envelope) error

	mu       sync.Mutex
	height   uint64        // blocks that exist for clients
	changed  chan struct{} // closed and replaced when height changes
	errored  chan struct{} // handed to new seeks; closed while out of service
	stopOnce sync.Once
}

// NewReplay serves marshalled blocks, the first of which is block 0.
func NewReplay(blocks [][]byte, cfg ReplayConfig) (*Replay, error) {
	if len(blocks) == 0 {
		return nil, errors.New("cannot replay a chain without blocks")
	}
	channelID := cfg.ChannelID
	if channelID == "" {
		var err error
		if channelID, err = utils.GetChainIDFromBlockBytes(blocks[0]); err != nil {
			return nil, fmt.Errorf("cannot tell the channel of the recorded chain: block 0: %w", err)
		}
	}
	total := uint64(len(blocks))
	r := &Replay{
		channel: channelID,
		blocks:  blocks,
		check:   cfg.CheckReader,
		height:  total,
		changed: make(chan struct{}),
		errored: make(chan struct{}),
	}
	if cfg.Height > 0 && cfg.Height < total {
		r.height = cfg.Height
	}
	window := cfg.TimeWindow
	if window == 0 {
		window = DefaultTimeWindow
	}
	r.server = newServer(r, serverConfig{
		window:            window,
		mutualTLS:         cfg.MutualTLS,
		closeAfterFailure: cfg.CloseAfterFailure,
		broadcast:         refuseBroadcast,
		seek:              cfg.Seek,
		send:              cfg.Send,
	})
	return r, nil
}

// NewReplayOf is NewReplay for decoded blocks.
func NewReplayOf(blocks []*cb.Block, cfg ReplayConfig) (*Replay, error) {
	raw := make([][]byte, len(blocks))
	for i, block := range blocks {
		var err error
		if raw[i], err = proto.Marshal(block); err != nil {
			return nil, fmt.Errorf("cannot replay: block %d of the recording: %w", i, err)
		}
	}
	return NewReplay(raw, cfg)
}

// NewReplayDir is NewReplay for the block files in a directory (see
// ReadBlockDir).
func NewReplayDir(dir string, cfg ReplayConfig) (*Replay, error) {
	blocks, err := ReadBlockDir(dir)
	if err != nil {
		return nil, err
	}
	return NewReplay(blocks, cfg)
}

func refuseBroadcast(context.Context, *cb.Envelope) (cb.Status, string) {
	return cb.Status_SERVICE_UNAVAILABLE, "this server replays a recorded chain and takes no messages"
}

// Register offers the replay on a gRPC server.
func (r *Replay) Register(s *grpc.Server) { ab.RegisterAtomicBroadcastServer(s, r.server) }

// Stop ends all streams and waits for their handlers. It may be called more
// than once.
func (r *Replay) Stop() {
	r.stopOnce.Do(r.server.stop)
}

// ChannelID returns the channel that is replayed.
func (r *Replay) ChannelID() string { return r.channel }

// Height returns how many blocks exist for clients.
func (r *Replay) Height() uint64 {
	height, _ := r.end()
	return height
}

// Reveal makes the blocks below height exist for clients. Blocks once revealed
// stay; a height beyond the recording means all of it.
func (r *Replay) Reveal(height uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if total := uint64(len(r.blocks)); height > total {
		height = total
	}
	if height <= r.height {
		return
	}
	r.height = height
	close(r.changed)
	r.changed = make(chan struct{})
}

// SetServing false answers running and new seeks with SERVICE_UNAVAILABLE, as
// an orderer does that has lost its consenter; true serves again.
func (r *Replay) SetServing(serving bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if serving == !isClosed(r.errored) {
		return
	}
	if serving {
		r.errored = make(chan struct{})
		return
	}
	close(r.errored)
}

func isClosed(ch chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func (r *Replay) end() (uint64, chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.height, r.changed
}

// channelID implements source.
func (r *Replay) channelID() string { return r.channel }

// open implements source.
func (r *Replay) open(taken *transit) deliver.Chain { return &replayView{replay: r, taken: taken} }

// checkReader implements source.
func (r *Replay) checkReader(envelope *cb.Envelope) error {
	if r.check == nil {
		return nil
	}
	return r.check(envelope)
}
