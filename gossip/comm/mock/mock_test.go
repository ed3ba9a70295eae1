// SPDX-License-Identifier: Apache-2.0

package mock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/comm"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

func members(names ...string) map[string]*socketMock {
	all := map[string]*socketMock{}
	for _, name := range names {
		all[name] = &socketMock{name, make(chan interface{})}
	}
	return all
}

func numbered(nonce uint64) *proto.SignedGossipMessage {
	return &proto.SignedGossipMessage{GossipMessage: &proto.GossipMessage{Nonce: nonce}}
}

func everything(interface{}) bool { return true }

func TestMessagesAndResponses(t *testing.T) {
	all := members("a", "b")
	a, b := NewCommMock("a", all), NewCommMock("b", all)
	defer a.Stop()
	defer b.Stop()
	atA, atB := a.Accept(everything), b.Accept(everything)
	small := b.Accept(func(m interface{}) bool { return m.(proto.ReceivedMessage).GetGossipMessage().Nonce < 2 })
	sent := numbered(1)
	a.Send(sent, &comm.RemotePeer{Endpoint: "b"}, &comm.RemotePeer{Endpoint: "unknown"})
	m := <-atB
	assert.True(t, m.GetGossipMessage() == sent)
	assert.Nil(t, m.GetSourceEnvelope())
	assert.Nil(t, m.GetConnectionInfo())
	m.Ack(nil)
	assert.True(t, (<-small).GetGossipMessage() == sent)

	go m.Respond(&proto.GossipMessage{Nonce: 2})
	answer := <-atA
	assert.Equal(t, uint64(2), answer.GetGossipMessage().GossipMessage.Nonce)
	assert.NotNil(t, answer.GetGossipMessage().Envelope)
	go answer.Respond(&proto.GossipMessage{Nonce: 3})
	assert.Equal(t, uint64(3), (<-atB).GetGossipMessage().GossipMessage.Nonce)
	m.Respond(nil) // is nothing to send
}

func TestStopEndsWhatIsWaiting(t *testing.T) {
	all := members("a", "b")
	a, b := NewCommMock("a", all), NewCommMock("b", all)
	unread := b.Accept(everything)
	b.Stop()
	_, open := <-unread
	assert.False(t, open)
	_, open = <-b.Accept(everything)
	assert.False(t, open)

	sent := make(chan struct{})
	go func() {
		a.Send(numbered(1), &comm.RemotePeer{Endpoint: "b"}) // nobody reads it any more
		close(sent)
	}()
	a.Stop()
	<-sent
	a.Stop()

	c := members("c", "d")
	d := NewCommMock("d", c)
	stuck := d.Accept(everything)
	c["d"].socket <- &packet{from: c["c"], to: c["d"], message: numbered(1)} // waits for a reader from now on
	d.Stop()
	_, open = <-stuck
	assert.False(t, open)
}

func TestTheRestDoesNothing(t *testing.T) {
	a := NewCommMock("a", members("a"))
	defer a.Stop()
	assert.Equal(t, "a", string(a.GetPKIid()))
	assert.NoError(t, a.Probe(nil))
	id, err := a.Handshake(nil)
	assert.Nil(t, id)
	assert.NoError(t, err)
	a.CloseConn(nil)
	assert.Empty(t, a.PresumedDead())
	assert.PanicsWithValue(t, "not implemented", func() { a.SendWithAck(numbered(1), time.Second, 1) })
}
