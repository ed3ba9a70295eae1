// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"

	pb "github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/channel"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// simWire sees every message of a network. It counts them, and checks those
// that go from one organization to another.
type simWire struct {
	mu sync.Mutex
	// Guarded by mu:
	peers      map[string]*simPeer        // by endpoint, name of it, and PKI-ID
	channels   map[string]map[string]bool // channel -> organization
	macs       map[string]string          // what a StateInfo says of its channel -> channel
	kinds      map[string]*simTraffic
	fates      map[simnet.Fate]int
	blocks     int // blocks that were delivered, however
	foreign    int // messages between organizations
	violations []string

	// Set before traffic: checks nothing, and keeps nothing of former identities.
	forgetful bool
}

// simTraffic is what was sent of one kind of message.
type simTraffic struct{ messages, bytes int }

func newSimWire() *simWire {
	return &simWire{
		peers:    map[string]*simPeer{},
		channels: map[string]map[string]bool{},
		macs:     map[string]string{},
		kinds:    map[string]*simTraffic{},
		fates:    map[simnet.Fate]int{},
	}
}

func (s *simWire) setChannel(name string, orgs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[name] = map[string]bool{}
	for _, org := range orgs {
		s.channels[name][org] = true
	}
	for _, p := range s.peers {
		s.macs[string(channel.GenerateMAC(p.pkiID, common.ChainID(name)))] = name
	}
}

// add makes a peer known by its endpoints and its present PKI-ID, besides the
// former one.
func (s *simWire) add(p *simPeer, former common.PKIidType) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers[p.internal] = p
	s.peers[string(p.pkiID)] = p
	if p.external != "" {
		s.peers[p.external] = p
	}
	if s.forgetful {
		delete(s.peers, string(former))
		return
	}
	for name := range s.channels {
		s.macs[string(channel.GenerateMAC(p.pkiID, common.ChainID(name)))] = name
	}
}

// mayKnow tells whether a peer may know whoever has, or had, that PKI-ID.
func (s *simWire) mayKnow(p *simPeer, pkiID common.PKIidType) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	other := s.peers[string(pkiID)]
	if other == nil {
		return s.forgetful
	}
	return other == p || p.mayKnow(other) // its own former identity is another peer to it
}

// saw is a tap.
func (s *simWire) saw(e *simnet.Event) {
	if s.forgetful {
		return
	}
	m := e.Message()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(e, m)
	from, to := s.peers[string(e.FromID)], s.peers[e.To]
	if from == nil || to == nil {
		s.violate(e, "from or to somebody unknown")
		return
	}
	if m == nil {
		s.violate(e, "not a message")
		return
	}
	if from.org != to.org {
		s.foreign++
		if why := s.crossing(from, to, e.Raw, m); why != "" {
			s.violate(e, why)
		}
	}
}

func (s *simWire) count(e *simnet.Event, m *proto.SignedGossipMessage) {
	s.fates[e.Fate]++
	kind := "?"
	if m != nil {
		kind = simKind(m)
	}
	t := s.kinds[kind]
	if t == nil {
		t = &simTraffic{}
		s.kinds[kind] = t
	}
	t.messages++
	t.bytes += len(e.Raw)
	if e.Fate != simnet.Delivered || m == nil {
		return
	}
	if m.IsDataMsg() {
		s.blocks++
	}
	if m.IsDataUpdate() && m.GetPullMsgType() == proto.PullMsgType_BLOCK_MSG {
		s.blocks += len(m.GetDataUpdate().Data)
	}
}

// simKind is a message's kind, which tells pulling blocks from pulling
// identities.
func simKind(m *proto.SignedGossipMessage) string {
	kind := protoext.Kind(m.GossipMessage)
	if !m.IsPullMsg() {
		return kind
	}
	return kind + " " + strings.ToLower(strings.TrimSuffix(m.GetPullMsgType().String(), "_MSG"))
}

func (s *simWire) violate(e *simnet.Event, why string) {
	if len(s.violations) < 10 {
		m := "nothing"
		if e.Message() != nil {
			m = e.Message().GossipMessage.String()
		}
		s.violations = append(s.violations, fmt.Sprintf("at %v, %s -> %s (%s): %s: %.300s", e.At, e.From, e.To, e.Fate, why, m))
	}
}

// crossing says what is wrong with a message between two organizations, if
// anything is.
func (s *simWire) crossing(from, to *simPeer, raw []byte, m *proto.SignedGossipMessage) string {
	if from.external == "" || to.external == "" {
		return "between peers without external endpoint"
	}
	if bytes.Contains(raw, []byte(simInside)) {
		return "an internal endpoint"
	}
	switch content := m.Content.(type) {
	case *proto.GossipMessage_AliveMsg:
		return s.alive(from, to, m.Envelope)
	case *proto.GossipMessage_MemReq:
		return s.memReq(from, content.MemReq)
	case *proto.GossipMessage_MemRes:
		return s.memRes(from, to, content.MemRes)
	case *proto.GossipMessage_StateInfo:
		return s.stateInfo(to, content.StateInfo)
	case *proto.GossipMessage_StateSnapshot:
		return s.snapshot(to, content.StateSnapshot)
	case *proto.GossipMessage_StateInfoPullReq:
		return ""
	case *proto.GossipMessage_Hello, *proto.GossipMessage_DataDig, *proto.GossipMessage_DataReq, *proto.GossipMessage_DataUpdate:
		if m.GetPullMsgType() != proto.PullMsgType_IDENTITY_MSG {
			return "a pull of something else than identities"
		}
		return s.identities(from, to, m)
	}
	return "a kind of message that stays inside an organization"
}

// opened decodes what is nested in a message.
func opened(e *proto.Envelope) *proto.GossipMessage {
	m := &proto.GossipMessage{}
	if pb.Unmarshal(e.GetPayload(), m) != nil {
		return nil
	}
	return m
}

// member says whether to may learn from from that a member exists.
func (s *simWire) member(from, to *simPeer, pkiID []byte) string {
	subject := s.peers[string(pkiID)]
	switch {
	case subject == nil:
		return "about somebody unknown"
	case subject.org != from.org && subject.org != to.org:
		return "about a third organization's peer"
	case subject.external == "":
		return "about a peer without external endpoint"
	}
	return ""
}

func (s *simWire) alive(from, to *simPeer, e *proto.Envelope) string {
	if e.SecretEnvelope != nil {
		return "a secret envelope"
	}
	return s.member(from, to, opened(e).GetAliveMsg().GetMembership().GetPkiId())
}

func (s *simWire) memReq(from *simPeer, req *proto.MembershipRequest) string {
	if req.SelfInformation.GetSecretEnvelope() != nil {
		return "a secret envelope"
	}
	// The sender may have got another identity while this was on its way.
	if s.peers[string(opened(req.SelfInformation).GetAliveMsg().GetMembership().GetPkiId())] != from {
		return "not about the sender"
	}
	return ""
}

func (s *simWire) memRes(from, to *simPeer, res *proto.MembershipResponse) string {
	for _, list := range [][]*proto.Envelope{res.Alive, res.Dead} {
		for _, e := range list {
			if why := s.alive(from, to, e); why != "" {
				return why
			}
		}
	}
	return ""
}

func (s *simWire) stateInfo(to *simPeer, info *proto.StateInfo) string {
	subject := s.peers[string(info.GetPkiId())]
	name, known := s.macs[string(info.GetChannel_MAC())]
	switch {
	case subject == nil || !known:
		return "about somebody or a channel unknown"
	case subject.external == "":
		return "about a peer without external endpoint"
	case !s.channels[name][to.org]:
		return "about a channel that the organization is not in"
	}
	return ""
}

func (s *simWire) snapshot(to *simPeer, snapshot *proto.StateInfoSnapshot) string {
	for _, e := range snapshot.Elements {
		if why := s.stateInfo(to, opened(e).GetStateInfo()); why != "" {
			return why
		}
	}
	return ""
}

// identities checks a message of an identity pull.
func (s *simWire) identities(from, to *simPeer, m *proto.SignedGossipMessage) string {
	var ids [][]byte
	ids = append(ids, m.GetDataDig().GetDigests()...)
	ids = append(ids, m.GetDataReq().GetDigests()...)
	for _, e := range m.GetDataUpdate().GetData() {
		ids = append(ids, opened(e).GetPeerIdentity().GetPkiId())
	}
	for _, id := range ids {
		if why := s.member(from, to, id); why != "" {
			return why
		}
	}
	return ""
}

// report prints what was sent, and fails the test for what should not have
// been.
func (s *simWire) report(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var kinds []string
	for kind := range s.kinds {
		kinds = append(kinds, kind)
	}
	sort.Slice(kinds, func(i, j int) bool { return s.kinds[kinds[i]].messages > s.kinds[kinds[j]].messages })
	total := simTraffic{}
	for _, kind := range kinds {
		total.messages += s.kinds[kind].messages
		total.bytes += s.kinds[kind].bytes
		t.Logf("%9d messages %8.1f MB  %s", s.kinds[kind].messages, float64(s.kinds[kind].bytes)/1e6, kind)
	}
	t.Logf("%9d messages %8.1f MB in all, %d of them between organizations; %v", total.messages, float64(total.bytes)/1e6, s.foreign, s.fates)
	for _, v := range s.violations {
		t.Errorf("Must not have been sent: %s", v)
	}
}

// traffic is what has been sent so far.
func (s *simWire) traffic() map[string]simTraffic {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := map[string]simTraffic{}
	for kind, t := range s.kinds {
		now[kind] = *t
	}
	return now
}

// perBlock prints what blocks cost since before. It returns how many copies of
// each block were delivered to each peer.
func (s *simWire) perBlock(t *testing.T, before map[string]simTraffic, blocks, peers, orgs int) float64 {
	now := s.traffic()
	total := 0
	for kind := range now {
		total += now[kind].messages - before[kind].messages
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	each := float64(blocks * peers)
	t.Logf("copies of a block delivered to each peer %.2f, at least %.2f; messages of all kinds sent for each block and peer %.1f",
		float64(s.blocks)/each, float64(peers-orgs)/float64(peers), float64(total)/each)
	return float64(s.blocks) / each
}
