// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package comm_test

import (
	"context"
	"io"
	"testing"

	protobuf "github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// bench is an instance without any network, for streams that a fuzz target
// plays by itself.
func bench(f *testing.F) instance {
	mapper := identity.NewIdentityMapper(crypt{self: "A.a"}, api.PeerIdentityType("A.a"), noPurge, orgs{})
	f.Cleanup(mapper.Stop)
	c, err := comm.NewCommInstanceWithServer(-1, mapper, api.PeerIdentityType("A.a"), nil, orgs{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(c.Stop)
	return c.(instance)
}

// served plays a stream to the service of an instance, and says whether the peer
// was admitted.
func served(c instance, envelopes ...*proto.Envelope) bool {
	before := c.Hook().Total(observe.Connected)
	_ = c.(proto.GossipServer).GossipStream(newPlayedStream(envelopes))
	return c.Hook().Total(observe.Connected) > before
}

// FuzzIntroduction: whatever comes first on a stream, the peer is admitted only
// with an identity that has signed it.
func FuzzIntroduction(f *testing.F) {
	for _, e := range []*proto.Envelope{
		introduction("A.p", nil, nil),
		introduction("A.p", []byte("hash"), func(c *proto.ConnEstablish) { c.PkiId = nil }),
		text("no introduction").Envelope,
		{},
	} {
		f.Add(e.Payload, e.Signature, []byte(nil), []byte(nil))
	}
	c := bench(f)
	f.Fuzz(func(t *testing.T, payload, sig, secret, secretSig []byte) {
		e := &proto.Envelope{Payload: payload, Signature: sig}
		hasSecret := len(secret)+len(secretSig) > 0
		if hasSecret {
			e.SecretEnvelope = &proto.SecretEnvelope{Payload: secret, Signature: secretSig}
		}
		admitted := served(c, e)
		m := &proto.GossipMessage{}
		genuine := protobuf.Unmarshal(payload, m) == nil &&
			string(m.GetConn().GetPkiId()) == "#"+string(m.GetConn().GetIdentity()) &&
			crypt{}.ValidateIdentity(m.GetConn().GetIdentity()) == nil &&
			crypt{}.Verify(m.GetConn().GetIdentity(), sig, payload) == nil &&
			(!hasSecret || crypt{}.Verify(m.GetConn().GetIdentity(), secretSig, secret) == nil && len(secret) > 0)
		if admitted != genuine {
			t.Fatalf("admitted: %v, genuine: %v", admitted, genuine)
		}
		if c.Peers() != 0 || c.Strangers() != 0 {
			t.Fatal("something is left of the stream")
		}
	})
}

// FuzzStream: whatever an authenticated peer sends, as the bytes of an envelope
// twice over, gets to the subscribers or ends the stream, and what was sent
// before it gets there in any case.
func FuzzStream(f *testing.F) {
	for _, m := range []*proto.SignedGossipMessage{text("block"), text("")} {
		raw, err := protobuf.Marshal(m.Envelope)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	ack, err := (&proto.SignedGossipMessage{GossipMessage: &proto.GossipMessage{
		Nonce: 1, Content: &proto.GossipMessage_Ack{Ack: &proto.Acknowledgement{Error: "e"}},
	}}).NoopSign()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte{0x0a, byte(len(ack.Payload))}, ack.Payload...))
	f.Add([]byte{0x0a, 2, 0xff, 0xff})
	c := bench(f)
	received := c.Accept(func(interface{}) bool { return true })
	f.Fuzz(func(t *testing.T, raw []byte) {
		e := &proto.Envelope{}
		if protobuf.Unmarshal(raw, e) != nil {
			return // gRPC would have refused it
		}
		if !served(c, introduction("A.p", nil, nil), text("before").Envelope, e, e) {
			t.Fatal("not admitted")
		}
		if got := textOf(<-received); got != "before" {
			t.Fatalf("received %q", got)
		}
		m := &proto.GossipMessage{}
		want := 2
		if protobuf.Unmarshal(e.Payload, m) != nil || m.GetAck() != nil {
			want = 0
		}
		if len(received) != want {
			t.Fatalf("%d messages received instead of %d", len(received), want)
		}
		for ; want > 0; want-- {
			if m := <-received; string(m.GetSourceEnvelope().Payload) != string(e.Payload) {
				t.Fatal("another envelope")
			}
		}
	})
}

// playedStream is the server's end of a stream of given envelopes, after which
// the remote hangs up.
type playedStream struct {
	proto.Gossip_GossipStreamServer
	coming chan *proto.Envelope
}

func newPlayedStream(envelopes []*proto.Envelope) *playedStream {
	s := &playedStream{coming: make(chan *proto.Envelope, len(envelopes))}
	for _, e := range envelopes {
		s.coming <- e
	}
	close(s.coming)
	return s
}

func (s *playedStream) Context() context.Context { return context.Background() }

func (s *playedStream) Recv() (*proto.Envelope, error) {
	if e, ok := <-s.coming; ok {
		return e, nil
	}
	return nil, io.EOF
}

func (s *playedStream) Send(*proto.Envelope) error { return nil }
