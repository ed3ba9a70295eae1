// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package channel

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// offered is the digest that a channel answers a peer's Hello with.
func offered(gc *gossipChannel, to string) string {
	var numbers []int
	get(gc, to, greeting(77), func(m *proto.GossipMessage) {
		for _, digest := range m.GetDataDig().GetDigests() {
			number, err := strconv.Atoi(string(digest))
			if err != nil {
				panic(err)
			}
			numbers = append(numbers, number)
		}
	})
	synctest.Wait()
	sort.Ints(numbers)
	return strings.Trim(fmt.Sprint(numbers), "[]")
}

// joined is a channel to which the peers named have published a height of 1.
func joined(town *town, names ...string) *gossipChannel {
	gc := town.settle("A.0")
	for _, name := range names {
		get(gc, name, stateInfo(name, 1, 1))
	}
	town.take()
	return gc
}

func TestSimAPushedBlock(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "B.1")
		gc := joined(town, "A.1")
		defer gc.Stop()
		get(gc, "A.2", block(5))
		assert.Equal(t, []string{"forward data_msg", "A.0 gets block 5"}, town.take())
		get(gc, "B.1", block(6))
		assert.Equal(t, []string{"forward data_msg", "A.0 gets block 6"}, town.take(), "by any organization, without StateInfo")
		get(gc, "A.1", block(5))
		get(gc, "A.1", block(6, "bad"))
		assert.Empty(t, town.take())
		assert.Equal(t, 2, town.checked("block"), "what is here is not verified")
		assert.Equal(t, map[string]uint64{reasonHere: 2}, rejections(gc))
		assert.Equal(t, "5 6", offered(gc, "A.1"))
		assert.Equal(t, 2, gc.blockMsgStore.Size())
	})
}

func TestSimRefusedBlocks(t *testing.T) {
	private := block(5).GossipMessage
	private.GetDataMsg().Payload.PrivateData = [][]byte{[]byte("whatever")}
	cases := map[string]struct {
		from   string
		m      *proto.SignedGossipMessage
		reason string
	}{
		"from outside":      {"D.1", block(5), reasonOrg},
		"that is none":      {"A.1", block(5, "bad"), reasonBlock},
		"with data":         {"A.1", unsigned(private), reasonPrivateData},
		"with padding":      {"A.1", padded(block(5)), reasonPadding},
		"without a payload": {"A.1", &proto.SignedGossipMessage{GossipMessage: &proto.GossipMessage{Channel: []byte("C"), Tag: proto.GossipMessage_CHAN_AND_ORG, Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{}}}}, reasonShape},
		"of another channel": {"A.1", func() *proto.SignedGossipMessage {
			m := block(5).GossipMessage
			m.Channel = []byte("D")
			return unsigned(m)
		}(), reasonChannel},
		"of no channel": {"A.1", func() *proto.SignedGossipMessage {
			m := block(5).GossipMessage
			m.Channel = nil
			return unsigned(m)
		}(), reasonChannel},
	}
	for name, test := range cases {
		name, test := name, test
		simulate(t, func(t *testing.T) {
			town := newTown("A.1")
			gc := joined(town, "A.1")
			defer gc.Stop()
			get(gc, test.from, test.m)
			assert.Empty(t, town.take(), name)
			assert.Equal(t, map[string]uint64{test.reason: 1}, rejections(gc), name)
			get(gc, "A.1", block(5))
			assert.Equal(t, []string{"forward data_msg", "A.0 gets block 5"}, town.take(), "%s: it does not take the place of the good one", name)
		})
	}
}

// A block whose transactions are cut differently has the same hashes.
func TestTransactionBoundaries(t *testing.T) {
	envelope, err := pb.Marshal(&cb.Envelope{Payload: []byte("what"), Signature: []byte("who")})
	assert.NoError(t, err)
	encode := func(entries ...[]byte) []byte {
		raw, err := pb.Marshal(&cb.Block{Header: &cb.BlockHeader{Number: 5}, Data: &cb.BlockData{Data: entries}})
		assert.NoError(t, err)
		return raw
	}
	assert.NoError(t, checkBoundaries(encode(envelope, envelope)))
	assert.Error(t, checkBoundaries(encode(append(envelope[:len(envelope):len(envelope)], envelope...))))
	assert.NoError(t, checkBoundaries([]byte("no block at all")))
	assert.NoError(t, checkBoundaries(nil))
	// An empty group hides the block from strict decoders only.
	hidden := append(encode(append(envelope[:len(envelope):len(envelope)], envelope...)), 15<<3|3, 15<<3|4)
	assert.NoError(t, pb.Unmarshal(hidden, &cb.Block{}))
	assert.Error(t, checkBoundaries(hidden))
}

func TestSimLocalBlocks(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := joined(town, "A.1")
		defer gc.Stop()
		gc.AddToMsgStore(block(5, "not verified"))
		gc.AddToMsgStore(&proto.SignedGossipMessage{GossipMessage: block(6).GossipMessage}) // without envelope
		gc.AddToMsgStore(&proto.SignedGossipMessage{GossipMessage: &proto.GossipMessage{Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{}}}})
		assert.Equal(t, "5 6", offered(gc, "A.1"))
		get(gc, "A.1", block(5))
		assert.Empty(t, town.take(), "it is neither passed on nor handed to subscribers")
		gc.AddToMsgStore(block(500))
		gc.AddToMsgStore(block(6))
		assert.Equal(t, "500", offered(gc, "A.1"), "what the store refuses is not offered")
	})
}

func TestSimTheWindow(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := joined(town, "A.1")
		defer gc.Stop()
		for number := uint64(1); number <= 50; number++ {
			get(gc, "A.1", block(number))
		}
		assert.Equal(t, "40 41 42 43 44 45 46 47 48 49 50", offered(gc, "A.1"))
		assert.Len(t, town.take(), 100)
		get(gc, "A.1", block(39))
		assert.Empty(t, town.take())
		get(gc, "A.1", block(60))
		assert.Equal(t, "50 60", offered(gc, "A.1"))
		get(gc, "A.1", block(55))
		assert.Equal(t, "50 55 60", offered(gc, "A.1"))
		assert.Len(t, gc.blocks.Get(), 3)
	})
}

func TestSimBlocksExpire(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := town.settle("A.0")
		defer gc.Stop()
		get(gc, "A.1", stateInfo("A.1", 1, 1))
		get(gc, "A.1", block(5))
		town.take()
		pass(399 * time.Second)
		assert.Equal(t, "5", offered(gc, "A.1"))
		pass(6 * time.Second)
		assert.Equal(t, "", offered(gc, "A.1"))
		assert.Equal(t, 0, gc.blockMsgStore.Size())
		assert.Empty(t, gc.blocks.blocks, "its bytes are free")
		assert.Equal(t, int64(0), gc.blocks.bytes)
		town.take()
		get(gc, "A.1", block(5))
		assert.Equal(t, uint64(1), rejections(gc)[reasonHere], "it is still refused")
		assert.Empty(t, town.take())
		assert.Equal(t, 0, len(gc.wantedDigest(announcement(1, "5").GetDataDig()).Digests), "nor pulled")
		pass(402 * time.Second)
		town.take()
		get(gc, "A.1", block(5))
		assert.Equal(t, []string{"forward data_msg", "A.0 gets block 5"}, town.take(), "it is forgotten")
		assert.Equal(t, "5", offered(gc, "A.1"))
	})
}

// Of a block's bytes there is one copy, which subscribers and other peers share.
func TestSimOneCopyOfTheBytes(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := joined(town, "A.1")
		defer gc.Stop()
		m := block(5)
		m.Envelope.SecretEnvelope = &proto.SecretEnvelope{Payload: make([]byte, 1000)}
		get(gc, "A.1", m)
		handed := town.takeHanded()
		kept := handed[len(handed)-1]
		assert.Equal(t, m.GossipMessage.String(), kept.GossipMessage.String())
		assert.True(t, &m.Envelope.Payload[0] == &kept.Envelope.Payload[0])
		data := kept.GetDataMsg().Payload.Data
		at := strings.Index(string(kept.Envelope.Payload), string(data))
		assert.True(t, &data[0] == &kept.Envelope.Payload[at], "not a copy")
		assert.Nil(t, kept.Envelope.SecretEnvelope, "nothing that came beside it")
		assert.NotNil(t, m.Envelope.SecretEnvelope)
		get(gc, "A.1", greeting(3), func(*proto.GossipMessage) {})
		var served []*proto.Envelope
		get(gc, "A.1", order(3, "5"), func(m *proto.GossipMessage) { served = m.GetDataUpdate().Data })
		synctest.Wait()
		if assert.Len(t, served, 1) {
			assert.True(t, served[0] == kept.Envelope)
		}
	})
}

func TestSimBytesAreBounded(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := joined(town, "A.1")
		defer gc.Stop()
		before := atomic.LoadInt64(&heldBytes)
		gc.blocks.channelBytes = 3500
		big := func(number uint64) *proto.SignedGossipMessage {
			return block(number, fmt.Sprint("good ", number, strings.Repeat(" ", 1000)))
		}
		for _, number := range []uint64{3, 4, 2, 5, 6} {
			get(gc, "A.1", big(number))
		}
		assert.Equal(t, "4 5 6", offered(gc, "A.1"), "the lowest had to go")
		assert.True(t, gc.blocks.bytes <= 3500)
		assert.Equal(t, gc.blocks.bytes, atomic.LoadInt64(&heldBytes)-before)
		town.take()
		get(gc, "A.1", big(3))
		assert.Empty(t, town.take(), "they are not taken in again")
		assert.Empty(t, gc.wantedDigest(announcement(1, "2", "3").GetDataDig()).Digests)
		get(gc, "A.1", block(7, "good 7"+strings.Repeat(" ", 5000)))
		assert.Equal(t, "7", offered(gc, "A.1"), "the latest stays even if it is too big by itself")

		gc.blocks.channelBytes, gc.blocks.processBytes, gc.blocks.assuredBytes = 1<<20, before+100, 2500
		for number := uint64(8); number < 12; number++ {
			get(gc, "A.1", big(number))
		}
		assert.Equal(t, "10 11", offered(gc, "A.1"), "what is assured to a channel when the process has too much")
		gc.Stop()
		assert.Equal(t, before, atomic.LoadInt64(&heldBytes))
		assert.Equal(t, 2, gc.blockMsgStore.Size(), "what there is can still be read")
		gc.blockMsgStore.Add(big(12))
		assert.Equal(t, before, atomic.LoadInt64(&heldBytes))
	})
}

func TestSimTheStoreByItself(t *testing.T) {
	simulate(t, func(t *testing.T) {
		gc := joined(newTown("A.1"), "A.1")
		defer gc.Stop()
		assert.False(t, gc.blockMsgStore.Add("no message"))
		assert.False(t, gc.blockMsgStore.Add(stateInfo("A.1", 1, 1)))
		assert.False(t, gc.blockMsgStore.Add((*proto.SignedGossipMessage)(nil)))
		assert.False(t, gc.blockMsgStore.CheckValid(nil))
		for number := uint64(1); number < 4; number++ {
			assert.True(t, gc.blockMsgStore.CheckValid(block(number)))
			assert.True(t, gc.blockMsgStore.Add(block(number)))
			assert.False(t, gc.blockMsgStore.CheckValid(block(number)))
		}
		gc.blockMsgStore.Purge(func(m interface{}) bool { return seqOf(m) != 2 })
		assert.Equal(t, "2", offered(gc, "A.1"))
		assert.Len(t, gc.blockMsgStore.Get(), 1)
		assert.True(t, gc.blockMsgStore.Add(block(3)), "purged is forgotten")
	})
}

func TestSimWhoMayPull(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2", "A.3", "B.1")
		gc := joined(town, "A.1", "A.3", "B.1")
		defer gc.Stop()
		get(gc, "A.1", block(5))
		town.change(func() { town.unknown["A.3"] = true })
		for name, want := range map[string]string{"A.1": "5", "A.2": "", "A.3": "", "B.1": ""} {
			assert.Equal(t, want, offered(gc, name), name)
		}
		assert.Equal(t, map[string]uint64{reasonIneligible: 2, reasonForeignOrg: 1}, rejections(gc))
		gc.LeaveChannel()
		assert.Equal(t, "", offered(gc, "A.1"))
		assert.Nil(t, gc.GetPeers())
		town.take()
		get(gc, "A.1", block(6))
		get(gc, "A.1", stateInfo("A.1", 2, 2))
		assert.Equal(t, []string{"forward data_msg", "A.0 gets block 6", "forward state_info", "A.0 gets state_info"}, town.take(), "pushed messages are taken in still")
	})
}

// hellos are the nonces of the Hellos among messages.
func hellos(messages []*proto.SignedGossipMessage) []uint64 {
	var nonces []uint64
	for _, m := range messages {
		if h := m.GetHello(); h != nil {
			nonces = append(nonces, h.Nonce)
		}
	}
	return nonces
}

func TestSimAPullRound(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "B.1", "A.9")
		gc := joined(town, "A.1", "B.1")
		defer gc.Stop()
		gc.UpdateLedgerHeight(10)
		pass(4*time.Second + time.Millisecond)
		nonces := hellos(town.takeSent())
		if !assert.Len(t, nonces, 1, "one, to the only peer of the own organization with StateInfo") {
			return
		}
		gc.AddToMsgStore(block(12))
		digest := announcement(nonces[0], "9", "10", "11", "12", "x", "-1")
		get(gc, "A.1", digest)
		assert.Equal(t, rawOf([]string{"9", "10", "11", "12", "x", "-1"}), digest.GetDataDig().Digests, "others may be reading it")
		assert.Equal(t, uint64(1), rejections(gc)[reasonDigest])
		town.take()
		pass(time.Second)
		var wanted []string
		for _, m := range town.takeSent() {
			if r := m.GetDataReq(); r != nil && r.Nonce == nonces[0] {
				wanted = protoext.FormattedDigests(blockType, r.Digests)
				assert.Equal(t, []interface{}{"C", proto.GossipMessage_CHAN_AND_ORG, uint64(0)}, []interface{}{string(m.Channel), m.Tag, m.Nonce})
			}
		}
		sort.Strings(wanted)
		assert.Equal(t, []string{"10", "11"}, wanted, "neither what the ledger has nor what is here")
		town.take()
		get(gc, "A.1", supply(nonces[0], block(11), block(12), block(10)))
		assert.Equal(t, []string{"A.0 gets block 10", "A.0 gets block 11"}, town.take(), "in order, and not forwarded")
		assert.Equal(t, 2, town.checked("block"), "what is here is not verified")
		assert.Equal(t, "10 11 12", offered(gc, "A.1"))
		gc.LeaveChannel()
		town.takeSent()
		pass(20 * time.Second)
		assert.Empty(t, hellos(town.takeSent()))
	})
}

// Nobody asked for these, but they are good.
func TestSimAnUnsolicitedUpdate(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := joined(town, "A.1")
		defer gc.Stop()
		get(gc, "A.1", supply(1, block(5)))
		assert.Equal(t, []string{"A.0 gets block 5"}, town.take())
		assert.Equal(t, "5", offered(gc, "A.1"))
	})
}

// padded is a message with an unknown field beside the known ones.
func padded(m *proto.SignedGossipMessage) *proto.SignedGossipMessage {
	junk := append([]byte{0xc2, 0x3e, 0x80, 0x10}, make([]byte, 2048)...) // field 1000, 2048 bytes
	return &proto.SignedGossipMessage{
		GossipMessage: m.GossipMessage,
		Envelope:      &proto.Envelope{Payload: append(append([]byte(nil), m.Payload...), junk...)},
	}
}

func TestSimBadBlocksInAnUpdate(t *testing.T) {
	elsewhere := block(7).GossipMessage
	elsewhere.Channel = []byte("D")
	empty := unsigned(&proto.GossipMessage{Channel: []byte("C"), Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{}}})
	private := block(7).GossipMessage
	private.GetDataMsg().Payload.PrivateData = [][]byte{nil}
	junk := &proto.SignedGossipMessage{Envelope: &proto.Envelope{Payload: []byte("junk")}}
	cases := map[string]struct {
		bad        *proto.SignedGossipMessage
		reason     string
		discredits bool // as the first
	}{
		"no message":         {junk, reasonShape, true},
		"no envelope":        {&proto.SignedGossipMessage{Envelope: &proto.Envelope{}}, reasonShape, true},
		"without payload":    {empty, reasonShape, true},
		"of another channel": {unsigned(elsewhere), reasonChannel, true},
		"no block":           {greeting(1), reasonShape, true},
		"not verifying":      {block(7, "bad"), reasonBlock, false},
		"with private data":  {unsigned(private), reasonPrivateData, false},
	}
	for name, test := range cases {
		name, test := name, test
		simulate(t, func(t *testing.T) {
			town := newTown("A.1")
			gc := joined(town, "A.1")
			defer gc.Stop()
			get(gc, "A.1", supply(1, block(5), test.bad, block(6)))
			assert.Equal(t, []string{"A.0 gets block 5", "A.0 gets block 6"}, town.take(), name)
			assert.Equal(t, map[string]uint64{test.reason: 1}, rejections(gc), name)
			get(gc, "A.1", supply(1, test.bad, block(8)))
			if test.discredits {
				assert.Empty(t, town.take(), name)
				assert.Equal(t, "5 6", offered(gc, "A.1"), name)
			} else {
				assert.Equal(t, []string{"A.0 gets block 8"}, town.take(), name)
			}
			get(gc, "A.1", supply(1, test.bad))
			get(gc, "A.1", supply(1))
			assert.Empty(t, town.take(), name)
		})
	}
}

// In a large organization those who are pulled from are neighbours, mostly.
func TestSimContacts(t *testing.T) {
	simulate(t, func(t *testing.T) {
		var names []string
		for i := 1; i <= 40; i++ {
			names = append(names, fmt.Sprint("A.", i))
		}
		town := newTown(append(names, "B.1", "B.2")...)
		gc := joined(town, names...)
		defer gc.Stop()
		asked := map[string]int{}
		for i := 0; i < 100; i++ {
			members := pullMembers{gc}.GetMembership()
			assert.Len(t, members, 3)
			for _, member := range members {
				asked[string(member.PKIid)]++
			}
		}
		often := 0
		for _, times := range asked {
			if times > 50 {
				often++
			}
		}
		assert.Equal(t, 3, often, "%v", asked)
		assert.True(t, len(asked) > 5, "others as well, now and then: %v", asked)

		all := gc.GetMembership()
		own, foreign := gc.split(all)
		assert.Len(t, own, 40)
		assert.Len(t, foreign, 2)
		for i := 0; i < 20; i++ {
			picked := gc.selectForRequest(all, own, foreign, 3)
			assert.Len(t, picked, 3)
			assert.Equal(t, "B", string(orgOf(string(picked[2].PKIID))))
			assert.Equal(t, "A", string(orgOf(string(gc.selectForRequest(all, own, foreign, 1)[0].PKIID))))
			assert.Len(t, gc.selectForRequest(foreign, nil, foreign, 3), 2)
		}
	})
}

// In a large channel in which nobody is new few ask for StateInfo; when
// somebody is, all do, and somebody of whom nothing is known is asked about at
// once.
func TestSimRequestsForStateInfo(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "B.1", "D.1", "nobody")
		gc := joined(town, "A.1", "B.1")
		defer gc.Stop()
		gc.UpdateLedgerHeight(1)
		gc.Self()
		count := func(d time.Duration) int {
			town.take()
			pass(d)
			n := 0
			for _, line := range town.take() {
				if strings.HasPrefix(line, "state_info_pull_req") {
					n++
					assert.Contains(t, []string{"A", "B"}, string(orgOf(strings.TrimPrefix(line, "state_info_pull_req to "))))
				}
			}
			return n
		}
		assert.Equal(t, 20, count(10*time.Second+time.Millisecond), "both who are in the channel, each second")
		gc.LeaveChannel()
		assert.Equal(t, 20, count(10*time.Second), "also after leaving")
		town.change(func() { town.members = append(town.members, "A.2") })
		assert.Equal(t, 3*4+4*3, count(4*time.Second), "one ahead of time each quarter of a second, while a stranger is new")
		assert.Equal(t, 6, count(2*time.Second))
		var more []string
		for i := 2; i < 30; i++ {
			more = append(more, fmt.Sprint("A.", i))
			get(gc, "A.1", stateInfo(fmt.Sprint("A.", i), 1, 1))
		}
		town.change(func() { town.members = append(town.members, more[1:]...) })
		assert.Equal(t, 12, count(4*time.Second))
		assert.Equal(t, 10, count(40*time.Second), "it is quiet")
		town.change(func() { town.members = append(town.members[1:], "A.1000") })
		assert.Equal(t, 12+12, count(4*time.Second), "one for another, of whom nothing is known")
		assert.Equal(t, 2, count(8*time.Second))
		get(gc, "A.1", stateInfo("A.1000", 1, 1))
		assert.Equal(t, 3, count(time.Second), "somebody became known")
	})
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := town.settle("A.0", func(c *Config) { c.PullPeerNum = 0 })
		defer gc.Stop()
		pass(10 * time.Second)
		assert.Empty(t, town.takeSent())
	})
}

func TestSimStop(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := joined(town, "A.1")
		gc.UpdateLedgerHeight(1)
		get(gc, "A.1", block(1))
		get(gc, "A.1", block(3))
		gc.Stop()
		gc.Stop()
		town.take()
		pass(time.Hour)
		assert.Empty(t, town.take())
		get(gc, "A.1", stateInfoRequest("A.1"))
		assert.Equal(t, "", offered(gc, "A.1"))
	})
}

func TestWrongIntervalsPanic(t *testing.T) {
	town := newTown()
	assert.Panics(t, func() { town.settle("A.0", func(c *Config) { c.PublishStateInfoInterval = 0 }) })
	assert.Panics(t, func() { town.settle("A.0", func(c *Config) { c.RequestStateInfoInterval = -1 }) })
}

func TestGenerateMAC(t *testing.T) {
	id := append(make(common.PKIidType, 0, 64), "A.1"...) // with room behind it
	mac := GenerateMAC(id, common.ChainID("C"))
	assert.Equal(t, GenerateMAC(common.PKIidType("A."), common.ChainID("1C")), mac)
	assert.Len(t, mac, 32)
	assert.Equal(t, byte(0), id[:4][3], "nothing is written behind it")
}
