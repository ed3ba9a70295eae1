// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

func TestNodeThatCannotBeConnected(t *testing.T) {
	self := simcrypto.Identity("A", "self", 0)
	crypto := (&simcrypto.Authority{}).Service(self)
	dial := func(identity.Mapper) (comm.Comm, error) { return nil, errors.New("no network") }
	assert.Nil(t, newNode(&Config{InternalEndpoint: "self:1"}, crypto, crypto, self, dial))
}

func TestMethodsWithoutChannel(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	unknown := common.ChainID("unknown")
	assert.Nil(t, n.PeersOfChannel(unknown))
	assert.Nil(t, n.SelfChannelInfo(unknown))
	n.UpdateLedgerHeight(1, unknown)
	n.UpdateChaincodes(nil, unknown)
	n.LeaveChan(unknown)
	_, err := n.PeerFilter(unknown, func(api.PeerSignature) bool { return true })
	assert.Error(t, err)
	assert.Equal(t, "outside:1", n.SelfMembershipInfo().Endpoint)
	assert.Equal(t, discovery.NetworkMember{Endpoint: "outside:1", InternalEndpoint: "self:1", PKIid: n.wire.self, Metadata: []byte{}}, n.selfNetworkMember())
	n.UpdateMetadata([]byte("meta"))
	assert.Equal(t, []byte("meta"), n.selfNetworkMember().Metadata)
	assert.Len(t, n.IdentityInfo(), 1)
	assert.NotNil(t, n.Hook())
}

func TestMethodsOfAChannel(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	c := common.ChainID("c")
	n.JoinChan(&joinOf{orgs: []string{"A"}}, c)
	a := n.actor("A", "a")
	n.knows("c", a)
	accepts, err := n.PeerFilter(c, func(s api.PeerSignature) bool { return string(s.PeerIdentity) == string(a.id) })
	assert.NoError(t, err)
	assert.True(t, accepts(n.PeersOfChannel(c)[0]))
	n.UpdateLedgerHeight(5, c)
	n.UpdateChaincodes([]*proto.Chaincode{{Name: "cc"}}, c)
	assert.Equal(t, uint64(5), n.SelfChannelInfo(c).GetStateInfo().Properties.LedgerHeight)
	n.JoinChan(&joinOf{orgs: []string{"B"}, number: 1}, c)
	assert.Empty(t, n.PeersOfChannel(c), "reconfigured")
	n.LeaveChan(c)
	assert.True(t, n.SelfChannelInfo(c).GetStateInfo().Properties.LeftChannel)
}

func TestSendByCriteria(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID("c"))
	a, b := n.actor("A", "a"), n.actor("A", "b")
	n.knows("", b)
	n.knows("c", a)
	m := unsigned(t, blockOf("c", 1))
	never := func(discovery.NetworkMember) bool { panic("asked") }
	assert.NoError(t, n.SendByCriteria(m, SendCriteria{IsEligible: never}))
	for want, criteria := range map[string]SendCriteria{
		"Timeout should be specified": {MaxPeers: 1},
		"but no such channel exists":  {MaxPeers: 1, Timeout: time.Second, Channel: common.ChainID("x")},
		"Requested to send to at least 3 peers, but know only of 2 suitable peers": {MaxPeers: 5, MinAck: 3, Timeout: time.Second},
		"Requested to send to at least 2 peers, but know only of 1 suitable peers": {MaxPeers: 5, MinAck: 2, Timeout: time.Second, Channel: common.ChainID("c")},
		"at least 1 peers, but know only of 0":                                     {MaxPeers: 5, MinAck: 1, Timeout: time.Second, IsEligible: func(discovery.NetworkMember) bool { return false }},
	} {
		err := n.SendByCriteria(m, criteria)
		if assert.Error(t, err, want) {
			assert.Contains(t, err.Error(), want)
		}
	}
	assert.Empty(t, n.wire.recorded("data_msg"))
	assert.NoError(t, n.SendByCriteria(m, SendCriteria{MaxPeers: 5, MinAck: 2, Timeout: time.Second}))
	assert.Equal(t, []string{"a b"}, n.whom("data_msg", a, b))
	n.Send(blockOf("c", 2), &comm.RemotePeer{PKIID: b.pkiID})
	assert.Equal(t, "b", n.whom("data_msg", a, b)[1])
	assert.Equal(t, "channel: c, timeout: 1s, minAck: 2, maxPeers: 3", SendCriteria{Channel: common.ChainID("c"), Timeout: time.Second, MinAck: 2, MaxPeers: 3}.String())
}

func TestAcceptOffersWhatChannelsTakeIn(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID("c"))
	a := n.actor("A", "a")
	n.knows("", a)
	blocks, none := n.Accept(func(o interface{}) bool { return protoext.IsDataMsg(o.(*proto.GossipMessage)) }, false)
	assert.Nil(t, none)
	leaders, _ := n.Accept(func(o interface{}) bool { return protoext.IsLeadershipMsg(o.(*proto.GossipMessage)) }, false)
	n.Gossip(blockOf("c", 1))
	n.receives(a.from(unsigned(t, blockOf("c", 2))), a.from(a.sign(t, leadership(a.pkiID))))
	assert.Equal(t, uint64(2), (<-blocks).GetDataMsg().Payload.SeqNum, "not the node's own")
	assert.Equal(t, []byte(a.pkiID), (<-leaders).GetLeadershipMsg().PkiId)
	n.Stop()
	select {
	case _, open := <-blocks:
		t.Fatal("yielded after Stop; closed: ", !open)
	default:
	}
	assert.Nil(t, plain(nil))
	assert.Nil(t, plain((*proto.SignedGossipMessage)(nil)))
	assert.NotNil(t, plain(a.from(unsigned(t, blockOf("c", 1)))))
}

func TestPeerWithRevokedIdentityIsLeft(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	a, b := n.actor("A", "a"), n.actor("A", "b")
	n.knows("", a, b)
	n.authority.Revoke(a.id)
	n.SuspectPeers(func(id api.PeerIdentityType) bool { return string(id) == string(a.id) })
	_, err := n.idMapper.Get(a.pkiID)
	assert.Error(t, err)
	n.wire.mutex.Lock()
	assert.Contains(t, n.wire.closed, string(a.pkiID), "when SuspectPeers returns, the connection is closed")
	n.wire.mutex.Unlock()
	n.eventually("forgotten", func() bool { return n.disc.Lookup(a.pkiID) == nil })
	assert.Len(t, n.Peers(), 1)
	assert.Nil(t, n.orgs.of(a.pkiID))
}

func TestPurgesBeforeTheNodeIsComplete(t *testing.T) {
	p := newPurges()
	p.report([]byte("early"))
	var parted, forgotten []string
	p.begin(func(id common.PKIidType) { parted = append(parted, string(id)) })
	assert.Equal(t, []string{"early"}, parted)
	p.report([]byte("late"))
	p.forgetSoon([]byte("switched"))
	p.forgetSoon([]byte("switched"))
	p.forgetSoon([]byte("late"))
	assert.Equal(t, []string{"early", "late"}, parted)
	done := make(chan struct{})
	p.run(done, func(id common.PKIidType) {
		if forgotten = append(forgotten, string(id)); len(forgotten) == 2 {
			close(done)
		}
	})
	assert.ElementsMatch(t, []string{"late", "switched"}, forgotten)
}

func TestOrganizationsAreToldOnce(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	a := n.actor("A", "a")
	assert.Nil(t, n.orgs.of(a.pkiID))
	assert.NoError(t, n.idMapper.Put(a.pkiID, a.id))
	before := n.crypto.orgCalls()
	for i := 0; i < 10; i++ {
		assert.Equal(t, api.OrgIdentityType("A"), n.orgs.of(a.pkiID))
	}
	assert.Equal(t, 1, n.crypto.orgCalls()-before)
	assert.True(t, n.orgs.isIn(a.pkiID, api.OrgIdentityType("A")))
	assert.False(t, n.orgs.isIn(a.pkiID, api.OrgIdentityType("B")))
	assert.False(t, n.orgs.isIn([]byte("unknown"), nil))
}

func TestBeingRoutedToKeepsAnIdentity(t *testing.T) {
	defer identity.SetIdentityUsageThreshold(identity.GetIdentityUsageThreshold())
	identity.SetIdentityUsageThreshold(300 * time.Millisecond)
	n := stubbedNode(t, nil)
	defer n.Stop()
	used, unused := n.actor("A", "used"), n.actor("A", "unused")
	n.knows("", used, unused)
	n.eventually("the other one leaves", func() bool {
		assert.NotNil(t, n.orgs.of(used.pkiID))
		return len(n.IdentityInfo()) == 2
	})
	assert.NotNil(t, n.orgs.of(used.pkiID))
	assert.Len(t, n.Peers(), 2, "who is merely not spoken to is not gone")
	n.receives(unused.from(unused.alive(t, 2)))
	n.eventually("its identity is back", func() bool { return n.orgs.of(unused.pkiID) != nil })
}

func TestPeerWithExpiredIdentityIsForgotten(t *testing.T) {
	n := stubbedNode(t, nil)
	defer n.Stop()
	a := n.actor("A", "a")
	n.authority.Expire(a.id, time.Now().Add(200*time.Millisecond))
	n.knows("", a)
	n.eventually("forgotten", func() bool { return n.disc.Lookup(a.pkiID) == nil })
}

func TestStopIsIdempotentAndPrompt(t *testing.T) {
	n := stubbedNode(t, nil)
	n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID("c"))
	never, _ := n.Accept(func(interface{}) bool { return true }, false)
	a := n.actor("A", "a")
	n.knows("", a)
	for i := uint64(1); i <= subscriptionBacklog+1; i++ {
		n.receives(a.from(unsigned(t, blockOf("c", i))))
	}
	n.eventually("a channel waits", func() bool { return len(never) == subscriptionBacklog })
	start := time.Now()
	var all sync.WaitGroup
	for i := 0; i < 3; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			n.Stop()
		}()
	}
	all.Wait()
	assert.True(t, time.Since(start) < patience)

	c := common.ChainID("c")
	n.Gossip(blockOf("c", 999))
	n.JoinChan(&joinOf{orgs: []string{"A"}}, c)
	n.UpdateLedgerHeight(1, c)
	n.SuspectPeers(func(api.PeerIdentityType) bool { return true })
	n.LeaveChan(c)
	assert.Nil(t, n.SelfChannelInfo(c))
	assert.Empty(t, n.Peers())
	assert.Error(t, n.SendByCriteria(unsigned(t, blockOf("c", 1)), SendCriteria{MaxPeers: 1, MinAck: 1, Timeout: time.Second, Channel: c}))
}
