// SPDX-License-Identifier: Apache-2.0

package gossipreplay

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip"
	"github.com/hyperledger/fabric/gossip/gossip/algo"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// patience bounds every wait for something that is to happen.
const patience = 20 * time.Second

// subject is the node under test, in the place of a peer of the recording.
type subject struct {
	gossip.Gossip
	service  *mcs.MCS
	signer   *signer
	id       common.PKIidType
	address  string                      // where it listens
	accepted <-chan *proto.GossipMessage // blocks and leadership messages
}

// startSubject starts a node that calls itself endpoint. It can be connected to,
// and connects to nobody but, if any, to bootstrap; without TLS if tls is nil. What happens every few seconds in a peer happens every few
// hundredths here, but for heartbeats.
func startSubject(t *testing.T, n *mixedNetwork, role, endpoint string, tls *nodeTLS, bootstrap ...string) *subject {
	t.Helper()
	comm.SetDialTimeout(3 * time.Second)
	if len(bootstrap) == 0 {
		comm.SetDialTimeout(200 * time.Millisecond) // those that are not there are soon taken for dead
	}
	algo.SetDigestWaitTime(30 * time.Millisecond)
	algo.SetResponseWaitTime(300 * time.Millisecond)
	algo.SetRequestWaitTime(time.Minute)
	s := &subject{signer: n.enroll(t, orgOf(role), role+".here.test")}
	trust := newTrust(t, n.block, orgOf(role))
	s.service = trust.service(t, s.signer)
	s.id = s.service.GetPKIidOfCert(s.signer.identity)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.address = listener.Addr().String()
	server := grpc.NewServer(grpc.Creds(tls.server()))
	dial := func() []grpc.DialOption {
		return []grpc.DialOption{grpc.WithTransportCredentials(tls.client()), onlyTo(bootstrap)}
	}
	s.Gossip = gossip.NewGossipService(&gossip.Config{
		ID: role, BootstrapPeers: bootstrap, InternalEndpoint: endpoint, ExternalEndpoint: endpoint,
		PropagateIterations: 1, PropagatePeerNum: 3, MaxPropagationBurstSize: 10, MaxPropagationBurstLatency: 10 * time.Millisecond,
		MaxBlockCountToStore: 100, PullInterval: 100 * time.Millisecond, PullPeerNum: 3, PublishCertPeriod: time.Hour,
		TLSCerts: tls.certificates(), PublishStateInfoInterval: 50 * time.Millisecond, RequestStateInfoInterval: 100 * time.Millisecond,
	}, server, mcs.NewSecurityAdvisor(trust), s.service, s.signer.identity, dial)
	require.NotNil(t, s.Gossip)
	s.accepted, _ = s.Accept(func(m interface{}) bool {
		message := m.(*proto.GossipMessage)
		return message.GetDataMsg() != nil || message.GetLeadershipMsg() != nil
	}, false)
	var served sync.WaitGroup
	served.Go(func() { server.Serve(listener) })
	t.Cleanup(func() {
		s.Stop()
		server.Stop()
		served.Wait()
	})
	return s
}

// onlyTo keeps a node from dialing what the recording's peers call themselves.
func onlyTo(endpoints []string) grpc.DialOption {
	return grpc.WithContextDialer(func(ctx context.Context, endpoint string) (net.Conn, error) {
		for _, known := range endpoints {
			if endpoint == known {
				return (&net.Dialer{}).DialContext(ctx, "tcp", endpoint)
			}
		}
		return nil, errors.New("nobody is there")
	})
}

type twoOrganizations struct{}

func (twoOrganizations) SequenceNumber() uint64 { return 1 }
func (twoOrganizations) Members() []api.OrgIdentityType {
	return []api.OrgIdentityType{api.OrgIdentityType(org1), api.OrgIdentityType(org2)}
}
func (twoOrganizations) AnchorPeersOf(api.OrgIdentityType) []api.AnchorPeer { return nil }

// puppet is a peer of the recording as the node under test sees it: a stream
// whose handshake is the recorded one.
type puppet struct {
	t       *testing.T
	name    string
	stream  interface{ Send(*proto.Envelope) error }
	conn    *proto.SignedGossipMessage // the node's handshake
	arrived chan struct{}              // has an element after each arrival

	mutex  sync.Mutex
	inbox  []*proto.SignedGossipMessage // what the node sent, after its handshake
	taken  []bool
	closed error
}

// receiver is what client and server streams have in common.
type receiver interface {
	Send(*proto.Envelope) error
	Recv() (*proto.Envelope, error)
}

// connect opens a stream to the node as a peer that plays back its recorded
// handshake; without TLS nothing speaks against that.
func connect(t *testing.T, address, name string, handshake *proto.Envelope) *puppet {
	t.Helper()
	return connectBy(t, address, name, handshake, insecure.NewCredentials())
}

func connectBy(t *testing.T, address, name string, handshake *proto.Envelope, security credentials.TransportCredentials) *puppet {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(security))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := proto.NewGossipClient(connection).GossipStream(ctx)
	require.NoError(t, err)
	p := newPuppet(t, name, stream)
	done := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-done
		connection.Close()
	})
	require.NoError(t, stream.Send(handshake))
	first, err := stream.Recv()
	if err != nil {
		close(done)
		require.NoError(t, err, "handshake of %s", name)
	}
	p.conn = open(t, first)
	go func() {
		defer close(done)
		p.receive(stream)
	}()
	return p
}

func newPuppet(t *testing.T, name string, stream receiver) *puppet {
	return &puppet{t: t, name: name, stream: stream, arrived: make(chan struct{}, 1)}
}

func open(t testing.TB, e *proto.Envelope) *proto.SignedGossipMessage {
	t.Helper()
	m, err := protoext.EnvelopeToGossipMessage(e)
	require.NoError(t, err)
	return m
}

// receive collects what the node sends until the stream ends.
func (p *puppet) receive(stream receiver) {
	for {
		e, err := stream.Recv()
		var m *proto.SignedGossipMessage
		if err == nil {
			m, err = protoext.EnvelopeToGossipMessage(e)
		}
		p.mutex.Lock()
		if err == nil {
			p.inbox, p.taken = append(p.inbox, m), append(p.taken, false)
		}
		p.closed = err
		p.mutex.Unlock()
		select {
		case p.arrived <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// send sends a message as it was recorded, or one that carries no signature.
func (p *puppet) send(e *proto.Envelope) {
	p.t.Helper()
	require.NoError(p.t, p.stream.Send(e), "stream of %s", p.name)
}

// say sends a message that needs no signature.
func (p *puppet) say(m *proto.GossipMessage) {
	p.t.Helper()
	signed, err := protoext.NoopSign(m)
	require.NoError(p.t, err)
	p.send(signed.Envelope)
}

// take takes the first message that is wanted out of the inbox; nil if there is
// none.
func (p *puppet) take(wanted func(*proto.SignedGossipMessage) bool) (*proto.SignedGossipMessage, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for i, m := range p.inbox {
		if !p.taken[i] && wanted(m) {
			p.taken[i] = true
			return m, nil
		}
	}
	return nil, p.closed
}

// await waits for a message that is wanted, at most until the timer fires; nil
// if none came.
func (p *puppet) await(limit <-chan time.Time, wanted func(*proto.SignedGossipMessage) bool) *proto.SignedGossipMessage {
	p.t.Helper()
	for {
		m, err := p.take(wanted)
		require.NoError(p.t, err, "stream of %s", p.name)
		if m != nil {
			return m
		}
		select {
		case <-p.arrived:
		case <-limit:
			return nil
		}
	}
}

// rest are the messages that nobody took: what the node said by itself.
func (p *puppet) rest() []*proto.SignedGossipMessage {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var rest []*proto.SignedGossipMessage
	for i, m := range p.inbox {
		if !p.taken[i] {
			rest = append(rest, m)
		}
	}
	return rest
}
