// SPDX-License-Identifier: Apache-2.0

package gossipreplay

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/protos/gossip"
)

// replay plays to a node of this tree all that one recorded peer, whose place
// the node takes, received from the others, and compares what the node answers
// with what they received from it then.
//
// The node has another key than the peer had, so messages speak to it that know
// that: unsigned ones name the node where the recorded ones name the peer, and
// signed ones by the peer are left out.
type replay struct {
	t       *testing.T
	r       *recording
	role    string
	node    *subject
	cast    cast // with the node in its role
	puppets map[string]*puppet
	used    map[*entry]bool     // recorded answers that have been compared
	silence map[string][]uint64 // nonces of Hellos that nobody answered, by sender
	pulled  map[string]bool     // identities, by PKI-ID
	blocks  map[uint64]bool     // that the node has
	counts  map[string]int      // of what was done
}

func newReplay(t *testing.T, role string) *replay {
	r := recorded(t)
	p := &replay{t: t, r: r, role: role, puppets: map[string]*puppet{}, used: map[*entry]bool{}, silence: map[string][]uint64{},
		pulled: map[string]bool{}, blocks: map[uint64]bool{}, counts: map[string]int{}}
	p.node = startSubject(t, newMixedNetwork(t), role, r.endpoint(role), nil)
	p.cast = cast(r.names).with(p.node.id, role)
	return p
}

// endpoint is what a peer calls itself.
func (r *recording) endpoint(peer string) string {
	for _, e := range r.all() {
		if member := e.message.GetAliveMsg().GetMembership(); member != nil && r.nameOf(member.PkiId) == peer {
			return member.Endpoint
		}
	}
	return ""
}

// steps are what happened to the peer, and what it gossiped at the time: blocks
// that it had from elsewhere, and claims to lead.
func (p *replay) steps() []*entry {
	steps := slices.Clone(p.r.received[p.role])
	said := map[string]bool{}
	for _, e := range p.r.all() {
		own := e.message.GetDataMsg() != nil || p.isRole(e.message.GetLeadershipMsg().GetPkiId())
		if own && e.sender == p.role && !said[string(e.message.Payload)] {
			said[string(e.message.Payload)] = true
			steps = append(steps, e)
		}
	}
	slices.SortStableFunc(steps, func(a, b *entry) int { return int(a.At - b.At) })
	return steps
}

func (p *replay) play() {
	joined, height := p.joined()
	for _, e := range p.steps() {
		if joined != 0 && e.At >= joined {
			p.settle()
			p.node.JoinChan(twoOrganizations{}, common.ChainID(channelID))
			p.node.UpdateLedgerHeight(height, common.ChainID(channelID))
			joined = 0
		}
		if e.sender == p.role {
			p.gossip(e)
			continue
		}
		if p.puppets[e.sender] == nil {
			p.enter(e.sender)
		}
		p.step(e, p.puppets[e.sender])
	}
}

// settle waits until the node has told what to do with all that was sent before.
func (p *replay) settle() {
	for _, from := range p.puppets {
		hello := &gossip.GossipMessage{Tag: gossip.GossipMessage_EMPTY, Content: &gossip.GossipMessage_Hello{
			Hello: &gossip.GossipHello{Nonce: math.MaxUint64, MsgType: gossip.PullMsgType_IDENTITY_MSG}}}
		from.say(hello)
		limit := time.NewTimer(patience)
		answer := from.await(limit.C, func(m *gossip.SignedGossipMessage) bool { return answers(hello, m.GossipMessage) })
		limit.Stop()
		require.NotNil(p.t, answer, "the node does not answer %s", from.name)
	}
}

// joined is when the peer joined the channel, in milliseconds, and the first
// ledger height that others heard of: what it published says so.
func (p *replay) joined() (at int64, height uint64) {
	height = math.MaxUint64
	for _, e := range p.r.all() {
		if info := e.message.GetStateInfo(); info != nil && p.isRole(info.PkiId) {
			at, height = int64(info.Timestamp.IncNum/1e6), min(height, info.Properties.LedgerHeight)
		}
	}
	require.NotZero(p.t, at, "%s never joined", p.role)
	return at, height
}

// enter connects a peer by the first handshake of it that was recorded.
func (p *replay) enter(peer string) {
	p.puppets[peer] = connect(p.t, p.node.address, peer, p.r.handshake(peer, p.role).message.Envelope)
	p.compare("conn", p.puppets[peer].conn, p.r.handshake(p.role, peer))
}

// handshake is the first one of a peer with another.
func (r *recording) handshake(peer, with string) *entry {
	for _, e := range r.received[with] {
		if e.sender == peer && e.message.GetConn() != nil {
			return e
		}
	}
	return nil
}

// step plays one message.
func (p *replay) step(e *entry, from *puppet) {
	switch content := e.message.Content.(type) {
	case *gossip.GossipMessage_Conn:
		// Played already; all streams of a peer are one here.
	case *gossip.GossipMessage_AliveMsg:
		p.unless(p.isRole(content.AliveMsg.Membership.PkiId), e, from)
	case *gossip.GossipMessage_StateInfo:
		p.unless(p.isRole(content.StateInfo.PkiId), e, from)
	case *gossip.GossipMessage_MemRes:
		p.pass(e, from, &gossip.GossipMessage{Nonce: e.message.Nonce, Tag: e.message.Tag, Content: &gossip.GossipMessage_MemRes{
			MemRes: &gossip.MembershipResponse{Alive: p.byOthers(content.MemRes.Alive), Dead: p.byOthers(content.MemRes.Dead)}}})
	case *gossip.GossipMessage_StateSnapshot:
		p.pass(e, from, &gossip.GossipMessage{Channel: e.message.Channel, Tag: e.message.Tag, Content: &gossip.GossipMessage_StateSnapshot{
			StateSnapshot: &gossip.StateInfoSnapshot{Elements: p.byOthers(content.StateSnapshot.Elements)}}})
	case *gossip.GossipMessage_DataMsg:
		p.push(e, from, content.DataMsg.Payload.SeqNum)
	case *gossip.GossipMessage_LeadershipMsg:
		from.send(e.message.Envelope)
		p.accept(func(m *gossip.GossipMessage) bool { return m.GetLeadershipMsg() != nil })
		p.counts["leadership"]++
	case *gossip.GossipMessage_DataDig:
		// Sent when the update was; until then the peer had nothing of it.
	case *gossip.GossipMessage_DataUpdate:
		p.offer(p.offerOf(e), from)
	default:
		p.request(e, from)
	}
}

func (p *replay) isRole(id []byte) bool { return p.r.nameOf(id) == p.role }

func (p *replay) unless(skip bool, e *entry, from *puppet) {
	if skip {
		p.counts["left out"]++
		return
	}
	p.counts["passed on"]++
	from.send(e.message.Envelope)
}

func (p *replay) pass(_ *entry, from *puppet, m *gossip.GossipMessage) {
	p.counts["passed on"]++
	from.say(m)
}

// byOthers leaves out what the recorded peer has signed itself.
func (p *replay) byOthers(envelopes []*gossip.Envelope) []*gossip.Envelope {
	return slices.DeleteFunc(slices.Clone(envelopes), func(e *gossip.Envelope) bool {
		m := open(p.t, e)
		return p.isRole(m.GetAliveMsg().GetMembership().GetPkiId()) || p.isRole(m.GetStateInfo().GetPkiId())
	})
}

// push plays a block and waits until the node has taken it.
func (p *replay) push(e *entry, from *puppet, number uint64) {
	from.send(e.message.Envelope)
	if !p.blocks[number] {
		p.blocks[number] = true
		got := p.accept(func(m *gossip.GossipMessage) bool { return m.GetDataMsg() != nil })
		assert.Equal(p.t, p.cast.form(e.message), p.cast.form(&gossip.SignedGossipMessage{Envelope: e.message.Envelope, GossipMessage: got}))
	}
	p.counts["blocks pushed"]++
}

// gossip lets the node say to all what the peer said, unless it is a block that
// the node has passed on by itself.
func (p *replay) gossip(e *entry) {
	if claim := e.message.GetLeadershipMsg(); claim != nil {
		p.node.Gossip.Gossip(&gossip.GossipMessage{Channel: e.message.Channel, Tag: e.message.Tag, Content: &gossip.GossipMessage_LeadershipMsg{
			LeadershipMsg: &gossip.LeadershipMessage{PkiId: p.node.id, Timestamp: claim.Timestamp, IsDeclaration: claim.IsDeclaration}}})
		p.counts["claims to lead"]++
		return
	}
	if number := e.message.GetDataMsg().Payload.SeqNum; !p.blocks[number] {
		p.blocks[number] = true
		p.node.Gossip.Gossip(e.message.GossipMessage)
		p.counts["blocks gossiped"]++
	}
}

func (p *replay) accept(wanted func(*gossip.GossipMessage) bool) *gossip.GossipMessage {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		select {
		case m := <-p.node.accepted:
			if wanted(m) {
				return m
			}
		case <-limit.C:
			require.Fail(p.t, "not accepted")
		}
	}
}

// request plays a message that is to be answered, and repeats it until the
// answer is what it was: what the node learned just before may not have got to
// where the answer is made.
func (p *replay) request(e *entry, from *puppet) {
	want, answers := p.answerTo(e)
	if want == nil {
		p.unanswered(e, from)
		return
	}
	if height, found := p.ownHeight(want); found {
		p.node.UpdateLedgerHeight(height, common.ChainID(channelID))
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	var got *gossip.SignedGossipMessage
	for {
		from.say(p.addressed(e.message.GossipMessage))
		again := time.NewTimer(time.Second)
		answer := from.await(again.C, answers)
		again.Stop()
		if answer != nil {
			got = answer
			if p.cast.form(got) == p.cast.form(want.message) {
				break
			}
		}
		select {
		case <-limit.C:
			require.NotNil(p.t, got, "no answer to %s of %s at %d", e.kind(), e.sender, e.At)
		default:
			continue
		}
		break
	}
	p.compare(e.kind(), got, want)
	if alive := got.GetMemRes().GetAlive(); alive != nil {
		last := open(p.t, alive[len(alive)-1])
		assert.Equal(p.t, p.role, p.cast.name(last.GetAliveMsg().Membership.PkiId), "a node speaks of itself last")
	}
}

// compare notes that an answer is the recorded one but for keys, nonces, times
// and signatures.
func (p *replay) compare(what string, got *gossip.SignedGossipMessage, want *entry) {
	p.counts[what]++
	assert.Equal(p.t, p.cast.form(want.message), p.cast.form(got), "answer to %s, recorded by %s at %d", what, want.Receiver, want.At)
}

// addressed is a request as it would have been to the node: what names the
// peer by its PKI-ID names the node.
func (p *replay) addressed(m *gossip.GossipMessage) *gossip.GossipMessage {
	request := m.GetDataReq()
	if request == nil {
		return m
	}
	return &gossip.GossipMessage{Channel: m.Channel, Tag: m.Tag, Nonce: m.Nonce, Content: &gossip.GossipMessage_DataReq{
		DataReq: &gossip.DataRequest{Nonce: request.Nonce, MsgType: request.MsgType, Digests: p.toNode(request.Digests)}}}
}

func (p *replay) toNode(digests [][]byte) [][]byte {
	var list [][]byte
	for _, digest := range digests {
		if p.isRole(digest) {
			digest = p.node.id
		}
		list = append(list, digest)
	}
	return list
}

// unanswered plays a Hello that the peer did not answer because it had nothing
// to offer. Other requests without an answer came before the peer had joined the
// channel or at the end of the recording; they are left out.
func (p *replay) unanswered(e *entry, from *puppet) {
	if hello := e.message.GetHello(); hello != nil && len(p.blocks) == 0 {
		from.send(e.message.Envelope)
		p.silence[e.sender] = append(p.silence[e.sender], hello.Nonce)
		p.counts[e.kind()+" without answer"]++
		return
	}
	p.counts["left out"]++
}

// answerTo finds the recorded answer to a request, and tells how to recognize
// the node's.
func (p *replay) answerTo(e *entry) (*entry, func(*gossip.SignedGossipMessage) bool) {
	const soon = 1000 // ms; nothing is asked twice in that time
	answers := func(m *gossip.SignedGossipMessage) bool { return answers(e.message.GossipMessage, m.GossipMessage) }
	for _, candidate := range p.r.received[e.sender] {
		if candidate.sender == p.role && !p.used[candidate] && candidate.At >= e.At-soon && candidate.At <= e.At+soon && answers(candidate.message) {
			p.used[candidate] = true
			return candidate, answers
		}
	}
	return nil, nil
}

func answers(request, answer *gossip.GossipMessage) bool {
	switch content := request.Content.(type) {
	case *gossip.GossipMessage_MemReq:
		return answer.GetMemRes() != nil && answer.Nonce == request.Nonce
	case *gossip.GossipMessage_Hello:
		return answer.GetDataDig() != nil && answer.GetDataDig().Nonce == content.Hello.Nonce
	case *gossip.GossipMessage_DataReq:
		return answer.GetDataUpdate() != nil && answer.GetDataUpdate().Nonce == content.DataReq.Nonce
	case *gossip.GossipMessage_StateInfoPullReq:
		return answer.GetStateSnapshot() != nil
	}
	return false
}

// ownHeight is the ledger height of the peer when it sent a snapshot.
func (p *replay) ownHeight(e *entry) (uint64, bool) {
	for _, element := range e.message.GetStateSnapshot().GetElements() {
		if info := open(p.t, element).GetStateInfo(); p.isRole(info.GetPkiId()) {
			return info.Properties.LedgerHeight, true
		}
	}
	return 0, false
}

// offerOf is the digest that led to an update.
func (p *replay) offerOf(update *entry) *entry {
	for _, e := range p.r.received[p.role] {
		if digest := e.message.GetDataDig(); digest != nil && e.sender == update.sender && digest.Nonce == update.message.GetDataUpdate().Nonce {
			return e
		}
	}
	require.Fail(p.t, "an update out of nothing")
	return nil
}

// offer plays the answer to a Hello of which the peer asked for something: it
// waits until the node says Hello, and answers every Hello until the node asks
// for items. These it gets.
func (p *replay) offer(e *entry, from *puppet) {
	digest := e.message.GetDataDig()
	offered := slices.DeleteFunc(p.toNode(digest.Digests), func(d []byte) bool { return p.pulled[string(d)] || bytes.Equal(d, p.node.id) })
	if len(offered) == 0 {
		return // in the recording several peers shared what here one of them brought
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	var nonce uint64
	var request *gossip.SignedGossipMessage
	for request == nil {
		m := from.await(limit.C, func(m *gossip.SignedGossipMessage) bool {
			return m.GetHello().GetMsgType() == digest.MsgType && m.GetHello() != nil ||
				nonce != 0 && m.GetDataReq() != nil && m.GetDataReq().MsgType == digest.MsgType
		})
		require.NotNil(p.t, m, "no Hello or no request")
		if m.GetDataReq() != nil {
			request = m
			break
		}
		nonce = m.GetHello().Nonce
		from.say(&gossip.GossipMessage{Channel: e.message.Channel, Tag: e.message.Tag, Content: &gossip.GossipMessage_DataDig{
			DataDig: &gossip.DataDigest{Nonce: nonce, MsgType: digest.MsgType, Digests: p.toNode(digest.Digests)}}})
	}
	p.supply(e, from, request, offered)
}

// supply checks a request of the node and answers it.
func (p *replay) supply(e *entry, from *puppet, request *gossip.SignedGossipMessage, offered [][]byte) {
	content := request.GetDataReq()
	want := p.cast.form(&gossip.SignedGossipMessage{Envelope: &gossip.Envelope{}, GossipMessage: &gossip.GossipMessage{
		Channel: e.message.Channel, Tag: e.message.Tag, Content: &gossip.GossipMessage_DataReq{
			DataReq: &gossip.DataRequest{Nonce: content.Nonce, MsgType: content.MsgType, Digests: offered}}}})
	assert.Equal(p.t, want, p.cast.form(request), "the node asks for all it lacks")
	p.counts["request of "+e.kind()]++
	update := &gossip.DataUpdate{Nonce: content.Nonce, MsgType: content.MsgType}
	for _, digest := range content.Digests {
		p.pulled[string(digest)] = true
		item := p.r.item(content.MsgType, digest)
		require.NotNil(p.t, item)
		update.Data = append(update.Data, item)
	}
	from.say(&gossip.GossipMessage{Channel: e.message.Channel, Tag: e.message.Tag, Content: &gossip.GossipMessage_DataUpdate{DataUpdate: update}})
	if content.MsgType == gossip.PullMsgType_BLOCK_MSG {
		for range content.Digests {
			got := p.accept(func(m *gossip.GossipMessage) bool { return m.GetDataMsg() != nil })
			p.blocks[got.GetDataMsg().Payload.SeqNum] = true
			p.counts["blocks pulled"]++
		}
	}
}

// item finds what was sent for a digest.
func (r *recording) item(kind gossip.PullMsgType, digest []byte) *gossip.Envelope {
	for _, e := range r.all() {
		for _, item := range e.message.GetDataUpdate().GetData() {
			m, err := protoext.EnvelopeToGossipMessage(item)
			if err != nil || e.message.GetDataUpdate().MsgType != kind {
				continue
			}
			if bytes.Equal(m.GetPeerIdentity().GetPkiId(), digest) || m.GetDataMsg() != nil && string(digest) == decimal(m.GetDataMsg().Payload.SeqNum) {
				return item
			}
		}
	}
	return nil
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// initiative checks what the node said without being asked: nothing that the
// peer did not say in its place, but for what it passed on unchanged.
func (p *replay) initiative() {
	said := map[string]map[string]bool{} // forms, by kind
	note := func(m *gossip.SignedGossipMessage) {
		kind := kindOf(m.GossipMessage)
		if said[kind] == nil {
			said[kind] = map[string]bool{}
		}
		said[kind][p.cast.form(m)] = true
	}
	originals := map[string]bool{} // payload and signature of all that was signed
	for _, e := range p.r.all() {
		if e.sender == p.role {
			note(e.message)
		}
		for _, envelopes := range nested(e.message.GossipMessage) {
			for _, inner := range envelopes {
				originals[string(inner.Payload)+string(inner.Signature)] = true
				if m := open(p.t, inner); p.isRole(m.GetStateInfo().GetPkiId()) {
					note(m) // in a snapshot; pushed are only some of the heights
				}
			}
		}
		originals[string(e.message.Payload)+string(e.message.Signature)] = true
	}
	for _, from := range p.puppets {
		for _, m := range from.rest() {
			kind := kindOf(m.GossipMessage)
			if m.GetDataDig() != nil {
				assert.NotContains(p.t, p.silence[from.name], m.GetDataDig().Nonce, "nothing is offered if there is nothing")
			}
			if m.SecretEnvelope != nil {
				assert.Equal(p.t, orgOf(p.role), orgOf(from.name), "secrets do not leave the organization")
			}
			if originals[string(m.Payload)+string(m.Signature)] {
				p.counts["relayed "+kind]++
				continue
			}
			p.counts["said "+kind]++
			assert.True(p.t, said[kind][p.cast.form(m)], "%s never said this to %s: %s", p.role, from.name, p.cast.form(m))
		}
	}
}

// spoken waits until the node has said something of each of these kinds by
// itself.
func (p *replay) spoken(kinds ...string) {
	p.t.Helper()
	for _, kind := range kinds {
		require.Eventually(p.t, func() bool {
			for _, from := range p.puppets {
				if slices.ContainsFunc(from.rest(), func(m *gossip.SignedGossipMessage) bool { return kindOf(m.GossipMessage) == kind }) {
					return true
				}
			}
			return false
		}, patience, 5*time.Millisecond, "the node never says %s", kind)
	}
}

// played is what was done in each peer's place. Requests are counted if they were
// answered as in the recording.
var played = map[string]map[string]int{
	"peer0.org1": {"conn": 3, "mem_req": 35, "hello identity": 28, "data_req identity": 4, "hello block": 14, "hello block without answer": 1,
		"state_info_pull_req": 26, "request of data_dig identity": 3, "blocks gossiped": 14, "claims to lead": 8, "passed on": 143},
	"peer1.org1": {"conn": 3, "mem_req": 28, "hello identity": 28, "data_req identity": 3, "hello block": 15, "data_req block": 1,
		"state_info_pull_req": 26, "request of data_dig identity": 3, "blocks pushed": 18, "leadership": 9, "passed on": 142, "left out": 1},
	"peer2.org1": {"conn": 3, "mem_req": 18, "hello identity": 18, "data_req identity": 2, "hello block": 8, "hello block without answer": 4,
		"state_info_pull_req": 19, "request of data_dig identity": 1, "request of data_dig block": 1, "blocks pulled": 10, "claims to lead": 1, "blocks pushed": 8,
		"leadership": 4, "passed on": 97, "left out": 4},
	"peer0.org2": {"conn": 3, "mem_req": 28, "hello identity": 25, "data_req identity": 2, "state_info_pull_req": 25,
		"request of data_dig identity": 2, "passed on": 130},
}

func TestReplayGetsTheRecordedAnswers(t *testing.T) {
	for _, role := range peers {
		t.Run(role, func(t *testing.T) {
			p := newReplay(t, role)
			p.play()
			if orgOf(role) == org1 { // the one of the other organization is alone: it asks nobody for blocks
				p.spoken("hello block")
			}
			if p.counts["claims to lead"] > 0 {
				p.spoken("leadership_msg")
			}
			p.spoken("hello identity", "mem_req", "state_info", "state_info_pull_req")
			p.initiative()
			t.Log(p.counts)
			maps.DeleteFunc(p.counts, func(what string, _ int) bool {
				return strings.HasPrefix(what, "said") || strings.HasPrefix(what, "relayed")
			})
			assert.Equal(t, played[role], p.counts)
		})
	}
}
