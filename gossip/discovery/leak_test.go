// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package discovery

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hyperledger/fabric/gossip/common"
	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

// Members that come and go in real time leave no goroutine and no timer behind.
func TestNothingIsLeftAfterStop(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer configure(time.Millisecond)()
	for i := 0; i < 20; i++ {
		endpoint := fmt.Sprintf("localhost:%d", 7000+i)
		d := NewDiscoveryService(NetworkMember{InternalEndpoint: endpoint, PKIid: common.PKIidType("self")}, idleTransport{}, idleTransport{}, everybody).(*gossipDiscoveryImpl)
		tried := make(chan struct{}, 1000)
		d.Connect(NetworkMember{Endpoint: "nowhere:1"}, func() (*PeerIdentification, error) {
			tried <- struct{}{}
			return nil, errors.New("nobody there")
		})
		d.Connect(NetworkMember{Endpoint: "silent:1"}, func() (*PeerIdentification, error) { return &PeerIdentification{SelfOrg: true}, nil })
		for j := 0; j < 10; j++ {
			m := incomingAlive(fmt.Sprint("peer", j), uint64(i))
			d.handleMsgFromComm(m)
			d.handleMsgFromComm(incoming{message: wrap(requestWith(m.message, 1))})
		}
		d.handleMsgFromComm(incoming{message: wrap(&gossipproto.GossipMessage{Content: &gossipproto.GossipMessage_MemRes{MemRes: &gossipproto.MembershipResponse{
			Dead: []*gossipproto.Envelope{incomingAlive("dead", 1).message.Envelope},
		}}})})
		for j := 0; j < 3; j++ {
			<-tried
		}
		d.Stop()
		d.Stop()
	}
}
