// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/deliverservice/blocksprovider"
	"github.com/hyperledger/fabric/gossip/api"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
)

// credulous takes every block for a good one.
type credulous struct{ api.MessageCryptoService }

func (credulous) VerifyBlock(gossipcommon.ChainID, uint64, []byte) error { return nil }

// sink collects the numbers of the payloads added.
type sink struct {
	added chan uint64
	// block, if not nil, is what AddPayload waits for.
	block chan struct{}
}

func (s *sink) PeersOfChannel(gossipcommon.ChainID) []discovery.NetworkMember { return nil }
func (s *sink) Gossip(*gproto.GossipMessage)                                  {}
func (s *sink) AddPayload(_ string, payload *gproto.Payload) error {
	s.added <- payload.SeqNum
	if s.block != nil {
		<-s.block
	}
	return nil
}

// newOddService returns a service whose only orderer is o. Which endpoints were
// dialled goes to dialled, if it is not nil.
func newOddService(o *oddOrderer, gossip *sink, dialled chan<- string) *deliverServiceImpl {
	service, err := NewDeliverService(&Config{
		ConnFactory: func(string) func(string) (*grpc.ClientConn, error) {
			return func(endpoint string) (*grpc.ClientConn, error) {
				if dialled != nil {
					dialled <- endpoint
				}
				conn, _, err := o.NewConnection()
				return conn, err
			}
		},
		ABCFactory: o.client,
		CryptoSvc:  credulous{},
		Gossip:     gossip,
		Endpoints:  []string{"first:1"},
	})
	if err != nil {
		panic(err)
	}
	impl := service.(*deliverServiceImpl)
	impl.signer = &rubberStamp{}
	return impl
}

func TestNewDeliverServiceWantsEverything(t *testing.T) {
	whole := Config{
		ConnFactory: DefaultConnectionFactory,
		ABCFactory:  DefaultABCFactory,
		CryptoSvc:   credulous{},
		Gossip:      &sink{},
		Endpoints:   []string{"a:1"},
	}
	service, err := NewDeliverService(&whole)
	assert.NoError(t, err)
	assert.NotNil(t, service)
	for text, spoil := range map[string]func(*Config){
		"no endpoints specified":               func(c *Config) { c.Endpoints = nil },
		"no gossip provider specified":         func(c *Config) { c.Gossip = nil },
		"no AtomicBroadcast factory specified": func(c *Config) { c.ABCFactory = nil },
		"no connection factory specified":      func(c *Config) { c.ConnFactory = nil },
		"no crypto service specified":          func(c *Config) { c.CryptoSvc = nil },
	} {
		c := whole
		spoil(&c)
		service, err := NewDeliverService(&c)
		assert.EqualError(t, err, text)
		assert.True(t, service == nil, "the interface must be nil, not hold one")
	}
	_, err = NewDeliverService(nil)
	assert.EqualError(t, err, "no configuration specified")
}

func TestNewClientNeedsHardlyAnything(t *testing.T) {
	service := &deliverServiceImpl{conf: &Config{
		ConnFactory: func(string) func(string) (*grpc.ClientConn, error) { return nil },
	}}
	client := service.newClient("ch", tallLedger{})
	for attempt := 0; attempt < 100; attempt++ {
		delay, _ := client.shouldRetry(attempt, time.Second)
		assert.True(t, delay > 0 && delay <= time.Hour, "attempt %d: %s", attempt, delay)
	}
}

func TestChannelLifeCycle(t *testing.T) {
	o := &oddOrderer{recv: recvHangs}
	service := newOddService(o, &sink{}, nil)
	var finalized sync.WaitGroup
	finalizer := func() { finalized.Done() }

	assert.EqualError(t, service.StopDeliverForChannel("ch"),
		"Delivery service - no block provider for ch found, can't stop delivery")
	assert.EqualError(t, service.UpdateEndpoints("ch", []string{"a:1"}), "Channel with ch id was not found")

	for i := 0; i < 3; i++ {
		finalized.Add(1)
		assert.NoError(t, service.StartDeliverForChannel("ch", tallLedger{}, finalizer))
		assert.EqualError(t, service.StartDeliverForChannel("ch", tallLedger{}, finalizer),
			"Delivery service - block provider already exists for ch found, can't start delivery")
		assert.NoError(t, service.UpdateEndpoints("ch", []string{"a:1"}))
		assert.NoError(t, service.StopDeliverForChannel("ch"))
		within(t, "the finalizer", finalized.Wait)
	}

	finalized.Add(2)
	assert.NoError(t, service.StartDeliverForChannel("one", tallLedger{}, finalizer))
	assert.NoError(t, service.StartDeliverForChannel("two", tallLedger{}, finalizer))
	service.Stop()
	service.Stop()
	within(t, "both finalizers", finalized.Wait)
	assert.EqualError(t, service.StartDeliverForChannel("ch", tallLedger{}, finalizer),
		"Delivery service is stopping cannot join a new channel ch")
	assert.EqualError(t, service.StopDeliverForChannel("one"),
		"Delivery service is stopping, cannot stop delivery for channel one")
}

// A finalizer yields leadership, which comes back as a stop of the channel.
func TestFinalizerMayStopTheChannel(t *testing.T) {
	defer viper.Reset()
	viper.Set(keyBackoffCap, "1ms")
	viper.Set(keyTotalTime, "5ms")
	o := &oddOrderer{dial: alwaysFails}
	service := newOddService(o, &sink{}, nil)
	defer service.Stop()
	stopped := make(chan error, 2)
	assert.NoError(t, service.StartDeliverForChannel("ch", tallLedger{}, func() {
		assert.Error(t, service.StartDeliverForChannel("ch", tallLedger{}, func() {}), "ended but not stopped")
		stopped <- service.StopDeliverForChannel("ch")
	}))
	within(t, "giving up", func() { assert.NoError(t, <-stopped) })
	assert.Error(t, service.StopDeliverForChannel("ch"))
	assert.Empty(t, stopped)
}

func TestStopWhileABlockIsBeingAdded(t *testing.T) {
	o := &oddOrderer{}
	gossip := &sink{added: make(chan uint64), block: make(chan struct{})}
	service := newOddService(o, gossip, nil)
	finalized := make(chan struct{})
	assert.NoError(t, service.StartDeliverForChannel("ch", tallLedger{}, func() { close(finalized) }))
	within(t, "the first block", func() { <-gossip.added })
	within(t, "stopping", service.Stop)
	select {
	case <-finalized:
		t.Error("finalized before delivery ended")
	default:
	}
	close(gossip.block)
	within(t, "the finalizer", func() { <-finalized })
}

func TestEndpointsAreRememberedForLater(t *testing.T) {
	dialled := make(chan string)
	o := &oddOrderer{recv: recvHangs}
	service := newOddService(o, &sink{}, dialled)
	defer service.Stop()
	next := func() (endpoint string) {
		within(t, "a dial", func() { endpoint = <-dialled })
		return endpoint
	}
	cycle := func() string {
		assert.NoError(t, service.StartDeliverForChannel("ch", tallLedger{}, func() {}))
		endpoint := next()
		assert.NoError(t, service.StopDeliverForChannel("ch"))
		return endpoint
	}
	assert.Equal(t, "first:1", cycle())

	list := []string{"second:2"}
	assert.Error(t, service.UpdateEndpoints("ch", list), "this peer does not lead")
	list[0] = "overwritten:0"
	assert.Equal(t, "second:2", cycle())
	assert.Error(t, service.UpdateEndpoints("ch", nil))
	assert.Equal(t, "second:2", cycle(), "an empty list says nothing")
	assert.Error(t, service.UpdateEndpoints("other", []string{"other:1"}))
	assert.Equal(t, "second:2", cycle(), "channels do not mix")

	assert.NoError(t, service.StartDeliverForChannel("ch", tallLedger{}, func() {}))
	assert.Equal(t, "second:2", next())
	assert.NoError(t, service.UpdateEndpoints("ch", []string{"third:3"}))
	assert.Equal(t, "third:3", next(), "while leading")
	assert.NoError(t, service.StopDeliverForChannel("ch"))
	assert.Equal(t, "third:3", cycle(), "and afterwards")
}

// The commit goroutine must get through whatever delivery is doing.
func TestUpdateEndpointsNeverWaits(t *testing.T) {
	release := make(chan struct{})
	o, there := hangsIn("dial", release)
	service := newOddService(o, &sink{added: make(chan uint64, 100)}, nil)
	assert.NoError(t, service.StartDeliverForChannel("ch", tallLedger{}, func() {}))
	<-there
	within(t, "an update during a dial", func() {
		assert.NoError(t, service.UpdateEndpoints("ch", []string{"second:2"}))
	})
	within(t, "stopping during a dial", service.Stop)
	close(release)
}

// Starts, stops and updates from everywhere: for the race detector.
func TestServiceIsSafeForConcurrentUse(t *testing.T) {
	service := newOddService(&oddOrderer{recv: recvHangs}, &sink{}, nil)
	var users sync.WaitGroup
	for i := 0; i < 4; i++ {
		users.Add(1)
		go func() {
			defer users.Done()
			for j := 0; j < 20; j++ {
				service.StartDeliverForChannel("ch", tallLedger{}, func() {})
				service.UpdateEndpoints("ch", []string{"a:1", "b:2"}[:1+j%2])
				service.StopDeliverForChannel("ch")
			}
		}()
	}
	within(t, "everybody's end", users.Wait)
	service.Stop()
}

// scriptedProvider delivers until it is told to end or stopped.
type scriptedProvider struct {
	blocksprovider.BlocksProvider
	end     chan struct{}
	stop    chan struct{}
	once    sync.Once
	updates chan []string
}

func (p *scriptedProvider) DeliverBlocks() {
	select {
	case <-p.end:
	case <-p.stop:
	}
}
func (p *scriptedProvider) Stop() { p.once.Do(func() { close(p.stop) }) }
func (p *scriptedProvider) UpdateOrderingEndpoints(endpoints []string) {
	p.updates <- endpoints
}

func newScriptedSessions() (start func() *session, made chan *scriptedProvider) {
	made = make(chan *scriptedProvider, 10)
	return func() *session {
		p := &scriptedProvider{end: make(chan struct{}), stop: make(chan struct{}), updates: make(chan []string, 10)}
		made <- p
		return &session{
			provider: p,
			client:   NewBroadcastClient(nil, nil, nil, nil),
			newest:   func() []string { return []string{"newest"} },
		}
	}, made
}

func TestElectedLeaderEndsWithItsSession(t *testing.T) {
	start, made := newScriptedSessions()
	s := newSupervisor("ch", false, start)
	close((<-made).end)
	within(t, "the end", s.DeliverBlocks)
	assert.Empty(t, made)
	s.Stop()
}

func TestStaticLeaderStartsAgain(t *testing.T) {
	start, made := newScriptedSessions()
	s := newSupervisor("ch", true, start)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.DeliverBlocks()
	}()
	first := <-made
	s.UpdateOrderingEndpoints([]string{"update"})
	assert.Equal(t, []string{"update"}, <-first.updates)
	close(first.end)
	var second *scriptedProvider
	within(t, "the second session", func() { second = <-made })
	within(t, "its update", func() { assert.Equal(t, []string{"newest"}, <-second.updates) })
	s.Stop()
	s.Stop()
	within(t, "the end", func() { <-ended })
	assert.Empty(t, made)
}

func TestSupervisorStoppedBeforeItRuns(t *testing.T) {
	for _, endless := range []bool{false, true} {
		start, made := newScriptedSessions()
		s := newSupervisor("ch", endless, start)
		s.Stop()
		within(t, "the end", s.DeliverBlocks)
		assert.Len(t, made, 1)
	}
}

func TestBlocksArriveInOrder(t *testing.T) {
	const last = 9
	gossip := &sink{added: make(chan uint64, last+1)}
	next, failed := uint64(0), false
	o := &oddOrderer{recv: func(ctx context.Context, nth int) (*ab.DeliverResponse, error) {
		switch {
		case next == 5 && !failed:
			failed = true
			return nil, errOdd
		case next > last:
			return recvHangs(ctx, nth)
		}
		next++
		return blockResponse(next - 1), nil
	}}
	defer viper.Reset()
	viper.Set(keyBackoffCap, "1ms")
	service := newOddService(o, gossip, nil)
	ended := make(chan struct{})
	assert.NoError(t, service.StartDeliverForChannel("ch", tallLedger{}, func() { close(ended) }))
	within(t, "delivery", func() {
		for want := uint64(0); want <= last; want++ {
			assert.Equal(t, want, <-gossip.added)
		}
	})
	service.Stop()
	within(t, "the end", func() { <-ended })
}
