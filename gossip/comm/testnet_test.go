// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// longest is how long a test waits for what has to happen.
const longest = 20 * time.Second

// crypt is the cryptography of one identity, which reads "organization.name".
// Its PKI-ID is "#" with the identity. Nobody can sign for an identity without
// its crypt; identities named "...revoked" are invalid.
type crypt struct {
	api.MessageCryptoService
	self string
}

func (c crypt) GetPKIidOfCert(id api.PeerIdentityType) common.PKIidType { return idOf(string(id)) }

func idOf(identity string) common.PKIidType { return common.PKIidType("#" + identity) }

func (c crypt) ValidateIdentity(id api.PeerIdentityType) error {
	if !strings.Contains(string(id), ".") || strings.HasSuffix(string(id), "revoked") {
		return errors.New("no valid identity")
	}
	return nil
}

func (c crypt) Expiration(api.PeerIdentityType) (time.Time, error) { return time.Time{}, nil }

func (c crypt) Sign(msg []byte) ([]byte, error) { return signature(c.self, msg), nil }

func (c crypt) Verify(id api.PeerIdentityType, sig, msg []byte) error {
	if !hmac.Equal(sig, signature(string(id), msg)) {
		return errors.New("signature does not hold")
	}
	return nil
}

func signature(identity string, msg []byte) []byte {
	mac := hmac.New(sha256.New, []byte("secret of "+identity))
	_, _ = mac.Write(msg)
	return mac.Sum(nil)
}

// orgs is the security advisor.
type orgs struct{}

func (orgs) OrgByPeerIdentity(id api.PeerIdentityType) api.OrgIdentityType {
	if parts := strings.SplitN(string(id), ".", 2); len(parts) == 2 {
		return api.OrgIdentityType(parts[0])
	}
	return nil
}

// watch records events and lets a test wait for them.
type watch struct {
	lock   sync.Mutex
	events []observe.Event
	more   chan struct{} // closed and made anew with each event
}

func newWatch() *watch { return &watch{more: make(chan struct{})} }

func (w *watch) Observe(e observe.Event) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.events = append(w.events, e)
	close(w.more)
	w.more = make(chan struct{})
}

// count is how many events of a kind and reason there were so far.
func (w *watch) count(kind observe.Kind, reason string) int {
	n, _ := w.matching(func(e observe.Event) bool { return e.Kind == kind && e.Reason == reason })
	return n
}

func (w *watch) matching(match func(observe.Event) bool) (n int, more chan struct{}) {
	w.lock.Lock()
	defer w.lock.Unlock()
	for _, e := range w.events {
		if match(e) {
			n++
		}
	}
	return n, w.more
}

// await waits until there were at least n events of a kind and reason.
func (w *watch) await(t testing.TB, n int, kind observe.Kind, reason string) {
	w.awaitMatch(t, n, fmt.Sprintf("%s: %s", kind, reason), func(e observe.Event) bool {
		return e.Kind == kind && e.Reason == reason
	})
}

func (w *watch) awaitMatch(t testing.TB, n int, what string, match func(observe.Event) bool) {
	deadline := time.NewTimer(longest)
	defer deadline.Stop()
	for {
		have, more := w.matching(match)
		if have >= n {
			return
		}
		select {
		case <-more:
		case <-deadline.C:
			t.Fatalf("%d instead of %d times %q; there was %v", have, n, what, w.summary())
		}
	}
}

func (w *watch) summary() map[string]int {
	w.lock.Lock()
	defer w.lock.Unlock()
	all := map[string]int{}
	for _, e := range w.events {
		all[fmt.Sprintf("%s/%s/%s", e.Kind, e.Reason, e.Message)]++
	}
	return all
}

// instance is what an instance offers beyond Comm, tests included.
type instance interface {
	comm.Comm
	Hook() *observe.Hook
	OnIdentitySwitch(func(requested, actual common.PKIidType))
	SetDialOpts(...grpc.DialOption)
	Peers() int
	Strangers() int
}

// node is an instance with the server that it stands on.
type node struct {
	instance
	identity string
	endpoint string
	mapper   identity.Mapper
	server   *grpc.Server
	served   chan struct{}
	certs    *common.TLSCertificates
	seen     *watch
}

// transport is with what TLS a network runs, if with any.
type transport struct{ tls bool }

var transports = map[string]transport{"TLS": {true}, "plain": {false}}

// start makes a node that listens on a free port of loopback, or on the endpoint
// given.
func (tr transport) start(t testing.TB, name string, endpoint ...string) *node {
	at := "127.0.0.1:0"
	if len(endpoint) > 0 {
		at = endpoint[0]
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatalf("%v", err)
	}
	n := &node{identity: name, endpoint: listener.Addr().String(), seen: newWatch(), served: make(chan struct{})}
	var serverOpts []grpc.ServerOption
	dialOpts := grpc.WithInsecure()
	if tr.tls {
		serverCert, clientCert := comm.GenerateCertificatesOrPanic(), comm.GenerateCertificatesOrPanic()
		n.certs = &common.TLSCertificates{}
		n.certs.TLSServerCert.Store(&serverCert)
		n.certs.TLSClientCert.Store(&clientCert)
		serverOpts = append(serverOpts, grpc.Creds(serverTLS(serverCert)))
		dialOpts = clientTLS(&clientCert)
	}
	n.server = grpc.NewServer(serverOpts...)
	n.mapper = identity.NewIdentityMapper(crypt{self: name}, api.PeerIdentityType(name),
		func(common.PKIidType, api.PeerIdentityType) {}, orgs{})
	c, err := comm.NewCommInstance(n.server, n.certs, n.mapper, api.PeerIdentityType(name),
		func() []grpc.DialOption { return []grpc.DialOption{dialOpts} }, orgs{})
	assert.NoError(t, err)
	n.instance = c.(instance)
	n.Hook().Set(n.seen)
	go func() {
		defer close(n.served)
		_ = n.server.Serve(listener)
	}()
	return n
}

func serverTLS(cert tls.Certificate) credentials.TransportCredentials {
	return credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert})
}

// clientTLS shows a certificate, or none.
func clientTLS(cert *tls.Certificate) grpc.DialOption {
	config := &tls.Config{InsecureSkipVerify: true}
	if cert != nil {
		config.Certificates = []tls.Certificate{*cert}
	}
	return grpc.WithTransportCredentials(credentials.NewTLS(config))
}

func (n *node) close() {
	n.Stop()
	n.server.Stop()
	<-n.served
	n.mapper.Stop()
}

func (n *node) pkiID() common.PKIidType { return idOf(n.identity) }

func (n *node) peer() *comm.RemotePeer {
	return &comm.RemotePeer{Endpoint: n.endpoint, PKIID: n.pkiID()}
}

// inbox accepts everything and gives it out one by one.
type inbox struct {
	t        testing.TB
	messages <-chan proto.ReceivedMessage
}

func (n *node) accept(t testing.TB) inbox {
	return inbox{t, n.Accept(func(interface{}) bool { return true })}
}

func (in inbox) next() proto.ReceivedMessage {
	deadline := time.NewTimer(longest)
	defer deadline.Stop()
	select {
	case m, ok := <-in.messages:
		if !ok {
			in.t.Fatal("no more messages: the instance has stopped")
		}
		return m
	case <-deadline.C:
		in.t.Fatal("no message came")
	}
	return nil
}

// expect takes the next message and compares its text.
func (in inbox) expect(text string) proto.ReceivedMessage {
	m := in.next()
	assert.Equal(in.t, text, textOf(m))
	return m
}

// empty fails if there is a message.
func (in inbox) empty() {
	select {
	case m := <-in.messages:
		in.t.Errorf("unexpected message %s", textOf(m))
	default:
	}
}

// text is a block message with the text for a block.
func text(content string) *proto.SignedGossipMessage {
	m, err := protoext.NoopSign(&proto.GossipMessage{
		Tag: proto.GossipMessage_EMPTY,
		Content: &proto.GossipMessage_DataMsg{
			DataMsg: &proto.DataMessage{Payload: &proto.Payload{Data: []byte(content)}},
		},
	})
	if err != nil {
		panic(err)
	}
	return m
}

func textOf(m proto.ReceivedMessage) string {
	return string(m.GetGossipMessage().GetDataMsg().GetPayload().GetData())
}

// rawPeer is the initiating end of streams, doing only what a test tells it to.
type rawPeer struct {
	t        testing.TB
	identity string
	cc       *grpc.ClientConn
	stream   proto.Gossip_GossipStreamClient
	cancel   func()
	certHash []byte // of the certificate that it shows
}

// knock opens a stream to a node. The certificate is shown under TLS.
func (tr transport) knock(t testing.TB, as, endpoint string, cert *tls.Certificate) *rawPeer {
	p := &rawPeer{t: t, identity: as}
	opts := []grpc.DialOption{grpc.WithBlock(), grpc.WithInsecure()}
	if tr.tls {
		opts[1] = clientTLS(cert)
		if cert != nil {
			p.certHash = comm.CertHashFromRawCert(cert.Certificate[0])
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	p.cancel = cancel
	var err error
	if p.cc, err = grpc.DialContext(ctx, endpoint, opts...); err != nil {
		t.Fatalf("%v", err)
	}
	if p.stream, err = proto.NewGossipClient(p.cc).GossipStream(ctx); err != nil {
		t.Fatalf("%v", err)
	}
	return p
}

// visit is knock with a proper introduction; the node's own is read.
func (tr transport) visit(t testing.TB, as, endpoint string) *rawPeer {
	cert := comm.GenerateCertificatesOrPanic()
	p := tr.knock(t, as, endpoint, &cert)
	p.send(p.introduction(nil))
	assert.NotNil(t, p.read().GetConn())
	return p
}

// introduction is a signed one, changed before it is signed if wanted.
func (p *rawPeer) introduction(change func(*proto.ConnEstablish)) *proto.Envelope {
	return introduction(p.identity, p.certHash, change)
}

func introduction(self string, certHash []byte, change func(*proto.ConnEstablish)) *proto.Envelope {
	conn := &proto.ConnEstablish{PkiId: idOf(self), Identity: []byte(self), TlsCertHash: certHash}
	if change != nil {
		change(conn)
	}
	m, err := protoext.Sign(&proto.GossipMessage{
		Tag:     proto.GossipMessage_EMPTY,
		Content: &proto.GossipMessage_Conn{Conn: conn},
	}, crypt{self: self}.Sign)
	if err != nil {
		panic(err)
	}
	return m.Envelope
}

func (p *rawPeer) send(e *proto.Envelope) { _ = p.stream.Send(e) } // the stream may have been ended

func (p *rawPeer) read() *proto.SignedGossipMessage {
	envelope, err := p.stream.Recv()
	if err != nil {
		p.t.Fatalf("%v", err)
	}
	m, err := protoext.EnvelopeToGossipMessage(envelope)
	assert.NoError(p.t, err)
	return m
}

// ended waits until the node has ended the stream.
func (p *rawPeer) ended() error {
	for {
		if _, err := p.stream.Recv(); err != nil {
			return err
		}
	}
}

func (p *rawPeer) close() {
	p.cancel()
	_ = p.cc.Close()
}

// rawHost is a responding end.
type rawHost struct {
	endpoint string
	certHash []byte
	server   *grpc.Server
	served   chan struct{}
	ping     func(context.Context) error
	handle   func(proto.Gossip_GossipStreamServer) error
	clients  chan []byte // certificate hashes of those who opened streams
}

func (h *rawHost) Ping(ctx context.Context, _ *proto.Empty) (*proto.Empty, error) {
	if h.ping != nil {
		if err := h.ping(ctx); err != nil {
			return nil, err
		}
	}
	return &proto.Empty{}, nil
}

func (h *rawHost) GossipStream(s proto.Gossip_GossipStreamServer) error {
	h.clients <- comm.CertHashFromContext(s.Context())
	return h.handle(s)
}

// host serves streams with a function of the test's.
func (tr transport) host(t testing.TB, handle func(proto.Gossip_GossipStreamServer) error) *rawHost {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("%v", err)
	}
	h := &rawHost{
		endpoint: listener.Addr().String(),
		handle:   handle,
		served:   make(chan struct{}),
		clients:  make(chan []byte, 1000),
	}
	var opts []grpc.ServerOption
	if tr.tls {
		cert := comm.GenerateCertificatesOrPanic()
		h.certHash = comm.CertHashFromRawCert(cert.Certificate[0])
		opts = append(opts, grpc.Creds(serverTLS(cert)))
	}
	h.server = grpc.NewServer(opts...)
	proto.RegisterGossipServer(h.server, h)
	go func() {
		defer close(h.served)
		_ = h.server.Serve(listener)
	}()
	return h
}

func (h *rawHost) close() {
	h.server.Stop()
	<-h.served
}

// within fails the test if f takes longer than it may.
func within(t testing.TB, d time.Duration, what string, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.Errorf("%s took longer than %v", what, d)
		<-done
	}
}
