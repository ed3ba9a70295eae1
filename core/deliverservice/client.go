// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"context"
	"sync"
	"time"

	"github.com/hyperledger/fabric/core/comm"
	"github.com/hyperledger/fabric/core/deliverservice/blocksprovider"
	"github.com/hyperledger/fabric/core/deliverservice/internal/retry"
	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
	"google.golang.org/grpc"
)

// broadcastSetup is called on each new stream before anything else happens on
// it; its error counts as a failure to connect.
type broadcastSetup func(blocksprovider.BlocksDeliverer) error

// retryPolicy says, after the given number of failed attempts in a row (1 after
// the first) and the given sum of earlier waits, how long to wait before the
// next attempt, and false if there is to be none.
type retryPolicy func(attemptNum int, elapsedTime time.Duration) (time.Duration, bool)

// clientFactory makes an orderer client of a connection.
type clientFactory func(*grpc.ClientConn) ab.AtomicBroadcastClient

var (
	errClosing      = errors.New("client is closing")
	errDisconnected = errors.New("disconnected from the orderer")
	// errRedirected is an attempt given up because the endpoints changed.
	errRedirected = errors.New("the orderer endpoints changed")
	// errSilent is a stream given up because nothing came over it for too long.
	errSilent = errors.New("the orderer has been silent")
)

// redirectPause is what remains of any wait when the endpoints change. It is
// not zero because whoever changed them may still be about to advance the
// ledger, whose height goes into the next request.
const redirectPause = 100 * time.Millisecond

// broadcastClient is a Deliver stream that outlives its connections: Recv and
// Send connect when there is no connection, and reconnect under a retryPolicy
// when it fails. See the package comment for states and goroutines.
//
// Recv, RecvMessage and Send are for one goroutine at a time. All other methods
// may be called from any goroutine, return at once and take only mutex.
type broadcastClient struct {
	shouldRetry retryPolicy
	prod        comm.ConnectionProducer // nil: there are no endpoints
	makeClient  clientFactory
	onConnect   broadcastSetup

	// Set by newClient before use; zero for a client made elsewhere.
	channelID string                        // for the log
	ledger    blocksprovider.LedgerInfo     // non-nil: what the blocks are for
	check     blockCheck                    // non-nil: read and verify ahead, where the stream allows it
	farsight  bool                          // count useless connections; see retry.History
	silence   func(level int) time.Duration // non-nil: how long to bear with a silent stream; see retry.Silence

	stop     chan struct{} // closed by Close
	stopOnce sync.Once
	tasks    sync.WaitGroup // all goroutines and connections of this client

	mutex   sync.Mutex         // guards the fields below; held for moments only
	link    *link              // the current connection, nil if there is none
	abandon context.CancelFunc // ends the attempt to connect that is under way, if any
	updates uint64             // number of endpoint updates
	updated chan struct{}      // closed, and replaced, by each endpoint update
	history retry.History
	silent  retry.Silence
	mute    []string // endpoints that were silent since the last good block, the latest last
	serials uint64   // number of connections so far
	serial  uint64   // of the connection that the last message came from
}

// NewBroadcastClient returns a client that connects through prod when it is
// first used. The policy bos is asked after every failure.
func NewBroadcastClient(prod comm.ConnectionProducer, clFactory clientFactory, onConnect broadcastSetup, bos retryPolicy) *broadcastClient {
	return &broadcastClient{
		shouldRetry: bos,
		prod:        prod,
		makeClient:  clFactory,
		onConnect:   onConnect,
		stop:        make(chan struct{}),
		updated:     make(chan struct{}),
	}
}

// Recv returns the next message of the stream. It blocks until there is one,
// the policy gives up, or the client is closed.
func (bc *broadcastClient) Recv() (*ab.DeliverResponse, error) {
	msg, err := bc.RecvMessage()
	if err != nil {
		return nil, err
	}
	return msg.Response, nil
}

// RecvMessage is Recv with the message's wire bytes; it implements
// stream.Source.
func (bc *broadcastClient) RecvMessage() (*stream.Message, error) {
	bc.acknowledge()
	var msg *stream.Message
	err := bc.persist(func(l *link, ahead *readAhead) (err error) {
		msg, err = l.receive(ahead)
		if err == nil {
			bc.noteHanded(l, msg)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return msg, nil
}

// Send sends an envelope on the stream, with the same persistence as Recv.
func (bc *broadcastClient) Send(msg *cb.Envelope) error {
	return bc.persist(func(l *link, _ *readAhead) error {
		return l.stream.Send(msg)
	})
}

// persist connects if need be and runs act on the connection, again and again,
// until act succeeds, the policy gives up or the client is closed.
func (bc *broadcastClient) persist(act func(*link, *readAhead) error) error {
	var round retry.Round
	for !bc.closed() {
		err := bc.attempt(&round, act)
		if err == nil {
			return nil
		}
		if bc.closed() {
			break
		}
		if err == errRedirected || err == errSilent {
			round.Redirected()
			bc.pause(redirectPause)
			continue
		}
		if !bc.waitAfter(&round, err) {
			failures, waited := round.Spent()
			return errors.Wrapf(err, "attempts (%d) or elapsed time (%v) exhausted", failures, waited)
		}
	}
	return errClosing
}

// attempt runs act once, on the current connection or on a new one. A
// connection on which act fails is given up.
func (bc *broadcastClient) attempt(round *retry.Round, act func(*link, *readAhead) error) error {
	l, ahead := bc.current()
	if l == nil {
		var err error
		if l, ahead, err = bc.connect(); err != nil {
			return err
		}
		round.Connected()
	}
	err := act(l, ahead)
	if err == errSilent {
		bc.distrust(l)
	}
	if err != nil {
		bc.lose(l)
	}
	return err
}

func (bc *broadcastClient) current() (*link, *readAhead) {
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	if bc.link == nil {
		return nil, nil
	}
	return bc.link, bc.link.ahead
}

// connect dials an endpoint, opens a stream and has it set up. It keeps no lock
// meanwhile, and is given up when the client is closed or the endpoints change.
func (bc *broadcastClient) connect() (*link, *readAhead, error) {
	logger.Debugf("[%s] Connecting to an orderer", bc.channelID)
	ctx, cancel := context.WithCancel(context.Background())
	updates, err := bc.beginConnect(cancel)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	defer bc.tasks.Done()
	l, err := bc.open(ctx, cancel)
	if err == nil {
		err = bc.publish(l, updates)
	} else {
		cancel()
		err = bc.reasonFor(err, updates)
	}
	if err != nil {
		return nil, nil, err
	}
	ahead, err := bc.afterConnect(l)
	if err != nil {
		bc.lose(l)
		return nil, nil, err
	}
	logger.Infof("[%s] Connected to orderer %s", bc.channelID, l.endpoint)
	return l, ahead, nil
}

// beginConnect registers an attempt that cancel ends, and returns the number of
// endpoint updates that it takes into account. The attempt counts as a task, so
// that what it starts is added before wait can get to zero.
func (bc *broadcastClient) beginConnect(cancel context.CancelFunc) (updates uint64, err error) {
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	if bc.closed() {
		return 0, errClosing
	}
	bc.abandon = cancel
	bc.tasks.Add(1)
	return bc.updates, nil
}

// open dials and opens a stream. Both end with ctx.
func (bc *broadcastClient) open(ctx context.Context, cancel context.CancelFunc) (*link, error) {
	conn, endpoint, err := bc.dial(ctx)
	if err != nil {
		return nil, err
	}
	s, err := bc.makeClient(conn).Deliver(ctx)
	l := newLink(conn, endpoint, s, cancel, &bc.tasks)
	if err != nil {
		l.close()
		bc.blame(l)
		return nil, errors.Wrapf(err, "cannot open a stream to orderer %s", endpoint)
	}
	return l, nil
}

// publish makes l the current connection, unless it has come too late. From
// then on anyone may close it.
func (bc *broadcastClient) publish(l *link, updates uint64) error {
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	bc.abandon = nil
	switch {
	case bc.closed():
		l.close()
		return errClosing
	case bc.updates != updates:
		l.close()
		return errRedirected
	}
	if bc.link != nil {
		bc.link.close()
	}
	bc.link = l
	bc.serials++
	l.serial = bc.serials
	return nil
}

// reasonFor sees behind the failure of an attempt that was given up.
func (bc *broadcastClient) reasonFor(err error, updates uint64) error {
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	bc.abandon = nil
	if bc.updates != updates {
		return errRedirected
	}
	return err
}

// afterConnect runs onConnect on a new connection and starts to read ahead on
// it if that was asked for.
func (bc *broadcastClient) afterConnect(l *link) (*readAhead, error) {
	logger.Debugf("[%s] A stream from %s is open, setting it up", bc.channelID, l.endpoint)
	if err := bc.onConnect(boundDeliverer{link: l}); err != nil {
		return nil, errors.Wrapf(err, "cannot set up the stream from orderer %s", l.endpoint)
	}
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	if bc.closed() || bc.link != l {
		return nil, errDisconnected
	}
	l.established = true
	if bc.check != nil && l.wire != nil {
		l.ahead = newReadAhead(l.wire, bc.check, readAheadLimits, l.ended)
		if bc.silence != nil {
			l.ahead.patience = bc.patience
		}
		l.ahead.start(&bc.tasks)
	}
	return l.ahead, nil
}

// lose gives up a connection that failed.
func (bc *broadcastClient) lose(l *link) {
	bc.mutex.Lock()
	useless := bc.link == l && !bc.closed() && !l.fruitful && !l.handed
	if bc.link == l {
		bc.link = nil
	}
	if useless && l.established {
		bc.history.Lost(time.Since(l.since))
	}
	bc.mutex.Unlock()
	l.close()
	if useless {
		bc.blame(l)
	}
}

// closed says whether Close was called.
func (bc *broadcastClient) closed() bool {
	select {
	case <-bc.stop:
		return true
	default:
		return false
	}
}

// Close ends the client for good: a Recv or Send that is in progress, waiting
// for its next attempt or called later fails with "client is closing". It does
// not wait for them.
func (bc *broadcastClient) Close() {
	bc.stopOnce.Do(func() { close(bc.stop) })
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	if bc.abandon != nil {
		bc.abandon()
	}
	if bc.link != nil {
		bc.link.close()
	}
}

// Disconnect closes the current connection, if there is one, and can have its
// endpoint excluded for a while. If it is not excluded but has not brought a
// single block, it is at least not the first to be asked again: an orderer that
// refuses the request may be the only one to do so. The next Recv connects
// again.
func (bc *broadcastClient) Disconnect(disableEndpoint bool) {
	bc.mutex.Lock()
	l := bc.link
	bc.link = nil
	useless := l != nil && !l.fruitful && !l.handed
	bc.mutex.Unlock()
	if l == nil {
		return
	}
	l.close()
	switch {
	case l.endpoint == "":
	case disableEndpoint:
		bc.prod.DisableEndpoint(l.endpoint)
	case useless:
		bc.blame(l)
	}
}

// UpdateEndpoints changes where the next connections lead. An attempt to
// connect that is under way starts afresh, a wait for the next one is cut
// short; an open connection stays. An empty list changes nothing.
func (bc *broadcastClient) UpdateEndpoints(endpoints []string) {
	if bc.prod == nil {
		return
	}
	bc.prod.UpdateEndpoints(endpoints)
	if len(endpoints) == 0 {
		return
	}
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	bc.updates++
	close(bc.updated)
	bc.updated = make(chan struct{})
	bc.history.Redirected()
	if bc.abandon != nil {
		bc.abandon()
	}
}

// GetEndpoints returns the endpoints that connections are made to.
func (bc *broadcastClient) GetEndpoints() []string {
	if bc.prod == nil {
		return nil
	}
	return bc.prod.GetEndpoints()
}
