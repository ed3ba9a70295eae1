// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"

	"github.com/pkg/errors"
	"go.uber.org/zap/zapcore"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// destination is who handles an inbound message.
type destination int

const (
	nobody          destination = iota // legal, but not for the node
	membershipLane                     // about who is there
	identityLane                       // pulling identities
	namedChannel                       // says which channel it belongs to
	subjectsChannel                    // hides its channel behind its subject's PKI-ID
	sendersChannel                     // hides its channel behind its sender's PKI-ID
)

// classify tells who handles a message that has its shape and a legal tag.
func classify(m *proto.GossipMessage) destination {
	switch {
	case protoext.IsStateInfoMsg(m):
		return subjectsChannel
	case protoext.IsStateInfoPullRequestMsg(m):
		return sendersChannel
	case protoext.IsChannelRestricted(m):
		return namedChannel
	case protoext.IsAliveMsg(m), m.GetMemReq() != nil, m.GetMemRes() != nil:
		return membershipLane
	case protoext.GetPullMsgType(m) == proto.PullMsgType_IDENTITY_MSG:
		return identityLane
	}
	return nobody
}

// Reasons why the node rejects or drops messages.
const (
	anonymous       = "unauthenticated sender"
	malformed       = "malformed"
	oversize        = "oversize"
	illegalTag      = "illegal tag"
	notForUs        = "nothing to do with it"
	notJoined       = "channel not joined"
	foreignRequest  = "membership request on behalf of another peer"
	unknownSigner   = "identity of the signer unknown"
	badSignature    = "bad signature"
	badSecret       = "bad signature over the secret"
	badIdentity     = "identity not acceptable"
	foreignRelay    = "channel not joined, and from another organization"
	stale           = "old news"
	echo            = "own message came back"
	tooManyChannels = "too many channels of one peer"
	stalledConsumer = "subscriber stalled"
)

// nodeLanes is the lanes that every node has. Each channel has one besides.
type nodeLanes struct {
	membership, identities, relay *lane
	channels                      *byteBudget // of the channels' lanes
}

func (g *gossipServiceImpl) newNodeLanes() nodeLanes {
	return nodeLanes{
		membership: newLane("membership", membershipBacklog, smallLaneBytes, &g.hook, nil, g.handleMembership),
		identities: newLane("identity", identityBacklog, smallLaneBytes, &g.hook, nil, func(m proto.ReceivedMessage) { g.certStore.handleMessage(m) }),
		relay:      newLane("relay", relayBacklog, smallLaneBytes, &g.hook, nil, g.relay),
		channels:   &byteBudget{limit: allChannelsBytes},
	}
}

func (l nodeLanes) stop() {
	for _, lane := range []*lane{l.membership, l.identities, l.relay} {
		lane.release()
	}
	for _, lane := range []*lane{l.membership, l.identities, l.relay} {
		lane.join()
	}
}

// dispatch puts inbound messages into their lanes until the transport ends. It
// never waits for anything else.
func (g *gossipServiceImpl) dispatch(inbound <-chan proto.ReceivedMessage) {
	for m := range inbound {
		if m == nil || g.isStopping() {
			return
		}
		g.receive(m)
	}
}

// receive checks of a message what can be checked at no cost, and queues it.
func (g *gossipServiceImpl) receive(m proto.ReceivedMessage) {
	received, info := m.GetGossipMessage(), m.GetConnectionInfo()
	if received == nil || received.GossipMessage == nil || received.Envelope == nil {
		return
	}
	if info == nil || len(info.ID) == 0 {
		g.rejectAnonymous(received)
		return
	}
	if err := protoext.CheckShape(received.GossipMessage); err != nil {
		g.reject(m, malformed, err)
		return
	}
	if err := checkBounds(received); err != nil {
		g.reject(m, oversize, err)
		return
	}
	if err := protoext.IsTagLegal(received.GossipMessage); err != nil {
		g.reject(m, illegalTag, err)
		return
	}
	g.rumours.hear(string(info.ID), received.GossipMessage)
	g.deliver(m, info.ID)
}

// Bounds of what is kept, looked up or passed on by name before any signature
// is checked, or after one that the sender itself could make.
const (
	maxIDLength       = 1 << 10 // of a PKI-ID; in a peer it is a hash
	maxMACLength      = 64      // a hash, too
	maxStateInfoBytes = 1 << 20
)

// checkBounds refuses what no sound peer sends: identifiers and StateInfo of any
// length, and secrets, which no message's signature covers, where there are none.
func checkBounds(m *proto.SignedGossipMessage) error {
	if m.SecretEnvelope != nil && !protoext.IsAliveMsg(m.GossipMessage) {
		return errors.New("a secret in a message that is not about being alive")
	}
	info := m.GetStateInfo()
	switch {
	case len(info.GetPkiId()) > maxIDLength:
		return errors.Errorf("a PKI-ID of %d bytes", len(info.PkiId))
	case len(info.GetChannel_MAC()) > maxMACLength:
		return errors.New("a channel MAC that is too long")
	case info != nil && len(m.Payload) > maxStateInfoBytes:
		return errors.Errorf("a StateInfo of %d bytes", len(m.Payload))
	}
	return nil
}

// deliver queues a message that may be handled.
func (g *gossipServiceImpl) deliver(m proto.ReceivedMessage, sender common.PKIidType) {
	content := m.GetGossipMessage().GossipMessage
	switch classify(content) {
	case membershipLane:
		g.lanes.membership.put(m)
	case identityLane:
		g.lanes.identities.put(m)
	case subjectsChannel:
		if j := g.chanState.byMAC(content.GetStateInfo().PkiId, content.GetStateInfo().Channel_MAC); j != nil {
			j.lane.put(m)
			return
		}
		g.lanes.relay.put(m)
	case sendersChannel:
		g.deliverTo(g.chanState.byMAC(sender, content.GetStateInfoPullReq().Channel_MAC), m)
	case namedChannel:
		g.deliverTo(g.chanState.byName(content.Channel), m)
	default:
		g.drop(m, notForUs)
	}
}

func (g *gossipServiceImpl) deliverTo(j *joinedChannel, m proto.ReceivedMessage) {
	if j == nil {
		g.drop(m, notJoined)
		return
	}
	j.lane.put(m)
}

// handleMembership hands a message to discovery. It runs on the membership lane
// and waits for discovery.
func (g *gossipServiceImpl) handleMembership(m proto.ReceivedMessage) {
	if request := m.GetGossipMessage().GetMemReq(); request != nil {
		if reason, err := checkRequester(request, m.GetConnectionInfo().ID); err != nil {
			g.reject(m, reason, err)
			return
		}
	}
	select {
	case g.members <- m:
	case <-g.done:
	}
}

// checkRequester refuses a membership request that does not introduce the peer
// it comes from.
func checkRequester(request *proto.MembershipRequest, sender common.PKIidType) (reason string, err error) {
	self, err := protoext.EnvelopeToGossipMessage(request.SelfInformation)
	if err != nil {
		return malformed, err
	}
	if !protoext.IsAliveMsg(self.GossipMessage) {
		return malformed, errors.New("self information is not an alive message")
	}
	if err := protoext.CheckShape(self.GossipMessage); err != nil {
		return malformed, errors.WithMessage(err, "self information")
	}
	if !bytes.Equal(self.GetAliveMsg().Membership.PkiId, sender) {
		return foreignRequest, errors.New("self information of another peer than the sender")
	}
	return "", nil
}

// verifyLeadership checks a leadership message against the identity it names.
func (g *gossipServiceImpl) verifyLeadership(m *proto.SignedGossipMessage) (reason string, err error) {
	return g.verifySigner(m, m.GetLeadershipMsg().PkiId)
}

// verifySigner checks that the envelope of a message is signed by the peer of
// that PKI-ID.
func (g *gossipServiceImpl) verifySigner(m *proto.SignedGossipMessage, pkiID common.PKIidType) (reason string, err error) {
	identity, err := g.idMapper.Get(pkiID)
	if err != nil {
		g.pullFrom.noteMissing()
		return unknownSigner, err
	}
	verify := func(identity []byte, signature, message []byte) error {
		return g.mcs.Verify(api.PeerIdentityType(identity), signature, message)
	}
	if err := m.Verify(identity, verify); err != nil {
		return badSignature, err
	}
	return "", nil
}

// reject notes that a message broke a rule.
func (g *gossipServiceImpl) reject(m proto.ReceivedMessage, reason string, err error) {
	g.note(observe.Rejected, m, reason, err)
	if g.logger.IsEnabledFor(zapcore.DebugLevel) {
		g.logger.Debugf("Rejected a message from %s, %s: %v: %s", m.GetConnectionInfo().Endpoint, reason, err, protoext.Describe(m.GetGossipMessage()))
	}
}

func (g *gossipServiceImpl) rejectAnonymous(received *proto.SignedGossipMessage) {
	g.hook.Observe(observe.Event{Kind: observe.Rejected, Reason: anonymous, Message: protoext.Kind(received.GossipMessage)})
}

// drop notes that a message is of no use.
func (g *gossipServiceImpl) drop(m proto.ReceivedMessage, reason string) {
	g.note(observe.Dropped, m, reason, nil)
}

func (g *gossipServiceImpl) note(kind observe.Kind, m proto.ReceivedMessage, reason string, err error) {
	info, received := m.GetConnectionInfo(), m.GetGossipMessage()
	g.hook.Observe(observe.Event{
		Kind:     kind,
		Reason:   reason,
		Peer:     info.ID,
		Endpoint: info.Endpoint,
		Channel:  string(received.GetChannel()),
		Message:  protoext.Kind(received.GossipMessage),
		Bytes:    sizeOf(m),
		Err:      err,
	})
}
