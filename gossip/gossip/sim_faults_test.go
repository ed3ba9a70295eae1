// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet"
	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

var simFastLink = simnet.Link{Latency: time.Millisecond, Jitter: time.Millisecond}

func (w *simWorld) settle() {
	w.within(time.Minute, time.Second, "membership", w.membershipComplete)
}

// Two peers of a channel that cannot reach each other learn of each other's
// state through a peer that is not in the channel.
func TestSimStateInfoIsRelayedOutsideItsChannel(t *testing.T) {
	simulateWorld(t, simPlan{orgs: 1, peers: 4, link: simFastLink, alone: true}, func(w *simWorld) {
		a, b := w.peers[2], w.peers[3]
		broken := simnet.Link{Loss: 1}
		w.SetLink(a.internal, b.internal, broken)
		w.SetLink(b.internal, a.internal, broken)
		w.start(0, w.peers...)
		for i, p := range []*simPeer{a, b} {
			p.join(simChannel, w.orgs...)
			p.node.UpdateLedgerHeight(uint64(10+i), common.ChainID(simChannel))
		}
		w.within(2*time.Minute, time.Second/10, "state of the other", func() bool {
			return a.sees(b, 11) && b.sees(a, 10)
		})
	})
}

// What belongs to a channel stays among the organizations that are in it, even
// though peers of others are members of the same network and share another
// channel; blocks and leadership stay inside each organization.
func TestSimChannelOfSomeOrganizations(t *testing.T) {
	const pair = "pair"
	simulateWorld(t, simPlan{orgs: 3, peers: 5, external: 2, link: simRegularLink}, func(w *simWorld) {
		inPair := w.orgs[:2]
		w.authority.SetChannel(pair, inPair...)
		w.wire.setChannel(pair, inPair...)
		w.start(0, w.peers...)
		var joined []*simPeer
		ledgers, leads := map[*simPeer]*simLedger{}, map[*simPeer]<-chan *proto.GossipMessage{}
		for _, p := range w.peers {
			ledgers[p] = newSimLedger()
			ledgers[p].channel = pair
			p.read(pair, ledgers[p])
			leads[p], _ = p.node.Accept(func(o interface{}) bool { return o.(*proto.GossipMessage).GetLeadershipMsg() != nil }, false)
			if p.org != w.orgs[2] && p.index != 4 {
				p.join(pair, inPair...)
				p.node.UpdateLedgerHeight(1, common.ChainID(pair))
				joined = append(joined, p)
			}
		}
		w.settle()
		w.within(time.Minute, time.Second, "channel membership", func() bool {
			for _, p := range joined {
				known := 0
				for _, other := range joined {
					if p.mayKnow(other) {
						known++
					}
				}
				if len(p.node.PeersOfChannel(common.ChainID(pair))) != known {
					return false
				}
			}
			return true
		})
		for n := uint64(1); n <= 30; n++ {
			for _, leader := range []*simPeer{w.peers[0], w.peers[5]} {
				leader.leadIn(pair, ledgers[leader], n, 500)
				leader.declare(pair, n)
			}
			w.pass(time.Second)
		}
		w.within(time.Minute, time.Second, "all blocks", func() bool {
			for _, p := range joined {
				if ledgers[p].height() != 31 {
					return false
				}
			}
			return true
		})
		for _, p := range w.peers {
			fault, first := ledgers[p].state()
			assert.Empty(t, fault, p.internal)
			switch {
			case p.org == w.orgs[2] || p.index == 4:
				assert.Empty(t, first, p.internal)
				assert.Empty(t, leads[p], p.internal)
			case p.index > 0:
				assert.InDelta(t, 30, len(leads[p]), 8, "%s: leadership is sent once, and some is lost", p.internal)
			}
		}
	})
}

// declare has the peer say that it leads its organization in a channel.
func (p *simPeer) declare(channel string, n uint64) {
	p.node.Gossip(&proto.GossipMessage{
		Channel: []byte(channel),
		Tag:     proto.GossipMessage_CHAN_AND_ORG,
		Content: &proto.GossipMessage_LeadershipMsg{LeadershipMsg: &proto.LeadershipMessage{
			PkiId:         p.pkiID,
			Timestamp:     &proto.PeerTime{IncNum: 1, SeqNum: n},
			IsDeclaration: true,
		}},
	})
}

// sees tells whether the peer knows the other to have that height in the
// channel.
func (p *simPeer) sees(other *simPeer, height uint64) bool {
	for _, m := range p.node.PeersOfChannel(common.ChainID(simChannel)) {
		if bytes.Equal(m.PKIid, other.pkiID) {
			return m.Properties.LedgerHeight == height
		}
	}
	return false
}

// A consumer of blocks that does not read stalls neither the membership of its
// peer, nor another channel or consumer, nor other peers. It loses what it has no
// room for, which is counted, and is served again when it reads again.
func TestSimStalledConsumer(t *testing.T) {
	plan := simPlan{orgs: 1, peers: 5, link: simFastLink, config: func(c *Config) { c.MaxBlockCountToStore = 1000 }}
	simulateWorld(t, plan, func(w *simWorld) {
		const other = "other"
		blocks := uint64(simUnlessRace(600, 200))
		w.authority.SetChannel(other, w.orgs...)
		w.wire.setChannel(other, w.orgs...)
		w.start(0, w.peers...)
		stalled, leader := w.peers[4], w.peers[0]
		unread, _ := stalled.node.Accept(func(o interface{}) bool {
			m := o.(*proto.GossipMessage)
			return m.GetDataMsg() != nil && string(m.Channel) == simChannel
		}, false)
		ledgers := map[*simPeer]*simLedger{}
		for _, p := range w.peers {
			ledgers[p] = newSimLedger()
			ledgers[p].channel = other
			p.join(other, w.orgs...)
			p.node.UpdateLedgerHeight(1, common.ChainID(other))
			p.read(other, ledgers[p])
		}
		w.settle()
		w.within(time.Minute, time.Second, "channel membership", w.channelComplete)
		for n := uint64(1); n <= blocks; n++ {
			leader.lead(n, 500)
			leader.leadIn(other, ledgers[leader], n, 500)
			w.pass(time.Second / 10)
			require.True(t, w.membershipComplete(), "after %d blocks", n)
		}
		w.pass(20 * time.Second)
		for i, p := range w.peers {
			if p != stalled {
				assert.EqualValues(t, blocks+1, p.ledger.height(), "%d", i)
			}
			assert.EqualValues(t, blocks+1, ledgers[p].height(), "%d", i)
		}
		dropped := stalled.node.Hook().Total(observe.Dropped, stalledConsumer)
		assert.InDelta(t, int(blocks)-len(unread), dropped, 1, "what it had no room for")
		late := newSimLedger()
		for len(unread) > 0 {
			late.takeFrom(unread, w.Now())
		}
		assert.True(t, late.height() > uint64(100), "it has kept the first blocks")
		leader.lead(blocks+1, 500)
		w.pass(time.Second)
		assert.EqualValues(t, blocks+1, late.takeFrom(unread, w.Now()), "it is served again")
		assert.Empty(t, unread)
		fault, _ := late.state()
		assert.Empty(t, fault)
	})
}

// takeFrom takes one block and returns its number.
func (l *simLedger) takeFrom(blocks <-chan *proto.GossipMessage, now time.Duration) uint64 {
	payload := (<-blocks).GetDataMsg().Payload
	l.take(payload.SeqNum, payload.Data, now)
	return payload.SeqNum
}

// Groups that were separated for so long that each has forgotten the other find
// together again, within an organization through bootstrap peers and across
// organizations through anchor peers.
func TestSimForgottenPeersComeBack(t *testing.T) {
	simulateWorld(t, simPlan{orgs: 2, peers: 5, external: 2, link: simFastLink}, func(w *simWorld) {
		w.start(0, w.peers...)
		w.settle()
		w.Partition([]string{w.peers[0].internal, w.peers[3].internal}, []string{w.peers[4].internal}, []string{w.peers[5].internal, w.peers[6].internal})
		w.pass(20 * time.Minute)
		assert.Len(t, w.peers[0].node.Peers(), 1)
		assert.Len(t, w.peers[4].node.Peers(), 0)
		w.Heal()
		took := w.within(2*time.Minute, time.Second, "membership after the partition", w.membershipComplete)
		t.Logf("full membership %v after a partition of 20 minutes", took)
	})
}

// A peer that restarts with a renewed certificate is known by it soon, and its
// former PKI-ID is forgotten instead of being dialed for ever.
func TestSimRenewedCertificate(t *testing.T) {
	simulateWorld(t, simPlan{orgs: 1, peers: 5, link: simFastLink}, func(w *simWorld) {
		w.start(0, w.peers...)
		w.settle()
		renewed := w.peers[3]
		former := renewed.pkiID
		renewed.stop()
		renewed.identify(1)
		renewed.start()
		took := w.within(time.Minute, time.Second/10, "the new identity", w.membershipComplete)
		t.Logf("known by the new identity, and by that only, after %v", took)
		w.pass(2 * time.Minute)
		connects := w.connects()
		w.pass(10 * time.Minute)
		assert.True(t, w.connects()-connects < uint64(50), "connections made in ten quiet minutes")
		for _, p := range w.peers {
			require.Nil(t, p.node.disc.Lookup(former), "%s still remembers it", p.internal)
		}
	})
}

func (w *simWorld) connects() uint64 {
	total := uint64(0)
	for _, p := range w.running() {
		total += p.node.Hook().Total(observe.Connected)
	}
	return total
}
