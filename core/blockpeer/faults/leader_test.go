// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/comm"
	deliverclient "github.com/hyperledger/fabric/core/deliverservice"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
)

const (
	// connTimeout is v1.3.0's default for peer.deliveryclient.connTimeout.
	connTimeout = 3 * time.Second
	// receiveLimit stands for the 100 MiB of a peer.
	receiveLimit = 1 << 20
	// electionPause is how long v1.3.0's election keeps a peer out that yielded.
	electionPause = time.Minute
)

// sink is the peer behind delivery: gossip and ledger in one. It accepts each
// block of the chain exactly once and in order, and reports everything else.
type sink struct {
	t       *testing.T
	mutex   sync.Mutex // guards the fields below
	height  uint64
	gossips uint64
	changed chan struct{} // closed, and replaced, when height changes
}

func newSink(t *testing.T) *sink { return &sink{t: t, changed: make(chan struct{})} }

func (s *sink) LedgerHeight() (uint64, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.height, nil
}

func (s *sink) PeersOfChannel(gossipcommon.ChainID) []discovery.NetworkMember { return nil }

func (s *sink) AddPayload(channel string, payload *gproto.Payload) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case channel != channelID:
		s.t.Errorf("a block was added to channel %q", channel)
	case payload.SeqNum != s.height:
		s.t.Errorf("block %d was added at height %d", payload.SeqNum, s.height)
	case !bytes.Equal(payload.Data, chain[payload.SeqNum]):
		s.t.Errorf("block %d is not the chain's", payload.SeqNum)
	default:
		s.height++
		close(s.changed)
		s.changed = make(chan struct{})
	}
	return nil
}

func (s *sink) Gossip(message *gproto.GossipMessage) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if number := message.GetDataMsg().GetPayload().GetSeqNum(); number != s.gossips {
		s.t.Errorf("block %d was gossiped instead of %d", number, s.gossips)
	}
	s.gossips++
}

// await waits for the ledger to grow to a height and returns how long that took;
// false means that it did not happen within the limit.
func (s *sink) await(height uint64, limit time.Duration) (time.Duration, bool) {
	began := time.Now()
	timeout := time.After(limit)
	for {
		s.mutex.Lock()
		done, changed := s.height >= height, s.changed
		s.mutex.Unlock()
		if done {
			return time.Since(began), true
		}
		select {
		case <-changed:
		case <-timeout:
			return time.Since(began), false
		}
	}
}

// leader pulls blocks as a static leader or as an elected one. The latter
// follows v1.3.0's election service: when its delivery ends it stops it, from
// inside the finalizer, and is elected again after a pause.
type leader struct {
	t       *testing.T
	static  bool
	service deliverclient.DeliverService
	ledger  *sink
	retired context.Context // done once stop was called
	retire  context.CancelFunc

	mutex     sync.Mutex // guards the fields below
	terms     []int      // for each start, how often its finalizer was called
	dismissed int        // this many terms were ended, or are to be, from outside
}

func newLeader(t *testing.T, w *world, endpoints []string) *leader {
	l := &leader{t: t, static: w.static, ledger: w.ledger}
	l.retired, l.retire = context.WithCancel(context.Background())
	var err error
	l.service, err = deliverclient.NewDeliverService(&deliverclient.Config{
		ConnFactory: func(channel string) func(string) (*grpc.ClientConn, error) {
			return func(endpoint string) (*grpc.ClientConn, error) { return w.connect(channel, endpoint) }
		},
		ABCFactory: deliverclient.DefaultABCFactory,
		CryptoSvc:  notary{},
		Gossip:     w.ledger,
		Endpoints:  endpoints,
	})
	require.NoError(t, err)
	return l
}

// start begins a term.
func (l *leader) start() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	term := len(l.terms)
	err := l.service.StartDeliverForChannel(channelID, l.ledger, func() { l.ended(term) })
	switch {
	case err == nil:
		l.terms = append(l.terms, 0)
	case l.retired.Err() == nil:
		l.t.Errorf("term %d: %s", term, err)
	}
}

// ended is the finalizer.
func (l *leader) ended(term int) {
	l.mutex.Lock()
	l.terms[term]++
	dismissed := term < l.dismissed
	l.mutex.Unlock()
	if dismissed || l.retired.Err() != nil {
		return
	}
	if l.static {
		l.t.Errorf("delivery ended under a static leader")
		return
	}
	if err := l.service.StopDeliverForChannel(channelID); err != nil && l.retired.Err() == nil {
		l.t.Errorf("yielding after term %d: %s", term, err)
	}
	go func() {
		if pass(l.retired, electionPause) == nil {
			l.start()
		}
	}()
}

// relapse ends the term from outside and begins another one at once, unless the
// term has already ended by itself.
func (l *leader) relapse() {
	l.mutex.Lock()
	ended := l.terms[len(l.terms)-1] > 0
	if !ended {
		l.dismissed = len(l.terms)
	}
	l.mutex.Unlock()
	if ended {
		return
	}
	if err := l.service.StopDeliverForChannel(channelID); err != nil {
		l.t.Errorf("dismissal: %s", err)
	}
	l.start()
}

// stop ends delivery; it must not take any time.
func (l *leader) stop() {
	l.retire()
	began := time.Now()
	l.service.Stop()
	if took := time.Since(began); took != 0 {
		l.t.Errorf("Stop took %s", took)
	}
}

// counted returns the number of terms. Each must have had its finalizer called
// once by now, which is after stop.
func (l *leader) counted() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for term, calls := range l.terms {
		if calls != 1 {
			l.t.Errorf("the finalizer of term %d was called %d times", term, calls)
		}
	}
	return len(l.terms)
}

// dial is what DefaultConnectionFactory does, with lines in place of sockets:
// it waits until one attempt has succeeded or failed, for connTimeout at most.
func dial(target string, creds credentials.TransportCredentials, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), connTimeout)
	defer cancel()
	opts = append(opts, grpc.WithTransportCredentials(creds),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(receiveLimit)))
	opts = append(opts, comm.ClientKeepaliveOptions(nil)...)
	conn, err := grpc.NewClient("passthrough:///"+target, opts...)
	if err != nil {
		return nil, err
	}
	conn.Connect()
	seen := connectivity.Idle
	for state := conn.GetState(); ; state = conn.GetState() {
		failed := state == connectivity.TransientFailure || state == connectivity.Idle && seen != connectivity.Idle
		if state == connectivity.Ready {
			return conn, nil
		}
		if failed || !conn.WaitForStateChange(ctx, state) {
			conn.Close()
			return nil, fmt.Errorf("no connection to %s, state %s", target, state)
		}
		seen = state
	}
}

// tlsPair is a pair as the TLS library wants it.
func tlsPair(p *cryptogen.Pair) tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{p.Cert.Raw}, PrivateKey: p.Key}
}
