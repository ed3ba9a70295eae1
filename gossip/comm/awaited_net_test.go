// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// answer has a node answer whatever comes; nil errors are acknowledgements.
func (n *node) answer(answers ...error) (done *sync.WaitGroup) {
	messages := n.Accept(func(interface{}) bool { return true })
	done = &sync.WaitGroup{}
	done.Add(1)
	go func() {
		defer done.Done()
		for m := range messages {
			for _, err := range answers {
				m.Ack(err)
			}
		}
	}()
	return done
}

func TestAcknowledgements(t *testing.T) {
	onEach(t, func(t *testing.T, tr transport) {
		a := tr.start(t, "A.a")
		defer a.close()
		atA := a.accept(t)
		yes1, yes2, no, silent, bad, twice := tr.start(t, "A.yes1"), tr.start(t, "A.yes2"), tr.start(t, "A.no"),
			tr.start(t, "A.silent"), tr.start(t, "A.bad"), tr.start(t, "A.twice")
		answers := map[*node][]error{yes1: {nil}, yes2: {nil}, no: {errors.New("uh oh")}, silent: nil,
			bad: {errors.New("no text \xff\xfe")}, twice: {errors.New("not yet"), nil}}
		for n, with := range answers {
			done := n.answer(with...)
			n := n
			defer done.Wait()
			defer n.close()
		}
		assert.NoError(t, a.mapper.Put(idOf("B.foreign"), raw("B.foreign")))
		foreign := &comm.RemotePeer{Endpoint: yes1.endpoint, PKIID: idOf("B.foreign")}

		const long, short = longest, 200 * time.Millisecond
		for _, c := range []struct {
			name   string
			within time.Duration
			minAck int
			peers  []*comm.RemotePeer
			want   string
			acks   int
		}{
			{"nobody", long, 1, nil, `{}`, 0},
			{"all", long, 2, []*comm.RemotePeer{yes1.peer(), yes2.peer()}, `{"successes":2}`, 2},
			{"enough, the third is silent", long, 2, []*comm.RemotePeer{silent.peer(), yes1.peer(), yes2.peer()}, `{"successes":2}`, 2},
			{"a refusal does not count", long, 2, []*comm.RemotePeer{yes1.peer(), no.peer(), yes2.peer()}, "", 2},
			{"refused by all", long, 1, []*comm.RemotePeer{no.peer()}, `{"failures":{"uh oh":1}}`, 0},
			{"too few", short, 2, []*comm.RemotePeer{yes1.peer(), silent.peer(), no.peer()},
				`{"successes":1,"failures":{"timed out":1,"uh oh":1}}`, 1},
			{"none asked for", long, 0, []*comm.RemotePeer{yes1.peer(), no.peer(), yes2.peer()}, `{"successes":2,"failures":{"uh oh":1}}`, 2},
			{"none asked for, none comes", short, 0, []*comm.RemotePeer{silent.peer()}, `{"failures":{"timed out":1}}`, 0},
			{"more than there are", long, 5, []*comm.RemotePeer{yes1.peer()}, `{"successes":1}`, 1},
			{"text that is none", long, 1, []*comm.RemotePeer{bad.peer()}, "{\"failures\":{\"no text \ufffd\ufffd\":1}}", 0},
			{"the first answer counts", long, 1, []*comm.RemotePeer{twice.peer()}, `{"failures":{"not yet":1}}`, 0},
			{"the same peer twice", long, 2, []*comm.RemotePeer{yes1.peer(), yes1.peer()}, `{"successes":2}`, 2},
			{"who answers is not who was expected", long, 1, []*comm.RemotePeer{foreign}, `{"failures":{"authentication failure":1}}`, 0},
			{"a peer without name", long, 1, []*comm.RemotePeer{{Endpoint: yes2.endpoint}}, `{"successes":1}`, 1},
		} {
			m := text(c.name)
			m.GossipMessage.Nonce = 7
			start := time.Now()
			result := a.SendWithAck(m, c.within, c.minAck, c.peers...)
			if c.want != "" {
				assert.Equal(t, c.want, result.String(), c.name)
			}
			assert.Equal(t, c.acks, result.AckCount(), c.name)
			assert.Equal(t, len(result)-c.acks, result.NackCount(), c.name)
			assert.Equal(t, uint64(7), m.GossipMessage.Nonce, "the caller's message stays as it is")
			if c.within == long {
				assert.True(t, time.Since(start) < long/2, c.name)
			} else {
				assert.True(t, time.Since(start) >= c.within, c.name)
			}
			for _, r := range result {
				assert.NotEmpty(t, r.RemotePeer.Endpoint)
			}
		}
		atA.empty() // acknowledgements are not for subscribers
		a.Stop()
		result := a.SendWithAck(text("too late"), long, 1, yes1.peer(), no.peer())
		assert.Equal(t, `{"failures":{"comm is stopping":2}}`, result.String())
		assert.Equal(t, "comm is stopping", result[0].Error())
	})
}

// A stream that ends, or cannot be made, is reported at once.
func TestNoAnswerWillCome(t *testing.T) {
	tr := transport{}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	got := b.accept(t)
	results := make(chan comm.AggregatedSendResult)
	go func() { results <- a.SendWithAck(text("m"), time.Hour, 1, b.peer()) }()
	got.expect("m")
	b.CloseConn(a.peer())
	assert.Equal(t, `{"failures":{"connection closed":1}}`, (<-results).String())

	result := a.SendWithAck(&proto.SignedGossipMessage{}, time.Hour, 1, b.peer())
	assert.Equal(t, `{"failures":{"no message to send":1}}`, result.String())
}

// Acknowledgements of another peer, or for another message, are none.
func TestForeignAcknowledgements(t *testing.T) {
	tr := transport{}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	atB := b.accept(t)
	evil := tr.visit(t, "A.evil", a.endpoint)
	defer evil.close()
	results := make(chan comm.AggregatedSendResult)
	go func() { results <- a.SendWithAck(text("m"), time.Hour, 1, b.peer()) }()
	m := atB.expect("m")
	ack := func(nonce uint64) *proto.Envelope {
		signed := text("")
		signed.GossipMessage.Content = &proto.GossipMessage_Ack{Ack: &proto.Acknowledgement{}}
		signed.GossipMessage.Nonce = nonce
		again, err := signed.NoopSign()
		assert.NoError(t, err)
		return again.Envelope
	}
	nonce := m.GetGossipMessage().Nonce
	evil.send(ack(nonce))
	a.seen.awaitMatch(t, 1, "ack of another peer", func(e observe.Event) bool {
		return e.Kind == observe.Received && e.Message == "ack" && string(e.Peer) == "#A.evil"
	})
	m.Respond(&proto.GossipMessage{Nonce: nonce + 1, Content: &proto.GossipMessage_Ack{Ack: &proto.Acknowledgement{}}})
	m.Ack(errors.New("the real one"))
	assert.Equal(t, `{"failures":{"the real one":1}}`, (<-results).String())
}

// Receivers read but do not acknowledge; stopping ends all that waits.
func TestThousandConcurrentCallsEachWay(t *testing.T) {
	tr := transport{tls: true}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	atA, atB := a.accept(t), b.accept(t)
	const calls = 1000
	var all sync.WaitGroup
	for i := 0; i < calls; i++ {
		all.Add(2)
		go func() {
			defer all.Done()
			a.SendWithAck(text("m"), time.Hour, 1, b.peer())
		}()
		go func() {
			defer all.Done()
			b.SendWithAck(text("m"), time.Hour, 1, a.peer())
		}()
	}
	for i := 0; i < calls; i++ {
		atA.expect("m")
		atB.expect("m")
	}
	within(t, 5*time.Second, "stopping both", func() {
		var both sync.WaitGroup
		both.Add(2)
		for _, n := range []*node{a, b} {
			n := n
			go func() {
				defer both.Done()
				n.close()
			}()
		}
		both.Wait()
	})
	within(t, 5*time.Second, "the calls", all.Wait)
}

// A reader that does not read holds up who sends to it. What is sent without
// acknowledgement is dropped then, what is sent with one waits.
func TestSlowReader(t *testing.T) {
	tr := transport{}
	a, b := tr.start(t, "A.a"), tr.start(t, "A.b")
	defer a.close()
	defer b.close()
	atB := b.accept(t)
	big := string(make([]byte, 100<<10))
	sent := 0
	for a.seen.count(observe.Dropped, "timed out") == 0 {
		if sent == 1000 {
			t.Fatal("nothing holds the sender up")
		}
		for i := 0; i < 30; i++ {
			a.Send(text(fmt.Sprintf("%06d %s", sent, big)), b.peer())
			sent++
		}
		result := a.SendWithAck(text("in vain"), 20*time.Millisecond, 1, b.peer())
		assert.Equal(t, `{"failures":{"timed out":1}}`, result.String())
	}
	dropped := a.seen.count(observe.Dropped, "send buffer full")
	assert.NotZero(t, dropped)

	// What was not dropped comes in order.
	results := make(chan comm.AggregatedSendResult)
	go func() { results <- a.SendWithAck(text("last"), longest, 1, b.peer()) }()
	came, before := 0, ""
	for {
		m := atB.next()
		if textOf(m) == "last" {
			m.Ack(nil)
			break
		}
		if number := strings.Split(textOf(m), " ")[0]; number != "in" {
			assert.True(t, number > before)
			came, before = came+1, number
		}
	}
	assert.Equal(t, sent-dropped, came)
	assert.Equal(t, `{"successes":1}`, (<-results).String())
	assert.Equal(t, 0, b.seen.count(observe.Dropped, "subscriber behind"))
}

// What waits for a subscriber is given up with its connection.
func TestConnectionEndsWhileASubscriberIsBehind(t *testing.T) {
	tr := transport{}
	a := tr.start(t, "A.a")
	defer a.close()
	atA := a.accept(t)
	p := tr.visit(t, "A.p", a.endpoint)
	defer p.close()
	const more = 60 // than subscription and backlog take
	for i := 0; i < more; i++ {
		p.send(text("m").Envelope)
	}
	a.seen.awaitMatch(t, 42, "received", func(e observe.Event) bool { return e.Kind == observe.Received && e.Message == "data_msg" })
	a.CloseConn(&comm.RemotePeer{PKIID: idOf("A.p")})
	a.seen.await(t, 22, observe.Dropped, "subscriber behind")
	for i := 0; i < 20; i++ {
		atA.expect("m")
	}
	atA.empty()
}

// Answers wait for room, so a peer that asks much and reads nothing holds up
// only who answers it, until the stream ends.
func TestRespondingToWhoDoesNotRead(t *testing.T) {
	tr := transport{}
	a := tr.start(t, "A.a")
	defer a.close()
	atA := a.accept(t)
	p := tr.visit(t, "X.evil", a.endpoint)
	defer p.close()
	p.send(text("question").Envelope)
	m := atA.next()
	answered := make(chan int)
	go func() {
		n := 0
		for ; a.seen.count(observe.Dropped, "connection closed") == 0; n++ {
			m.Respond(text(string(make([]byte, 1<<20))).GossipMessage)
		}
		answered <- n
	}()
	other := tr.visit(t, "A.good", a.endpoint)
	defer other.close()
	for i := 0; i < 30; i++ {
		other.send(text(fmt.Sprint(i)).Envelope)
		atA.expect(fmt.Sprint(i))
	}
	a.CloseConn(&comm.RemotePeer{PKIID: idOf("X.evil")})
	assert.True(t, <-answered < 50, "answers pile up")
	// Who has left cannot be answered; that must not hurt either.
	m.Ack(nil)
}
