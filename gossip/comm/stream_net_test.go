// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// onEach runs a test with and without TLS.
func onEach(t *testing.T, test func(t *testing.T, tr transport)) {
	for name, tr := range transports {
		tr := tr
		t.Run(name, func(t *testing.T) { test(t, tr) })
	}
}

func TestMessagesGoBothWaysInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
		defer a.close()
		defer b.close()
		atA, atB := a.accept(t), b.accept(t)

		assert.Equal(t, idOf("A.a"), a.GetPKIid())
		a.Send(text("first"), b.peer())
		m := atB.expect("first")
		info := m.GetConnectionInfo()
		assert.Equal(t, a.pkiID(), info.ID)
		assert.Equal(t, "A.a", string(info.Identity))
		assert.NotEmpty(t, info.Endpoint)
		assert.NoError(t, crypt{}.Verify(info.Identity, info.Auth.Signature, info.Auth.SignedData))
		assert.True(t, m.GetSourceEnvelope() == m.GetGossipMessage().Envelope)

		// The same stream is used the other way round. Both have a few messages
		// under way at any time, fewer than an outbox takes.
		const many, under = 300, 10
		for i := 0; i < many+under; i++ {
			if i < many {
				b.Send(text(fmt.Sprint("back ", i)), a.peer())
				a.Send(text(fmt.Sprint("forth ", i)), b.peer())
			}
			if i >= under {
				atA.expect(fmt.Sprint("back ", i-under))
				atB.expect(fmt.Sprint("forth ", i-under))
			}
		}
		assert.Equal(t, 1, a.seen.count(observe.Connected, "outbound"))
		assert.Equal(t, 0, a.seen.count(observe.Connected, "inbound"))
		assert.Equal(t, 1, b.seen.count(observe.Connected, "inbound"))
	})
}

func TestResponsesComeBackOnTheSameStream(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
		defer a.close()
		defer b.close()
		atA, atB := a.accept(t), b.accept(t)
		a.Send(text("question"), b.peer())
		atB.expect("question").Respond(text("answer").GossipMessage)
		atA.expect("answer").Respond(text("thanks").GossipMessage)
		atB.expect("thanks")
		assert.Equal(t, 1, a.Peers())
		assert.Equal(t, 1, b.Peers())
		assert.Equal(t, 0, b.seen.count(observe.Connected, "outbound"))
	})
}

func TestTwentySendsBeforeThereIsAConnection(t *testing.T) {
	tr := transport{tls: true}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	atB := b.accept(t)
	var all sync.WaitGroup
	for i := 0; i < 20; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			a.Send(text("one of many"), b.peer())
		}()
	}
	for i := 0; i < 20; i++ {
		atB.expect("one of many")
	}
	all.Wait()
	assert.Equal(t, 1, a.seen.count(observe.Connected, "outbound"), "the dial was shared")
	assert.Equal(t, 1, b.seen.count(observe.Connected, "inbound"))
}

// Two endpoints of one peer are dialled at once; the second stream takes the place
// of the first one while that is being written to.
func TestTwoEndpointsOfOnePeer(t *testing.T) {
	tr := transport{}
	big := text(string(make([]byte, 100<<10)))
	for round := 0; round < 8; round++ {
		a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
		atB := b.accept(t)
		_, port, err := net.SplitHostPort(b.endpoint)
		assert.NoError(t, err)
		elsewhere := &comm.RemotePeer{Endpoint: "localhost:" + port, PKIID: b.pkiID()}
		for i := 0; i < 10; i++ {
			a.Send(big, b.peer())
			a.Send(big, elsewhere)
		}
		for i := 0; i < 20; i++ {
			atB.next()
		}
		assert.Zero(t, a.Hook().Total(observe.Dropped))
		a.close()
		b.close()
	}
}

func TestBlockOfAMegabyte(t *testing.T) {
	tr := transport{tls: true}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	atB := b.accept(t)
	big := text(string(make([]byte, 1<<20)))
	a.Send(big, b.peer())
	assert.Len(t, textOf(atB.next()), 1<<20)
	sent := func(e observe.Event) bool {
		return e.Kind == observe.Sent && e.Message == "data_msg" && e.Bytes > 1<<20
	}
	a.seen.awaitMatch(t, 1, "big message sent", sent)
	n, _ := b.seen.matching(func(e observe.Event) bool {
		return e.Kind == observe.Received && e.Message == "data_msg" && e.Bytes > 1<<20 && string(e.Peer) == "#A.a"
	})
	assert.Equal(t, 1, n)
}

func TestOnePeerIsSentToAndEachSubscriberGetsWhatItWants(t *testing.T) {
	tr := transport{}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	odd := b.Accept(func(m interface{}) bool { return len(textOf(m.(proto.ReceivedMessage)))%2 == 1 })
	none := b.Accept(func(interface{}) bool { return false })
	atB := b.accept(t)
	for _, s := range []string{"1", "22", "333"} {
		a.Send(text(s), b.peer())
		atB.expect(s)
	}
	assert.Equal(t, "1", textOf(<-odd))
	assert.Equal(t, "333", textOf(<-odd))
	b.Stop()
	for _, ch := range []<-chan proto.ReceivedMessage{odd, none, atB.messages, b.Accept(func(interface{}) bool { return true })} {
		_, open := <-ch
		assert.False(t, open, "Stop closes all subscriptions, and none begins after it")
	}
}

// A peer that has got a new identity, of the same organization, is as good.
func TestAnotherPeerOfTheSameOrganizationAnswers(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a, renewed := tr.start(t, "A.a"), tr.start(t, "A.renewed")
		defer a.close()
		defer renewed.close()
		assert.NoError(t, a.mapper.Put(idOf("A.old"), raw("A.old")))
		type switched struct{ from, to string }
		switches := make(chan switched, 10)
		a.OnIdentitySwitch(func(requested, actual common.PKIidType) {
			switches <- switched{string(requested), string(actual)}
		})
		at := renewed.accept(t)
		old := &comm.RemotePeer{Endpoint: renewed.endpoint, PKIID: idOf("A.old")}
		a.Send(text("to the old one"), old)
		at.expect("to the old one")
		assert.Equal(t, switched{"#A.old", "#A.renewed"}, <-switches)
		a.Send(text("again"), old)
		at.expect("again")
		a.Send(text("to the new one"), renewed.peer())
		at.expect("to the new one")
		assert.Equal(t, 1, a.seen.count(observe.Connected, "outbound"), "no new connection each time")
		assert.Empty(t, switches)
	})
}

func TestAPeerOfAnotherOrganizationAnswers(t *testing.T) {
	tr := transport{tls: true}
	a, other := tr.start(t, "A.a"), tr.start(t, "B.other")
	defer a.close()
	defer other.close()
	at := other.accept(t)
	assert.NoError(t, a.mapper.Put(idOf("A.old"), raw("A.old")))
	a.OnIdentitySwitch(func(_, _ common.PKIidType) { t.Error("identity switched across organizations") })
	for i, id := range []string{"A.old", "nobody known"} {
		a.Send(text("not for you"), &comm.RemotePeer{Endpoint: other.endpoint, PKIID: idOf(id)})
		assert.Equal(t, idOf(id), <-a.PresumedDead())
		a.seen.await(t, i+1, observe.Refused, "wrong organization")
		a.seen.await(t, i+1, observe.Dropped, "unreachable")
	}
	at.empty()
	assert.Equal(t, 0, a.Peers())
}

func raw(identity string) []byte { return []byte(identity) }

func TestAPeerWithoutNameIsReached(t *testing.T) {
	tr := transport{tls: true}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	atB := b.accept(t)
	a.Send(text("whoever you are"), &comm.RemotePeer{Endpoint: b.endpoint})
	atB.expect("whoever you are")
	a.Send(text("so it is you"), b.peer())
	atB.expect("so it is you")
	assert.Equal(t, 1, a.seen.count(observe.Connected, "outbound"))
}

// The single message after the restart has to arrive.
func TestRestartAtTheSameEndpoint(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
		defer a.close()
		atB := b.accept(t)
		a.Send(text("before"), b.peer())
		atB.expect("before")
		b.close()
		a.seen.awaitMatch(t, 1, "disconnected", func(e observe.Event) bool { return e.Kind == observe.Disconnected })
		b2 := tr.start(t, "A.b", b.endpoint)
		defer b2.close()
		atB2 := b2.accept(t)
		a.Send(text("after"), b2.peer())
		atB2.expect("after")
		assert.Empty(t, a.PresumedDead(), "who closes a stream is not dead")
	})
}

func TestUnreachablePeerIsPresumedDead(t *testing.T) {
	defer shorter(t, "peer.gossip.dialTimeout", 300*time.Millisecond)()
	tr := transport{}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	atB := b.accept(t)
	a.Send(text("alive"), b.peer())
	atB.expect("alive")
	b.close()
	a.seen.awaitMatch(t, 1, "disconnected", func(e observe.Event) bool { return e.Kind == observe.Disconnected })
	assert.Empty(t, a.PresumedDead())
	for i := 0; i < 5; i++ {
		a.Send(text("lost"), b.peer())
	}
	assert.Equal(t, b.pkiID(), <-a.PresumedDead())
	a.seen.await(t, 5, observe.Dropped, "unreachable")
	assert.Equal(t, 1, a.seen.count(observe.Refused, "unreachable"), "one dial for all")
	a.Send(text("lost"), &comm.RemotePeer{Endpoint: b.endpoint})
	a.seen.await(t, 6, observe.Dropped, "unreachable")
	assert.Empty(t, a.PresumedDead(), "nobody in particular is dead")
	assert.Error(t, a.Probe(b.peer()))
	_, err := a.Handshake(b.peer())
	assert.Error(t, err)

	b2 := tr.start(t, "A.b", b.endpoint)
	defer b2.close()
	assert.NoError(t, a.Probe(b2.peer()), "failures are not remembered")
	_, err = a.Handshake(b2.peer())
	assert.NoError(t, err)
}

// shorter changes a setting until the returned function is called.
func shorter(t testing.TB, key string, d time.Duration) func() {
	util.SetDuration(key, d)
	return func() { util.SetDuration(key, 0) }
}

func TestCloseConnEndsTheRemotesStream(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a := tr.start(t, "A.a")
		defer a.close()
		atA := a.accept(t)
		p := tr.visit(t, "A.p", a.endpoint)
		defer p.close()
		p.send(text("hello").Envelope)
		atA.expect("hello")
		second := tr.visit(t, "A.p", a.endpoint)
		defer second.close()
		a.seen.await(t, 2, observe.Connected, "inbound")

		a.CloseConn(&comm.RemotePeer{PKIID: idOf("A.nobody")})
		a.CloseConn(&comm.RemotePeer{PKIID: idOf("A.p")})
		assert.Equal(t, io.EOF, p.ended())
		assert.Equal(t, io.EOF, second.ended(), "one on which nothing has come yet is closed, too")
		a.seen.await(t, 2, observe.Disconnected, "closed")
		assert.Equal(t, 0, a.Peers())
		assert.Empty(t, a.PresumedDead())
	})
}

// A check of who is here must not disturb a healthy stream.
func TestHandshakeLeavesTheStreamAlone(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
		defer a.close()
		defer b.close()
		atA, atB := a.accept(t), b.accept(t)
		a.Send(text("hello"), b.peer())
		hello := atB.expect("hello")
		for i := 1; i <= 3; i++ {
			id, err := a.Handshake(b.peer())
			assert.NoError(t, err)
			assert.Equal(t, "A.b", string(id))
			b.seen.await(t, i, observe.Disconnected, "remote closed")
		}
		hello.Respond(text("still here").GossipMessage)
		atA.expect("still here")
		b.Send(text("sent here too"), a.peer())
		atA.expect("sent here too")
		assert.Equal(t, 1, a.Peers())
		assert.Equal(t, 0, b.seen.count(observe.Disconnected, "replaced"))
		assert.Equal(t, 0, b.seen.count(observe.Connected, "outbound"))

		_, err := a.Handshake(&comm.RemotePeer{Endpoint: b.endpoint, PKIID: idOf("A.c")})
		assert.EqualError(t, err, fmt.Sprintf("PKI-ID of %s does not match: it is %x, not %x", b.endpoint, "#A.b", "#A.c"))
		_, err = a.Handshake(&comm.RemotePeer{Endpoint: b.endpoint})
		assert.NoError(t, err)
		known, err := a.mapper.Get(b.pkiID())
		assert.NoError(t, err)
		assert.Equal(t, "A.b", string(known))
	})
}

// Both sides know each other after a handshake, every time.
func TestHandshakeIsMutual(t *testing.T) {
	tr := transport{}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	for i := 1; i <= 100; i++ {
		_, err := a.Handshake(b.peer())
		assert.NoError(t, err)
		b.seen.awaitMatch(t, i, "visited", func(e observe.Event) bool {
			return e.Kind == observe.Connected || e.Kind == observe.Refused
		})
	}
	assert.Zero(t, b.Hook().Total(observe.Refused))
}

// A remote that connects anew has given up its older stream.
func TestNewerStreamReplacesAnOlderOneWithItsFirstMessage(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a := tr.start(t, "A.a")
		defer a.close()
		atA := a.accept(t)
		older := tr.visit(t, "A.p", a.endpoint)
		defer older.close()
		older.send(text("old").Envelope)
		atA.expect("old")

		newer := tr.visit(t, "A.p", a.endpoint)
		defer newer.close()
		a.seen.await(t, 2, observe.Connected, "inbound")
		older.send(text("still good").Envelope)
		atA.expect("still good")
		newer.send(text("new").Envelope)
		atA.expect("new")
		assert.Equal(t, io.EOF, older.ended())
		a.seen.await(t, 1, observe.Disconnected, "replaced")

		a.Send(text("to the newer"), &comm.RemotePeer{PKIID: idOf("A.p"), Endpoint: "127.0.0.1:1"})
		assert.Equal(t, "to the newer", string(newer.read().GetDataMsg().Payload.Data))
		newer.send(text("the newer lives").Envelope)
		atA.expect("the newer lives")
	})
}

func TestBothPeersConnectAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
		defer a.close()
		defer b.close()
		atA, atB := a.accept(t), b.accept(t)
		for i := 0; i < 5; i++ {
			a.CloseConn(b.peer())
			b.CloseConn(a.peer())
			var both sync.WaitGroup
			both.Add(2)
			go func() {
				defer both.Done()
				a.Send(text("from a"), b.peer())
			}()
			go func() {
				defer both.Done()
				b.Send(text("from b"), a.peer())
			}()
			both.Wait()
			// A message may be lost if its stream was still being closed by the
			// other side; whatever connects now must not be.
			a.Send(text("a again"), b.peer())
			b.Send(text("b again"), a.peer())
			for {
				if textOf(atB.next()) == "a again" {
					break
				}
			}
			for {
				if textOf(atA.next()) == "b again" {
					break
				}
			}
		}
	})
}

// What waits when a stream ends goes out on the next one; a message that finds
// no stream the second time is given up.
func TestWhatIsLeftOverIsSentOnTheNextStream(t *testing.T) {
	tr := transport{}
	streams, hangUp := make(chan struct{}, 10), make(chan struct{})
	second := make(chan string, 100)
	first := true // streams come one after the other
	var h *rawHost
	h = tr.host(t, func(s proto.Gossip_GossipStreamServer) error {
		_, err := s.Recv()
		assert.NoError(t, err)
		assert.NoError(t, s.Send(introduction("A.host", h.certHash, nil)))
		reads := !first
		first = false
		streams <- struct{}{}
		if !reads {
			<-hangUp
			return nil
		}
		for {
			envelope, err := s.Recv()
			if err != nil {
				return err
			}
			m, err := protoext.EnvelopeToGossipMessage(envelope)
			assert.NoError(t, err)
			second <- strings.TrimSpace(string(m.GetDataMsg().Payload.Data))
		}
	})
	defer h.close()
	a := tr.start(t, "A.a")
	defer a.close()
	peer := &comm.RemotePeer{Endpoint: h.endpoint, PKIID: idOf("A.host")}
	const fits = 20
	for i := 0; i < fits; i++ {
		a.Send(text(fmt.Sprintf("%02d%100000s", i, "")), peer)
	}
	<-streams
	result := a.SendWithAck(text("no time to wait"), 10*time.Millisecond, 1, peer)
	assert.Equal(t, `{"failures":{"timed out":1}}`, result.String())
	close(hangUp)
	<-streams
	before := ""
	for before != "19" {
		if number := <-second; number != "no time to wait" {
			assert.True(t, number > before)
			before = number
		}
	}
	assert.Zero(t, a.Hook().Total(observe.Dropped))
	assert.Empty(t, a.PresumedDead())

	h.close() // while more is under way
	for i := 0; i < fits; i++ {
		a.Send(text(fmt.Sprint(i)), &comm.RemotePeer{PKIID: idOf("A.host")})
	}
	a.seen.awaitMatch(t, 2, "disconnected", func(e observe.Event) bool { return e.Kind == observe.Disconnected })
}

func BenchmarkSend(b *testing.B) {
	for _, size := range []int{100, 10 << 10} {
		m := text(string(make([]byte, size)))
		b.Run(fmt.Sprint(size, "B"), func(b *testing.B) {
			tr := transport{tls: true}
			from, to := tr.start(b, "A.a"), tr.start(b, "A.b")
			defer from.close()
			defer to.close()
			from.Hook().Set(nil)
			to.Hook().Set(nil)
			in := to.accept(b)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			const ahead = 15
			for i := 0; i < b.N+ahead; i++ {
				if i < b.N {
					from.Send(m, to.peer())
				}
				if i >= ahead {
					<-in.messages
				}
			}
		})
	}
}
