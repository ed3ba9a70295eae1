// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Peers are named by organization and number, as in "A.1"; that is their PKI-ID
// and their identity, and whose signature is "by A.1". A block is good if it says
// so.

func orgOf(name string) api.OrgIdentityType {
	if strings.Contains(name, ".") {
		return api.OrgIdentityType(strings.Split(name, ".")[0])
	}
	return nil
}

// town is where peers live that belong to a channel.
type town struct {
	mutex      sync.Mutex
	members    []string                 // that are alive
	unknown    map[string]bool          // whose identity nobody has
	forgotten  map[string]bool          // by membership
	unreadable map[string]bool          // who are no readers of the channel
	private    map[string]bool          // without external endpoint
	signing    error                    // nobody can sign
	boxes      map[string]func(*parcel) // who gets what is sent, by name
	log        []string                 // of calls
	checks     map[string]int           // of signatures and blocks
	sent       []*proto.SignedGossipMessage
	handed     []*proto.SignedGossipMessage                                              // to subscribers
	delay      func(from, to string, m *proto.SignedGossipMessage) (time.Duration, bool) // until it is delivered, if it is
}

func newTown(members ...string) *town {
	return &town{
		members: members, unknown: map[string]bool{}, forgotten: map[string]bool{}, unreadable: map[string]bool{}, private: map[string]bool{},
		boxes: map[string]func(*parcel){}, checks: map[string]int{},
	}
}

// change changes something about the town.
func (t *town) change(f func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	f()
}

func (t *town) note(format string, args ...interface{}) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.log = append(t.log, fmt.Sprintf(format, args...))
}

// take returns what was logged since the last time.
func (t *town) take() []string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	log := t.log
	t.log = nil
	return log
}

func (t *town) takeSent() []*proto.SignedGossipMessage {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	sent := t.sent
	t.sent = nil
	return sent
}

func (t *town) takeHanded() []*proto.SignedGossipMessage {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	handed := t.handed
	t.handed = nil
	return handed
}

func (t *town) checked(what string) int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.checks[what]
}

// parcel is a message on its way from a peer.
type parcel struct {
	from    string
	message *proto.SignedGossipMessage
	reply   func(*proto.GossipMessage)
}

func (p *parcel) GetGossipMessage() *proto.SignedGossipMessage { return p.message }
func (p *parcel) GetSourceEnvelope() *proto.Envelope           { return p.message.Envelope }
func (p *parcel) Ack(error)                                    { panic("nothing is acknowledged") }

func (p *parcel) GetConnectionInfo() *proto.ConnectionInfo {
	if p.from == "" {
		return nil
	}
	return &proto.ConnectionInfo{ID: common.PKIidType(p.from)}
}

func (p *parcel) Respond(m *proto.GossipMessage) {
	if p.reply == nil {
		panic("nothing is responded to this")
	}
	p.reply(m)
}

// inhabitant is the adapter of a peer's channel. Whenever it is called it checks
// that the channel holds no lock.
type inhabitant struct {
	*town
	name string
	gc   *gossipChannel // nil while it is being made
	conf Config
	hook *observe.Hook
}

func (a *inhabitant) called(format string, args ...interface{}) {
	a.note(format, args...)
	a.unlocked()
}

// unlocked hangs if the caller holds a lock of the channel.
func (a *inhabitant) unlocked() {
	a.town.mutex.Lock()
	gc := a.gc
	a.town.mutex.Unlock()
	if gc == nil {
		return
	}
	gc.IsOrgInChannel(nil)
	gc.own.ledgerHeight()
	gc.stateInfos.size()
	gc.blocks.Size()
	gc.KnownHolder(0, nil)
}

func (a *inhabitant) Hook() *observe.Hook { return a.hook }
func (a *inhabitant) GetConf() Config     { return a.conf }

func (a *inhabitant) Sign(m *proto.GossipMessage) (*proto.SignedGossipMessage, error) {
	a.called("sign %s", protoext.Kind(m))
	a.town.mutex.Lock()
	err := a.signing
	a.town.mutex.Unlock()
	if err != nil {
		return nil, err
	}
	return protoext.Sign(m, func([]byte) ([]byte, error) { return []byte("by " + a.name), nil })
}

func (a *inhabitant) Gossip(m *proto.SignedGossipMessage) {
	a.called("gossip %s", protoext.Kind(m.GossipMessage))
}

func (a *inhabitant) Forward(m proto.ReceivedMessage) {
	a.called("forward %s", protoext.Kind(m.GetGossipMessage().GossipMessage))
}

func (a *inhabitant) DeMultiplex(m interface{}) {
	message := m.(*proto.SignedGossipMessage)
	a.town.change(func() { a.handed = append(a.handed, message) })
	if message.GetDataMsg() != nil {
		a.called("%s gets block %d", a.name, message.GetDataMsg().Payload.SeqNum)
		return
	}
	a.called("%s gets %s", a.name, protoext.Kind(message.GossipMessage))
}

func (a *inhabitant) member(name string) discovery.NetworkMember {
	m := discovery.NetworkMember{PKIid: common.PKIidType(name), InternalEndpoint: name + ":inside"}
	if !a.private[name] {
		m.Endpoint = name + ":outside"
	}
	return m
}

func (a *inhabitant) GetMembership() []discovery.NetworkMember {
	a.unlocked()
	a.town.mutex.Lock()
	defer a.town.mutex.Unlock()
	var all []discovery.NetworkMember
	for _, name := range a.members {
		all = append(all, a.member(name))
	}
	return all
}

func (a *inhabitant) Lookup(id common.PKIidType) *discovery.NetworkMember {
	a.unlocked()
	a.town.mutex.Lock()
	defer a.town.mutex.Unlock()
	if a.forgotten[string(id)] {
		return nil
	}
	m := a.member(string(id))
	return &m
}

func (a *inhabitant) Send(m *proto.SignedGossipMessage, peers ...*comm.RemotePeer) {
	for _, peer := range peers {
		to := string(peer.PKIID)
		if peer.Endpoint != to+":inside" {
			panic("sent to " + peer.Endpoint)
		}
		a.called("%s to %s", protoext.Kind(m.GossipMessage), to)
		a.town.change(func() { a.sent = append(a.sent, m) })
		a.carry(a.name, to, m)
	}
}

// carry delivers a message, some time later if the town is like that.
func (t *town) carry(from, to string, m *proto.SignedGossipMessage) {
	t.mutex.Lock()
	box, delay := t.boxes[to], t.delay
	t.mutex.Unlock()
	if box == nil {
		return
	}
	wait, arrives := time.Duration(0), true
	if delay != nil {
		wait, arrives = delay(from, to, m)
	}
	if !arrives {
		return
	}
	received, err := protoext.EnvelopeToGossipMessage(m.Envelope)
	if err != nil {
		panic(err)
	}
	p := &parcel{from: from, message: received, reply: func(answer *proto.GossipMessage) { t.carry(to, from, unsigned(answer)) }}
	time.AfterFunc(wait, func() { box(p) })
}

func (a *inhabitant) ValidateStateInfoMessage(m *proto.SignedGossipMessage) error {
	a.unlocked()
	a.town.change(func() { a.checks["signature"]++ })
	if string(m.Signature) != "by "+string(m.GetStateInfo().PkiId) {
		return errors.New("forged")
	}
	return nil
}

func (a *inhabitant) GetOrgOfPeer(id common.PKIidType) api.OrgIdentityType {
	a.unlocked()
	return orgOf(string(id))
}

func (a *inhabitant) GetIdentityByPKIID(id common.PKIidType) api.PeerIdentityType {
	a.unlocked()
	a.town.mutex.Lock()
	defer a.town.mutex.Unlock()
	if a.unknown[string(id)] {
		return nil
	}
	return api.PeerIdentityType(id)
}

// notary is the crypto service of a peer; what a channel must not use panics.
type notary struct {
	api.MessageCryptoService
	who *inhabitant
}

func (n notary) VerifyByChannel(channel common.ChainID, identity api.PeerIdentityType, signature, message []byte) error {
	n.who.unlocked()
	n.who.town.mutex.Lock()
	defer n.who.town.mutex.Unlock()
	n.who.checks["reader"]++
	if string(channel) != "C" || n.who.unreadable[string(identity)] || string(signature) != "by "+string(identity) || len(message) == 0 {
		return errors.New("no reader")
	}
	return nil
}

func (n notary) VerifyBlock(channel common.ChainID, number uint64, block []byte) error {
	n.who.unlocked()
	n.who.town.mutex.Lock()
	defer n.who.town.mutex.Unlock()
	n.who.checks["block"]++
	n.who.checks[fmt.Sprint("block ", number)]++
	if string(channel) != "C" || !bytes.HasPrefix(block, []byte(fmt.Sprint("good ", number))) {
		return errors.New("no such block")
	}
	return nil
}

// charter is a join message; its number may count up.
type charter struct {
	orgs   []string
	number func() uint64
}

func (c *charter) SequenceNumber() uint64 {
	if c.number == nil {
		return 0
	}
	return c.number()
}

func (c *charter) AnchorPeersOf(api.OrgIdentityType) []api.AnchorPeer { return nil }

func (c *charter) Members() []api.OrgIdentityType {
	var orgs []api.OrgIdentityType
	for _, org := range c.orgs {
		orgs = append(orgs, api.OrgIdentityType(org))
	}
	return orgs
}

// settle makes a channel of organizations A and B for a peer of the town. It
// publishes and asks for StateInfo every second and pulls every four.
func (t *town) settle(name string, change ...func(c *Config)) *gossipChannel {
	conf := Config{
		ID:                          name,
		PublishStateInfoInterval:    time.Second,
		MaxBlockCountToStore:        10,
		PullPeerNum:                 3,
		PullInterval:                4 * time.Second,
		RequestStateInfoInterval:    time.Second,
		BlockExpirationInterval:     400 * time.Second,
		StateInfoCacheSweepInterval: 20 * time.Second,
	}
	for _, c := range change {
		c(&conf)
	}
	a := &inhabitant{town: t, name: name, conf: conf, hook: &observe.Hook{}}
	gc := NewGossipChannel(common.PKIidType(name), orgOf(name), notary{who: a}, common.ChainID("C"), a, &charter{orgs: []string{"A", "B"}}).(*gossipChannel)
	t.change(func() {
		a.gc = gc
		t.boxes[name] = func(p *parcel) { gc.HandleMessage(p) }
	})
	return gc
}

func unsigned(m *proto.GossipMessage) *proto.SignedGossipMessage {
	sealed, err := protoext.NoopSign(m)
	if err != nil {
		panic(err)
	}
	return sealed
}

func signedBy(name string, m *proto.GossipMessage) *proto.SignedGossipMessage {
	sealed, err := protoext.Sign(m, func([]byte) ([]byte, error) { return []byte("by " + name), nil })
	if err != nil {
		panic(err)
	}
	return sealed
}

// stateInfo is what a peer publishes the nth time.
func stateInfo(name string, nth, height uint64) *proto.SignedGossipMessage {
	return signedBy(name, &proto.GossipMessage{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateInfo{StateInfo: &proto.StateInfo{
		Channel_MAC: GenerateMAC(common.PKIidType(name), common.ChainID("C")),
		PkiId:       []byte(name),
		Timestamp:   &proto.PeerTime{IncNum: 1, SeqNum: nth},
		Properties:  &proto.Properties{LedgerHeight: height},
	}}})
}

func leftBy(name string, nth uint64) *proto.SignedGossipMessage {
	m := stateInfo(name, nth, 7).GossipMessage
	m.GetStateInfo().Properties.LeftChannel = true
	return signedBy(name, m)
}

func block(number uint64, texts ...string) *proto.SignedGossipMessage {
	text := fmt.Sprint("good ", number)
	if len(texts) > 0 {
		text = texts[0]
	}
	return unsigned(&proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_AND_ORG, Content: &proto.GossipMessage_DataMsg{
		DataMsg: &proto.DataMessage{Payload: &proto.Payload{SeqNum: number, Data: []byte(text)}},
	}})
}

func leadership(name string, nth uint64) *proto.SignedGossipMessage {
	return signedBy(name, &proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_AND_ORG, Content: &proto.GossipMessage_LeadershipMsg{
		LeadershipMsg: &proto.LeadershipMessage{PkiId: []byte(name), Timestamp: &proto.PeerTime{IncNum: 1, SeqNum: nth}, IsDeclaration: true},
	}})
}

func snapshot(elements ...*proto.Envelope) *proto.SignedGossipMessage {
	return unsigned(&proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateSnapshot{
		StateSnapshot: &proto.StateInfoSnapshot{Elements: elements},
	}})
}

func stateInfoRequest(name string) *proto.SignedGossipMessage {
	return unsigned(&proto.GossipMessage{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateInfoPullReq{
		StateInfoPullReq: &proto.StateInfoPullRequest{Channel_MAC: GenerateMAC(common.PKIidType(name), common.ChainID("C"))},
	}})
}

func pulling(fill func(m *proto.GossipMessage)) *proto.SignedGossipMessage {
	m := &proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_AND_ORG}
	fill(m)
	return unsigned(m)
}

const blockType = proto.PullMsgType_BLOCK_MSG

func greeting(nonce uint64) *proto.SignedGossipMessage {
	return pulling(func(m *proto.GossipMessage) {
		m.Content = &proto.GossipMessage_Hello{Hello: &proto.GossipHello{Nonce: nonce, MsgType: blockType}}
	})
}

func announcement(nonce uint64, digests ...string) *proto.SignedGossipMessage {
	return pulling(func(m *proto.GossipMessage) {
		m.Content = &proto.GossipMessage_DataDig{DataDig: &proto.DataDigest{Nonce: nonce, MsgType: blockType, Digests: rawOf(digests)}}
	})
}

func order(nonce uint64, digests ...string) *proto.SignedGossipMessage {
	return pulling(func(m *proto.GossipMessage) {
		m.Content = &proto.GossipMessage_DataReq{DataReq: &proto.DataRequest{Nonce: nonce, MsgType: blockType, Digests: rawOf(digests)}}
	})
}

func supply(nonce uint64, blocks ...*proto.SignedGossipMessage) *proto.SignedGossipMessage {
	var data []*proto.Envelope
	for _, b := range blocks {
		data = append(data, b.Envelope)
	}
	return pulling(func(m *proto.GossipMessage) {
		m.Content = &proto.GossipMessage_DataUpdate{DataUpdate: &proto.DataUpdate{Nonce: nonce, MsgType: blockType, Data: data}}
	})
}

func rawOf(digests []string) [][]byte {
	var raw [][]byte
	for _, digest := range digests {
		raw = append(raw, []byte(digest))
	}
	return raw
}

// get hands a message of a peer to a channel and returns the answers, none of
// which is expected unless the messages of later tests wait for them.
func get(gc *gossipChannel, from string, m *proto.SignedGossipMessage, reply ...func(*proto.GossipMessage)) {
	p := &parcel{from: from, message: m}
	if len(reply) > 0 {
		p.reply = reply[0]
	}
	gc.HandleMessage(p)
}

// rejections are the reasons for which a channel has rejected and dropped things.
func rejections(gc *gossipChannel) map[string]uint64 {
	reasons := map[string]uint64{}
	for count, n := range gc.Hook().Counts() {
		if count.Kind != observe.Verified {
			reasons[count.Reason] += n
		}
	}
	return reasons
}
