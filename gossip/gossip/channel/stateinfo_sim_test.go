// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package channel

import (
	"sort"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// peersOf lists the peers of a channel by name.
func peersOf(gc *gossipChannel) []string {
	names := []string{}
	for _, member := range gc.GetPeers() {
		names = append(names, string(member.PKIid))
	}
	sort.Strings(names)
	return names
}

func eligible(gc *gossipChannel, name string) bool {
	return gc.EligibleForChannel(discovery.NetworkMember{PKIid: common.PKIidType(name)})
}

func TestSimStateInfoMakesPeersEligible(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2", "B.1", "B.2")
		gc := town.settle("A.0")
		defer gc.Stop()
		assert.False(t, eligible(gc, "A.1"))
		assert.Empty(t, gc.GetPeers())
		get(gc, "A.2", stateInfo("A.1", 1, 5))
		assert.Equal(t, []string{"forward state_info", "A.0 gets state_info"}, town.take())
		get(gc, "B.2", stateInfo("B.1", 1, 6))
		town.take()
		assert.True(t, eligible(gc, "A.1"))
		assert.False(t, eligible(gc, "A.2"))
		peers := gc.GetPeers()
		if assert.Len(t, peers, 2) {
			assert.Equal(t, uint64(5), peers[0].Properties.LedgerHeight)
			assert.Equal(t, stateInfo("A.1", 1, 5).Envelope.Payload, peers[0].Envelope.Payload)
			assert.Equal(t, "A.1:inside", peers[0].InternalEndpoint)
			assert.Equal(t, "A.1:outside", peers[0].Endpoint)
		}
		town.change(func() { town.unknown["A.1"] = true })
		assert.Equal(t, []string{"B.1"}, peersOf(gc), "whose identity is gone is not eligible")
		town.change(func() { town.unknown["A.1"], town.members = false, []string{"A.2", "A.1"} })
		assert.Equal(t, []string{"A.1"}, peersOf(gc), "who is not alive is not listed")
		assert.True(t, eligible(gc, "B.1"))
		get(gc, "A.1", leftBy("A.1", 2))
		assert.Empty(t, peersOf(gc), "who has left is not listed")
		assert.True(t, eligible(gc, "A.1"))
	})
}

func TestSimOnlyNewerStateInfoCounts(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := town.settle("A.0")
		defer gc.Stop()
		get(gc, "A.1", stateInfo("A.1", 5, 5))
		town.take()
		for _, nth := range []uint64{5, 4, 0} {
			get(gc, "A.1", stateInfo("A.1", nth, 100))
		}
		assert.Empty(t, town.take())
		assert.Equal(t, 1, town.checked("reader"), "what is old is not verified")
		assert.Equal(t, map[string]uint64{reasonStale: 3}, rejections(gc))
		get(gc, "A.1", stateInfo("A.1", 6, 100))
		assert.Equal(t, uint64(100), gc.GetPeers()[0].Properties.LedgerHeight)
	})
}

// Each of these is refused, for its reason, changes nothing and is not passed on.
func TestSimRefusedStateInfo(t *testing.T) {
	alter := func(m *proto.SignedGossipMessage, f func(s *proto.StateInfo)) *proto.SignedGossipMessage {
		f(m.GetStateInfo())
		return signedBy(string(m.GetStateInfo().PkiId), m.GossipMessage)
	}
	cases := map[string]struct {
		from   string
		m      *proto.SignedGossipMessage
		reason string
	}{
		"without a time":               {"A.1", alter(stateInfo("A.1", 1, 1), func(s *proto.StateInfo) { s.Timestamp = nil }), reasonShape},
		"about nobody":                 {"A.1", signedBy("", &proto.GossipMessage{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateInfo{StateInfo: &proto.StateInfo{Channel_MAC: GenerateMAC(nil, common.ChainID("C")), Timestamp: &proto.PeerTime{}}}}), reasonShape},
		"of another channel":           {"A.1", alter(stateInfo("A.1", 1, 1), func(s *proto.StateInfo) { s.Channel_MAC = GenerateMAC(common.PKIidType("A.1"), common.ChainID("D")) }), reasonChannel},
		"with the MAC of another peer": {"A.1", alter(stateInfo("A.1", 1, 1), func(s *proto.StateInfo) { s.Channel_MAC = GenerateMAC(common.PKIidType("A.2"), common.ChainID("C")) }), reasonChannel},
		"without a MAC":                {"A.1", alter(stateInfo("A.1", 1, 1), func(s *proto.StateInfo) { s.Channel_MAC = nil }), reasonChannel},
		"with another tag": {"A.1", func() *proto.SignedGossipMessage {
			m := stateInfo("A.1", 1, 1).GossipMessage
			m.Tag = proto.GossipMessage_EMPTY
			return signedBy("A.1", m)
		}(), reasonTag},
		"from a peer outside":            {"D.1", stateInfo("A.1", 1, 1), reasonOrg},
		"from a peer of no org":          {"nobody", stateInfo("A.1", 1, 1), reasonOrg},
		"from nobody":                    {"", stateInfo("A.1", 1, 1), reasonNoSender},
		"about a peer outside":           {"A.1", stateInfo("D.1", 1, 1), reasonOrg},
		"about a stranger":               {"A.1", stateInfo("A.9", 1, 1), reasonIdentity},
		"about one who may not read":     {"A.1", stateInfo("A.8", 1, 1), reasonReader},
		"signed by another":              {"A.1", signedBy("A.2", stateInfo("A.1", 1, 1).GossipMessage), reasonReader},
		"without an envelope":            {"A.1", &proto.SignedGossipMessage{GossipMessage: stateInfo("A.1", 1, 1).GossipMessage}, reasonShape},
		"without anything":               {"A.1", &proto.SignedGossipMessage{}, reasonShape},
		"not even a message":             {"A.1", nil, reasonShape},
		"content that is only announced": {"A.1", &proto.SignedGossipMessage{GossipMessage: &proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateInfo{}}}, reasonShape},
	}
	for name, test := range cases {
		name, test := name, test
		simulate(t, func(t *testing.T) {
			town := newTown("A.1", "D.1", "A.9", "A.8")
			town.unknown["A.9"], town.unreadable["A.8"] = true, true
			gc := town.settle("A.0")
			defer gc.Stop()
			get(gc, test.from, test.m)
			assert.Equal(t, map[string]uint64{test.reason: 1}, rejections(gc), name)
			assert.Empty(t, town.take(), name)
			assert.Empty(t, gc.GetPeers(), name)
		})
	}
	simulate(t, func(t *testing.T) {
		gc := newTown().settle("A.0")
		defer gc.Stop()
		gc.HandleMessage(nil)
		assert.False(t, gc.verifyMsg(nil))
		assert.Equal(t, map[string]uint64{reasonShape: 2}, rejections(gc))
	})
}

// What a peer on the way adds beside a signed message does not stay.
func TestSimSecretsDoNotStickToStateInfo(t *testing.T) {
	simulate(t, func(t *testing.T) {
		gc := newTown("A.1").settle("A.0")
		defer gc.Stop()
		m := stateInfo("A.1", 1, 1)
		m.Envelope.SecretEnvelope = &proto.SecretEnvelope{Payload: []byte("anything"), Signature: []byte("at all")}
		get(gc, "A.1", m)
		assert.Nil(t, gc.GetPeers()[0].Envelope.SecretEnvelope)
		assert.NotNil(t, m.Envelope.SecretEnvelope, "others have the message as well")
	})
}

func TestSimPeerFilter(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2", "A.3")
		gc := town.settle("A.0")
		defer gc.Stop()
		for _, name := range []string{"A.1", "A.2"} {
			get(gc, name, stateInfo(name, 1, 1))
		}
		asked := 0
		accepts := gc.PeerFilter(func(s api.PeerSignature) bool {
			asked++
			assert.Equal(t, "by "+string(s.PeerIdentity), string(s.Signature))
			assert.Equal(t, stateInfo(string(s.PeerIdentity), 1, 1).Envelope.Payload, s.Message)
			return string(s.PeerIdentity) == "A.2"
		})
		town.change(func() { town.unknown["A.9"] = true })
		for name, want := range map[string]bool{"A.1": false, "A.2": true, "A.3": false, "A.9": false} {
			assert.Equal(t, want, accepts(discovery.NetworkMember{PKIid: common.PKIidType(name)}), name)
		}
		assert.Equal(t, 2, asked)
		assert.False(t, gc.PeerFilter(nil)(discovery.NetworkMember{PKIid: common.PKIidType("A.1")}))
	})
}

func TestSimConfigure(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "B.1")
		gc := town.settle("A.0")
		defer gc.Stop()
		gc.UpdateLedgerHeight(3)
		get(gc, "A.1", stateInfo("A.1", 1, 1))
		get(gc, "B.1", stateInfo("B.1", 1, 1))
		assert.Equal(t, []string{"A.1", "B.1"}, peersOf(gc))
		clock := uint64(0)
		tick := func() uint64 { clock++; return clock }
		gc.ConfigureChannel(&charter{orgs: nil, number: tick})
		assert.True(t, gc.IsOrgInChannel(api.OrgIdentityType("B")), "nothing to configure")
		gc.ConfigureChannel(&charter{orgs: []string{"A"}, number: tick})
		assert.False(t, gc.IsOrgInChannel(api.OrgIdentityType("B")))
		assert.False(t, gc.IsOrgInChannel(nil))
		assert.Equal(t, []string{"A.1"}, peersOf(gc), "at once")
		assert.False(t, gc.IsMemberInChan(discovery.NetworkMember{PKIid: common.PKIidType("B.1")}))
		gc.ConfigureChannel(&charter{orgs: []string{"B", "A"}, number: tick})
		assert.True(t, gc.IsOrgInChannel(api.OrgIdentityType("B")), "the stored one was asked for its number first")
		ten := func() uint64 { return 10 }
		gc.ConfigureChannel(&charter{orgs: []string{"A"}, number: ten})
		gc.ConfigureChannel(&charter{orgs: []string{"A", "B"}, number: ten})
		assert.True(t, gc.IsOrgInChannel(api.OrgIdentityType("B")), "an equal number is accepted")
		gc.ConfigureChannel(&charter{orgs: []string{"A"}, number: func() uint64 { return 9 }})
		assert.True(t, gc.IsOrgInChannel(api.OrgIdentityType("B")), "a lower one is not")

		town.change(func() { town.unreadable["A.1"] = true })
		gc.ConfigureChannel(&charter{orgs: []string{"A", "B"}, number: ten})
		assert.Empty(t, peersOf(gc), "who may not read any more is out")
		assert.True(t, eligible(gc, "A.0"), "oneself is not judged")
	})
}

// A message that is verified while the channel is configured anew is verified
// again.
func TestSimConfigureDuringVerification(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("B.1")
		gc := town.settle("A.0")
		defer gc.Stop()
		gc.stateInfos.review(7)
		kept, again := gc.stateInfos.put(stateInfo("B.1", 1, 1), 6)
		assert.False(t, kept)
		assert.True(t, again)
		kept, again = gc.stateInfos.put(stateInfo("B.1", 1, 1), 7)
		assert.True(t, kept)
		assert.False(t, again)
	})
}

func TestSimPublishing(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown()
		gc := town.settle("A.0")
		defer gc.Stop()
		assert.Nil(t, gc.Self())
		pass(3 * time.Second)
		assert.Empty(t, town.take(), "there is nothing to publish yet")
		for height := uint64(1); height <= 10; height++ {
			gc.UpdateLedgerHeight(height)
		}
		assert.Empty(t, town.take(), "not signed before it is needed")
		pass(750 * time.Millisecond)
		assert.Equal(t, []string{"sign state_info", "gossip state_info", "gossip state_info", "gossip state_info"}, town.take(), "while nobody is there, each quarter of a second")
		town.change(func() { town.members = []string{"D.1"} })
		pass(3250 * time.Millisecond)
		assert.Equal(t, []string{"gossip state_info"}, town.take(), "once more")
		for height := uint64(11); height <= 40; height++ {
			gc.UpdateLedgerHeight(height)
			pass(100 * time.Millisecond)
		}
		pass(time.Second)
		published := town.take()
		assert.Contains(t, []int{6, 8}, len(published), "from now on once a second")
		assert.Equal(t, []string{"sign state_info", "gossip state_info"}, published[:2])
		gc.LeaveChannel()
		pass(2 * time.Second)
		assert.Equal(t, []string{"sign state_info", "gossip state_info"}, town.take())
		assert.True(t, gc.Self().GetStateInfo().Properties.LeftChannel)
	})
}

func TestSimSelf(t *testing.T) {
	simulate(t, func(t *testing.T) {
		gc := newTown("A.1").settle("A.0")
		defer gc.Stop()
		chaincodes := []*proto.Chaincode{{Name: "cc", Version: "1"}}
		gc.UpdateChaincodes(chaincodes)
		first := gc.Self()
		assert.Equal(t, uint64(1), first.GetStateInfo().Properties.LedgerHeight)
		decoded, err := protoext.EnvelopeToGossipMessage(first.Envelope)
		assert.NoError(t, err)
		assert.Equal(t, first.GossipMessage.String(), decoded.GossipMessage.String(), "message and envelope agree")
		assert.Equal(t, "by A.0", string(first.Signature))
		assert.Equal(t, GenerateMAC(common.PKIidType("A.0"), common.ChainID("C")), first.GetStateInfo().Channel_MAC)
		assert.Equal(t, proto.GossipMessage_CHAN_OR_ORG, first.Tag)
		assert.Empty(t, first.Channel)
		gc.UpdateLedgerHeight(5)
		gc.UpdateLedgerHeight(7) // in the same moment
		second := gc.Self()
		assert.Equal(t, uint64(7), second.GetStateInfo().Properties.LedgerHeight)
		assert.Equal(t, chaincodes[0].String(), second.GetStateInfo().Properties.Chaincodes[0].String())
		assert.Equal(t, first.GetStateInfo().Timestamp.IncNum, second.GetStateInfo().Timestamp.IncNum)
		assert.True(t, second.GetStateInfo().Timestamp.SeqNum > first.GetStateInfo().Timestamp.SeqNum)
		assert.True(t, second == gc.Self(), "signed once")
		gc.UpdateChaincodes(nil)
		assert.Equal(t, uint64(7), gc.Self().GetStateInfo().Properties.LedgerHeight)
		gc.LeaveChannel()
		gc.UpdateLedgerHeight(8)
		assert.True(t, gc.Self().GetStateInfo().Properties.LeftChannel)
		assert.True(t, gc.hasLeftChannel())
	})
}

func TestSimLeavingFirst(t *testing.T) {
	simulate(t, func(t *testing.T) {
		gc := newTown("A.1").settle("A.0")
		defer gc.Stop()
		gc.LeaveChannel()
		properties := gc.Self().GetStateInfo().Properties
		assert.Equal(t, []interface{}{uint64(0), true, 0}, []interface{}{properties.LedgerHeight, properties.LeftChannel, len(properties.Chaincodes)})
	})
}

func TestSimSigningFails(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := town.settle("A.0")
		defer gc.Stop()
		town.change(func() { town.signing = errors.New("no key") })
		gc.UpdateLedgerHeight(5)
		assert.Nil(t, gc.Self())
		pass(2 * time.Second)
		assert.NotContains(t, town.take(), "gossip state_info")
		town.change(func() { town.signing = nil })
		pass(time.Second)
		assert.Contains(t, town.take(), "gossip state_info", "as soon as it can")
		before := gc.Self()
		town.change(func() { town.signing = errors.New("no key") })
		gc.UpdateLedgerHeight(6)
		assert.True(t, before == gc.Self())
	})
}

// A copy of the own StateInfo that claims to be from a later incarnation does
// not hide what this peer itself publishes.
func TestSimOwnStateInfoFromOthers(t *testing.T) {
	simulate(t, func(t *testing.T) {
		gc := newTown("A.1").settle("A.0")
		defer gc.Stop()
		forged := stateInfo("A.0", 1, 99).GossipMessage
		forged.GetStateInfo().Timestamp.IncNum = 1 << 63
		get(gc, "A.1", signedBy("A.0", forged))
		gc.UpdateLedgerHeight(5)
		assert.Equal(t, uint64(5), gc.Self().GetStateInfo().Properties.LedgerHeight)
		assert.Equal(t, uint64(5), gc.own.ledgerHeight())
		elements := gc.snapshotFor(common.PKIidType("A.1")).GetStateSnapshot().Elements
		if assert.Len(t, elements, 1) {
			assert.Equal(t, gc.Self().Envelope, elements[0])
		}
	})
}

func TestSimSnapshotIsAnswered(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2", "B.1", "B.2")
		town.private["A.2"], town.private["B.2"] = true, true
		gc := town.settle("A.0")
		defer gc.Stop()
		for _, name := range []string{"A.1", "A.2", "B.1", "B.2"} {
			get(gc, name, stateInfo(name, 1, 1))
		}
		gc.UpdateLedgerHeight(9)
		ask := func(from string) (names []string) {
			get(gc, from, stateInfoRequest(from), func(m *proto.GossipMessage) {
				assert.Equal(t, []interface{}{"C", proto.GossipMessage_CHAN_OR_ORG, uint64(0)}, []interface{}{string(m.Channel), m.Tag, m.Nonce})
				for _, element := range m.GetStateSnapshot().Elements {
					info, err := protoext.EnvelopeToGossipMessage(element)
					assert.NoError(t, err)
					names = append(names, string(info.GetStateInfo().PkiId))
					if string(info.GetStateInfo().PkiId) == "A.0" {
						assert.Equal(t, uint64(9), info.GetStateInfo().Properties.LedgerHeight, "the latest")
					}
				}
			})
			synctest.Wait()
			sort.Strings(names)
			return names
		}
		assert.Equal(t, []string{"A.0", "A.1", "A.2", "B.1", "B.2"}, ask("A.1"))
		assert.Equal(t, []string{"A.0", "A.1", "B.1", "B.2"}, ask("B.1"), "not who has no external endpoint")
		town.change(func() { town.forgotten["A.1"] = true })
		assert.Equal(t, []string{"A.0", "B.1", "B.2"}, ask("B.1"))
		get(gc, "A.2", stateInfoRequest("A.1"))
		get(gc, "D.1", stateInfoRequest("D.1"))
		synctest.Wait()
		assert.Equal(t, uint64(1), rejections(gc)[reasonChannel], "the MAC is that of whoever asks")
		assert.Equal(t, uint64(1), rejections(gc)[reasonOrg])
	})
}

// A peer that asks and does not read stops nobody else.
func TestSimSnapshotForADeafPeer(t *testing.T) {
	simulate(t, func(t *testing.T) {
		gc := newTown("A.1", "A.2").settle("A.0")
		defer gc.Stop()
		release := make(chan struct{})
		for i := 0; i < 30; i++ {
			get(gc, "A.1", stateInfoRequest("A.1"), func(*proto.GossipMessage) { <-release })
		}
		synctest.Wait()
		answered := false
		get(gc, "A.2", stateInfoRequest("A.2"), func(*proto.GossipMessage) { answered = true })
		synctest.Wait()
		assert.True(t, answered)
		assert.True(t, rejections(gc)[reasonBusyPeer] >= 13)
		gc.Stop()
		close(release)
	})
}

func TestSimSnapshotIsTakenIn(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2", "B.1", "A.5", "A.6", "A.7", "A.8", "D.1")
		town.forgotten["A.5"], town.unknown["A.6"], town.unreadable["A.7"] = true, true, true
		gc := town.settle("A.0")
		defer gc.Stop()
		get(gc, "A.1", stateInfo("A.1", 5, 1))
		town.take()
		noTime := stateInfo("A.2", 1, 1).GossipMessage
		noTime.GetStateInfo().Timestamp = nil
		otherChannel := stateInfo("A.2", 1, 1).GossipMessage
		otherChannel.GetStateInfo().Channel_MAC = []byte("D")
		get(gc, "B.9", snapshot(
			&proto.Envelope{}, &proto.Envelope{Payload: []byte("no message")},
			block(1).Envelope, signedBy("A.2", noTime).Envelope, signedBy("A.2", otherChannel).Envelope,
			stateInfo("D.1", 1, 1).Envelope, stateInfo("nobody", 1, 1).Envelope,
			stateInfo("A.1", 4, 9).Envelope,
			stateInfo("A.5", 1, 1).Envelope, stateInfo("A.6", 1, 1).Envelope, stateInfo("A.7", 1, 1).Envelope,
			signedBy("A.2", stateInfo("A.8", 1, 1).GossipMessage).Envelope,
			stateInfo("B.1", 1, 1).Envelope, stateInfo("A.2", 1, 1).Envelope,
		))
		assert.Equal(t, []string{"A.1", "A.2", "B.1"}, peersOf(gc), "whatever stands beside them")
		assert.Equal(t, map[string]uint64{reasonShape: 4, reasonChannel: 1, reasonOrg: 2, reasonStale: 1, reasonStranger: 1, reasonIdentity: 1, reasonReader: 1, reasonSignature: 1}, rejections(gc))
		assert.Empty(t, town.take(), "neither forwarded nor handed on")
		before := town.checked("signature")
		get(gc, "B.9", snapshot(stateInfo("B.1", 1, 1).Envelope, stateInfo("A.2", 1, 1).Envelope))
		assert.Equal(t, before, town.checked("signature"), "what is known is not verified again")
		get(gc, "B.9", snapshot())
	})
}

func TestSimSweep(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2")
		gc := town.settle("A.0")
		defer gc.Stop()
		gc.UpdateLedgerHeight(1)
		get(gc, "A.1", stateInfo("A.1", 1, 100))
		get(gc, "A.2", stateInfo("A.2", 1, 100))
		assert.True(t, gc.KnownHolder(50, common.PKIidType("A.2")))
		town.change(func() { town.forgotten["A.2"] = true })
		pass(21 * time.Second)
		assert.Equal(t, []string{"A.1"}, peersOf(gc))
		assert.False(t, eligible(gc, "A.2"))
		assert.True(t, eligible(gc, "A.0"))
		assert.False(t, gc.KnownHolder(50, common.PKIidType("A.2")))
	})
}

func TestSimLeadership(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "B.1")
		gc := town.settle("A.0")
		defer gc.Stop()
		get(gc, "A.1", leadership("A.2", 1))
		assert.Equal(t, []string{"A.0 gets leadership_msg"}, town.take(), "once, and not forwarded")
		get(gc, "A.1", leadership("A.2", 1))
		get(gc, "B.1", leadership("A.2", 2))
		get(gc, "A.1", leadership("B.1", 2))
		bare := leadership("A.3", 1).GossipMessage
		bare.GetLeadershipMsg().Timestamp = nil
		get(gc, "A.1", signedBy("A.3", bare))
		get(gc, "A.1", signedBy("A.3", bare))
		assert.Empty(t, town.take())
		assert.Equal(t, map[string]uint64{reasonStale: 1, reasonForeignOrg: 2, reasonShape: 2}, rejections(gc))
		get(gc, "A.1", leadership("A.2", 3))
		assert.Equal(t, []string{"A.0 gets leadership_msg"}, town.take())
		gc.LeaveChannel()
		get(gc, "A.1", leadership("A.2", 4))
		assert.Equal(t, []string{"A.0 gets leadership_msg"}, town.take())
		pass(202 * time.Second)
		town.take()
		get(gc, "A.1", leadership("A.2", 4))
		assert.Contains(t, town.take(), "A.0 gets leadership_msg", "it is forgotten after 200 s")
	})
}

func TestSimOtherMessagesAreIgnored(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := town.settle("A.0")
		defer gc.Stop()
		for _, m := range []*proto.GossipMessage{
			{Content: &proto.GossipMessage_StateRequest{StateRequest: &proto.RemoteStateRequest{}}},
			{Content: &proto.GossipMessage_StateResponse{}},
			{Content: &proto.GossipMessage_Empty{Empty: &proto.Empty{}}},
			{Content: &proto.GossipMessage_Hello{Hello: &proto.GossipHello{MsgType: proto.PullMsgType_IDENTITY_MSG}}},
			{Content: &proto.GossipMessage_Hello{}},
		} {
			m.Channel, m.Tag = []byte("C"), proto.GossipMessage_CHAN_OR_ORG
			get(gc, "A.1", &proto.SignedGossipMessage{GossipMessage: m})
		}
		assert.Empty(t, town.take())
		gc.AddToMsgStore(nil)
		gc.AddToMsgStore(&proto.SignedGossipMessage{})
		gc.AddToMsgStore(leadership("A.1", 1))
		gc.AddToMsgStore(stateInfo("A.1", 1, 1))
		assert.Equal(t, []string{"A.1"}, peersOf(gc))
		assert.Empty(t, town.take())
	})
}

// The node hears of what its channels do.
func TestSimTheNodesHook(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := town.settle("A.0")
		defer gc.Stop()
		get(gc, "D.1", block(1))
		get(gc, "A.1", block(1))
		node := gc.Adapter.(*inhabitant).hook
		assert.Equal(t, uint64(1), node.Total(observe.Rejected, reasonOrg))
		assert.Equal(t, uint64(1), node.Total(observe.Verified, "block"))
	})
}
