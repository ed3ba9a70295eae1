// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package simnet_test

import (
	"errors"
	"fmt"
	"sort"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// world is a network with what became of its messages.
type world struct {
	*simnet.Network
	t         *testing.T
	authority simcrypto.Authority

	mu    sync.Mutex
	fates map[simnet.Fate]int
}

// host is a node of a world and what it got.
type host struct {
	comm.Comm
	endpoint string
	mapper   identity.Mapper
	in       <-chan proto.ReceivedMessage
}

func simulate(t *testing.T, l simnet.Link, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{Network: simnet.New(1, l), t: t, fates: map[simnet.Fate]int{}}
		defer w.Stop()
		w.Tap(func(e *simnet.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.fates[e.Fate]++
		})
		test(w)
	})
}

func (w *world) fated(f simnet.Fate) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fates[f]
}

func everything(interface{}) bool { return true }

func (w *world) host(org, name string) *host {
	h := w.deafHost(org, name)
	h.in = h.Accept(everything)
	return h
}

func (w *world) deafHost(org, name string) *host {
	id := simcrypto.Identity(org, name, 0)
	return w.join(name, id, simcrypto.PKIID(id))
}

func (w *world) join(endpoint string, id api.PeerIdentityType, pkiID common.PKIidType) *host {
	svc := w.authority.Service(id)
	h := &host{endpoint: endpoint, mapper: identity.NewIdentityMapper(svc, id, func(common.PKIidType, api.PeerIdentityType) {}, svc)}
	c, err := w.Join(endpoint, h.mapper, id, pkiID)
	require.NoError(w.t, err)
	h.Comm = c
	return h
}

func (h *host) stop() {
	h.Comm.Stop()
	h.mapper.Stop()
}

func stopAll(hosts ...*host) {
	for _, h := range hosts {
		h.stop()
	}
}

// peer is how others address the host.
func (h *host) peer() *comm.RemotePeer {
	return &comm.RemotePeer{Endpoint: h.endpoint, PKIID: h.GetPKIid()}
}

func (h *host) hook() *observe.Hook {
	return h.Comm.(interface{ Hook() *observe.Hook }).Hook()
}

// numbered is a message that says which one it is.
func numbered(i int) *proto.SignedGossipMessage {
	m, err := protoext.NoopSign(&proto.GossipMessage{
		Tag:     proto.GossipMessage_CHAN_AND_ORG,
		Channel: []byte("ch"),
		Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{Payload: &proto.Payload{SeqNum: uint64(i), Data: make([]byte, 1000)}}},
	})
	if err != nil {
		panic(err)
	}
	return m
}

func numberOf(m proto.ReceivedMessage) int {
	return int(m.GetGossipMessage().GetDataMsg().Payload.SeqNum)
}

// waiting takes what has arrived and is not taken yet.
func (h *host) waiting() []int {
	var numbers []int
	for {
		select {
		case m, ok := <-h.in:
			if !ok {
				return numbers
			}
			numbers = append(numbers, numberOf(m))
		default:
			return numbers
		}
	}
}

func upTo(n int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) send(from, to *host, numbers ...int) {
	for _, i := range numbers {
		from.Send(numbered(i), to.peer())
	}
}

func TestSimMessagesArriveInOrderAfterTheirLatency(t *testing.T) {
	simulate(t, simnet.Link{Latency: 10 * time.Millisecond, Jitter: 20 * time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("B", "b:1")
		defer stopAll(a, b)
		w.send(a, b, upTo(15)...)
		pass(80 * time.Millisecond)
		assert.Empty(t, b.waiting(), "connecting takes four round trips")
		pass(200 * time.Millisecond)
		assert.Equal(t, upTo(15), b.waiting())

		w.send(a, b, 99)
		pass(10*time.Millisecond - 1)
		assert.Empty(t, b.waiting())
		pass(21 * time.Millisecond)
		assert.Equal(t, []int{99}, b.waiting())

		w.send(b, a, 7)
		pass(30 * time.Millisecond)
		assert.Equal(t, []int{7}, a.waiting(), "the other direction needs no dial")
		assert.Equal(t, 17, w.fated(simnet.Delivered))
		assert.Len(t, w.fates, 1)
	})
}

func TestSimEndsKnowEachOther(t *testing.T) {
	simulate(t, simnet.Link{}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("B", "b:1")
		defer stopAll(a, b)
		w.send(a, b, 1)
		pass(time.Millisecond)
		m := <-b.in
		info := m.GetConnectionInfo()
		assert.Equal(t, a.GetPKIid(), info.ID)
		assert.Equal(t, "A/a:1#0", string(info.Identity))
		assert.NoError(t, b.mapper.Verify(a.GetPKIid(), info.Auth.Signature, info.Auth.SignedData))
		for _, h := range []*host{a, b} {
			assert.Len(t, h.mapper.IdentityInfo(), 2)
			assert.EqualValues(t, 1, h.hook().Total(observe.Connected))
		}
		assert.NotNil(t, m.GetSourceEnvelope().Payload)
	})
}

func TestSimNodesShareNoMemory(t *testing.T) {
	simulate(t, simnet.Link{}, func(w *world) {
		a, b, c := w.host("A", "a:1"), w.host("A", "b:1"), w.host("A", "c:1")
		defer stopAll(a, b, c)
		sent := numbered(1)
		a.Send(sent, b.peer(), c.peer())
		sent.Envelope.Payload[0] ^= 0xff
		pass(time.Millisecond)
		atB := <-b.in
		atB.GetSourceEnvelope().Payload[0] ^= 0xff
		atB.GetGossipMessage().GetDataMsg().Payload.Data[0] = 1
		atC := <-c.in
		assert.Equal(t, numbered(1).Envelope.Payload, atC.GetSourceEnvelope().Payload)
		assert.Zero(t, atC.GetGossipMessage().GetDataMsg().Payload.Data[0])
	})
}

func TestSimLinkLosesItsShareTheSameEachTime(t *testing.T) {
	arrived := func() (numbers []int) {
		simulate(t, simnet.Link{Latency: time.Millisecond, Loss: 0.2}, func(w *world) {
			a, b := w.host("A", "a:1"), w.host("A", "b:1")
			defer stopAll(a, b)
			for i := 0; i < 1000; i++ {
				w.send(a, b, i)
				pass(10 * time.Millisecond)
				if i == 0 {
					pass(3 * time.Second) // the dial, whatever it loses
				}
				numbers = append(numbers, b.waiting()...)
			}
			assert.Equal(t, 1000, len(numbers)+w.fated(simnet.Lost))
		})
		return numbers
	}
	first := arrived()
	assert.InDelta(t, 800, len(first), 50)
	assert.Equal(t, first, arrived())
}

func TestSimBandwidth(t *testing.T) {
	simulate(t, simnet.Link{Bandwidth: 100000}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("A", "b:1")
		defer stopAll(a, b)
		w.send(a, b, 0)
		pass(time.Second)
		b.waiting()
		w.send(a, b, upTo(19)...) // 1,100 bytes and overhead each
		pass(100 * time.Millisecond)
		assert.InDelta(t, 9, len(b.waiting()), 1)
		pass(10 * time.Second)
		assert.Equal(t, 20, w.fated(simnet.Delivered))
	})
}

func TestSimPartition(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b, c := w.host("A", "a:1"), w.host("A", "b:1"), w.host("A", "c:1")
		defer stopAll(a, b, c)
		w.send(a, b, 0)
		pass(time.Second)
		w.Partition([]string{"a:1"}, []string{"b:1", "c:1"})
		w.send(a, b, 1)
		w.send(a, c, 2)
		w.send(b, c, 3)
		pass(time.Second)
		assert.Equal(t, 1, w.fated(simnet.Unreachable), "on the connection that there was")
		assert.Equal(t, []int{3}, c.waiting(), "links within a group work")
		pass(2*time.Second + time.Millisecond)
		assert.Equal(t, 1, w.fated(simnet.Undialed))
		assert.Equal(t, c.GetPKIid(), <-a.PresumedDead(), "the dial has failed")
		pass(3 * time.Second)
		assert.EqualValues(t, 1, a.hook().Total(observe.Disconnected, "broken"))
		assert.EqualValues(t, 0, b.hook().Total(observe.Disconnected), "b has not tried to send")

		w.Heal()
		w.send(b, a, 4)
		pass(time.Second)
		assert.EqualValues(t, 1, b.hook().Total(observe.Disconnected), "now it has, into nowhere")
		w.send(b, a, 5)
		pass(time.Second)
		assert.Equal(t, []int{5}, a.waiting())
		assert.Equal(t, []int{0}, b.waiting())
	})
}

func TestSimShortPartitionBreaksNothing(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("A", "b:1")
		defer stopAll(a, b)
		w.send(a, b, 0)
		pass(time.Second)
		w.Partition([]string{"a:1"})
		w.send(a, b, 1)
		pass(4 * time.Second)
		w.Heal()
		pass(4 * time.Second)
		w.send(a, b, 2)
		pass(time.Second)
		assert.Equal(t, []int{0, 2}, b.waiting())
		assert.EqualValues(t, 1, b.hook().Total(observe.Connected))
	})
}

func TestSimStoppedNodeIsDialedAnew(t *testing.T) {
	for _, crash := range []bool{false, true} {
		t.Run(fmt.Sprintf("crash %v", crash), func(t *testing.T) {
			simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
				a, b := w.host("A", "a:1"), w.host("A", "b:1")
				defer stopAll(a)
				w.send(a, b, 0)
				pass(time.Second)
				if crash {
					w.Crash("b:1")
				}
				b.stop()
				_, open := <-b.in
				assert.True(t, open)
				_, open = <-b.in
				assert.False(t, open, "Stop closes subscriptions")
				pass(time.Second)
				w.send(a, b, 1)
				pass(5 * time.Second)
				if crash {
					assert.Equal(t, 1, w.fated(simnet.Unreachable))
				} else {
					assert.Equal(t, 1, w.fated(simnet.Undialed))
					assert.Equal(t, b.GetPKIid(), <-a.PresumedDead())
				}
				again := w.host("A", "b:1")
				defer stopAll(again)
				w.send(a, again, 2)
				pass(time.Second)
				assert.Equal(t, []int{2}, again.waiting())
			})
		})
	}
}

func TestSimSlowSubscriber(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b, c := w.host("A", "a:1"), w.host("A", "b:1"), w.host("A", "c:1")
		defer stopAll(a, b, c)
		w.send(a, b, 0)
		pass(time.Second)
		for i := 1; i < 200; i++ {
			w.send(a, b, i)
			pass(10 * time.Millisecond)
		}
		dropped := w.fated(simnet.Overflow)
		assert.True(t, dropped > 50 && dropped < 150, "%d", dropped)
		assert.EqualValues(t, dropped, a.hook().Total(observe.Dropped, "send buffer full"))
		w.send(a, c, 1)
		pass(time.Second)
		assert.Equal(t, []int{1}, c.waiting(), "other connections go on")
		var got []int
		for len(got) < 200-dropped {
			got = append(got, b.waiting()...)
			pass(time.Millisecond)
		}
		assert.Equal(t, upTo(200-dropped), got, "what was dropped is the newest")
	})
}

func TestSimRespondWaitsForRoom(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("A", "b:1")
		w.send(a, b, 0)
		pass(time.Second)
		m := <-b.in
		var responded sync.WaitGroup
		for i := 0; i < 200; i++ {
			responded.Add(1)
			go func() {
				defer responded.Done()
				m.Respond(numbered(i).GossipMessage)
			}()
		}
		pass(time.Second)
		var got []int
		for len(got) < 150 {
			got = append(got, numberOf(<-a.in))
		}
		pass(time.Second)
		assert.Zero(t, w.fated(simnet.Overflow))
		stopAll(a, b)
		responded.Wait()
		assert.Equal(t, 201, w.fated(simnet.Delivered)+w.fated(simnet.Closed))
		got = append(got, a.waiting()...)
		sort.Ints(got)
		for i := 1; i < len(got); i++ {
			assert.NotEqual(t, got[i-1], got[i])
		}
	})
}

func TestSimAcknowledgements(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b, c, silent := w.host("A", "a:1"), w.host("A", "b:1"), w.host("A", "c:1"), w.host("A", "d:1")
		defer stopAll(a, b, c, silent)
		answer := func(h *host, err error) {
			go func() {
				for m := range h.in {
					m.Ack(err)
				}
			}()
		}
		answer(b, nil)
		answer(c, errors.New("no"))
		start := time.Now()
		result := a.SendWithAck(numbered(1), 10*time.Second, 1, b.peer(), c.peer(), silent.peer())
		assert.Equal(t, 1, result.AckCount())
		assert.True(t, time.Since(start) < time.Second)
		result = a.SendWithAck(numbered(2), 10*time.Second, 2, b.peer(), c.peer(), silent.peer())
		assert.Equal(t, 1, result.AckCount())
		assert.Equal(t, 10*time.Second, time.Since(start).Truncate(time.Second))
		assert.Len(t, a.SendWithAck(numbered(3), time.Second, 1, &comm.RemotePeer{Endpoint: "nowhere", PKIID: []byte{1}}), 0)
	})
}

func TestSimStopEndsWaitingForAcknowledgements(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("A", "b:1")
		go func() {
			pass(time.Second)
			stopAll(a, b)
		}()
		start := time.Now()
		assert.Empty(t, a.SendWithAck(numbered(1), time.Hour, 1, b.peer()))
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestSimHandshake(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("B", "b:1")
		defer stopAll(a, b)
		id, err := a.Handshake(&comm.RemotePeer{Endpoint: "b:1"})
		assert.NoError(t, err)
		assert.Equal(t, "B/b:1#0", string(id))
		_, err = a.mapper.Get(b.GetPKIid())
		assert.NoError(t, err)
		_, err = b.mapper.Get(a.GetPKIid())
		assert.NoError(t, err)
		assert.Zero(t, a.hook().Total(observe.Connected))
		_, err = a.Handshake(&comm.RemotePeer{Endpoint: "b:1", PKIID: a.GetPKIid()})
		assert.Error(t, err)

		start := time.Now()
		_, err = a.Handshake(&comm.RemotePeer{Endpoint: "nowhere"})
		assert.Error(t, err)
		assert.Error(t, a.Probe(&comm.RemotePeer{Endpoint: "nowhere"}))
		assert.Equal(t, 6*time.Second, time.Since(start))
		assert.NoError(t, a.Probe(&comm.RemotePeer{Endpoint: "b:1"}))
		_, err = a.Handshake(&comm.RemotePeer{Endpoint: "a:1"})
		assert.Error(t, err, "oneself")
		b.stop()
		assert.Error(t, b.Probe(&comm.RemotePeer{Endpoint: "a:1"}))
	})
}

func TestSimAlias(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("B", "b:1")
		defer stopAll(a, b)
		w.Alias("outside", "b:1")
		a.Send(numbered(1), &comm.RemotePeer{Endpoint: "outside", PKIID: b.GetPKIid()})
		assert.NoError(t, a.Probe(&comm.RemotePeer{Endpoint: "outside"}))
		pass(time.Second)
		assert.Equal(t, []int{1}, b.waiting())
	})
}

func TestSimForgeriesAreRefused(t *testing.T) {
	thief := simcrypto.Identity("A", "thief", 0)
	for name, pkiID := range map[string]common.PKIidType{
		"another's PKI-ID": simcrypto.PKIID(simcrypto.Identity("A", "b:1", 0)),
		"revoked":          simcrypto.PKIID(thief),
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
				a, b := w.host("A", "a:1"), w.host("A", "b:1")
				x := w.join("thief", thief, pkiID)
				defer stopAll(a, b, x)
				if name == "revoked" {
					w.authority.Revoke(thief)
				}
				w.send(x, a, 1)
				w.send(a, x, 2)
				pass(10 * time.Second)
				assert.Zero(t, w.fated(simnet.Delivered))
				assert.Equal(t, 2, w.fated(simnet.Undialed))
				assert.EqualValues(t, 1, a.hook().Total(observe.Refused))
			})
		})
	}
}

// Whoever has renewed its certificate answers for its former PKI-ID, but
// nobody of another organization does.
func TestSimIdentitySwitch(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("A", "b:1")
		renewed := simcrypto.Identity("A", "b:1", 1)
		foreign := w.host("B", "c:1")
		defer stopAll(a, foreign)
		switches := map[string]string{}
		a.Comm.(interface {
			OnIdentitySwitch(func(requested, actual common.PKIidType))
		}).OnIdentitySwitch(func(requested, actual common.PKIidType) { switches[string(requested)] = string(actual) })
		w.send(a, b, 1)
		pass(time.Second)
		old := b.peer()
		b.stop()
		pass(time.Second)
		b = w.join("b:1", renewed, simcrypto.PKIID(renewed))
		b.in = b.Accept(everything)
		defer b.stop()
		a.Send(numbered(2), old)
		a.Send(numbered(3), &comm.RemotePeer{Endpoint: "c:1", PKIID: old.PKIID})
		pass(5 * time.Second)
		a.Send(numbered(4), b.peer())
		a.Send(numbered(5), &comm.RemotePeer{Endpoint: "c:1", PKIID: old.PKIID})
		pass(5 * time.Second)
		assert.Equal(t, map[string]string{string(old.PKIID): string(b.GetPKIid())}, switches)
		assert.Equal(t, []int{2, 3, 4}, b.waiting(), "3 has joined the dial of 2")
		assert.Empty(t, foreign.waiting())
		assert.EqualValues(t, 2, a.hook().Total(observe.Connected))
	})
}

func TestSimBothDialAtOnce(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("A", "b:1")
		defer stopAll(a, b)
		w.send(a, b, upTo(10)...)
		w.send(b, a, upTo(10)...)
		pass(time.Second)
		assert.Equal(t, upTo(10), a.waiting())
		assert.Equal(t, upTo(10), b.waiting())
		assert.EqualValues(t, 1, a.hook().Total(observe.Connected))
	})
}

func TestSimCloseConn(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("A", "b:1")
		defer stopAll(a, b)
		w.send(a, b, 0)
		pass(time.Second)
		w.send(a, b, 1)
		w.send(b, a, 2)
		a.CloseConn(b.peer())
		a.CloseConn(&comm.RemotePeer{PKIID: []byte("unknown")})
		pass(time.Second)
		assert.Equal(t, []int{0, 1}, b.waiting(), "what was sent before arrives")
		assert.Equal(t, 1, w.fated(simnet.Closed), "what comes after does not")
		assert.EqualValues(t, 1, b.hook().Total(observe.Disconnected, "closed by the other end"))
		w.send(b, a, 3)
		pass(time.Second)
		assert.Equal(t, []int{3}, a.waiting())
	})
}

func TestSimStopWithStalledSubscriber(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond}, func(w *world) {
		a, b := w.host("A", "a:1"), w.host("A", "b:1")
		w.send(a, b, 0)
		pass(time.Second)
		for i := 0; i < 50; i++ {
			w.send(a, b, i)
			pass(10 * time.Millisecond)
		}
		a.stop()
		pass(time.Second)
		b.stop()
		b.stop()
		assert.Equal(t, 51, w.fated(simnet.Delivered)+w.fated(simnet.Closed))
		_, err := w.Join("b:1", b.mapper, simcrypto.Identity("A", "b:1", 0), b.GetPKIid())
		assert.NoError(t, err, "the endpoint is free again")
		_, err = w.Join("b:1", b.mapper, simcrypto.Identity("A", "b:1", 0), b.GetPKIid())
		assert.Error(t, err, "and taken again")
	})
}

// Each message has exactly one fate, whatever happens to the network.
func TestSimEveryMessageHasOneFate(t *testing.T) {
	simulate(t, simnet.Link{Latency: time.Millisecond, Jitter: 30 * time.Millisecond, Loss: 0.1, Bandwidth: 50000}, func(w *world) {
		var hosts []*host
		var got int
		drain := func(h *host) {
			go func() {
				for range h.in {
					w.mu.Lock()
					got++
					w.mu.Unlock()
				}
			}()
		}
		for i := 0; i < 6; i++ {
			hosts = append(hosts, w.host("A", fmt.Sprintf("h%d:1", i)))
			drain(hosts[i])
		}
		sent := 0
		for i := 0; i < 3000; i++ {
			from, to := hosts[i%6], hosts[(i*7+i/11+1)%6]
			if from != to {
				w.send(from, to, i)
				sent++
			}
			switch i % 500 {
			case 100:
				w.Partition([]string{"h0:1", "h1:1"}, []string{"h2:1"})
			case 200:
				w.Heal()
			case 300:
				hosts[3].stop()
				hosts[3] = w.host("A", "h3:1")
				drain(hosts[3])
			case 400:
				w.Crash("h4:1")
				hosts[4].stop()
				hosts[4] = w.host("A", "h4:1")
				drain(hosts[4])
			}
			if i%3 == 0 {
				pass(50 * time.Millisecond)
			}
		}
		pass(time.Minute)
		stopAll(hosts...)
		synctest.Wait()
		total := 0
		for _, n := range w.fates {
			total += n
		}
		assert.Equal(t, sent, total, "%v", w.fates)
		assert.Equal(t, w.fates[simnet.Delivered], got)
		for _, f := range []simnet.Fate{simnet.Delivered, simnet.Lost, simnet.Unreachable, simnet.Undialed} {
			assert.NotZero(t, w.fates[f], f)
		}
	})
}
