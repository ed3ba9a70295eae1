// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// The responder does not wait for the initiator, and takes messages that follow
// the introduction at once.
func TestResponderMessageByMessage(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a := tr.start(t, "A.a")
		defer a.close()
		atA := a.accept(t)
		cert := comm.GenerateCertificatesOrPanic()
		p := tr.knock(t, "A.p", a.endpoint, &cert)
		defer p.close()
		_, err := proto.NewGossipClient(p.cc).Ping(context.Background(), &proto.Empty{})
		assert.NoError(t, err)

		m := p.read() // before anything is sent
		assert.Equal(t, proto.GossipMessage_EMPTY, m.Tag)
		assert.Zero(t, m.GossipMessage.Nonce)
		assert.Nil(t, m.Channel)
		assert.Nil(t, m.SecretEnvelope)
		assert.Equal(t, idOf("A.a"), a.GetPKIid())
		assert.Equal(t, "#A.a", string(m.GetConn().PkiId))
		assert.Equal(t, "A.a", string(m.GetConn().Identity))
		assert.NoError(t, m.Verify([]byte("A.a"), crypt{}.Verify2))
		if tr.tls {
			seen := comm.CertHashFromContext(p.stream.Context())
			assert.Len(t, seen, 32)
			assert.Equal(t, seen, m.GetConn().TlsCertHash)
		} else {
			assert.Nil(t, m.GetConn().TlsCertHash)
		}

		intro := p.introduction(nil)
		p.send(intro)
		p.send(text("right behind").Envelope)
		received := atA.expect("right behind")
		info := received.GetConnectionInfo()
		assert.Equal(t, "#A.p", string(info.ID))
		assert.Equal(t, "A.p", string(info.Identity))
		assert.Equal(t, intro.Payload, info.Auth.SignedData)
		assert.Equal(t, intro.Signature, info.Auth.Signature)
		received.Ack(nil)
		ack := p.read()
		assert.Equal(t, &proto.Acknowledgement{}, ack.GetAck())
		assert.Nil(t, ack.Signature)
		assert.Equal(t, proto.GossipMessage_UNDEFINED, ack.Tag)
	})
}

// Verify2 is Verify with the types of a proto.Verifier.
func (c crypt) Verify2(id []byte, sig, msg []byte) error { return c.Verify(id, sig, msg) }

// The initiator pings, then introduces itself without having read anything.
func TestInitiatorMessageByMessage(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		var h *rawHost
		got := make(chan *proto.Envelope, 2)
		h = tr.host(t, func(s proto.Gossip_GossipStreamServer) error {
			intro, err := s.Recv()
			assert.NoError(t, err)
			got <- intro
			assert.NoError(t, s.Send(introduction("A.host", h.certHash, nil)))
			data, err := s.Recv()
			assert.NoError(t, err)
			got <- data
			assert.NoError(t, s.Send(text("reply").Envelope))
			_, err = s.Recv()
			return err
		})
		defer h.close()
		pinged := make(chan struct{}, 1)
		h.ping = func(context.Context) error {
			pinged <- struct{}{}
			return nil
		}
		a := tr.start(t, "A.a")
		defer a.close()
		atA := a.accept(t)
		a.Send(text("data"), &comm.RemotePeer{Endpoint: h.endpoint, PKIID: idOf("A.host")})

		<-pinged
		shown := <-h.clients
		m, err := protoext.EnvelopeToGossipMessage(<-got)
		assert.NoError(t, err)
		assert.Equal(t, "#A.a", string(m.GetConn().PkiId))
		if tr.tls {
			assert.Len(t, shown, 32)
			assert.Equal(t, shown, m.GetConn().TlsCertHash)
		} else {
			assert.Nil(t, m.GetConn().TlsCertHash)
		}
		data, err := protoext.EnvelopeToGossipMessage(<-got)
		assert.NoError(t, err)
		assert.Equal(t, "data", string(data.GetDataMsg().Payload.Data))
		atA.expect("reply")
	})
}

// attacks are introductions that must not be accepted, with the reason that is
// counted. Each is what an attacker p who is "X.evil" may send after the node's
// own introduction.
var attacks = []struct {
	name    string
	tlsOnly bool
	noCert  bool
	reason  string
	message func(p *rawPeer) *proto.Envelope
}{
	{name: "no client certificate", tlsOnly: true, noCert: true, reason: "no TLS certificate",
		message: func(p *rawPeer) *proto.Envelope { return p.introduction(nil) }},
	{name: "forged identity", reason: "bad signature",
		message: func(p *rawPeer) *proto.Envelope {
			// The victim's identity is public; the signature is the attacker's.
			e := introduction("A.victim", p.certHash, nil)
			e.Signature = signature("X.evil", e.Payload)
			return e
		}},
	{name: "stolen PKI-ID", reason: "identity refused",
		message: func(p *rawPeer) *proto.Envelope {
			return p.introduction(func(c *proto.ConnEstablish) { c.PkiId = idOf("A.victim") })
		}},
	{name: "stolen identity, own PKI-ID", reason: "identity refused",
		message: func(p *rawPeer) *proto.Envelope {
			return p.introduction(func(c *proto.ConnEstablish) { c.Identity = []byte("A.victim") })
		}},
	{name: "revoked identity", reason: "identity refused",
		message: func(p *rawPeer) *proto.Envelope { return introduction("X.revoked", p.certHash, nil) }},
	{name: "no identity", reason: "identity refused",
		message: func(p *rawPeer) *proto.Envelope {
			return p.introduction(func(c *proto.ConnEstablish) { c.Identity = nil })
		}},
	{name: "replayed handshake", tlsOnly: true, reason: "TLS binding",
		message: func(p *rawPeer) *proto.Envelope {
			// What the victim has signed for a connection of its own.
			return introduction("A.victim", comm.CertHashFromRawCert([]byte("the victim's certificate")), nil)
		}},
	{name: "no certificate hash", tlsOnly: true, reason: "TLS binding",
		message: func(p *rawPeer) *proto.Envelope {
			return p.introduction(func(c *proto.ConnEstablish) { c.TlsCertHash = nil })
		}},
	{name: "hash cut short", tlsOnly: true, reason: "TLS binding",
		message: func(p *rawPeer) *proto.Envelope {
			return p.introduction(func(c *proto.ConnEstablish) { c.TlsCertHash = c.TlsCertHash[:31] })
		}},
	{name: "no PKI-ID", reason: "no PKI-ID",
		message: func(p *rawPeer) *proto.Envelope {
			return p.introduction(func(c *proto.ConnEstablish) { c.PkiId = nil })
		}},
	{name: "unsigned", reason: "bad signature",
		message: func(p *rawPeer) *proto.Envelope {
			e := p.introduction(nil)
			e.Signature = nil
			return e
		}},
	{name: "signature altered", reason: "bad signature",
		message: func(p *rawPeer) *proto.Envelope {
			e := p.introduction(nil)
			e.Signature[3] ^= 1
			return e
		}},
	{name: "secret that is not signed", reason: "bad signature",
		message: func(p *rawPeer) *proto.Envelope {
			e := p.introduction(nil)
			e.SecretEnvelope = &proto.SecretEnvelope{Payload: []byte("x")}
			return e
		}},
	{name: "another message", reason: "wrong type",
		message: func(p *rawPeer) *proto.Envelope { return text("no introduction").Envelope }},
	{name: "nothing in it", reason: "wrong type",
		message: func(p *rawPeer) *proto.Envelope { return &proto.Envelope{} }},
	{name: "garbage", reason: "malformed envelope",
		message: func(p *rawPeer) *proto.Envelope { return &proto.Envelope{Payload: []byte{0xff, 0xff, 0xff}} }},
	{name: "oversize", reason: "oversize",
		message: func(p *rawPeer) *proto.Envelope {
			return p.introduction(func(c *proto.ConnEstablish) { c.Identity = make([]byte, comm.MaxIntroduction) })
		}},
}

func TestHostileInitiators(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a := tr.start(t, "A.a")
		defer a.close()
		atA := a.accept(t)
		good := tr.visit(t, "A.good", a.endpoint)
		defer good.close()
		counted := map[string]int{}
		for _, attack := range attacks {
			if attack.tlsOnly && !tr.tls {
				continue
			}
			cert := comm.GenerateCertificatesOrPanic()
			shown := &cert
			if attack.noCert {
				shown = nil
			}
			p := tr.knock(t, "X.evil", a.endpoint, shown)
			p.send(attack.message(p))
			p.send(text("from " + attack.name).Envelope)
			err := p.ended()
			assert.Error(t, err)
			assert.NotEqual(t, io.EOF, err, attack.name)
			counted[attack.reason]++
			a.seen.await(t, counted[attack.reason], observe.Refused, attack.reason)
			p.close()
		}
		good.send(text("undisturbed").Envelope)
		atA.expect("undisturbed")
		atA.empty()
		assert.Equal(t, 1, a.Peers())
		assert.Zero(t, a.Strangers())
		assert.Equal(t, uint64(1), a.Hook().Total(observe.Connected))
		_, err := a.mapper.Get(idOf("X.revoked"))
		assert.Error(t, err)
	})
}

// Under TLS, what a peer has signed for one connection is of no use on another:
// here the attacker lets the victim connect to itself, and passes its
// introduction on.
func TestIntroductionCannotBePassedOn(t *testing.T) {
	tr := transport{tls: true}
	a, victim := tr.start(t, "A.a"), tr.start(t, "A.victim")
	defer a.close()
	defer victim.close()
	atA := a.accept(t)
	stolen := make(chan *proto.Envelope, 1)
	h := tr.host(t, func(s proto.Gossip_GossipStreamServer) error {
		intro, err := s.Recv()
		stolen <- intro
		return err
	})
	defer h.close()
	victim.Send(text("bait taken"), &comm.RemotePeer{Endpoint: h.endpoint, PKIID: idOf("X.evil")})
	cert := comm.GenerateCertificatesOrPanic()
	p := tr.knock(t, "X.evil", a.endpoint, &cert)
	defer p.close()
	p.send(<-stolen)
	p.send(text("as the victim").Envelope)
	assert.Error(t, p.ended())
	a.seen.await(t, 1, observe.Refused, "TLS binding")
	atA.empty()
	assert.Equal(t, idOf("X.evil"), <-victim.PresumedDead())
}

func TestLateIntroduction(t *testing.T) {
	defer shorter(t, "peer.gossip.connTimeout", 50*time.Millisecond)()
	onEach(t, func(t *testing.T, tr transport) {
		a := tr.start(t, "A.a")
		defer a.close()
		cert := comm.GenerateCertificatesOrPanic()
		p := tr.knock(t, "A.p", a.endpoint, &cert)
		defer p.close()
		assert.NotNil(t, p.read().GetConn())
		err := p.ended()
		assert.Contains(t, err.Error(), "Timed out waiting for connection message from 127.0.0.1:")
		p.send(p.introduction(nil))
		a.seen.await(t, 1, observe.Refused, "timed out")
		assert.Zero(t, a.Peers())
	})
}

// A remote that hangs up is not waited for.
func TestHangingUpDuringTheHandshake(t *testing.T) {
	defer shorter(t, "peer.gossip.connTimeout", time.Hour)()
	tr := transport{}
	a := tr.start(t, "A.a")
	defer a.close()
	p := tr.knock(t, "A.p", a.endpoint, nil)
	assert.NotNil(t, p.read().GetConn())
	p.close()
	a.seen.await(t, 1, observe.Refused, "remote hung up")

	h := tr.host(t, func(proto.Gossip_GossipStreamServer) error { return nil })
	defer h.close()
	_, err := a.Handshake(&comm.RemotePeer{Endpoint: h.endpoint})
	assert.Contains(t, err.Error(), "no connection message from "+h.endpoint)
	a.seen.await(t, 2, observe.Refused, "remote hung up")
}

// What a responder may do wrong, seen by the initiator. Nothing is sent to it.
func TestHostileResponders(t *testing.T) {
	defer shorter(t, "peer.gossip.connTimeout", 300*time.Millisecond)()
	onEach(t, func(t *testing.T, tr transport) {
		a := tr.start(t, "A.a")
		defer a.close()
		for _, attack := range attacks {
			if attack.tlsOnly && !tr.tls || attack.noCert {
				continue
			}
			attack := attack
			leaked := make(chan error, 1)
			var h *rawHost
			h = tr.host(t, func(s proto.Gossip_GossipStreamServer) error {
				_, err := s.Recv()
				assert.NoError(t, err)
				assert.NoError(t, s.Send(attack.message(&rawPeer{identity: "X.evil", certHash: h.certHash})))
				_, err = s.Recv()
				leaked <- err
				return err
			})
			before := a.seen.count(observe.Refused, attack.reason)
			a.Send(text("secret"), &comm.RemotePeer{Endpoint: h.endpoint, PKIID: idOf("A.victim")})
			a.seen.await(t, before+1, observe.Refused, attack.reason)
			assert.Equal(t, idOf("A.victim"), <-a.PresumedDead(), attack.name)
			assert.Error(t, <-leaked, attack.name)
			_, err := a.Handshake(&comm.RemotePeer{Endpoint: h.endpoint})
			assert.Error(t, err, attack.name)
			h.close()
		}
		assert.Zero(t, a.Peers())
	})
}

func TestCertificatesAreLookedAtAfresh(t *testing.T) {
	tr := transport{tls: true}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	shown := a.certs.TLSClientCert.Load()
	another := comm.GenerateCertificatesOrPanic()
	a.certs.TLSClientCert.Store(&another)
	_, _ = a.Handshake(b.peer()) // may be done before b refuses
	b.seen.await(t, 1, observe.Refused, "TLS binding")
	a.certs.TLSClientCert.Store(shown)
	_, err := a.Handshake(b.peer())
	assert.NoError(t, err, "certificates are looked at afresh each time")
	b.seen.await(t, 1, observe.Connected, "inbound")
}

func TestStrangersAreBounded(t *testing.T) {
	defer shorter(t, "peer.gossip.connTimeout", time.Hour)()
	tr := transport{}
	a := tr.start(t, "A.a")
	defer a.close()
	p := tr.knock(t, "A.p", a.endpoint, nil)
	defer p.close()
	client := proto.NewGossipClient(p.cc)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const perHost = 256
	for i := 1; i < perHost; i++ { // p is one already
		s, err := client.GossipStream(ctx)
		assert.NoError(t, err)
		_, err = s.Recv()
		assert.NoError(t, err)
	}
	assert.NotNil(t, p.read().GetConn())
	assert.Equal(t, perHost, a.Strangers())
	s, err := client.GossipStream(ctx)
	assert.NoError(t, err)
	_, err = s.Recv()
	assert.Contains(t, fmt.Sprint(err), "too many unauthenticated streams")
	a.seen.await(t, 1, observe.Refused, "too many handshakes")

	p.send(p.introduction(nil)) // who has got in may go on
	a.seen.await(t, 1, observe.Connected, "inbound")
	assert.Equal(t, perHost-1, a.Strangers())
	cancel()
	a.seen.await(t, perHost-1, observe.Refused, "remote hung up")
	assert.Equal(t, 0, a.Strangers())
}

// An authenticated peer that sends what cannot be decoded loses its stream, and
// nothing else happens.
func TestMalformedEnvelope(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a := tr.start(t, "A.a")
		defer a.close()
		atA := a.accept(t)
		for i := 1; i <= 3; i++ {
			p := tr.visit(t, "X.evil", a.endpoint)
			p.send(text("fine").Envelope)
			p.send(&proto.Envelope{Payload: bytes.Repeat([]byte{0xff}, 100)})
			p.send(text("too late").Envelope)
			assert.Equal(t, io.EOF, p.ended())
			atA.expect("fine")
			a.seen.await(t, i, observe.Rejected, "malformed envelope")
			a.seen.await(t, i, observe.Disconnected, "malformed envelope")
			p.close()
		}
		p := tr.visit(t, "X.evil", a.endpoint)
		defer p.close()
		p.send(&proto.Envelope{}) // an empty message is one, too
		assert.Nil(t, atA.next().GetGossipMessage().GetContent())
		p.send(p.introduction(nil)) // and so is another introduction
		assert.NotNil(t, atA.next().GetGossipMessage().GetConn())
		atA.empty()
	})
}

// A message beyond gRPC's limit ends the stream of who sent it.
func TestOversizeMessage(t *testing.T) {
	tr := transport{}
	a := tr.start(t, "A.a")
	defer a.close()
	atA := a.accept(t)
	p := tr.visit(t, "X.evil", a.endpoint)
	defer p.close()
	p.send(text(string(make([]byte, 5<<20))).Envelope)
	a.seen.await(t, 1, observe.Disconnected, "read error")
	assert.Error(t, p.ended())
	good := tr.visit(t, "A.good", a.endpoint)
	defer good.close()
	good.send(text("undisturbed").Envelope)
	atA.expect("undisturbed")
}
