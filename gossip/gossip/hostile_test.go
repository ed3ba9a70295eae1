// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/channel"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// The tests in the files named hostile_* are attacks: an authenticated peer, or
// one that would like to be, sends a node over a real connection what an honest
// peer never would. Each must be refused, counted with its reason, and leave what
// the node does with an honest peer alone.

const (
	hostileChannel  = "hostile"
	hostilePatience = 20 * time.Second
)

// hostileScene is a node under attack and an honest peer of its organization.
type hostileScene struct {
	t              *testing.T
	authority      *simcrypto.Authority
	tls            bool
	victim, honest *hostileNode
	watch          *hostileWatch // of the victim
	blocks         uint64        // gossiped so far
	members        int           // of the channel, as the victim sees it, but for itself
}

// newHostileScene waits until the two know each other, in the channel too.
func newHostileScene(t *testing.T, useTLS bool) *hostileScene {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	s := &hostileScene{t: t, authority: &simcrypto.Authority{}, tls: useTLS, watch: newHostileWatch(), members: 1}
	s.authority.SetChannel(hostileChannel, "A", "B")
	s.victim = s.start("victim")
	s.victim.hook.Set(s.watch)
	s.honest = s.start("honest", s.victim.address)
	s.within("the two know each other", func() bool {
		return len(s.victim.PeersOfChannel(common.ChainID(hostileChannel))) == 1 && len(s.honest.PeersOfChannel(common.ChainID(hostileChannel))) == 1
	})
	// The honest peer has looked who the victim is on a stream of its own.
	s.counted(1, observe.Disconnected, "remote closed", "")
	s.watch.forget()
	return s
}

// within waits until something holds.
func (s *hostileScene) within(what string, holds func() bool) {
	s.t.Helper()
	poll, limit := time.NewTicker(time.Millisecond), time.NewTimer(hostilePatience)
	defer poll.Stop()
	defer limit.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-limit.C:
			require.Fail(s.t, "in vain", "%s: %v", what, s.victim.hook.Counts())
		}
	}
}

// hostileNode is a real node of organization A.
type hostileNode struct {
	*gossipServiceImpl
	identity api.PeerIdentityType
	address  string
	blocks   <-chan *proto.GossipMessage
	server   *grpc.Server
	served   sync.WaitGroup
}

func (s *hostileScene) start(name string, bootstrap ...string) *hostileNode {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(s.t, err)
	n := &hostileNode{identity: simcrypto.Identity("A", name, 0), address: listener.Addr().String()}
	var options []grpc.ServerOption
	var certificates *common.TLSCertificates
	dial := grpc.WithInsecure()
	if s.tls {
		pair := comm.GenerateCertificatesOrPanic()
		certificates = &common.TLSCertificates{}
		certificates.TLSServerCert.Store(&pair)
		certificates.TLSClientCert.Store(&pair)
		options = append(options, grpc.Creds(hostileTLS(pair)))
		dial = grpc.WithTransportCredentials(hostileTLS(pair))
	}
	n.server = grpc.NewServer(options...)
	service := s.authority.Service(n.identity)
	n.gossipServiceImpl = NewGossipService(&Config{
		ID: name, InternalEndpoint: n.address, ExternalEndpoint: n.address, BootstrapPeers: bootstrap, TLSCerts: certificates,
		PropagateIterations: 1, PropagatePeerNum: 3, MaxPropagationBurstSize: 10, MaxPropagationBurstLatency: 10 * time.Millisecond,
		MaxBlockCountToStore: 100, PullInterval: 4 * time.Second, PullPeerNum: 3, PublishCertPeriod: 10 * time.Second,
		PublishStateInfoInterval: 20 * time.Millisecond, RequestStateInfoInterval: time.Second,
	}, n.server, service, service, n.identity, func() []grpc.DialOption { return []grpc.DialOption{dial} }).(*gossipServiceImpl)
	n.blocks, _ = n.Accept(func(m interface{}) bool { return m.(*proto.GossipMessage).GetDataMsg() != nil }, false)
	n.JoinChan(hostileJoin{"A", "B"}, common.ChainID(hostileChannel))
	n.UpdateLedgerHeight(1, common.ChainID(hostileChannel))
	n.served.Go(func() { n.server.Serve(listener) })
	s.t.Cleanup(func() {
		n.Stop()
		n.server.Stop()
		n.served.Wait()
	})
	return n
}

// hostileJoin is the configuration of a channel of these organizations.
type hostileJoin []string

func (j hostileJoin) SequenceNumber() uint64 { return 1 }

func (j hostileJoin) Members() []api.OrgIdentityType {
	var members []api.OrgIdentityType
	for _, org := range j {
		members = append(members, api.OrgIdentityType(org))
	}
	return members
}

func (j hostileJoin) AnchorPeersOf(api.OrgIdentityType) []api.AnchorPeer { return nil }

// hostileTLS takes any certificate of the other side, as gossip itself makes
// sure whose it is.
func hostileTLS(pair tls.Certificate) credentials.TransportCredentials {
	return credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert, InsecureSkipVerify: true})
}

// undisturbed makes sure that the victim and the honest peer still know each
// other, have never been parted, and exchange blocks both ways.
func (s *hostileScene) undisturbed() {
	s.t.Helper()
	for _, way := range []struct{ from, to *hostileNode }{{s.honest, s.victim}, {s.victim, s.honest}} {
		s.blocks++
		way.from.Gossip(hostileBlock(hostileChannel, s.blocks))
		limit := time.NewTimer(hostilePatience)
		select {
		case got := <-way.to.blocks:
			require.Equal(s.t, s.blocks, got.GetDataMsg().Payload.SeqNum)
		case <-limit.C:
			require.Fail(s.t, "a block did not arrive", "from %s to %s", way.from.conf.ID, way.to.conf.ID)
		}
		limit.Stop()
		require.NotNil(s.t, way.from.disc.Lookup(way.to.comm.GetPKIid()))
	}
	require.Len(s.t, s.victim.PeersOfChannel(common.ChainID(hostileChannel)), s.members)
	for sight := range s.watch.all() {
		if sight.peer != string(s.honest.comm.GetPKIid()) {
			continue
		}
		require.NotContains(s.t, []observe.Kind{observe.Disconnected, observe.MemberDead, observe.MemberForgotten}, sight.kind, sight.reason)
		if sight.kind == observe.Rejected { // its sender may be anybody who spoke in the honest peer's name
			require.Equal(s.t, "alive_msg", sight.message, sight.reason)
		}
	}
}

func hostileBlock(channelName string, number uint64) *proto.GossipMessage {
	return &proto.GossipMessage{
		Channel: []byte(channelName),
		Tag:     proto.GossipMessage_CHAN_AND_ORG,
		Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{
			Payload: &proto.Payload{SeqNum: number, Data: simcrypto.Block(channelName, number, 100)}}},
	}
}

// hostileSight is a sort of event.
type hostileSight struct {
	kind            observe.Kind
	reason, message string
	peer            string // PKI-ID
}

// hostileWatch counts events; it implements observe.Observer.
type hostileWatch struct {
	mutex  sync.Mutex
	counts map[hostileSight]int
	change chan struct{} // closed at the next event
}

func newHostileWatch() *hostileWatch {
	return &hostileWatch{counts: map[hostileSight]int{}, change: make(chan struct{})}
}

func (w *hostileWatch) Observe(e observe.Event) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.counts[hostileSight{e.Kind, e.Reason, e.Message, string(e.Peer)}]++
	close(w.change)
	w.change = make(chan struct{})
}

// forget starts counting anew.
func (w *hostileWatch) forget() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.counts = map[hostileSight]int{}
}

func (w *hostileWatch) all() map[hostileSight]int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	copied := make(map[hostileSight]int, len(w.counts))
	for sight, n := range w.counts {
		copied[sight] = n
	}
	return copied
}

func (w *hostileWatch) count(kind observe.Kind, reason, message string) (n int, change <-chan struct{}) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for sight, seen := range w.counts {
		if sight.kind == kind && sight.reason == reason && (message == "" || sight.message == message) {
			n += seen
		}
	}
	return n, w.change
}

// counted waits until the victim has counted an event at least that often.
func (s *hostileScene) counted(atLeast int, kind observe.Kind, reason, message string) {
	s.t.Helper()
	limit := time.NewTimer(hostilePatience)
	defer limit.Stop()
	for {
		n, change := s.watch.count(kind, reason, message)
		if n >= atLeast {
			return
		}
		select {
		case <-change:
		case <-limit.C:
			require.Fail(s.t, "not counted", "%d of %d: %s %q of %q; but %v", n, atLeast, kind, reason, message, s.victim.hook.Counts())
		}
	}
}

// hostilePeer is who attacks: an identity, and a stream to the victim.
type hostilePeer struct {
	scene    *hostileScene
	identity api.PeerIdentityType
	id       common.PKIidType
	stream   proto.Gossip_GossipStreamClient
	answers  chan *proto.SignedGossipMessage // what the victim sends; those that find no room are lost
	ended    chan struct{}                   // closed when the victim has ended the stream
}

// identified makes an attacker that is not connected yet.
func (s *hostileScene) identified(org, name string) *hostilePeer {
	identity := simcrypto.Identity(org, name, 0)
	return &hostilePeer{scene: s, identity: identity, id: simcrypto.PKIID(identity),
		answers: make(chan *proto.SignedGossipMessage, 1024), ended: make(chan struct{})}
}

// intruder makes an attacker with a good identity and a proper handshake.
func (s *hostileScene) intruder(org, name string) *hostilePeer {
	s.t.Helper()
	p := s.identified(org, name)
	p.connect(func(hash []byte) *proto.Envelope { return p.signed(p.conn(hash)) })
	first := p.answer(func(m *proto.GossipMessage) bool { return true })
	require.NotNil(s.t, first.GetConn())
	s.counted(1, observe.Connected, "inbound", "")
	return p
}

// conn is a proper introduction.
func (p *hostilePeer) conn(tlsHash []byte) *proto.GossipMessage {
	return &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_Conn{
		Conn: &proto.ConnEstablish{PkiId: p.id, Identity: p.identity, TlsCertHash: tlsHash}}}
}

// connect opens a stream and introduces the attacker by what handshake makes of
// the hash of its TLS certificate.
func (p *hostilePeer) connect(handshake func(tlsHash []byte) *proto.Envelope) {
	s := p.scene
	s.t.Helper()
	security, hash := grpc.WithInsecure(), []byte(nil)
	if s.tls {
		pair := comm.GenerateCertificatesOrPanic()
		sum := sha256.Sum256(pair.Certificate[0])
		security, hash = grpc.WithTransportCredentials(hostileTLS(pair)), sum[:]
	}
	connection, err := grpc.Dial(s.victim.address, security, grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(1<<30), grpc.MaxCallRecvMsgSize(1<<30)))
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	p.stream, err = proto.NewGossipClient(connection).GossipStream(ctx)
	require.NoError(s.t, err)
	go p.receive()
	s.t.Cleanup(func() {
		cancel()
		<-p.ended
		connection.Close()
	})
	require.NoError(s.t, p.stream.Send(handshake(hash)))
}

func (p *hostilePeer) receive() {
	defer close(p.ended)
	for {
		e, err := p.stream.Recv()
		if err != nil {
			return
		}
		m, err := protoext.EnvelopeToGossipMessage(e)
		if err != nil {
			continue
		}
		select {
		case p.answers <- m:
		default:
		}
	}
}

// answer waits for a message of the victim.
func (p *hostilePeer) answer(wanted func(*proto.GossipMessage) bool) *proto.SignedGossipMessage {
	p.scene.t.Helper()
	limit := time.NewTimer(hostilePatience)
	defer limit.Stop()
	for {
		select {
		case m := <-p.answers:
			if wanted(m.GossipMessage) {
				return m
			}
		case <-p.ended:
			require.Fail(p.scene.t, "the victim has ended the stream")
		case <-limit.C:
			require.Fail(p.scene.t, "no answer")
		}
	}
}

// refused waits until the victim has ended the stream.
func (p *hostilePeer) refused() {
	p.scene.t.Helper()
	limit := time.NewTimer(hostilePatience)
	defer limit.Stop()
	select {
	case <-p.ended:
	case <-limit.C:
		require.Fail(p.scene.t, "the stream goes on")
	}
}

// signed is a message with the attacker's signature.
func (p *hostilePeer) signed(m *proto.GossipMessage) *proto.Envelope {
	return p.scene.signedBy(p.identity, m)
}

func (s *hostileScene) signedBy(identity api.PeerIdentityType, m *proto.GossipMessage) *proto.Envelope {
	s.t.Helper()
	signed, err := protoext.Sign(m, s.authority.Service(identity).Sign)
	require.NoError(s.t, err)
	return signed.Envelope
}

// post sends an envelope as it is.
func (p *hostilePeer) post(e *proto.Envelope) {
	p.scene.t.Helper()
	require.NoError(p.scene.t, p.stream.Send(e))
}

// say sends a message of a kind that travels unsigned.
func (p *hostilePeer) say(m *proto.GossipMessage) {
	p.scene.t.Helper()
	unsigned, err := protoext.NoopSign(m)
	require.NoError(p.scene.t, err)
	p.post(unsigned.Envelope)
}

// alive says that somebody is alive.
func (p *hostilePeer) alive(incarnation, sequence uint64, change ...func(*proto.AliveMessage)) *proto.GossipMessage {
	content := &proto.AliveMessage{
		Membership: &proto.Member{Endpoint: "127.0.0.1:1", PkiId: p.id},
		Timestamp:  &proto.PeerTime{IncNum: incarnation, SeqNum: sequence},
		Identity:   p.identity,
	}
	for _, f := range change {
		f(content)
	}
	return &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_AliveMsg{AliveMsg: content}}
}

// stateInfo says what somebody has of a channel.
func (p *hostilePeer) stateInfo(channelName string, sequence uint64) *proto.GossipMessage {
	return &proto.GossipMessage{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateInfo{StateInfo: &proto.StateInfo{
		PkiId: p.id, Timestamp: &proto.PeerTime{IncNum: 1, SeqNum: sequence},
		Channel_MAC: channel.GenerateMAC(p.id, common.ChainID(channelName)), Properties: &proto.Properties{LedgerHeight: 1}}}}
}

// memReq asks for members, introducing its sender by an envelope.
func hostileMemReq(nonce uint64, self *proto.Envelope) *proto.GossipMessage {
	return &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Nonce: nonce, Content: &proto.GossipMessage_MemReq{
		MemReq: &proto.MembershipRequest{SelfInformation: self}}}
}

// hostileLeadership is the claim that somebody leads.
func hostileLeadership(id common.PKIidType) *proto.GossipMessage {
	return &proto.GossipMessage{Channel: []byte(hostileChannel), Tag: proto.GossipMessage_CHAN_AND_ORG, Content: &proto.GossipMessage_LeadershipMsg{
		LeadershipMsg: &proto.LeadershipMessage{PkiId: id, Timestamp: &proto.PeerTime{IncNum: 1, SeqNum: 1}, IsDeclaration: true}}}
}

// secret is an internal endpoint with a signature of somebody.
func (p *hostilePeer) secret(signer *hostilePeer, endpoint string) *proto.SecretEnvelope {
	p.scene.t.Helper()
	e := &proto.Envelope{}
	secret := &proto.Secret{Content: &proto.Secret_InternalEndpoint{InternalEndpoint: endpoint}}
	require.NoError(p.scene.t, protoext.SignSecret(e, p.scene.authority.Service(signer.identity).Sign, secret))
	return e.SecretEnvelope
}

// knows waits until the attacker is a member.
func (s *hostileScene) knows(p *hostilePeer) {
	s.t.Helper()
	s.within("the attacker is a member", func() bool { return s.victim.disc.Lookup(p.id) != nil })
}
