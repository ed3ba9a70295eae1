// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"bytes"
	"context"
	"time"

	"github.com/pkg/errors"
	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/conntable"
	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

var errStopping = errors.New("Stopping")

// dialTo connects to an endpoint and sees that gossip answers there. All that
// it waits for ends when the instance stops.
func (c *commImpl) dialTo(endpoint string) (*grpc.ClientConn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.dialTimeout)
	defer cancel()
	cc, err := grpc.DialContext(ctx, endpoint, c.dialOptions()...)
	if err != nil {
		return nil, c.dialError(unreachable, err)
	}
	if err := c.ping(cc); err != nil {
		cc.Close()
		return nil, c.dialError(noPong, err)
	}
	return cc, nil
}

func (c *commImpl) dialError(reason string, err error) error {
	if c.ctx.Err() != nil {
		return &refusal{stopping, errStopping}
	}
	return &refusal{reason, errors.WithStack(err)}
}

// dialOptions are a fixed window, then the secure ones, which may change from
// dial to dial, and then the instance's own, so that each may override those
// before it.
func (c *commImpl) dialOptions() []grpc.DialOption {
	opts := []grpc.DialOption{grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window)}
	if c.secureDialOpts != nil {
		opts = append(opts, c.secureDialOpts()...)
	}
	opts = append(opts, grpc.WithBlock())
	c.optsLock.Lock()
	defer c.optsLock.Unlock()
	return append(opts, c.opts...)
}

func (c *commImpl) ping(cc *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(c.ctx, pingTimeout)
	defer cancel()
	_, err := proto.NewGossipClient(cc).Ping(ctx, &proto.Empty{})
	return err
}

// session is an authenticated stream that this peer opened, on an HTTP/2
// connection of its own.
type session struct {
	cc     *grpc.ClientConn
	stream proto.Gossip_GossipStreamClient
	cancel func()
	info   *proto.ConnectionInfo
}

// open dials and authenticates. The stream lasts as long as told, zero for as
// long as the instance.
func (c *commImpl) open(endpoint string, lasting time.Duration) (*session, error) {
	cc, err := c.dialTo(endpoint)
	if err != nil {
		return nil, err
	}
	ctx, cancel := c.lasting(lasting)
	s := &session{cc: cc, cancel: cancel}
	if s.stream, err = proto.NewGossipClient(cc).GossipStream(ctx); err != nil {
		s.close()
		return nil, c.dialError(unreachable, err)
	}
	if s.info, err = c.greet(s.stream, cancel); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// lasting is the context of something that lasts as told, zero for as long as
// the instance.
func (c *commImpl) lasting(time time.Duration) (context.Context, context.CancelFunc) {
	if time == 0 {
		return context.WithCancel(c.ctx)
	}
	return context.WithTimeout(c.ctx, time)
}

func (s *session) close() {
	s.cancel()
	s.cc.Close()
}

// farewell closes the session once the other side has read everything, so that
// it, too, has authenticated its visitor. A side that does not end the stream is
// not waited for long.
func (s *session) farewell() {
	defer s.close()
	if s.stream.CloseSend() != nil {
		return
	}
	alarm := time.AfterFunc(farewellTime, s.cancel)
	defer alarm.Stop()
	for {
		if _, err := s.stream.Recv(); err != nil {
			return
		}
	}
}

// openTo is open for somebody in particular: who answers is either that peer or
// another one of its organization.
func (c *commImpl) openTo(target conntable.Target) (*session, error) {
	s, err := c.open(target.Endpoint, 0)
	if err != nil || target.Peer == "" || string(s.info.ID) == target.Peer {
		return s, err
	}
	expected, err := c.idMapper.Get(common.PKIidType(target.Peer))
	if err != nil {
		expected = nil // an unknown peer's organization is that of no identity
	}
	if !bytes.Equal(c.advisor.OrgByPeerIdentity(s.info.Identity), c.advisor.OrgByPeerIdentity(expected)) {
		s.close()
		return nil, refuse(wrongOrg, "authentication failure")
	}
	return s, nil
}

// openInTurn is openTo once there are few enough dials under way, or patience
// with them has ended.
func (c *commImpl) openInTurn(target conntable.Target) (*session, error) {
	patience := time.NewTimer(dialPatience)
	defer patience.Stop()
	select {
	case c.dialTurns <- struct{}{}:
		defer func() { <-c.dialTurns }()
	case <-patience.C:
	case <-c.ctx.Done():
		return nil, &refusal{stopping, errStopping}
	}
	return c.openTo(target)
}

// dialling is what belongs to a dial under way: the messages that wait for it.
type dialling struct {
	out *outbox
}

// carryOut dials. If that succeeds the goroutine stays with the stream as its
// reader.
func (c *commImpl) carryOut(dial *conntable.Dial) {
	defer c.tasks.Done()
	s, err := c.openInTurn(dial.Target)
	if err != nil {
		c.dialFailed(dial, err)
		return
	}
	defer s.close()
	out := dial.Owner.(*dialling).out
	conn := c.newConnection(s.info, s.stream, out, s.cancel)
	c.lock.Lock()
	replaced, ok := c.table.Dialed(dial, conn.link, c.clock())
	c.lock.Unlock()
	if !ok {
		return // Stop has dealt with the messages
	}
	c.connected(conn, "outbound", replaced)
	if requested := dial.Target.Peer; requested != "" && requested != conn.link.Peer {
		c.identitySwitched(common.PKIidType(requested), conn.info.ID)
	}
	conn.readFromStream()
}

// connected begins to send on a connection that is in the table now, and closes
// those that it displaced.
func (c *commImpl) connected(conn *connection, direction string, replaced []*conntable.Link) {
	c.observe(observe.Event{Kind: observe.Connected, Reason: direction}, conn.info)
	conn.out.attach(conn.startWriter)
	supersede(replaced)
}

// supersede ends links that newer ones have taken the place of. What was written
// to them may not have arrived yet.
func supersede(links []*conntable.Link) {
	for _, link := range links {
		link.Owner.(*connection).retire(byNewer)
	}
}

func endAll(links []*conntable.Link, reason string) {
	for _, link := range links {
		link.Owner.(*connection).end(reason, nil)
	}
}

// dialFailed gives the waiting messages to the stream that the peer has opened
// meanwhile, if it has. If not they are lost, and the peer is presumed dead.
func (c *commImpl) dialFailed(dial *conntable.Dial, err error) {
	c.lock.Lock()
	instead := c.table.Failed(dial)
	stopped := c.stopping
	c.lock.Unlock()
	if stopped {
		return
	}
	out, peer := dial.Owner.(*dialling).out, common.PKIidType(dial.Target.Peer)
	c.refused(err, peer, dial.Target.Endpoint)
	if instead != nil {
		left, _ := out.end(errEnded)
		c.rescue(instead.Owner.(*connection), left)
		return
	}
	c.complaints.warnf(c.logger, "cannot connect to %s: %v", dial.Target.Endpoint, err)
	left, _ := out.end(err)
	c.discard(left, unreachable, err, dial.Target)
	c.presumeDead(peer)
}

// presumeDead never waits: a peer that nobody can hear of now will be reported
// again when something is sent to it again.
func (c *commImpl) presumeDead(peer common.PKIidType) {
	if len(peer) == 0 {
		return
	}
	select {
	case c.dead <- peer:
	default:
		c.hook.Observe(observe.Event{Kind: observe.Dropped, Reason: "presumed dead queue full", Peer: peer})
	}
}

// Probe implements Comm.
func (c *commImpl) Probe(remotePeer *RemotePeer) error {
	if !c.begin() {
		return errStopping
	}
	defer c.tasks.Done()
	cc, err := c.dialTo(remotePeer.Endpoint)
	if err != nil {
		return err
	}
	cc.Close()
	return nil
}

// Handshake implements Comm.
func (c *commImpl) Handshake(remotePeer *RemotePeer) (api.PeerIdentityType, error) {
	if !c.begin() {
		return nil, errStopping
	}
	defer c.tasks.Done()
	s, err := c.open(remotePeer.Endpoint, handshakeTimeout)
	if err != nil {
		c.refused(err, remotePeer.PKIID, remotePeer.Endpoint)
		return nil, err
	}
	s.farewell()
	if len(remotePeer.PKIID) > 0 && !bytes.Equal(remotePeer.PKIID, s.info.ID) {
		return nil, errors.Errorf("PKI-ID of %s does not match: it is %x, not %x", remotePeer.Endpoint, s.info.ID, remotePeer.PKIID)
	}
	return s.info.Identity, nil
}
