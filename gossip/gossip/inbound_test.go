// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/channel"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

func macOf(pkiID common.PKIidType, name string) []byte {
	return channel.GenerateMAC(pkiID, common.ChainID(name))
}

func helloOf(kind proto.PullMsgType, tag proto.GossipMessage_Tag) *proto.GossipMessage {
	return &proto.GossipMessage{Tag: tag, Content: &proto.GossipMessage_Hello{Hello: &proto.GossipHello{MsgType: kind}}}
}

func leadership(pkiID common.PKIidType) *proto.GossipMessage {
	return &proto.GossipMessage{Tag: proto.GossipMessage_CHAN_AND_ORG, Channel: []byte("c"), Content: &proto.GossipMessage_LeadershipMsg{
		LeadershipMsg: &proto.LeadershipMessage{PkiId: pkiID, Timestamp: &proto.PeerTime{IncNum: 1, SeqNum: 1}},
	}}
}

func TestClassify(t *testing.T) {
	for want, messages := range map[destination][]*proto.GossipMessage{
		membershipLane: {
			aliveOf("p", 1, 1),
			{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_MemReq{MemReq: &proto.MembershipRequest{}}},
			{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_MemRes{MemRes: &proto.MembershipResponse{}}},
		},
		identityLane:    {helloOf(proto.PullMsgType_IDENTITY_MSG, proto.GossipMessage_EMPTY)},
		subjectsChannel: {stateOf("p", "m", 1, 1)},
		sendersChannel: {
			{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateInfoPullReq{StateInfoPullReq: &proto.StateInfoPullRequest{}}},
		},
		namedChannel: {
			blockOf("c", 1), leadership(nil), helloOf(proto.PullMsgType_BLOCK_MSG, proto.GossipMessage_CHAN_AND_ORG),
			{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateSnapshot{StateSnapshot: &proto.StateInfoSnapshot{}}},
			{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateRequest{StateRequest: &proto.RemoteStateRequest{}}},
		},
		nobody: {{Tag: proto.GossipMessage_ORG_ONLY, Content: &proto.GossipMessage_PeerIdentity{PeerIdentity: &proto.PeerIdentity{}}}},
	} {
		for _, m := range messages {
			assert.NoError(t, protoext.IsTagLegal(m))
			assert.Equal(t, want, classify(m), protoext.Kind(m))
		}
	}
}

func TestRequesterIntroducesItself(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	a, b := n.actor("A", "a"), n.actor("A", "b")
	request := func(self *proto.Envelope) *proto.MembershipRequest {
		return &proto.MembershipRequest{SelfInformation: self}
	}
	_, err := checkRequester(request(a.alive(t, 1).Envelope), a.pkiID)
	assert.NoError(t, err)
	for text, self := range map[string]*proto.Envelope{
		"another peer":     b.alive(t, 1).Envelope,
		"nil envelope":     nil,
		"not an alive":     a.stateInfo(t, "c", 1).Envelope,
		"unmarshal":        {Payload: []byte{1, 2, 3}},
		"without timestam": unsigned(t, &proto.GossipMessage{Content: &proto.GossipMessage_AliveMsg{AliveMsg: &proto.AliveMessage{Membership: &proto.Member{PkiId: a.pkiID}}}}).Envelope,
	} {
		reason, err := checkRequester(request(self), a.pkiID)
		if assert.Error(t, err, text) {
			assert.Contains(t, err.Error(), text)
			assert.NotEmpty(t, reason)
		}
	}
}

func TestWhatIsRefusedAtTheDoor(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID("c"))
	a := n.actor("A", "a")
	wrongTag := blockOf("c", 1)
	wrongTag.Tag = proto.GossipMessage_EMPTY
	secretive := unsigned(t, blockOf("c", 1))
	secretive.Envelope.SecretEnvelope = &proto.SecretEnvelope{Payload: make([]byte, 100)}
	ofLongName := stateOf(strings.Repeat("x", maxIDLength+1), "c", 1, 1)
	longMAC := stateOf("a", "c", 1, 1)
	longMAC.GetStateInfo().Channel_MAC = make([]byte, maxMACLength+1)
	talkative := stateOf("a", "c", 1, 1)
	talkative.GetStateInfo().Properties = &proto.Properties{Chaincodes: []*proto.Chaincode{{Metadata: make([]byte, maxStateInfoBytes)}}}
	n.receives(
		&inboundStub{message: a.alive(t, 1)},
		&inboundStub{message: a.alive(t, 1), info: &proto.ConnectionInfo{}},
		a.from(nil),
		a.from(&proto.SignedGossipMessage{}),
		a.from(enveloped(&proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_AliveMsg{}})),
		a.from(unsigned(t, wrongTag)),
		a.from(unsigned(t, blockOf("other", 1))),
		a.from(unsigned(t, helloOf(proto.PullMsgType_UNDEFINED, proto.GossipMessage_EMPTY))),
		a.from(a.sign(t, leadership(n.actor("A", "unknown").pkiID))),
		a.from(a.sign(t, stateOf("nobody", "no channel", 1, 1))),
		a.from(secretive), a.from(a.sign(t, ofLongName)), a.from(a.sign(t, longMAC)), a.from(a.sign(t, talkative)),
	)
	n.eventually("all counted", func() bool {
		return n.counted(observe.Rejected, anonymous) == 2 && n.counted(observe.Rejected, malformed) == 1 &&
			n.counted(observe.Rejected, illegalTag) == 2 && n.counted(observe.Dropped, notJoined) == 1 &&
			n.counted(observe.Rejected, oversize) == 4 && n.counted(observe.Rejected, unknownSigner) == 1 && n.counted(observe.Dropped, foreignRelay) == 1
	})
	assert.Empty(t, n.Peers())
}

// A subscriber that never reads must not be felt by others.
func TestStalledSubscriberIsAlone(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	for _, c := range []string{"c", "d"} {
		n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID(c))
	}
	of := func(c string) common.MessageAcceptor {
		return func(o interface{}) bool {
			m := o.(*proto.GossipMessage)
			return protoext.IsDataMsg(m) && string(m.Channel) == c
		}
	}
	stalled, _ := n.Accept(of("c"), false)
	prompt, _ := n.Accept(of("d"), false)
	a, b := n.actor("A", "a"), n.actor("A", "b")
	n.knows("", a)

	for i := uint64(1); i <= subscriptionBacklog+20; i++ {
		n.receives(a.from(unsigned(t, blockOf("c", i))))
	}
	n.eventually("the backlog is full", func() bool { return len(stalled) == subscriptionBacklog })
	start := time.Now()
	n.receives(b.from(b.alive(t, 1)), a.from(unsigned(t, blockOf("d", 1))))
	<-prompt
	n.eventually("membership", func() bool { return len(n.Peers()) == 2 })
	assert.True(t, time.Since(start) < patience, "took %v", time.Since(start))

	n.eventually("given up", func() bool { return n.counted(observe.Dropped, stalledConsumer) == 20 })
	for i := uint64(1); i <= subscriptionBacklog; i++ {
		demand(t, assert.Equal(t, i, (<-stalled).GetDataMsg().Payload.SeqNum))
	}
	n.receives(a.from(unsigned(t, blockOf("c", 1000))))
	demand(t, assert.Equal(t, uint64(1000), (<-stalled).GetDataMsg().Payload.SeqNum, "it gets messages again"))
}

func TestLaneOverflow(t *testing.T) {
	hook := &observe.Hook{}
	entered, leave := make(chan struct{}), make(chan struct{})
	var handled []int
	l := newLane("test", 3, 1<<20, hook, nil, func(m proto.ReceivedMessage) {
		if handled = append(handled, m.(*inboundStub).number); len(handled) == 1 {
			close(entered)
			<-leave
		}
	})
	message := func(i int) proto.ReceivedMessage {
		return &inboundStub{number: i, message: &proto.SignedGossipMessage{Envelope: &proto.Envelope{}, GossipMessage: blockOf("c", 1)}, info: &proto.ConnectionInfo{ID: []byte("x")}}
	}
	l.put(message(0))
	<-entered
	for i := 1; i <= 5; i++ {
		l.put(message(i))
	}
	assert.Equal(t, map[observe.Count]uint64{{Kind: observe.Dropped, Reason: "test queue full", Message: "data_msg"}: 2}, hook.Counts())
	close(leave)
	awaitCondition(t, "empty", time.Second, func() bool {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		return l.queue.count == 0
	})
	l.release()
	l.release()
	l.join()
	assert.Equal(t, []int{0, 1, 2, 3}, handled)
	l.put(message(9)) // nobody handles it, and nobody waits
}

func TestLanesShareBytes(t *testing.T) {
	b := &byteBudget{limit: 10}
	assert.True(t, b.take(8, false))
	assert.False(t, b.take(3, false))
	assert.True(t, b.take(30, true), "an empty queue takes one in any case")
	assert.False(t, b.take(1, false))
	b.give(30)
	assert.True(t, b.take(2, false))
	var none *byteBudget
	assert.True(t, none.take(1<<40, false))
	none.give(1)
}

func TestSubjectOfStateInfoIsTheNodeItself(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID("c"))
	n.UpdateLedgerHeight(7, common.ChainID("c"))
	a := n.actor("A", "a")
	n.knows("", a)
	self := n.actor("A", "self")

	own := n.SelfChannelInfo(common.ChainID("c"))
	n.receives(a.from(&proto.SignedGossipMessage{Envelope: own.Envelope, GossipMessage: own.GossipMessage}))
	n.eventually("an echo is recognized", func() bool { return n.counted(observe.Dropped, echo) == 1 })

	forged := self.stateInfo(t, "c", ^uint64(0))
	forged.Envelope.Signature = []byte("forged")
	n.receives(a.from(forged))
	n.eventually("a forgery is refused", func() bool { return n.counted(observe.Rejected, badSignature) == 1 })
	assert.Equal(t, uint64(7), n.SelfChannelInfo(common.ChainID("c")).GetStateInfo().Properties.LedgerHeight)
}

func TestMACsOfManyChannels(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	a := n.actor("A", "a")
	assert.Nil(t, n.chanState.byMAC(a.pkiID, macOf(a.pkiID, "c")))
	for _, c := range strings.Fields("c d") {
		n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID(c))
		for i := 0; i < 2; i++ {
			found := n.chanState.byMAC(a.pkiID, macOf(a.pkiID, c))
			if assert.NotNil(t, found) {
				assert.Equal(t, c, string(found.name))
			}
		}
	}
	assert.Nil(t, n.chanState.byMAC(n.actor("A", "b").pkiID, macOf(a.pkiID, "c")))
	for i := 0; i < 2*maxMACs; i++ {
		n.chanState.macs.put(macKey{pkiID: string(rune(i))}, "c")
	}
	assert.True(t, len(n.chanState.macs) <= maxMACs)
}
