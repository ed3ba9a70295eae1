// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
)

// station is one orderer: a replay of the chain behind a real gRPC server, to be
// reached by lines. While it has a fault, the fault's hooks take the place of
// what a good orderer would do.
type station struct {
	name    string
	fault   *fault // nil: it never fails
	replay  *orderer.Replay
	server  *comm.GRPCServer
	step    *doorstep
	serving sync.WaitGroup

	met    chan struct{} // closed when the fault has struck for the first time
	healed chan struct{} // closed by heal

	mutex  sync.Mutex // guards the fields below
	struck bool
	well   bool
	out    string // until healed: "down" refuses connections, "dark" does not answer
	lines  []*line
	dials  int
}

// pki is what the parties present to each other and trust.
type pki struct {
	roots, strangers *cryptogen.CA
	client           *cryptogen.Pair
}

// newPKI makes certificates that are valid at the bubble's time.
func newPKI(t *testing.T) *pki {
	roots, err := cryptogen.NewCA("orderers", "tlsca.orderers")
	require.NoError(t, err)
	strangers, err := cryptogen.NewCA("strangers", "tlsca.strangers")
	require.NoError(t, err)
	client, err := roots.Issue(cryptogen.Leaf{CommonName: "peer", TLS: true})
	require.NoError(t, err)
	return &pki{roots: roots, strangers: strangers, client: client}
}

func newStation(t *testing.T, name string, p *pki, f *fault) *station {
	s := &station{
		name:   name,
		fault:  f,
		step:   newDoorstep(),
		met:    make(chan struct{}),
		healed: make(chan struct{}),
		well:   f == nil,
	}
	var err error
	s.replay, err = orderer.NewReplay(chain, orderer.ReplayConfig{
		ChannelID: channelID,
		MutualTLS: true,
		Height:    firstBlocks,
		Send:      s.send,
	})
	require.NoError(t, err)
	s.server, err = comm.NewGRPCServerFromListener(s.step, comm.ServerConfig{
		ConnectionTimeout:  time.Minute,
		StreamInterceptors: []grpc.StreamServerInterceptor{s.intercept},
		SecOpts:            s.security(t, p),
	})
	require.NoError(t, err)
	s.replay.Register(s.server.Server())
	s.serving.Go(func() { s.server.Start() })
	return s
}

// security gives a station its certificate, and an impostor two: a good one to
// use once it is healed.
func (s *station) security(t *testing.T, p *pki) *comm.SecureOptions {
	issuer := p.roots
	if s.fault != nil && s.fault.impostor {
		issuer = p.strangers
	}
	host, _, err := net.SplitHostPort(s.name)
	require.NoError(t, err)
	pair, err := issuer.Issue(cryptogen.Leaf{CommonName: host, TLS: true, SANs: []string{host}})
	require.NoError(t, err)
	key, err := pair.KeyPEM()
	require.NoError(t, err)
	return &comm.SecureOptions{
		UseTLS:            true,
		RequireClientCert: true,
		ClientRootCAs:     [][]byte{p.roots.CertPEM()},
		Certificate:       pair.CertPEM(),
		Key:               key,
	}
}

// acting returns the fault while the station has it, and notes that it was met
// if strike says so.
func (s *station) acting(strike bool) *fault {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.well {
		return nil
	}
	if strike && !s.struck {
		s.struck = true
		close(s.met)
	}
	return s.fault
}

// dial connects, in the time of a round trip, or does what the fault does to
// those who connect. gate keeps good stations from answering too early.
func (s *station) dial(ctx context.Context, gate <-chan struct{}) (net.Conn, error) {
	s.mutex.Lock()
	s.dials++
	s.mutex.Unlock()
	if err := pass(ctx, 2*linePace); err != nil {
		return nil, err
	}
	f := s.acting(false)
	if f == nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if f != nil && f.dial != nil {
		s.acting(true)
		return nil, f.dial(ctx)
	}
	switch s.isOut() {
	case "down":
		return nil, errRefused
	case "dark":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	l := newLine()
	if f != nil && (f.line != nil || f.impostor) {
		s.acting(true)
	}
	if f != nil && f.line != nil {
		f.line(l)
	}
	s.mutex.Lock()
	s.lines = append(s.lines, l)
	s.mutex.Unlock()
	select {
	case s.step.knocks <- l.server:
		return l.client, nil
	case <-s.step.closed:
		l.sever()
		return nil, errRefused
	}
}

var errRefused = errors.New("connection refused")

func (s *station) isOut() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.out
}

// each does something to all lines there are.
func (s *station) each(do func(*line)) {
	s.mutex.Lock()
	lines := append([]*line(nil), s.lines...)
	s.mutex.Unlock()
	for _, l := range lines {
		do(l)
	}
}

// crash breaks all lines; new ones are refused until heal.
func (s *station) crash() { s.goOut("down", (*line).sever) }

// vanish loses what is on all lines; nobody answers new calls until heal.
func (s *station) vanish() { s.goOut("dark", (*line).freeze) }

func (s *station) goOut(how string, end func(*line)) {
	s.mutex.Lock()
	s.out = how
	s.mutex.Unlock()
	s.each(end)
}

// heal turns a station into a good one. Lines that are dead stay so.
func (s *station) heal(t *testing.T, p *pki) {
	s.mutex.Lock()
	s.well, s.out = true, ""
	s.mutex.Unlock()
	close(s.healed)
	if s.fault.impostor {
		host, _, _ := net.SplitHostPort(s.name)
		pair, err := p.roots.Issue(cryptogen.Leaf{CommonName: host, TLS: true, SANs: []string{host}})
		require.NoError(t, err)
		s.server.SetServerCertificate(tlsPair(pair))
	}
}

// streamKey finds the stream in the context of a handler.
type streamKey struct{}

type knownStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (k *knownStream) Context() context.Context { return k.ctx }

func (s *station) intercept(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, serve grpc.StreamHandler) error {
	if f := s.acting(false); f != nil && f.serve != nil {
		s.acting(true)
		return f.serve(s, stream)
	}
	return serve(srv, &knownStream{ServerStream: stream, ctx: context.WithValue(stream.Context(), streamKey{}, stream)})
}

// send is the replay's hook.
func (s *station) send(ctx context.Context, number uint64, raw []byte) ([][]byte, error) {
	f := s.acting(false)
	if f == nil || f.send == nil || number < f.from {
		return [][]byte{raw}, nil
	}
	s.acting(true)
	return f.send(s, ctx, number, raw)
}

// stop ends the station and all that belongs to it.
func (s *station) stop() {
	s.each((*line).sever)
	s.replay.Stop()
	s.server.Stop()
	s.serving.Wait()
	s.each(func(l *line) { l.carriers.Wait() })
}
