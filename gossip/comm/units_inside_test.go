// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

func sized(bytes int) *outgoing { return &outgoing{bytes: bytes} }

func TestOutboxIsBoundedInMessagesAndBytes(t *testing.T) {
	b := newOutbox(3)
	assert.NoError(t, b.offer(sized(1)))
	assert.NoError(t, b.offer(sized(1)))
	assert.NoError(t, b.offer(sized(1)))
	assert.Equal(t, errFull, b.offer(sized(1)))

	b = newOutbox(100)
	assert.NoError(t, b.offer(sized(3*outgoingBytes)), "an empty one takes any size")
	assert.Equal(t, errFull, b.offer(sized(1)))
	assert.NotNil(t, b.next())
	assert.NoError(t, b.offer(sized(outgoingBytes-1)))
	assert.NoError(t, b.offer(sized(1)))
	assert.Equal(t, errFull, b.offer(sized(1)))
}

func TestOutboxStartsAWriterWhenThereIsSomethingToWrite(t *testing.T) {
	b, started := newOutbox(3), 0
	first, second, third := sized(1), sized(2), sized(3)
	assert.NoError(t, b.offer(first))
	b.attach(func() { started++ })
	assert.Equal(t, 1, started)
	assert.NoError(t, b.offer(second))
	assert.Equal(t, 1, started)
	assert.True(t, b.next() == first)
	assert.True(t, b.putBack(first))
	assert.True(t, b.next() == first)
	assert.True(t, b.next() == second)
	assert.Nil(t, b.next())
	assert.NoError(t, b.offer(third))
	assert.Equal(t, 2, started)

	left, writing := b.end(errStopped)
	assert.Equal(t, []*outgoing{third}, left)
	assert.True(t, writing)
	assert.Nil(t, b.next())
	assert.False(t, b.putBack(first))
	assert.Equal(t, errStopped, b.offer(first))
	assert.Equal(t, errStopped, b.put(first, 0))
	left, writing = b.end(errEnded)
	assert.Empty(t, left)
	assert.False(t, writing)
	assert.Equal(t, errStopped, b.offer(first), "the first reason counts")
}

func TestWaitingForRoomInAnOutbox(t *testing.T) {
	b := newOutbox(2)
	assert.NoError(t, b.offer(sized(1)))
	assert.NoError(t, b.offer(sized(1)))
	assert.Equal(t, errLate, b.put(sized(1), time.Millisecond))

	const waiters = 52
	var in sync.WaitGroup
	results := make(chan error, waiters)
	for i := 0; i < waiters; i++ {
		in.Add(1)
		go func() {
			defer in.Done()
			results <- b.put(sized(1), 0)
		}()
	}
	for i := 0; i < waiters/4; i++ { // as many as there is room for
		assert.NotNil(t, b.next())
		assert.NotNil(t, b.next())
		assert.NoError(t, <-results)
		assert.NoError(t, <-results)
	}
	b.end(errStopped)
	in.Wait()
	close(results)
	for err := range results {
		assert.Equal(t, errStopped, err)
	}
}

func TestWhoWaitsForRoomIsNotOvertakenForGood(t *testing.T) {
	b := newOutbox(1)
	assert.NoError(t, b.offer(sized(1)))
	done := make(chan error)
	go func() { done <- b.put(sized(7), 0) }()
	for {
		o := b.next()
		if o != nil && o.bytes == 7 {
			break
		}
		_ = b.offer(sized(1))
	}
	assert.NoError(t, <-done)
}

func TestEnvelopeSizeIsWhatProtobufSays(t *testing.T) {
	lengths := []int{0, 1, 127, 128, 20000, 1 << 21}
	for _, p := range lengths {
		for _, s := range lengths {
			for _, secret := range []*gossipproto.SecretEnvelope{nil, {}, {Payload: make([]byte, p)}, {Payload: make([]byte, s), Signature: make([]byte, p)}} {
				e := &gossipproto.Envelope{Payload: make([]byte, p), Signature: make([]byte, s), SecretEnvelope: secret}
				assert.Equal(t, proto.Size(e), envelopeSize(e))
			}
		}
	}
	assert.Zero(t, envelopeSize(nil))
}

func waiterFor(nonce uint64, answers chan SendResult) *ackWaiter {
	return &ackWaiter{nonce: nonce, answers: answers, peer: RemotePeer{Endpoint: fmt.Sprint("of ", nonce)}}
}

func TestAckBook(t *testing.T) {
	answers := make(chan SendResult, 10)
	var book ackBook
	one, two, again, late := waiterFor(1, answers), waiterFor(2, answers), waiterFor(1, answers), waiterFor(3, answers)
	for _, w := range []*ackWaiter{one, two, again} {
		book.add(w)
	}
	book.answer(9, &gossipproto.Acknowledgement{}) // nobody waits for it
	book.answer(1, &gossipproto.Acknowledgement{Error: "no"})
	book.answer(1, &gossipproto.Acknowledgement{})
	book.answer(1, &gossipproto.Acknowledgement{})
	assert.Equal(t, "no", (<-answers).Error())
	assert.Equal(t, "", (<-answers).Error())
	assert.Empty(t, answers)

	book.end(errEnded)
	assert.Equal(t, errEnded, (<-answers).error)
	book.add(late)
	assert.Equal(t, errEnded, (<-answers).error)
	two.resolve(nil)
	assert.Empty(t, answers)
}

func TestWhoDoesNotWaitAnyMoreIsForgotten(t *testing.T) {
	answers := make(chan SendResult, 10)
	var book ackBook
	before, after := waiterFor(1, answers), waiterFor(1, answers)
	before.resolve(errLate)
	book.add(before)
	book.add(after)
	after.resolve(errLate)
	assert.Empty(t, book.waiting)
	assert.Len(t, answers, 2)
}

func TestAckHandler(t *testing.T) {
	hub := util.NewPubSub()
	id := common.PKIidType{0xab, 1}
	assert.Equal(t, "18446744073709551615 ab01", topicForAck(1<<64-1, id))
	acks := hub.Subscribe(topicForAck(5, id), time.Minute)
	passed := 0
	handle := interceptAcks(func(*gossipproto.SignedGossipMessage) { passed++ }, id, hub)
	ack := func(nonce uint64) *gossipproto.SignedGossipMessage {
		return &gossipproto.SignedGossipMessage{GossipMessage: ackFor(nonce, errors.New("why"))}
	}
	handle(ack(6))
	handle(ack(5))
	handle(&gossipproto.SignedGossipMessage{GossipMessage: &gossipproto.GossipMessage{Nonce: 5}})
	assert.Equal(t, 1, passed)
	got, err := acks.Listen()
	assert.NoError(t, err)
	assert.Equal(t, "why", got.(*gossipproto.Acknowledgement).Error)
	acks.(interface{ Cancel() }).Cancel()
}

func TestReceivedMessageWithoutStream(t *testing.T) {
	e := &gossipproto.Envelope{Payload: []byte("p")}
	m := &ReceivedMessageImpl{SignedGossipMessage: &gossipproto.SignedGossipMessage{Envelope: e, GossipMessage: ackFor(1, nil)}}
	assert.True(t, m.GetSourceEnvelope() == e)
	assert.True(t, m.GetGossipMessage() == m.SignedGossipMessage)
	assert.Nil(t, m.GetConnectionInfo())
	assert.True(t, m.IsAck())
	m.Ack(nil) // goes nowhere
}

func TestIntroductionCanBeMadeByAnybody(t *testing.T) {
	m, err := (&commImpl{}).createConnectionMsg(common.PKIidType("id"), []byte("hash"), []byte("cert"),
		func(msg []byte) ([]byte, error) { return append([]byte("signed "), msg...), nil })
	assert.NoError(t, err)
	assert.Equal(t, "signed "+string(m.Envelope.Payload), string(m.Envelope.Signature))
	again, err := protoext.EnvelopeToGossipMessage(m.Envelope)
	assert.NoError(t, err)
	assert.True(t, proto.Equal(m.GossipMessage, again.GossipMessage))
	assert.Equal(t, "hash", string(again.GetConn().TlsCertHash))
	_, err = (&commImpl{}).createConnectionMsg(nil, nil, nil, func([]byte) ([]byte, error) { return nil, errors.New("no key") })
	assert.EqualError(t, err, "cannot sign the introduction: no key")
}

func TestSendResults(t *testing.T) {
	no := SendResult{error: errors.New("no"), RemotePeer: RemotePeer{Endpoint: "e"}}
	results := AggregatedSendResult{{}, no, no, {}}
	assert.Equal(t, 2, results.AckCount())
	assert.Equal(t, 2, results.NackCount())
	assert.Equal(t, `{"successes":2,"failures":{"no":2}}`, results.String())
	assert.Equal(t, `{}`, AggregatedSendResult(nil).String())
	assert.Equal(t, "no", no.Error())
	assert.Equal(t, "", SendResult{}.Error())
	assert.Equal(t, "e, PKIid:[]", no.String())
}

func TestTurnstile(t *testing.T) {
	var stile turnstile
	var leaves []func()
	for i := 0; i < maxStrangers; i++ {
		leave, ok := stile.enter(fmt.Sprint("host", i%3))
		assert.True(t, ok)
		leaves = append(leaves, leave)
	}
	_, ok := stile.enter("another")
	assert.False(t, ok)
	for _, leave := range leaves {
		leave()
	}
	assert.Empty(t, stile.byHost)
	for i := 0; i < maxStrangersPerHost; i++ {
		_, ok := stile.enter("host")
		assert.True(t, ok)
	}
	_, ok = stile.enter("host")
	assert.False(t, ok)
	_, ok = stile.enter("another")
	assert.True(t, ok)
}

func TestBacklogIsBounded(t *testing.T) {
	b := newBacklog(2)
	_, idle := b.add(incoming{})
	assert.True(t, idle)
	b.begin()
	for _, bytes := range []int{3 * bufferedBytes, 1} {
		added, idle := b.add(incoming{bytes: bytes})
		assert.Equal(t, bytes > 1, added)
		assert.False(t, idle)
	}
	in, ok := b.next()
	assert.True(t, ok)
	assert.Equal(t, 3*bufferedBytes, in.bytes)
	for i, want := range []bool{true, true, false} {
		added, _ := b.add(incoming{bytes: i})
		assert.Equal(t, want, added)
	}
	_, _ = b.next()
	_, ok = b.next()
	assert.True(t, ok)
	_, ok = b.next()
	assert.False(t, ok)
	_, idle = b.add(incoming{})
	assert.True(t, idle)
	<-b.room
}

// countingLogger counts lines by level.
type countingLogger struct {
	util.Logger
	warnings []string
	debugs   int
}

func (l *countingLogger) Warningf(format string, args ...interface{}) {
	l.warnings = append(l.warnings, fmt.Sprintf(format, args...))
}
func (l *countingLogger) Debugf(string, ...interface{}) { l.debugs++ }

func TestRemotePeersCannotFillTheLog(t *testing.T) {
	var l limiter
	log := &countingLogger{}
	for i := 0; i < 100; i++ {
		l.warnf(log, "number %d", i)
	}
	assert.Equal(t, []string{"number 0"}, log.warnings)
	assert.Equal(t, 99, log.debugs)
	l.next = time.Now().Add(-time.Second)
	l.warnf(log, "number %d", 100)
	assert.Equal(t, "number 100 (and 99 more such since the last time)", log.warnings[1])
}

// nobody is an identity mapper that knows nobody.
type nobody struct{ identity.Mapper }

func (nobody) GetPKIidOfCert(api.PeerIdentityType) common.PKIidType { return common.PKIidType("self") }

// brokenStream fails to write.
type brokenStream struct{ stream }

func (brokenStream) Send(*gossipproto.Envelope) error { return errors.New("broken") }

func instanceWithConnection(t *testing.T, s stream) (*commImpl, *connection) {
	c := newInstance(-1, nil, nobody{}, nil, nil, nil, nil)
	conn := c.newConnection(&gossipproto.ConnectionInfo{ID: common.PKIidType("p")}, s, newOutbox(5), nil)
	c.lock.Lock()
	defer c.lock.Unlock()
	_, ok := c.table.Accepted(conn.link, c.clock())
	assert.True(t, ok)
	return c, conn
}

// dials is how many dials are under way, given up by Stop.
func (c *commImpl) dials() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	_, dials := c.table.Close()
	return len(dials)
}

func TestMessagesAreTriedTwiceAtMost(t *testing.T) {
	c, conn := instanceWithConnection(t, brokenStream{})
	defer c.Stop()
	again := &outgoing{endpoint: "e", retried: true}
	assert.NoError(t, conn.out.offer(again))
	conn.end(byRemote, nil)
	assert.Equal(t, uint64(1), c.hook.Total(observe.Dropped, "connection closed"))
	c.rescue(conn, []*outgoing{{}}) // belongs to the stream, which nothing has replaced
	assert.Equal(t, uint64(2), c.hook.Total(observe.Dropped, "connection closed"))
	assert.Zero(t, c.dials())
}

func TestMessagesToAPeerThatWasClosedOnPurposeAreNotTriedAgain(t *testing.T) {
	c, conn := instanceWithConnection(t, brokenStream{})
	defer c.Stop()
	assert.NoError(t, conn.out.offer(&outgoing{endpoint: "e"}))
	c.CloseConn(&RemotePeer{PKIID: common.PKIidType("p")})
	assert.Equal(t, uint64(1), c.hook.Total(observe.Dropped, "connection closed"))
	assert.Zero(t, c.dials())
}

func TestWhoWaitsIsToldThatWritingFailed(t *testing.T) {
	c, conn := instanceWithConnection(t, brokenStream{})
	defer c.Stop()
	answers := make(chan SendResult, 1)
	assert.NoError(t, conn.out.offer(&outgoing{endpoint: "e", awaited: waiterFor(1, answers)}))
	conn.out.attach(conn.startWriter)
	assert.Equal(t, errEnded, (<-answers).error)
	c.tasks.Wait()
	assert.Equal(t, byWriteError, conn.reason)
	assert.Equal(t, uint64(1), c.hook.Total(observe.Dropped, "connection closed"))
	assert.Zero(t, c.dials(), "it is not sent behind the caller's back")
}
