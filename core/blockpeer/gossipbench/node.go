// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip"
	"github.com/hyperledger/fabric/gossip/integration"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

const (
	channelID = "bench"
	// What a v1.3.0 peer sets on its server and its connections.
	mostMessage = 100 << 20
	pingEvery   = time.Minute
	pingTimeout = 20 * time.Second
	pingsAtMost = time.Minute
	firstHeight = 1 // of a ledger with block 0
)

// node is one peer: a gRPC server with gossip on it, and what a peer's state
// transfer is to gossip, a reader of blocks that tells the ledger's height.
type node struct {
	gossip gossip.Gossip
	server *grpc.Server
	copies atomic.Int64 // blocks that its transport brought, pushed or pulled

	running sync.WaitGroup
	done    chan struct{}
}

// startNode starts a node on l, in the channel.
func startNode(l net.Listener, org *organization, useTLS bool, bootstrap []string, arrived func(number uint64)) (*node, error) {
	identity, err := org.enroll(l.Addr().String())
	if err != nil {
		return nil, err
	}
	security, err := newSecurity(org, useTLS)
	if err != nil {
		return nil, err
	}
	n := &node{server: grpc.NewServer(security.server...), done: make(chan struct{})}
	n.gossip, err = integration.NewGossipComponent(identity.identity, l.Addr().String(), n.server, org, identity,
		func() []grpc.DialOption { return security.dial }, security.certificates, bootstrap...)
	if err == nil && n.gossip == nil {
		err = errors.New("no transport")
	}
	if err != nil {
		return nil, fmt.Errorf("starting a node at %s: %w", l.Addr(), err)
	}
	blocks, _ := n.gossip.Accept(isBlock, false)
	n.gossip.Accept(n.countCopies, true)
	n.running.Add(2)
	go func() {
		defer n.running.Done()
		n.server.Serve(l) // ends with stop; until then nobody closes l
	}()
	go func() {
		defer n.running.Done()
		n.read(blocks, arrived)
	}()
	n.gossip.JoinChan(membersOnly{}, common.ChainID(channelID))
	n.gossip.UpdateLedgerHeight(firstHeight, common.ChainID(channelID))
	return n, nil
}

func (n *node) stop() {
	n.gossip.Stop()
	n.server.Stop()
	close(n.done)
	n.running.Wait()
}

// read takes blocks as state transfer does: in any order, with the height that
// is published the end of the unbroken sequence.
func (n *node) read(blocks <-chan *proto.GossipMessage, arrived func(number uint64)) {
	height, ahead := uint64(firstHeight), map[uint64]bool{}
	for {
		select {
		case <-n.done:
			return
		case m := <-blocks:
			number := m.GetDataMsg().GetPayload().GetSeqNum()
			arrived(number)
			ahead[number] = true
			if number != height {
				continue
			}
			for ahead[height] {
				delete(ahead, height)
				height++
			}
			n.gossip.UpdateLedgerHeight(height, common.ChainID(channelID))
		}
	}
}

// countCopies looks at every message that the transport brings, and wants none.
func (n *node) countCopies(message interface{}) bool {
	m := message.(proto.ReceivedMessage).GetGossipMessage()
	if m.GetDataMsg() != nil {
		n.copies.Add(1)
	}
	if update := m.GetDataUpdate(); update.GetMsgType() == proto.PullMsgType_BLOCK_MSG {
		n.copies.Add(int64(len(update.Data)))
	}
	return false
}

func isBlock(message interface{}) bool {
	return message.(*proto.GossipMessage).GetDataMsg() != nil
}

// membersOnly is the configuration of a channel of one organization without
// anchor peers.
type membersOnly struct{}

func (membersOnly) SequenceNumber() uint64 { return 1 }
func (membersOnly) Members() []api.OrgIdentityType {
	return []api.OrgIdentityType{api.OrgIdentityType(mspID)}
}
func (membersOnly) AnchorPeersOf(api.OrgIdentityType) []api.AnchorPeer { return nil }

// security is how one node's connections are protected.
type security struct {
	server       []grpc.ServerOption
	dial         []grpc.DialOption
	certificates *common.TLSCertificates
}

func newSecurity(org *organization, useTLS bool) (*security, error) {
	s := &security{
		server: []grpc.ServerOption{
			grpc.MaxRecvMsgSize(mostMessage), grpc.MaxSendMsgSize(mostMessage),
			grpc.KeepaliveParams(keepalive.ServerParameters{Time: 2 * time.Hour, Timeout: pingTimeout}),
			grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingsAtMost, PermitWithoutStream: true}),
		},
		dial: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(mostMessage), grpc.MaxCallSendMsgSize(mostMessage)),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingEvery, Timeout: pingTimeout, PermitWithoutStream: true}),
		},
	}
	if !useTLS {
		s.dial = append(s.dial, grpc.WithTransportCredentials(insecure.NewCredentials()))
		return s, nil
	}
	pair, err := org.issue("tls")
	if err != nil {
		return nil, err
	}
	s.certificates = &common.TLSCertificates{}
	s.certificates.TLSServerCert.Store(pair)
	s.certificates.TLSClientCert.Store(pair)
	s.server = append(s.server, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{*pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: org.roots,
	})))
	s.dial = append(s.dial, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{*pair}, RootCAs: org.roots,
	})))
	return s, nil
}
