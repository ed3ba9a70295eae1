// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package gossip

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	pg "github.com/hyperledger/fabric/protos/gossip"
)

// FuzzNode gives a node what an authenticated peer of its organization, or of
// another, may send: any envelope. signed makes the peer's signature over it, as
// far as the content has one. Whatever comes, the node goes on: it handles what
// comes next on each lane, and believes nothing about others.
func FuzzNode(f *testing.F) {
	t := &testing.T{}
	n := stubbedNode(t, nil)
	f.Cleanup(n.Stop)
	n.JoinChan(&joinOf{orgs: []string{"A", "B"}}, common.ChainID("c"))
	n.UpdateLedgerHeight(1, common.ChainID("c"))
	own, foreign, victim, sentinel := n.actor("A", "own+"), n.actor("B", "foreign+"), n.actor("A", "victim+"), n.actor("A", "sentinel+")
	n.knows("c", own, foreign, victim, sentinel)
	for _, m := range fuzzSeeds(t, n, own, victim) {
		for _, signed := range []bool{true, false} {
			f.Add(m.Payload, m.Signature, signed, false)
			f.Add(m.Payload, m.Signature, signed, true)
		}
	}
	sequence := uint64(1)
	f.Fuzz(func(t *testing.T, payload, signature []byte, signed, abroad bool) {
		m, err := protoext.EnvelopeToGossipMessage(&pg.Envelope{Payload: payload, Signature: signature})
		if err != nil {
			return // the transport ends the stream
		}
		sender := own
		if abroad {
			sender = foreign
		}
		if signed {
			m.Envelope.Signature, err = sender.crypto.Sign(payload)
			require.NoError(t, err)
		}
		inbound := sender.from(m)
		if !wanted(inbound) {
			return
		}
		sequence++
		for _, member := range []*actor{victim, own, foreign} { // else a long run outlives them
			if member == victim || sequence%64 == 0 {
				n.receives(member.from(member.alive(t, sequence)))
			}
		}
		n.receives(inbound)
		n.receives(sentinel.from(sentinel.alive(t, sequence)), sentinel.from(sentinel.stateInfo(t, "c", sequence)))
		n.eventually("the next messages are handled", func() bool {
			return alreadyHas(n, sentinel, sequence)
		})
		require.Equal(t, victim.name+":2", n.disc.Lookup(victim.pkiID).Endpoint)
	})
}

// alreadyHas tells whether the node knows an actor by messages of that number.
func alreadyHas(n *stubbed, a *actor, sequence uint64) bool {
	for _, member := range n.PeersOfChannel(common.ChainID("c")) {
		if string(member.PKIid) == string(a.pkiID) && member.Properties.GetLedgerHeight() == sequence {
			for _, peer := range n.Peers() {
				if string(peer.PKIid) == string(a.pkiID) {
					alive, err := protoext.EnvelopeToGossipMessage(peer.Envelope)
					return err == nil && alive.GetAliveMsg().GetTimestamp().GetSeqNum() == sequence
				}
			}
		}
	}
	return false
}

// fuzzSeeds is one message of each kind.
func fuzzSeeds(t *testing.T, n *stubbed, own, victim *actor) []*pg.SignedGossipMessage {
	pull := func(kind pg.PullMsgType, tag pg.GossipMessage_Tag, channel string) []*pg.GossipMessage {
		var update []*pg.Envelope
		if kind == pg.PullMsgType_IDENTITY_MSG {
			update = []*pg.Envelope{own.identityItem(t), victim.identityItem(t)}
		} else {
			update = []*pg.Envelope{unsigned(t, blockOf("c", 3)).Envelope}
		}
		all := []*pg.GossipMessage{
			{Content: &pg.GossipMessage_Hello{Hello: &pg.GossipHello{Nonce: 1, MsgType: kind}}},
			{Content: &pg.GossipMessage_DataDig{DataDig: &pg.DataDigest{Nonce: 1, MsgType: kind, Digests: [][]byte{[]byte("5")}}}},
			{Content: &pg.GossipMessage_DataReq{DataReq: &pg.DataRequest{Nonce: 1, MsgType: kind, Digests: [][]byte{[]byte("3")}}}},
			{Content: &pg.GossipMessage_DataUpdate{DataUpdate: &pg.DataUpdate{Nonce: 1, MsgType: kind, Data: update}}},
		}
		for _, m := range all {
			m.Tag, m.Channel = tag, []byte(channel)
		}
		return all
	}
	messages := append(pull(pg.PullMsgType_IDENTITY_MSG, pg.GossipMessage_EMPTY, ""), pull(pg.PullMsgType_BLOCK_MSG, pg.GossipMessage_CHAN_AND_ORG, "c")...)
	messages = append(messages, leadership(own.pkiID), blockOf("c", 2),
		stateOf(string(own.pkiID), "no channel", 9, 9),
		&pg.GossipMessage{Tag: pg.GossipMessage_EMPTY, Content: &pg.GossipMessage_MemReq{MemReq: &pg.MembershipRequest{SelfInformation: own.alive(t, 5).Envelope}}},
		&pg.GossipMessage{Tag: pg.GossipMessage_EMPTY, Content: &pg.GossipMessage_MemRes{MemRes: &pg.MembershipResponse{
			Alive: []*pg.Envelope{own.alive(t, 5).Envelope, {}}, Dead: []*pg.Envelope{victim.alive(t, 5).Envelope},
		}}},
		&pg.GossipMessage{Tag: pg.GossipMessage_CHAN_OR_ORG, Content: &pg.GossipMessage_StateInfoPullReq{StateInfoPullReq: &pg.StateInfoPullRequest{Channel_MAC: macOf(own.pkiID, "c")}}},
		&pg.GossipMessage{Tag: pg.GossipMessage_CHAN_OR_ORG, Channel: []byte("c"), Content: &pg.GossipMessage_StateSnapshot{StateSnapshot: &pg.StateInfoSnapshot{
			Elements: []*pg.Envelope{own.stateInfo(t, "c", 7).Envelope, victim.stateInfo(t, "d", 7).Envelope},
		}}},
		&pg.GossipMessage{Tag: pg.GossipMessage_CHAN_OR_ORG, Channel: []byte("c"), Content: &pg.GossipMessage_StateRequest{StateRequest: &pg.RemoteStateRequest{}}},
		&pg.GossipMessage{Tag: pg.GossipMessage_ORG_ONLY, Content: &pg.GossipMessage_PeerIdentity{PeerIdentity: &pg.PeerIdentity{}}},
	)
	seeds := []*pg.SignedGossipMessage{own.alive(t, 5), own.stateInfo(t, "c", 5), own.stateInfo(t, "d", 5)}
	for _, m := range messages {
		seeds = append(seeds, unsigned(t, m))
	}
	return seeds
}
