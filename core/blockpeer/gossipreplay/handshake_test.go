// SPDX-License-Identifier: Apache-2.0

package gossipreplay

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// nodeTLS is the two certificates of a node; nil for one without TLS.
type nodeTLS struct{ asServer, asClient tls.Certificate }

func newNodeTLS() *nodeTLS {
	return &nodeTLS{comm.GenerateCertificatesOrPanic(), comm.GenerateCertificatesOrPanic()}
}

func (n *nodeTLS) server() credentials.TransportCredentials {
	if n == nil {
		return insecure.NewCredentials()
	}
	return anyTLS(n.asServer)
}

func (n *nodeTLS) client() credentials.TransportCredentials {
	if n == nil {
		return insecure.NewCredentials()
	}
	return anyTLS(n.asClient)
}

// anyTLS presents a certificate and takes any: handshakes tell whose it is.
func anyTLS(own tls.Certificate) credentials.TransportCredentials {
	return credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert, InsecureSkipVerify: true})
}

func (n *nodeTLS) certificates() *common.TLSCertificates {
	if n == nil {
		return nil
	}
	c := &common.TLSCertificates{}
	c.TLSServerCert.Store(&n.asServer)
	c.TLSClientCert.Store(&n.asClient)
	return c
}

func hashOf(certificate tls.Certificate) []byte {
	sum := sha256.Sum256(certificate.Certificate[0])
	return sum[:]
}

// host is a peer of the recording as a node finds it when it dials.
type host struct {
	introduce func(stream int) *proto.Envelope // what to answer on each stream, from 1
	answer    func(*proto.SignedGossipMessage) *proto.GossipMessage

	mutex   sync.Mutex
	pings   int
	streams [][]*proto.SignedGossipMessage // what came on each
}

func (h *host) Ping(context.Context, *proto.Empty) (*proto.Empty, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.pings++
	return &proto.Empty{}, nil
}

func (h *host) GossipStream(stream proto.Gossip_GossipStreamServer) error {
	h.mutex.Lock()
	number := len(h.streams)
	h.streams = append(h.streams, nil)
	h.mutex.Unlock()
	for first := true; ; first = false {
		e, err := stream.Recv()
		if err != nil {
			return nil
		}
		m, err := protoext.EnvelopeToGossipMessage(e)
		if err != nil {
			return err
		}
		h.mutex.Lock()
		h.streams[number] = append(h.streams[number], m)
		h.mutex.Unlock()
		if first {
			err = stream.Send(h.introduce(number + 1))
		} else if answer := h.answer(m); answer != nil {
			signed, _ := protoext.NoopSign(answer)
			err = stream.Send(signed.Envelope)
		}
		if err != nil {
			return nil
		}
	}
}

// received is what came on each stream.
func (h *host) received() [][]*proto.SignedGossipMessage {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	var copied [][]*proto.SignedGossipMessage
	for _, stream := range h.streams {
		copied = append(copied, append([]*proto.SignedGossipMessage(nil), stream...))
	}
	return copied
}

// open starts the host and returns its address.
func (h *host) open(t *testing.T, security credentials.TransportCredentials) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.Creds(security))
	proto.RegisterGossipServer(server, h)
	var served sync.WaitGroup
	served.Go(func() { server.Serve(listener) })
	t.Cleanup(func() {
		server.Stop()
		served.Wait()
	})
	return listener.Addr().String()
}

// TestStartIsThatOfARecordedPeer lets a node start with a recorded peer as its
// bootstrap peer, and compares what that peer received of another one then.
func TestStartIsThatOfARecordedPeer(t *testing.T) {
	r := recorded(t)
	const role, other = "peer1.org1", "peer0.org1"
	recordedStart := r.received[other][:3]
	require.Equal(t, []string{"conn", "conn", "mem_req"}, []string{recordedStart[0].kind(), recordedStart[1].kind(), recordedStart[2].kind()})
	h := &host{introduce: func(int) *proto.Envelope { return r.handshake(other, role).message.Envelope }}
	h.answer = func(m *proto.SignedGossipMessage) *proto.GossipMessage {
		if m.GetMemReq() == nil {
			return nil
		}
		for _, e := range r.received[role] {
			if response := e.message.GetMemRes(); response != nil && e.sender == other {
				own := response.Alive[len(response.Alive)-1:] // the answer is about the bootstrap peer and the node
				return &proto.GossipMessage{Nonce: m.Nonce, Tag: e.message.Tag, Content: &proto.GossipMessage_MemRes{MemRes: &proto.MembershipResponse{Alive: own}}}
			}
		}
		return nil
	}
	address := h.open(t, insecure.NewCredentials())
	node := startSubject(t, newMixedNetwork(t), role, r.endpoint(role), nil, address)
	require.Eventually(t, func() bool {
		members := node.Peers()
		return len(members) == 1 && members[0].Endpoint == r.endpoint(other) && r.nameOf(members[0].PKIid) == other
	}, patience, 5*time.Millisecond)

	c := cast(r.names).with(node.id, role)
	streams := h.received()
	require.Len(t, streams, 2, "one to find out who is there, one to stay")
	require.Len(t, streams[0], 1)
	require.GreaterOrEqual(t, len(streams[1]), 2)
	for i, m := range []*proto.SignedGossipMessage{streams[0][0], streams[1][0], streams[1][1]} {
		assert.Equal(t, c.form(recordedStart[i].message), c.form(m))
	}
	assert.NotZero(t, streams[1][1].Nonce, "so that the answer can be told from others")
	self := open(t, streams[1][1].GetMemReq().SelfInformation)
	assert.Equal(t, r.endpoint(role), protoext.InternalEndpoint(self.SecretEnvelope), "the own organization is told")
	assert.NotEmpty(t, self.GetAliveMsg().Identity)
	assert.Equal(t, 2, h.pings, "each connection is tried out first")
}

// TestHandshakesAreBoundToTLSCertificates is about the one field of a handshake
// that recorded ones cannot be compared in: each side names the certificate that
// the other one sees.
func TestHandshakesAreBoundToTLSCertificates(t *testing.T) {
	r := recorded(t)
	network := newMixedNetwork(t)
	service := newTrust(t, network.block, org1).service(t, nil)
	introduction := func(peer *signer, certificate tls.Certificate) *proto.Envelope {
		m, err := protoext.Sign(&proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_Conn{Conn: &proto.ConnEstablish{
			PkiId: service.GetPKIidOfCert(peer.identity), Identity: peer.identity, TlsCertHash: hashOf(certificate)}}}, peer.Sign)
		require.NoError(t, err)
		return m.Envelope
	}
	dialed, dialing, peerTLS := network.enroll(t, org1, "dialed.here.test"), network.enroll(t, org1, "dialing.here.test"), newNodeTLS()
	h := &host{introduce: func(int) *proto.Envelope { return introduction(dialed, peerTLS.asServer) },
		answer: func(*proto.SignedGossipMessage) *proto.GossipMessage { return nil }}
	nodeTLS := newNodeTLS()
	node := startSubject(t, network, "peer0.org1", r.endpoint("peer0.org1"), nodeTLS, h.open(t, peerTLS.server()))
	c := cast(r.names).with(node.id, "peer0.org1")
	want := c.form(r.handshake("peer0.org1", "peer1.org1").message)

	asServer := connectBy(t, node.address, "peer1.org1", introduction(dialing, peerTLS.asClient), peerTLS.client()).conn
	assert.Equal(t, want, c.form(asServer))
	assert.Equal(t, hashOf(nodeTLS.asServer), asServer.GetConn().TlsCertHash)
	require.Eventually(t, func() bool { return len(h.received()) > 1 && len(h.received()[1]) > 1 }, patience, 5*time.Millisecond, "the handshake is accepted")
	asClient := h.received()[0][0]
	assert.Equal(t, want, c.form(asClient))
	assert.Equal(t, hashOf(nodeTLS.asClient), asClient.GetConn().TlsCertHash)
	for _, m := range []*proto.SignedGossipMessage{asServer, asClient} {
		assert.NoError(t, m.Verify(node.signer.identity, func(identity, signature, message []byte) error {
			return service.Verify(identity, signature, message)
		}))
	}
}
