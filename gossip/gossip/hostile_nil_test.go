// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/channel"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// hostileKinds are sound messages of every kind, every field filled; signed
// ones, also those inside others, by the attacker. Each call makes them newer.
func (p *hostilePeer) hostileKinds(sequence uint64) map[string]*proto.GossipMessage {
	inner := func(m *proto.GossipMessage) *proto.Envelope {
		e := p.signed(m)
		if m.GetAliveMsg() != nil {
			e.SecretEnvelope = p.secret(p, "127.0.0.1:3")
		}
		return e
	}
	unsigned := func(m *proto.GossipMessage) *proto.Envelope {
		e, err := protoext.NoopSign(m)
		require.NoError(p.scene.t, err)
		return e.Envelope
	}
	alive := func() *proto.GossipMessage {
		return p.alive(1, sequence, func(a *proto.AliveMessage) { a.Membership.Metadata = []byte("metadata") })
	}
	state := func() *proto.GossipMessage {
		m := p.stateInfo(hostileChannel, sequence)
		m.GetStateInfo().Properties.Chaincodes = []*proto.Chaincode{{Name: "n", Version: "1", Metadata: []byte("m")}}
		m.GetStateInfo().Properties.LeftChannel = true // no member, whatever else it says
		return m
	}
	block := func() *proto.GossipMessage { // that nobody ordered, or it would be taken in and stay
		m := hostileBlock(hostileChannel, sequence)
		m.GetDataMsg().Payload.Data[0]++
		return m
	}
	identity := func() *proto.GossipMessage {
		return &proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_PeerIdentity{
			PeerIdentity: &proto.PeerIdentity{PkiId: p.id, Cert: p.identity, Metadata: []byte("metadata")}}}
	}
	messages := map[string]*proto.GossipMessage{
		"alive_msg":  alive(),
		"mem_req":    hostileMemReq(sequence, inner(alive())),
		"state_info": state(),
		"data_msg":   block(),
		"leadership": hostileLeadership(p.id),
		"conn":       p.conn([]byte("hash")),
		"identity":   identity(),
	}
	add := func(name string, tag proto.GossipMessage_Tag, content interface{}) {
		m := &proto.GossipMessage{Tag: tag, Nonce: sequence}
		if tag != proto.GossipMessage_EMPTY {
			m.Channel = []byte(hostileChannel)
		}
		reflect.ValueOf(m).Elem().FieldByName("Content").Set(reflect.ValueOf(content))
		messages[name] = m
	}
	const either, both, empty = proto.GossipMessage_CHAN_OR_ORG, proto.GossipMessage_CHAN_AND_ORG, proto.GossipMessage_EMPTY
	add("mem_res", empty, &proto.GossipMessage_MemRes{MemRes: &proto.MembershipResponse{Alive: []*proto.Envelope{inner(alive())}, Dead: []*proto.Envelope{inner(alive())}}})
	add("state_info_pull_req", either, &proto.GossipMessage_StateInfoPullReq{StateInfoPullReq: &proto.StateInfoPullRequest{Channel_MAC: channel.GenerateMAC(p.id, common.ChainID(hostileChannel))}})
	add("state_snapshot", either, &proto.GossipMessage_StateSnapshot{StateSnapshot: &proto.StateInfoSnapshot{Elements: []*proto.Envelope{inner(state())}}})
	add("state_request", either, &proto.GossipMessage_StateRequest{StateRequest: &proto.RemoteStateRequest{StartSeqNum: 1, EndSeqNum: 2}})
	add("state_response", either, &proto.GossipMessage_StateResponse{StateResponse: &proto.RemoteStateResponse{Payloads: []*proto.Payload{block().GetDataMsg().Payload}}})
	add("ack", proto.GossipMessage_UNDEFINED, &proto.GossipMessage_Ack{Ack: &proto.Acknowledgement{Error: "no"}})
	add("empty", empty, &proto.GossipMessage_Empty{Empty: &proto.Empty{}})
	digest := &proto.PvtDataDigest{TxId: "t", Namespace: "n", Collection: "c", BlockSeq: 1, SeqInBlock: 1}
	add("privateReq", proto.GossipMessage_CHAN_ONLY, &proto.GossipMessage_PrivateReq{PrivateReq: &proto.RemotePvtDataRequest{Digests: []*proto.PvtDataDigest{digest}}})
	add("privateRes", proto.GossipMessage_CHAN_ONLY, &proto.GossipMessage_PrivateRes{PrivateRes: &proto.RemotePvtDataResponse{
		Elements: []*proto.PvtDataElement{{Digest: digest, Payload: [][]byte{{1}}}}}})
	add("private_data", proto.GossipMessage_CHAN_ONLY, &proto.GossipMessage_PrivateData{PrivateData: &proto.PrivateDataMessage{
		Payload: &proto.PrivatePayload{CollectionName: "c", Namespace: "n", TxId: "t", PrivateRwset: []byte{1}, PrivateSimHeight: 1}}})
	for name, pull := range map[string]struct {
		tag  proto.GossipMessage_Tag
		kind proto.PullMsgType
		item func() *proto.Envelope
	}{
		"block":    {both, proto.PullMsgType_BLOCK_MSG, func() *proto.Envelope { return unsigned(block()) }},
		"identity": {empty, proto.PullMsgType_IDENTITY_MSG, func() *proto.Envelope { return inner(identity()) }},
	} {
		add("hello "+name, pull.tag, &proto.GossipMessage_Hello{Hello: &proto.GossipHello{Nonce: sequence, Metadata: []byte{1}, MsgType: pull.kind}})
		add("data_dig "+name, pull.tag, &proto.GossipMessage_DataDig{DataDig: &proto.DataDigest{Nonce: sequence, Digests: [][]byte{[]byte("1")}, MsgType: pull.kind}})
		add("data_req "+name, pull.tag, &proto.GossipMessage_DataReq{DataReq: &proto.DataRequest{Nonce: sequence, Digests: [][]byte{[]byte("1")}, MsgType: pull.kind}})
		add("data_update "+name, pull.tag, &proto.GossipMessage_DataUpdate{DataUpdate: &proto.DataUpdate{Nonce: sequence, Data: []*proto.Envelope{pull.item()}, MsgType: pull.kind}})
	}
	return messages
}

// hostileHole is a way to take something out of a message: of each field of
// every struct in it, and of every element of a list, there is one.
type hostileHole struct {
	path  string
	blank func(message reflect.Value) // of an equal message
}

// hostileHoles lists the holes of v, a message or a part of one.
func hostileHoles(v reflect.Value, path string, reach func(root reflect.Value) reflect.Value) []hostileHole {
	var holes []hostileHole
	add := func(path string, reach func(reflect.Value) reflect.Value) {
		holes = append(holes, hostileHole{path, func(root reflect.Value) {
			part := reach(root)
			part.Set(reflect.Zero(part.Type()))
		}})
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Ptr:
		if !v.IsNil() {
			return hostileHoles(v.Elem(), path, func(root reflect.Value) reflect.Value { return reach(root).Elem() })
		}
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			i, name := i, v.Type().Field(i).Name
			if strings.HasPrefix(name, "XXX_") || v.Field(i).IsZero() {
				continue
			}
			inner := func(root reflect.Value) reflect.Value { return reach(root).Field(i) }
			add(path+"."+name, inner)
			holes = append(holes, hostileHoles(v.Field(i), path+"."+name, inner)...)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			break
		}
		for i := 0; i < v.Len(); i++ {
			i := i
			inner := func(root reflect.Value) reflect.Value { return reach(root).Index(i) }
			if v.Index(i).Kind() != reflect.Ptr { // nil in a list of messages cannot be encoded
				add(fmt.Sprintf("%s[%d]", path, i), inner)
			}
			holes = append(holes, hostileHoles(v.Index(i), fmt.Sprintf("%s[%d]", path, i), inner)...)
		}
	}
	return holes
}

func hostileHolesOf(m interface{}) []hostileHole {
	return hostileHoles(reflect.ValueOf(m), "", func(root reflect.Value) reflect.Value { return root })
}

// hostileOdd are envelopes of every kind with one thing missing: a field of the
// message, one of a message inside it (which is signed again), one of its
// envelope. Each call of make gives the same with a newer sequence number.
type hostileOdd struct {
	path string
	make func(sequence uint64) *proto.Envelope
}

func (p *hostilePeer) odd() []hostileOdd {
	var all []hostileOdd
	var names []string
	for name := range p.hostileKinds(1) {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		name := name
		all = append(all, hostileOdd{name, func(sequence uint64) *proto.Envelope { return p.signed(p.hostileKinds(sequence)[name]) }})
		for _, hole := range hostileHolesOf(p.hostileKinds(1)[name]) {
			hole := hole
			probe := p.hostileKinds(1)[name]
			hole.blank(reflect.ValueOf(probe))
			if _, err := protoext.NoopSign(probe); err != nil {
				continue // old encoders refuse a oneof without its message
			}
			all = append(all, hostileOdd{name + hole.path, func(sequence uint64) *proto.Envelope {
				m := p.hostileKinds(sequence)[name]
				hole.blank(reflect.ValueOf(m))
				return p.signed(m)
			}})
		}
		all = append(all, p.oddEnvelopes(name)...)
		all = append(all, p.oddInside(name)...)
	}
	return all
}

// oddEnvelopes are of a sound message.
func (p *hostilePeer) oddEnvelopes(name string) []hostileOdd {
	sound := func(sequence uint64) *proto.Envelope {
		e := p.signed(p.hostileKinds(sequence)[name])
		e.SecretEnvelope = p.secret(p, "127.0.0.1:3")
		return e
	}
	var all []hostileOdd
	for _, hole := range hostileHolesOf(sound(1)) {
		hole := hole
		if hole.path == ".Payload" {
			continue // undecodable envelopes end a stream: TestHostileGarbage
		}
		all = append(all, hostileOdd{name + " in envelope without " + hole.path, func(sequence uint64) *proto.Envelope {
			e := sound(sequence)
			hole.blank(reflect.ValueOf(e))
			return e
		}})
	}
	return all
}

// hostileInner are the envelopes in a message.
func hostileInner(m *proto.GossipMessage) []*proto.Envelope {
	var all []*proto.Envelope
	if request := m.GetMemReq(); request != nil {
		all = append(all, request.SelfInformation)
	}
	all = append(all, m.GetMemRes().GetAlive()...)
	all = append(all, m.GetMemRes().GetDead()...)
	all = append(all, m.GetStateSnapshot().GetElements()...)
	return append(all, m.GetDataUpdate().GetData()...)
}

// oddInside are sound messages with odd ones inside, which are signed again.
func (p *hostilePeer) oddInside(name string) []hostileOdd {
	var all []hostileOdd
	for i, e := range hostileInner(p.hostileKinds(1)[name]) {
		m, err := protoext.EnvelopeToGossipMessage(e)
		require.NoError(p.scene.t, err)
		for _, hole := range hostileHolesOf(m.GossipMessage) {
			i, hole := i, hole
			probe, err := protoext.EnvelopeToGossipMessage(e)
			require.NoError(p.scene.t, err)
			hole.blank(reflect.ValueOf(probe.GossipMessage))
			if _, err := protoext.NoopSign(probe.GossipMessage); err != nil {
				continue // as above
			}
			all = append(all, hostileOdd{fmt.Sprintf("%s with %d%s", name, i, hole.path), func(sequence uint64) *proto.Envelope {
				outer := p.hostileKinds(sequence)[name]
				e := hostileInner(outer)[i]
				inner, err := protoext.EnvelopeToGossipMessage(e)
				require.NoError(p.scene.t, err)
				hole.blank(reflect.ValueOf(inner.GossipMessage))
				e.Payload = p.signed(inner.GossipMessage).Payload
				e.Signature = p.signed(inner.GossipMessage).Signature
				return p.signed(outer)
			}})
		}
	}
	return all
}

func TestHostileNilInEveryFieldOfEveryMessage(t *testing.T) {
	s := newHostileScene(t, false)
	s.undisturbed() // there are blocks to offer
	insider := s.intruder("A", "insider")
	insider.post(insider.signed(insider.alive(1, 1)))
	s.knows(insider)
	insider.post(insider.signed(insider.hostileKinds(2)["state_info"]))
	insider.sync(3)
	outcomes := map[string][]string{}
	sequence, judged := uint64(10), 0
	for _, odd := range insider.odd() {
		before := s.watch.all()
		insider.post(odd.make(sequence))
		insider.sync(sequence + 1)
		outcome := hostileOutcome(before, s.watch.all())
		outcomes[outcome] = append(outcomes[outcome], odd.path)
		if must := hostileVerdict(odd.path); must != "" {
			require.Contains(t, outcome, must, odd.path)
			judged++
		}
		sequence += 10
	}
	for outcome, paths := range outcomes {
		t.Logf("%s: %d: %s", outcome, len(paths), strings.Join(paths, ", "))
	}
	require.True(t, judged > 70, "%d", judged)
	insider.post(insider.signed(insider.hostileKinds(sequence)["state_info"]))
	insider.sync(sequence + 1)
	s.undisturbed()
}

// hostileVerdict is what must come of a message with that hole; empty if there
// is more than one right way to take it.
func hostileVerdict(path string) string {
	kind := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == ' ' })[0]
	switch kind {
	case "conn", "empty", "ack", "privateReq", "privateRes", "private_data": // not for the node
		return ""
	}
	nested := strings.Contains(path, " with ")
	for _, ending := range []string{"Membership", "PkiId", "Timestamp", "SelfInformation", "Cert", "DataMsg.Payload", "Content"} {
		if strings.HasSuffix(path, "."+ending) {
			return "rejected: malformed"
		}
	}
	if strings.HasSuffix(path, ".Tag") && !nested {
		return "rejected: illegal tag"
	}
	signed := kind == "alive_msg" || kind == "state_info" || kind == "leadership"
	if signed && strings.HasSuffix(path, "envelope without .Signature") || strings.Contains(path, ".Alive[0].Signature") || strings.Contains(path, "Elements[0].Signature") {
		return "rejected: "
	}
	return ""
}

// sync waits until everything that was sent before has been handled, wherever it
// is handled: of each place a question is asked.
func (p *hostilePeer) sync(sequence uint64) {
	p.scene.t.Helper()
	kinds := p.hostileKinds(sequence)
	p.say(hostileMemReq(sequence, p.signed(p.alive(1, sequence))))
	p.answer(func(m *proto.GossipMessage) bool { return m.GetMemRes() != nil && m.Nonce == sequence })
	for _, hello := range []string{"hello identity", "hello block"} {
		p.say(kinds[hello])
		p.answer(func(m *proto.GossipMessage) bool { return m.GetDataDig().GetNonce() == sequence })
	}
}

// hostileOutcome is what the victim found objectionable.
func hostileOutcome(before, after map[hostileSight]int) string {
	var all []string
	for sight, n := range after {
		if n > before[sight] && (sight.kind == observe.Rejected || sight.kind == observe.Dropped) {
			all = append(all, fmt.Sprintf("%s: %s", sight.kind, sight.reason))
		}
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}
