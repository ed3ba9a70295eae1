// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net"
	"testing"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip"
	"github.com/hyperledger/fabric/gossip/observe"
)

// trusting believes everybody. The PKI-ID of an identity is the identity.
type trusting struct{}

func (trusting) GetPKIidOfCert(id api.PeerIdentityType) common.PKIidType {
	return common.PKIidType(id)
}
func (trusting) VerifyBlock(common.ChainID, uint64, []byte) error   { return nil }
func (trusting) Sign(m []byte) ([]byte, error)                      { return []byte("signed"), nil }
func (trusting) Verify(_ api.PeerIdentityType, _, _ []byte) error   { return nil }
func (trusting) ValidateIdentity(api.PeerIdentityType) error        { return nil }
func (trusting) Expiration(api.PeerIdentityType) (time.Time, error) { return time.Time{}, nil }
func (trusting) OrgByPeerIdentity(api.PeerIdentityType) api.OrgIdentityType {
	return api.OrgIdentityType("A")
}
func (trusting) VerifyByChannel(_ common.ChainID, _ api.PeerIdentityType, _, _ []byte) error {
	return nil
}

func insecure() []grpc.DialOption { return []grpc.DialOption{grpc.WithInsecure()} }

func TestEndpointsThatAreMisconfigured(t *testing.T) {
	for _, endpoint := range []string{"", "host", "host:", "host:port", "a:b:1", "host:1x"} {
		node, err := NewGossipComponent([]byte("id"), endpoint, grpc.NewServer(), trusting{}, trusting{}, insecure, nil)
		assert.Nil(t, node, endpoint)
		if assert.Error(t, err, endpoint) {
			assert.Regexp(t, "^misconfigured endpoint", err.Error())
		}
	}
}

func TestConfiguration(t *testing.T) {
	defer viper.Reset()
	certs := &common.TLSCertificates{}
	want := gossip.Config{
		ID: "host:7051", InternalEndpoint: "host:7051", BindPort: 7051, BootstrapPeers: []string{"a:1", "b:2"}, TLSCerts: certs,
		MaxBlockCountToStore: 100, MaxPropagationBurstLatency: 10 * time.Millisecond, MaxPropagationBurstSize: 10,
		PropagateIterations: 1, PropagatePeerNum: 3, PullInterval: 4 * time.Second, PullPeerNum: 3, PublishCertPeriod: 10 * time.Second,
		RequestStateInfoInterval: 4 * time.Second, PublishStateInfoInterval: 4 * time.Second,
	}
	read := func() *gossip.Config {
		conf, err := configuration("host:7051", certs, []string{"a:1", "b:2"})
		demand(t, assert.NoError(t, err))
		return conf
	}
	viper.Reset()
	assert.Equal(t, want, *read(), "defaults")
	for _, key := range []string{"maxBlockCountToStore", "pullInterval", "propagateIterations", "propagatePeerNum", "publishCertPeriod"} {
		viper.Set("peer.gossip."+key, 0)
	}
	assert.Equal(t, want, *read(), "zero means the default")

	for key, value := range map[string]interface{}{
		"maxBlockCountToStore": 1, "maxPropagationBurstLatency": "2ms", "maxPropagationBurstSize": 3, "propagateIterations": 4,
		"propagatePeerNum": 5, "pullInterval": "6s", "pullPeerNum": 7, "publishCertPeriod": "8s", "requestStateInfoInterval": "9s",
		"publishStateInfoInterval": "10s", "skipBlockVerification": true, "externalEndpoint": "outside:1",
	} {
		viper.Set("peer.gossip."+key, value)
	}
	assert.Equal(t, gossip.Config{
		ID: "host:7051", InternalEndpoint: "host:7051", BindPort: 7051, BootstrapPeers: []string{"a:1", "b:2"}, TLSCerts: certs,
		MaxBlockCountToStore: 1, MaxPropagationBurstLatency: 2 * time.Millisecond, MaxPropagationBurstSize: 3, PropagateIterations: 4,
		PropagatePeerNum: 5, PullInterval: 6 * time.Second, PullPeerNum: 7, PublishCertPeriod: 8 * time.Second,
		RequestStateInfoInterval: 9 * time.Second, PublishStateInfoInterval: 10 * time.Second,
		SkipBlockVerification: true, ExternalEndpoint: "outside:1",
	}, *read(), "read at each call")
}

// Components of the same identity are one peer as far as others can tell; they
// start and stop all the same.
func TestComponentsOfOneIdentity(t *testing.T) {
	var endpoints []string
	var listeners []net.Listener
	for i := 0; i < 3; i++ {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		demand(t, assert.NoError(t, err))
		listeners, endpoints = append(listeners, l), append(endpoints, l.Addr().String())
	}
	var nodes []gossip.Gossip
	for i, l := range listeners {
		server := grpc.NewServer()
		node, err := NewGossipComponent([]byte("id"), endpoints[i], server, trusting{}, trusting{}, insecure, nil, endpoints...)
		demand(t, assert.NoError(t, err))
		demand(t, assert.NotNil(t, node))
		nodes = append(nodes, node)
		served := make(chan struct{})
		go func(l net.Listener) {
			defer close(served)
			server.Serve(l)
		}(l)
		defer func() {
			server.Stop()
			<-served
		}()
	}
	met := func() bool {
		for _, node := range nodes {
			if node.(interface{ Hook() *observe.Hook }).Hook().Total(observe.Connected, "inbound") > 0 {
				return true
			}
		}
		return false
	}
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for deadline := time.Now().Add(10 * time.Second); !met() && time.Now().Before(deadline); <-ticks.C {
	}
	for _, node := range nodes {
		assert.Empty(t, node.Peers())
		start := time.Now()
		node.Stop()
		assert.True(t, time.Since(start) < 5*time.Second)
	}
	assert.True(t, met(), "they have met")
}

func demand(t *testing.T, ok bool) {
	if !ok {
		t.FailNow()
	}
}
