// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

const liveChannel = "c"

// town is nodes on real sockets of this machine.
type town struct {
	t         *testing.T
	tls       bool
	authority simcrypto.Authority
	nodes     []*citizen
}

// citizen is a node with its server.
type citizen struct {
	*gossipServiceImpl
	town     *town
	id       api.PeerIdentityType
	endpoint string
	server   *grpc.Server
	blocks   <-chan *proto.GossipMessage
	leaders  <-chan *proto.GossipMessage
	serving  sync.WaitGroup

	mutex  sync.Mutex
	inward []uint64 // numbers of the blocks that were pushed to it; guarded by mutex
}

// newTown sets the pace of the protocol for tests; leave sets it back.
func newTown(t *testing.T, useTLS bool) (c *town, leave func()) {
	pace := map[string]time.Duration{
		"peer.gossip.aliveTimeInterval":      200 * time.Millisecond,
		"peer.gossip.aliveExpirationTimeout": 3 * time.Second,
		"peer.gossip.reconnectInterval":      300 * time.Millisecond,
		"peer.gossip.dialTimeout":            time.Second,
		"peer.gossip.digestWaitTime":         50 * time.Millisecond,
		"peer.gossip.requestWaitTime":        200 * time.Millisecond,
		"peer.gossip.responseWaitTime":       200 * time.Millisecond,
	}
	for key, value := range pace {
		util.SetDuration(key, value)
	}
	c = &town{t: t, tls: useTLS}
	c.authority.SetChannel(liveChannel, "A")
	return c, func() {
		c.stop(c.nodes...)
		for key := range pace {
			util.SetDuration(key, 0)
		}
	}
}

// address reserves a place to listen at.
func (c *town) address() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	demand(c.t, assert.NoError(c.t, err))
	return l
}

// settle starts a node of organization A there.
func (c *town) settle(l net.Listener, name string, change func(*Config), bootstrap ...string) *citizen {
	id := simcrypto.Identity("A", name, 0)
	conf := &Config{
		ID: name, InternalEndpoint: l.Addr().String(), ExternalEndpoint: l.Addr().String(), BootstrapPeers: bootstrap,
		PropagateIterations: 1, PropagatePeerNum: 3, MaxPropagationBurstSize: 10, MaxPropagationBurstLatency: 10 * time.Millisecond,
		MaxBlockCountToStore: 100, PullInterval: 300 * time.Millisecond, PullPeerNum: 3, PublishCertPeriod: 10 * time.Second,
		PublishStateInfoInterval: 200 * time.Millisecond, RequestStateInfoInterval: 300 * time.Millisecond,
	}
	if change != nil {
		change(conf)
	}
	server, dial, certs := c.security()
	conf.TLSCerts = certs
	crypto := c.authority.Service(id)
	node := NewGossipService(conf, server, crypto, crypto, id, dial)
	n := &citizen{gossipServiceImpl: node.(*gossipServiceImpl), town: c, id: id, endpoint: l.Addr().String(), server: server}
	n.blocks, _ = n.Accept(func(o interface{}) bool { return protoext.IsDataMsg(o.(*proto.GossipMessage)) }, false)
	n.leaders, _ = n.Accept(func(o interface{}) bool { return protoext.IsLeadershipMsg(o.(*proto.GossipMessage)) }, false)
	n.Accept(n.notePushes, true)
	n.serving.Add(1)
	go func() {
		defer n.serving.Done()
		server.Serve(l)
	}()
	c.nodes = append(c.nodes, n)
	return n
}

func (n *citizen) notePushes(o interface{}) bool {
	if data := o.(proto.ReceivedMessage).GetGossipMessage().GetDataMsg(); data != nil {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		n.inward = append(n.inward, data.Payload.SeqNum)
	}
	return false
}

// security is the server, the way to dial, and the certificates of a node.
func (c *town) security() (*grpc.Server, api.PeerSecureDialOpts, *common.TLSCertificates) {
	if !c.tls {
		return grpc.NewServer(), func() []grpc.DialOption { return []grpc.DialOption{grpc.WithInsecure()} }, nil
	}
	serverCert, clientCert := comm.GenerateCertificatesOrPanic(), comm.GenerateCertificatesOrPanic()
	certs := &common.TLSCertificates{}
	certs.TLSServerCert.Store(&serverCert)
	certs.TLSClientCert.Store(&clientCert)
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{serverCert}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12,
	})))
	transport := credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{clientCert}, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
	return server, func() []grpc.DialOption { return []grpc.DialOption{grpc.WithTransportCredentials(transport)} }, certs
}

// stop stops nodes, all at once, and waits for their servers.
func (c *town) stop(nodes ...*citizen) {
	var stopped sync.WaitGroup
	for _, n := range nodes {
		stopped.Add(1)
		go func(n *citizen) {
			defer stopped.Done()
			n.Stop()
			n.server.Stop()
			n.serving.Wait()
		}(n)
	}
	stopped.Wait()
}

func (c *town) await(what string, holds func() bool) {
	awaitCondition(c.t, what, 30*time.Second, holds)
}

// complete tells whether each of the nodes knows all others.
func complete(nodes []*citizen, members func(*citizen) []discovery.NetworkMember) func() bool {
	return func() bool {
		for _, n := range nodes {
			if len(members(n)) != len(nodes)-1 {
				return false
			}
		}
		return true
	}
}

func inNetwork(n *citizen) []discovery.NetworkMember { return n.Peers() }
func inChannel(n *citizen) []discovery.NetworkMember {
	return n.PeersOfChannel(common.ChainID(liveChannel))
}

func (c *town) join(nodes ...*citizen) {
	for _, n := range nodes {
		n.JoinChan(&joinOf{orgs: []string{"A"}}, common.ChainID(liveChannel))
		n.UpdateLedgerHeight(1, common.ChainID(liveChannel))
	}
}

// population starts nodes that bootstrap from the first, which comes late.
func (c *town) population(size int, change func(*Config)) {
	late := c.address()
	for i := 1; i < size; i++ {
		c.settle(c.address(), fmt.Sprint("p", i), change, late.Addr().String())
	}
	c.join(c.nodes...)
	first := c.settle(late, "p0", change, late.Addr().String())
	c.join(first)
	c.await("membership", complete(c.nodes, inNetwork))
	c.await("membership of the channel", complete(c.nodes, inChannel))
}

// receivesAll checks that a node's consumer gets blocks 1 to last, each once.
func (n *citizen) receivesAll(last uint64) {
	got := map[uint64]bool{}
	for uint64(len(got)) < last {
		select {
		case m := <-n.blocks:
			block := m.GetDataMsg().Payload
			demand(n.town.t, assert.False(n.town.t, got[block.SeqNum] || block.SeqNum < 1 || block.SeqNum > last, "block %d at %s", block.SeqNum, n.conf.ID))
			demand(n.town.t, assert.Equal(n.town.t, simcrypto.Block(liveChannel, block.SeqNum, 100), block.Data))
			got[block.SeqNum] = true
		case <-time.After(20 * time.Second):
			demand(n.town.t, assert.Fail(n.town.t, "blocks missing", "%d at %s", last-uint64(len(got)), n.conf.ID))
		}
	}
}

func TestLiveNetwork(t *testing.T) {
	for name, useTLS := range map[string]bool{"TLS": true, "plain": false} {
		t.Run(name, func(t *testing.T) {
			c, leave := newTown(t, useTLS)
			defer leave()
			c.population(7, nil)
			leader := c.nodes[3]

			for i := uint64(1); i <= 20; i++ {
				leader.Gossip(blockOf(liveChannel, i))
			}
			for _, n := range c.nodes {
				if n != leader {
					n.receivesAll(20)
				}
			}

			leader.Gossip(leadership(leader.comm.GetPKIid()))
			for _, n := range c.nodes {
				if n != leader {
					assert.Equal(t, []byte(leader.comm.GetPKIid()), (<-n.leaders).GetLeadershipMsg().PkiId)
				}
			}

			leader.UpdateMetadata([]byte("news"))
			leader.UpdateLedgerHeight(21, common.ChainID(liveChannel))
			leader.UpdateChaincodes([]*proto.Chaincode{{Name: "cc", Version: "1"}}, common.ChainID(liveChannel))
			c.await("news of the leader", func() bool {
				for _, n := range c.nodes {
					if n == leader {
						continue
					}
					member := discovery.Members(inNetwork(n)).ByID()[string(leader.comm.GetPKIid())]
					state := discovery.Members(inChannel(n)).ByID()[string(leader.comm.GetPKIid())].Properties
					if string(member.Metadata) != "news" || state.LedgerHeight != 21 || len(state.Chaincodes) != 1 {
						return false
					}
				}
				return true
			})
			for _, n := range c.nodes {
				assert.Zero(t, n.hook.Total(observe.Rejected, badSignature))
				assert.Zero(t, n.hook.Total(observe.Rejected, malformed))
			}
		})
	}
}

func TestLivePullOnly(t *testing.T) {
	c, leave := newTown(t, false)
	defer leave()
	c.population(5, func(conf *Config) {
		conf.PropagateIterations, conf.PropagatePeerNum, conf.PublishCertPeriod = 0, 0, 0
	})
	for i := uint64(1); i <= 5; i++ {
		c.nodes[0].Gossip(blockOf(liveChannel, i))
	}
	c.await("all blocks, in any order", func() bool {
		for _, n := range c.nodes[1:] {
			if len(n.blocks) < 5 {
				return false
			}
		}
		return true
	})
	assert.Empty(t, c.nodes[1].inward, "nothing is pushed")
}

func TestLiveRestartAndRevocation(t *testing.T) {
	c, leave := newTown(t, false)
	defer leave()
	c.population(4, nil)
	last := c.nodes[3]
	c.stop(last)
	c.nodes = c.nodes[:3]
	c.await("the others miss it", complete(c.nodes, inNetwork))

	l, err := net.Listen("tcp", last.endpoint)
	demand(t, assert.NoError(t, err))
	again := c.settle(l, last.conf.ID, nil) // it knows nobody; others look for it
	c.await("it is back", complete(c.nodes, inNetwork))

	c.authority.Revoke(again.id)
	for _, n := range c.nodes[:3] {
		n.SuspectPeers(func(id api.PeerIdentityType) bool { return string(id) == string(again.id) })
	}
	c.await("nobody knows it", complete(c.nodes[:3], inNetwork))
	c.await("it knows nobody", func() bool { return len(inNetwork(again)) == 0 })
}
