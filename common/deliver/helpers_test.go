// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes/timestamp"
	"github.com/hyperledger/fabric/common/ledger/blockledger"
	"github.com/hyperledger/fabric/common/policies"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const channelID = "mychannel"

// memory is a chain that grows by grow. Its iterators offer ReadyChan unless
// plain is set.
type memory struct {
	plain bool

	mu      sync.Mutex
	height  uint64
	changed chan struct{}
	// readStatus, when not zero, is what reading the block of that number gives.
	readStatus map[uint64]cb.Status
	onIterator func()
	open       int // iterators not closed
}

func newMemory(height uint64) *memory {
	return &memory{height: height, changed: make(chan struct{}), readStatus: map[uint64]cb.Status{}}
}

func (m *memory) grow(n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.height += n
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *memory) Height() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.height
}

func (m *memory) Iterator(start *ab.SeekPosition) (blockledger.Iterator, uint64) {
	number, height := uint64(0), m.Height()
	switch p := start.Type.(type) {
	case *ab.SeekPosition_Oldest:
	case *ab.SeekPosition_Newest:
		number = height - 1
	case *ab.SeekPosition_Specified:
		if number = p.Specified.Number; number > height {
			return &blockledger.NotFoundErrorIterator{}, 0
		}
	default:
		return &blockledger.NotFoundErrorIterator{}, 0
	}
	if m.onIterator != nil {
		m.onIterator()
	}
	m.mu.Lock()
	m.open++
	m.mu.Unlock()
	it := &memoryIterator{memory: m, next: number, closed: make(chan struct{})}
	if m.plain {
		return struct{ blockledger.Iterator }{it}, number
	}
	return it, number
}

type memoryIterator struct {
	memory *memory
	next   uint64
	closed chan struct{}
}

func (it *memoryIterator) ReadyChan() <-chan struct{} {
	it.memory.mu.Lock()
	defer it.memory.mu.Unlock()
	if it.next < it.memory.height {
		ready := make(chan struct{})
		close(ready)
		return ready
	}
	return it.memory.changed
}

func (it *memoryIterator) Next() (*cb.Block, cb.Status) {
	for {
		it.memory.mu.Lock()
		height, changed, status := it.memory.height, it.memory.changed, it.memory.readStatus[it.next]
		it.memory.mu.Unlock()
		if status != 0 {
			return nil, status
		}
		if it.next < height {
			it.next++
			return cb.NewBlock(it.next-1, nil), cb.Status_SUCCESS
		}
		select {
		case <-changed:
		case <-it.closed:
			return nil, cb.Status_SERVICE_UNAVAILABLE
		}
	}
}

func (it *memoryIterator) Close() {
	close(it.closed)
	it.memory.mu.Lock()
	it.memory.open--
	it.memory.mu.Unlock()
}

// testChain is a deliver.Chain over memory.
type testChain struct {
	*memory
	mu       sync.Mutex
	sequence uint64
	errored  chan struct{}
}

func newTestChain(height uint64) *testChain {
	return &testChain{memory: newMemory(height), errored: make(chan struct{})}
}

func (c *testChain) Sequence() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sequence
}

func (c *testChain) reconfigure() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sequence++
}

func (c *testChain) PolicyManager() policies.Manager { return nil }
func (c *testChain) Reader() blockledger.Reader      { return c.memory }
func (c *testChain) Errored() <-chan struct{}        { return c.errored }

type chains map[string]Chain

func (c chains) GetChain(id string) (Chain, bool) {
	chain, ok := c[id]
	return chain, ok
}

// client is the other end of a stream, in memory.
type client struct {
	requests chan *cb.Envelope // closed: half-closed
	recvErr  error             // what Recv returns once requests is closed, io.EOF by default
	sendErr  error

	mu       sync.Mutex
	received []string // block numbers and statuses, in order
	policy   func(call int) error
	checks   int
}

func newClient(requests ...*cb.Envelope) *client {
	c := &client{requests: make(chan *cb.Envelope, 16), recvErr: io.EOF}
	for _, r := range requests {
		c.requests <- r
	}
	return c
}

func (c *client) server() *Server {
	return &Server{Receiver: c, PolicyChecker: c, ResponseSender: c}
}

func (c *client) Recv() (*cb.Envelope, error) {
	envelope, ok := <-c.requests
	if !ok {
		return nil, c.recvErr
	}
	return envelope, nil
}

func (c *client) CheckPolicy(_ *cb.Envelope, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checks++
	if id != channelID {
		return fmt.Errorf("asked about channel %s", id)
	}
	if c.policy == nil {
		return nil
	}
	return c.policy(c.checks)
}

func (c *client) note(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sendErr != nil {
		return c.sendErr
	}
	c.received = append(c.received, what)
	return nil
}

func (c *client) SendStatusResponse(status cb.Status) error { return c.note(status.String()) }
func (c *client) SendBlockResponse(block *cb.Block) error {
	return c.note(fmt.Sprint(block.Header.Number))
}

func (c *client) got() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.received...)
}

var (
	oldest = &ab.SeekPosition{Type: &ab.SeekPosition_Oldest{Oldest: &ab.SeekOldest{}}}
	newest = &ab.SeekPosition{Type: &ab.SeekPosition_Newest{Newest: &ab.SeekNewest{}}}
	unset  = &ab.SeekPosition{}
)

func at(n uint64) *ab.SeekPosition {
	return &ab.SeekPosition{Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: n}}}
}

// request is a well-formed seek request that can be spoiled part by part.
type request struct {
	header    *cb.ChannelHeader
	signature []byte // signature header, as bytes
	info      *ab.SeekInfo
	rawHeader []byte // replaces header
	rawInfo   []byte // replaces info
}

func newRequest(start, stop *ab.SeekPosition) *request {
	return &request{
		header: &cb.ChannelHeader{
			Type:      int32(cb.HeaderType_DELIVER_SEEK_INFO),
			ChannelId: channelID,
			Timestamp: &timestamp.Timestamp{Seconds: time.Now().Unix()},
		},
		info: &ab.SeekInfo{Start: start, Stop: stop},
	}
}

func (r *request) envelope() *cb.Envelope {
	header, info := r.rawHeader, r.rawInfo
	if header == nil {
		header = marshal(r.header)
	}
	if info == nil {
		info = marshal(r.info)
	}
	return &cb.Envelope{Payload: marshal(&cb.Payload{
		Header: &cb.Header{ChannelHeader: header, SignatureHeader: r.signature},
		Data:   info,
	})}
}

func seekFor(start, stop *ab.SeekPosition) *cb.Envelope { return newRequest(start, stop).envelope() }

func failIfNotReady(start, stop *ab.SeekPosition) *cb.Envelope {
	r := newRequest(start, stop)
	r.info.Behavior = ab.SeekInfo_FAIL_IF_NOT_READY
	return r.envelope()
}

func marshal(m proto.Message) []byte {
	raw, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return raw
}

func newTestHandler(chain Chain) *Handler {
	return NewHandler(chains{channelID: chain}, time.Minute, false)
}

// exchange runs a stream on which requests are sent and half-closed, and returns
// what the client received.
func exchange(t *testing.T, h *Handler, c *client) []string {
	t.Helper()
	close(c.requests)
	require.NoError(t, h.Handle(context.Background(), c.server()))
	return c.got()
}

var errNoReader = errors.New("no reader")
