// SPDX-License-Identifier: Apache-2.0

package blocksprovider

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	"github.com/hyperledger/fabric/gossip/api"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// patience bounds waits for what should happen at once; it is long because it
// passes in full only when a test fails.
const patience = 20 * time.Second

// diary is what happened around a provider, in order: "recv", "verify 1",
// "add 1", "gossip 1", "disconnect false", "endpoints [a]", "close".
type diary struct {
	mutex   sync.Mutex
	entries []string
	written chan struct{} // closed and replaced by each entry
}

func (d *diary) write(format string, args ...interface{}) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.entries = append(d.entries, fmt.Sprintf(format, args...))
	if d.written != nil {
		close(d.written)
		d.written = nil
	}
}

func (d *diary) read() string {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return strings.Join(d.entries, ", ")
}

// count is how many entries start with prefix.
func (d *diary) count(prefix string) int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	n := 0
	for _, e := range d.entries {
		if strings.HasPrefix(e, prefix) {
			n++
		}
	}
	return n
}

// await returns when there are n entries with prefix.
func (d *diary) await(t *testing.T, prefix string, n int) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		d.mutex.Lock()
		if d.written == nil {
			d.written = make(chan struct{})
		}
		written := d.written
		d.mutex.Unlock()
		if d.count(prefix) >= n {
			return
		}
		select {
		case <-written:
		case <-deadline.C:
			t.Fatalf("no %d entries %q in: %s", n, prefix, d.read())
		}
	}
}

// scriptedClient is a streamClient that answers Recv from a script and, when
// that is at its end, blocks until it is closed.
type scriptedClient struct {
	diary     *diary
	endpoints []string
	script    []func() (*ab.DeliverResponse, error)

	mutex  sync.Mutex
	closed chan struct{}
	next   int
}

func newScriptedClient(d *diary, script ...func() (*ab.DeliverResponse, error)) *scriptedClient {
	return &scriptedClient{diary: d, script: script, closed: make(chan struct{})}
}

func (c *scriptedClient) Recv() (*ab.DeliverResponse, error) {
	c.diary.write("recv")
	if c.next == len(c.script) {
		<-c.closed
		return nil, errors.New("client is closing")
	}
	c.next++
	return c.script[c.next-1]()
}

func (c *scriptedClient) Send(*cb.Envelope) error { return errors.New("nobody sends here") }

func (c *scriptedClient) Close() {
	c.diary.write("close")
	c.mutex.Lock()
	defer c.mutex.Unlock()
	select {
	case <-c.closed:
	default:
		close(c.closed)
	}
}

func (c *scriptedClient) Disconnect(disable bool) { c.diary.write("disconnect %v", disable) }

func (c *scriptedClient) UpdateEndpoints(endpoints []string) {
	c.diary.write("endpoints %v", endpoints)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.endpoints = endpoints
}

func (c *scriptedClient) GetEndpoints() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.endpoints
}

// fullClient is a client that offers all that a client may.
type fullClient struct {
	*scriptedClient
	messages []*stream.Message
	serials  []uint64 // of the messages; what goes beyond the list has the last
	taken    int
	ledger   func() (uint64, error)
}

func (c *fullClient) RecvMessage() (*stream.Message, error) {
	c.diary.write("recv")
	if c.taken == len(c.messages) {
		<-c.closed
		return nil, errors.New("client is closing")
	}
	c.taken++
	return c.messages[c.taken-1], nil
}

func (c *fullClient) Serial() uint64 {
	if c.taken > len(c.serials) {
		return c.serials[len(c.serials)-1]
	}
	return c.serials[c.taken-1]
}

func (c *fullClient) LedgerHeight() (uint64, error) { return c.ledger() }

// gossipStub is a GossipServiceAdapter; onAdd and onGossip may be nil.
type gossipStub struct {
	diary    *diary
	onAdd    func(*gproto.Payload) error
	onGossip func(*gproto.GossipMessage)
}

func (g *gossipStub) PeersOfChannel(gossipcommon.ChainID) []discovery.NetworkMember { return nil }

func (g *gossipStub) AddPayload(chain string, payload *gproto.Payload) error {
	g.diary.write("add %d", payload.SeqNum)
	if g.onAdd == nil {
		return nil
	}
	return g.onAdd(payload)
}

func (g *gossipStub) Gossip(msg *gproto.GossipMessage) {
	g.diary.write("gossip %d", msg.GetDataMsg().Payload.SeqNum)
	if g.onGossip != nil {
		g.onGossip(msg)
	}
}

// cryptoStub verifies blocks with onVerify, or finds all good if that is nil.
type cryptoStub struct {
	api.MessageCryptoService
	diary    *diary
	onVerify func(number uint64, raw []byte) error
}

func (c *cryptoStub) VerifyBlock(chain gossipcommon.ChainID, number uint64, raw []byte) error {
	c.diary.write("verify %d", number)
	if c.onVerify == nil {
		return nil
	}
	return c.onVerify(number, raw)
}

// bench is a provider among fakes that write into one diary.
type bench struct {
	diary    *diary
	client   *scriptedClient
	gossip   *gossipStub
	crypto   *cryptoStub
	provider *blocksProviderImpl
	ended    chan struct{}
}

func newBench(script ...func() (*ab.DeliverResponse, error)) *bench {
	d := &diary{}
	b := &bench{
		diary:  d,
		client: newScriptedClient(d, script...),
		gossip: &gossipStub{diary: d},
		crypto: &cryptoStub{diary: d},
		ended:  make(chan struct{}),
	}
	b.provider = NewBlocksProvider("ch", b.client, b.gossip, b.crypto).(*blocksProviderImpl)
	return b
}

// offer makes the client one that offers all extras.
func (b *bench) offer(height func() (uint64, error), serials []uint64, messages ...*stream.Message) {
	b.provider.client = &fullClient{scriptedClient: b.client, messages: messages, serials: serials, ledger: height}
}

func (b *bench) start() {
	go func() {
		defer close(b.ended)
		b.provider.DeliverBlocks()
	}()
}

// end returns when DeliverBlocks has.
func (b *bench) end(t *testing.T) {
	t.Helper()
	select {
	case <-b.ended:
	case <-time.After(patience):
		t.Fatalf("DeliverBlocks does not return, after: %s", b.diary.read())
	}
}

// stop stops the provider once it waits for more than the script holds.
func (b *bench) stop(t *testing.T, recvs int) {
	t.Helper()
	b.diary.await(t, "recv", recvs)
	b.provider.Stop()
	b.end(t)
}

func (b *bench) wrote(t *testing.T, want ...string) {
	t.Helper()
	if got := b.diary.read(); got != strings.Join(want, ", ") {
		t.Errorf("got  %s\nwant %s", got, strings.Join(want, ", "))
	}
}

// shortRests makes a provider rest for next to nothing between streams.
func shortRests() (undo func()) {
	before := maxRetryDelay
	maxRetryDelay = time.Millisecond
	return func() { maxRetryDelay = before }
}

func answer(r *ab.DeliverResponse) func() (*ab.DeliverResponse, error) {
	return func() (*ab.DeliverResponse, error) { return r, nil }
}

func giveStatus(s cb.Status) func() (*ab.DeliverResponse, error) {
	return answer(&ab.DeliverResponse{Type: &ab.DeliverResponse_Status{Status: s}})
}

func giveBlock(b *cb.Block) func() (*ab.DeliverResponse, error) {
	return answer(blockResponse(b))
}

func blockResponse(b *cb.Block) *ab.DeliverResponse {
	return &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: b}}
}

// bareBlock is a block as the tree's stand-ins send it.
func bareBlock(number uint64) *cb.Block {
	return &cb.Block{
		Header: &cb.BlockHeader{Number: number, DataHash: []byte{}, PreviousHash: []byte{}},
		Data:   &cb.BlockData{Data: [][]byte{}},
	}
}

func encode(m proto.Message) []byte {
	raw, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return raw
}

// entry is a canonical transaction of the given type.
func entry(kind cb.HeaderType, text string) []byte {
	return encode(&cb.Envelope{
		Payload: encode(&cb.Payload{
			Header: &cb.Header{ChannelHeader: encode(&cb.ChannelHeader{Type: int32(kind), ChannelId: "ch"})},
			Data:   []byte(text),
		}),
		Signature: []byte("signature"),
	})
}

// chain is a hash chain of blocks 0 to len(kinds)-1 with a transaction of the
// given kind in each.
func chain(kinds ...cb.HeaderType) []*cb.Block {
	var blocks []*cb.Block
	var previous []byte
	for i, kind := range kinds {
		data := &cb.BlockData{Data: [][]byte{entry(kind, fmt.Sprint("tx ", i))}}
		b := &cb.Block{
			Header: &cb.BlockHeader{Number: uint64(i), PreviousHash: previous, DataHash: protoext.BlockDataHash(data)},
			Data:   data,
		}
		previous = protoext.BlockHeaderHash(b.Header)
		blocks = append(blocks, b)
	}
	return blocks
}

func endorserChain(n int) []*cb.Block {
	kinds := make([]cb.HeaderType, n)
	for i := range kinds {
		kinds[i] = cb.HeaderType_ENDORSER_TRANSACTION
	}
	return chain(kinds...)
}

// wireMessage is what a receiver makes of a block.
func wireMessage(b *cb.Block, verdict func() error) *stream.Message {
	return &stream.Message{Response: blockResponse(b), Block: encode(b), Verdict: verdict}
}
