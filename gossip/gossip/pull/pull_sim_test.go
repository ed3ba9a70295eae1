// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package pull_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/gossip/algo"
	"github.com/hyperledger/fabric/gossip/gossip/pull"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is a mediator under test and what it did.
type node struct {
	pull.Mediator
	*sender
	consumed []string // items; read when all is quiet
	inbox    inbox    // what it responded to letters of a test
}

func (n *node) get(from string, m *proto.GossipMessage) {
	sealed, err := protoext.NoopSign(m)
	if err != nil {
		panic(err)
	}
	n.HandleMessage(&letter{from: from, message: sealed, reply: n.inbox.put})
	synctest.Wait()
}

func (n *node) answers() string {
	var texts []string
	for _, m := range n.inbox.take() {
		switch {
		case string(m.Channel) != "C" || m.Tag != proto.GossipMessage_CHAN_AND_ORG || m.Nonce != 0:
			texts = append(texts, "astray")
		case m.GetDataDig() != nil:
			ids := protoext.FormattedDigests(m.GetDataDig().MsgType, m.GetDataDig().Digests)
			sort.Strings(ids)
			texts = append(texts, fmt.Sprint("digest ", m.GetDataDig().Nonce, ids))
		case m.GetDataUpdate() != nil:
			var ids []string
			for _, envelope := range m.GetDataUpdate().Data {
				item, err := protoext.EnvelopeToGossipMessage(envelope)
				if err != nil {
					panic(err)
				}
				ids = append(ids, nameOfItem(item))
			}
			sort.Strings(ids)
			texts = append(texts, fmt.Sprint("update ", m.GetDataUpdate().Nonce, ids))
		default:
			texts = append(texts, protoext.Kind(m))
		}
	}
	return strings.Join(texts, ", ")
}

func (n *node) dropped() uint64 {
	return n.Mediator.(interface{ Hook() *observe.Hook }).Hook().Total(observe.Dropped)
}

func (n *node) rejected() uint64 {
	return n.Mediator.(interface{ Hook() *observe.Hook }).Hook().Total(observe.Rejected)
}

// start starts a node that knows the members named. Rounds begin every half
// second, with windows of 100, 200 and 200 ms.
func start(p *post, name string, known func() []discovery.NetworkMember, change ...func(a *pull.PullAdapter)) *node {
	n := &node{sender: &sender{post: p, name: name, members: known}}
	adapter := &pull.PullAdapter{
		Sndr:        n,
		MemSvc:      n,
		IdExtractor: nameOfItem,
		MsgCons: func(m *proto.SignedGossipMessage) {
			p.mutex.Lock()
			defer p.mutex.Unlock()
			n.consumed = append(n.consumed, nameOfItem(m))
		},
	}
	for _, c := range change {
		c(adapter)
	}
	n.Mediator = pull.NewPullMediator(pull.Config{
		ID:                name,
		PullInterval:      500 * time.Millisecond,
		Channel:           common.ChainID("C"),
		PeerCountToSelect: 3,
		Tag:               proto.GossipMessage_CHAN_AND_ORG,
		MsgType:           proto.PullMsgType_BLOCK_MSG,
	}, adapter)
	p.box(name, func(l *letter) { n.HandleMessage(l) })
	return n
}

func simulate(t *testing.T, test func(t *testing.T)) {
	defer viper.Reset()
	algo.SetDigestWaitTime(100 * time.Millisecond)
	algo.SetRequestWaitTime(200 * time.Millisecond)
	algo.SetResponseWaitTime(200 * time.Millisecond)
	synctest.Test(t, test)
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestSimItemsArePulled(t *testing.T) {
	simulate(t, func(t *testing.T) {
		p := newPost()
		a, b := start(p, "a", members("b")), start(p, "b", members())
		defer a.Stop()
		defer b.Stop()
		b.Add(item(1))
		b.Add(item(2))
		a.Add(item(2))
		pass(499 * time.Millisecond)
		assert.Empty(t, p.log(), "the first round begins after the interval")
		pass(300 * time.Millisecond)
		assert.Equal(t, []string{"a hello b", "b data_dig a", "a data_req b", "b data_update a"}, p.log())
		assert.Equal(t, []string{"1"}, a.consumed)
		pass(500 * time.Millisecond)
		assert.Equal(t, []string{"a hello b", "b data_dig a"}, p.log(), "it has all now")
		a.get("someone", hello(3))
		assert.Equal(t, "digest 3 [1 2]", a.answers(), "and offers it to others")
		a.Remove("1")
		a.Remove("never there")
		a.get("someone", hello(4))
		assert.Equal(t, "digest 4 [2]", a.answers())
		pass(500 * time.Millisecond)
		assert.Equal(t, []string{"1", "1"}, a.consumed, "what was removed is pulled again")
	})
}

func TestSimWhatIsSaid(t *testing.T) {
	simulate(t, func(t *testing.T) {
		p := newPost()
		a := start(p, "a", members("x"))
		defer a.Stop()
		var said []*proto.GossipMessage
		p.box("x", func(l *letter) {
			said = append(said, l.message.GossipMessage)
			if l.message.GetHello() != nil {
				a.get("x", digest(l.message.GetHello().Nonce, "7"))
			}
			assert.Nil(t, l.message.Signature)
		})
		pass(700 * time.Millisecond)
		if assert.Len(t, said, 2) {
			nonce := said[0].GetHello().GetNonce()
			assert.Equal(t, hello(nonce).String(), said[0].String())
			assert.Equal(t, request(nonce, "7").String(), said[1].String())
		}
	})
}

func TestSimAnswers(t *testing.T) {
	simulate(t, func(t *testing.T) {
		a := start(newPost(), "a", members())
		defer a.Stop()
		a.get("x", hello(1))
		assert.Equal(t, "", a.answers(), "with nothing to tell it is silent")
		a.Add(item(5))
		a.Add(item(6))
		a.Add(nil)
		a.get("x", request(1, "5", "7", "6", "5"))
		assert.Equal(t, "update 1 [5 6]", a.answers())
		a.get("", hello(2))
		assert.Equal(t, "digest 2 [5 6]", a.answers(), "to whom is not known")
		a.get("x", request(9, "5"))
		a.get("x", request(2))
		a.get("x", request(2, "nothing like that"))
		assert.Equal(t, "", a.answers())
		pass(201 * time.Millisecond)
		a.get("x", request(2, "5"))
		assert.Equal(t, "", a.answers(), "too late")
	})
}

func TestSimOtherMessagesAreIgnored(t *testing.T) {
	simulate(t, func(t *testing.T) {
		a := start(newPost(), "a", members())
		defer a.Stop()
		a.Add(item(5))
		identities := hello(1)
		identities.GetHello().MsgType = proto.PullMsgType_IDENTITY_MSG
		a.get("x", identities)
		a.get("x", item(1).GossipMessage)
		a.get("x", &proto.GossipMessage{})
		a.HandleMessage(nil)
		a.HandleMessage(&letter{from: "x"})
		a.HandleMessage(&letter{from: "x", message: &proto.SignedGossipMessage{}})
		assert.Equal(t, "", a.answers())
	})
}

func TestSimHooks(t *testing.T) {
	simulate(t, func(t *testing.T) {
		a := start(newPost(), "a", members(), func(adapter *pull.PullAdapter) {
			adapter.IngressDigFilter = func(d *proto.DataDigest) *proto.DataDigest {
				return &proto.DataDigest{Nonce: d.Nonce, MsgType: d.MsgType, Digests: d.Digests[1:]}
			}
		})
		defer a.Stop()
		var log []string
		for phase, name := range map[pull.MsgType]string{pull.HelloMsgType: "hello", pull.DigestMsgType: "digest", pull.RequestMsgType: "request", pull.ResponseMsgType: "response"} {
			name := name
			for _, nth := range []string{"1st", "2nd"} {
				nth := nth
				a.RegisterMsgHook(phase, func(ids []string, items []*proto.SignedGossipMessage, msg proto.ReceivedMessage) {
					assert.Equal(t, "x", string(msg.GetConnectionInfo().ID))
					log = append(log, fmt.Sprint(nth, " ", name, ids, len(items)))
				})
			}
		}
		a.get("x", hello(1))
		a.get("x", digest(2, "1", "2", "3")) // in answer to nothing, which the engine ignores
		a.get("x", request(3, "4", "5"))
		a.get("x", update(4, item(6).Envelope))
		assert.Equal(t, []string{
			"1st hello[] 0", "2nd hello[] 0", "1st digest[2 3] 0", "2nd digest[2 3] 0",
			"1st request[4 5] 0", "2nd request[4 5] 0", "1st response[6] 1", "2nd response[6] 1",
		}, log)
	})
}

// What nobody asked for is taken in, but not passed on in this peer's name.
func TestSimUnsolicitedUpdate(t *testing.T) {
	simulate(t, func(t *testing.T) {
		a := start(newPost(), "a", members())
		defer a.Stop()
		a.get("x", update(4, item(6).Envelope))
		assert.Equal(t, []string{"6"}, a.consumed)
		a.get("x", hello(1))
		a.get("x", request(1, "6"))
		assert.Equal(t, "", a.answers())
	})
}

func TestSimBadItemsDoNotHarmTheOthers(t *testing.T) {
	simulate(t, func(t *testing.T) {
		p := newPost()
		a := start(p, "a", members("x"))
		defer a.Stop()
		hooks := 0
		a.RegisterMsgHook(pull.ResponseMsgType, func(ids []string, items []*proto.SignedGossipMessage, _ proto.ReceivedMessage) { hooks++ })
		empty, err := protoext.NoopSign(&proto.GossipMessage{Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{}}})
		assert.NoError(t, err)
		bad := []*proto.Envelope{{}, {Payload: []byte("not a message")}, empty.Envelope}
		p.box("x", func(l *letter) {
			if h := l.message.GetHello(); h != nil {
				a.get("x", digest(h.Nonce, "1", "2"))
			}
			if r := l.message.GetDataReq(); r != nil {
				a.get("x", update(r.Nonce, bad[0], item(1).Envelope, bad[1], bad[2], item(2).Envelope))
			}
		})
		pass(700 * time.Millisecond)
		assert.Equal(t, []string{"1", "2"}, a.consumed)
		assert.Equal(t, uint64(3), a.rejected())
		a.get("y", hello(1))
		assert.Equal(t, "digest 1 [1 2]", a.answers())
		assert.Equal(t, 1, hooks)
		a.get("x", update(9, bad...))
		assert.Equal(t, 1, hooks, "of nothing but rubbish nobody hears")
		a.HandleMessage(&letter{from: "x", message: &proto.SignedGossipMessage{GossipMessage: update(9, nil, nil)}})
		assert.Equal(t, uint64(8), a.rejected())
	})
}

// A peer that asks and does not read holds up itself and nobody else.
func TestSimAPeerThatDoesNotRead(t *testing.T) {
	simulate(t, func(t *testing.T) {
		a := start(newPost(), "a", members())
		defer a.Stop()
		a.Add(item(1))
		release := make(chan struct{})
		stuck := 0
		deaf := func(m *proto.GossipMessage) {
			sealed, err := protoext.NoopSign(m)
			if err != nil {
				panic(err)
			}
			a.HandleMessage(&letter{from: "deaf", message: sealed, reply: func(*proto.GossipMessage) {
				<-release
				stuck++
			}})
		}
		for i := uint64(0); i < 10; i++ {
			deaf(hello(i))
			deaf(request(i, "1"))
			a.Add(item(2 + i))
			a.Remove("2")
		}
		synctest.Wait()
		assert.Equal(t, uint64(3), a.dropped(), "one answer in progress, 16 waiting")
		a.get("x", hello(100))
		a.get("x", request(100, "1"))
		assert.Equal(t, "digest 100 [1 10 11 3 4 5 6 7 8 9], update 100 [1]", a.answers())
		close(release)
		synctest.Wait()
		assert.Equal(t, 17, stuck)
	})
}

func TestSimLargeAnswersComeInPortions(t *testing.T) {
	simulate(t, func(t *testing.T) {
		p := newPost()
		a, b := start(p, "a", members("b")), start(p, "b", members())
		defer a.Stop()
		defer b.Stop()
		for i := uint64(1); i <= 5; i++ {
			b.Add(item(i, 9<<20))
		}
		pass(700 * time.Millisecond)
		assert.Equal(t, "a hello b, b data_dig a, a data_req b, b data_update a, b data_update a, b data_update a", strings.Join(p.log(), ", "))
		sort.Strings(a.consumed)
		assert.Equal(t, []string{"1", "2", "3", "4", "5"}, a.consumed)
		a.get("x", hello(1))
		assert.Equal(t, "digest 1 [1 2 3 4 5]", a.answers())
	})
}

func TestSimWhoIsAsked(t *testing.T) {
	simulate(t, func(t *testing.T) {
		p := newPost()
		listed := 0
		a := start(p, "a", func() []discovery.NetworkMember {
			listed++
			return []discovery.NetworkMember{
				{PKIid: common.PKIidType("a")}, // who lists itself is asked as anybody
				{PKIid: common.PKIidType("old"), Endpoint: "same:7051"},
				{PKIid: common.PKIidType("new"), Endpoint: "same:7051"},
			}
		})
		defer a.Stop()
		p.box("a", nil)
		p.box("new", func(l *letter) {
			if h := l.message.GetHello(); h != nil {
				a.get("new", digest(h.Nonce, "1"))
			}
		})
		pass(700 * time.Millisecond)
		log := p.log()
		sort.Strings(log)
		assert.Equal(t, []string{"a data_req new", "a hello a", "a hello new", "a hello old"}, log)
		assert.Equal(t, 1, listed, "once for a round")
		assert.Equal(t, 4, a.calls)
	})
}

func TestSimFilters(t *testing.T) {
	simulate(t, func(t *testing.T) {
		made := 0
		p := newPost()
		a := start(p, "a", members("x"), func(adapter *pull.PullAdapter) {
			adapter.EgressDigFilter = func(msg proto.ReceivedMessage) func(string) bool {
				made++
				friend := string(msg.GetConnectionInfo().ID) == "friend"
				return func(id string) bool { return friend || id == "1" }
			}
			adapter.IngressDigFilter = func(d *proto.DataDigest) *proto.DataDigest { return digest(d.Nonce, "8").GetDataDig() }
		})
		defer a.Stop()
		for i := uint64(1); i <= 9; i++ {
			a.Add(item(i))
		}
		a.Remove("8")
		a.get("friend", hello(1))
		a.get("stranger", hello(2))
		a.get("stranger", request(1, "1", "2", "3"))
		assert.Equal(t, "digest 1 [1 2 3 4 5 6 7 9], digest 2 [1], update 1 [1]", a.answers())
		assert.Equal(t, 3, made, "once for a message")
		p.box("x", func(l *letter) {
			if h := l.message.GetHello(); h != nil {
				a.get("x", digest(h.Nonce, "17"))
			}
			if r := l.message.GetDataReq(); r != nil {
				assert.Equal(t, bytesOf("8"), r.Digests)
				a.get("x", update(r.Nonce, item(8).Envelope))
			}
		})
		pass(700 * time.Millisecond)
		assert.Equal(t, []string{"8"}, a.consumed)
	})
}

func TestSimStop(t *testing.T) {
	simulate(t, func(t *testing.T) {
		p := newPost()
		a := start(p, "a", members("b"))
		a.Add(item(1))
		a.get("x", hello(1))
		a.Stop()
		a.Stop()
		a.get("x", hello(2))
		a.get("x", request(1, "1"))
		pass(time.Minute)
		assert.Equal(t, "digest 1 [1]", a.answers())
		assert.Empty(t, p.log())
	})
}

// Ten nodes with an item each, of which each asks three others, have them all
// in ten seconds.
func TestSimEverybodyGetsEverything(t *testing.T) {
	simulate(t, func(t *testing.T) {
		p := newPost()
		var names []string
		for i := 0; i < 10; i++ {
			names = append(names, fmt.Sprint("n", i))
		}
		var nodes []*node
		for i, name := range names {
			others := append(append([]string(nil), names[:i]...), names[i+1:]...)
			n := start(p, name, members(others...))
			defer n.Stop()
			n.Add(item(uint64(i)))
			nodes = append(nodes, n)
		}
		pass(10 * time.Second)
		for _, n := range nodes {
			assert.Len(t, n.consumed, 9, "each item once")
		}
	})
}
