// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package channel

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// veteran answers pulls as a peer of v1.3.0 does: it remembers the nonce of a
// Hello, tells all numbers that it has, and answers requests with that nonce in
// one message.
type veteran struct {
	town   *town
	name   string
	blocks []uint64
	nonces map[uint64]bool
	hellos int
}

func (t *town) veteran(name string, blocks ...uint64) *veteran {
	v := &veteran{town: t, name: name, blocks: blocks, nonces: map[uint64]bool{}}
	t.change(func() { t.boxes[name] = v.get })
	return v
}

func (v *veteran) get(p *parcel) {
	m := p.message.GossipMessage
	if hello := m.GetHello(); hello != nil {
		v.town.change(func() {
			v.hellos++
			v.nonces[hello.Nonce] = true
		})
		var digests []string
		for _, number := range v.blocks {
			digests = append(digests, strconv.FormatUint(number, 10))
		}
		p.Respond(announcement(hello.Nonce, digests...).GossipMessage)
	}
	if request := m.GetDataReq(); request != nil && v.knows(request.Nonce) {
		var blocks []*proto.SignedGossipMessage
		for _, digest := range request.Digests {
			number, err := strconv.ParseUint(string(digest), 10, 64)
			if err != nil {
				panic(err)
			}
			blocks = append(blocks, block(number))
		}
		p.Respond(supply(request.Nonce, blocks...).GossipMessage)
	}
}

func (v *veteran) knows(nonce uint64) (known bool) {
	v.town.change(func() { known = v.nonces[nonce] })
	return known
}

// patient is a channel that does not pull periodically.
func patient(town *town, heights map[string]uint64) *gossipChannel {
	gc := town.settle("A.0", func(c *Config) { c.PullInterval, c.RequestStateInfoInterval = time.Hour, time.Hour })
	for name, height := range heights {
		get(gc, name, stateInfo(name, 1, height))
	}
	town.take()
	return gc
}

// received is the blocks that a log says were handed to subscribers.
func received(log []string) []string {
	var blocks []string
	for _, line := range log {
		name, number := "", ""
		if n, _ := fmt.Sscanf(line, "%s gets block %s", &name, &number); n == 2 {
			blocks = append(blocks, number)
		}
	}
	return blocks
}

func TestSimALostBlockIsFetched(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "B.1")
		gc := patient(town, map[string]uint64{"A.1": 5, "B.1": 5})
		defer gc.Stop()
		v := town.veteran("A.1", 5, 6, 7)
		get(gc, "A.1", block(5))
		get(gc, "A.1", block(7))
		town.take()
		pass(149 * time.Millisecond)
		assert.Empty(t, town.take(), "it may be on its way")
		pass(2 * time.Millisecond)
		assert.Equal(t, []string{"hello to A.1", "data_req to A.1", "A.0 gets block 6"}, town.take(), "and is not forwarded")
		assert.Equal(t, 1, town.checked("block 6"))
		assert.Equal(t, "5 6 7", offered(gc, "A.1"))
		town.take()
		pass(time.Minute)
		assert.Empty(t, town.take())
		assert.Equal(t, 1, v.hellos)
	})
}

func TestSimWhatWasAnnouncedIsFetched(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := patient(town, nil)
		defer gc.Stop()
		town.veteran("A.1", 5, 6, 7)
		gc.UpdateLedgerHeight(6)
		get(gc, "A.1", stateInfo("A.1", 1, 8))
		pass(399 * time.Millisecond)
		assert.Empty(t, received(town.take()))
		pass(2 * time.Millisecond)
		assert.Equal(t, []string{"6", "7"}, received(town.take()), "without 5, which is in the ledger")
		get(gc, "A.1", announcement(99, "5", "6", "7", "8"))
		pass(time.Second)
		assert.Empty(t, received(town.take()), "its digest says 5, 6, 7 only, when it is asked")
	})
}

func TestSimNothingIsFetchedThatComes(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2")
		gc := patient(town, map[string]uint64{"A.1": 1, "A.2": 1})
		defer gc.Stop()
		gc.UpdateLedgerHeight(1)
		town.veteran("A.1")
		for number := uint64(1); number < 100; number += 2 { // pairs that overtake each other
			get(gc, "A.1", block(number+1))
			get(gc, "A.2", stateInfo("A.2", number+1, number+2))
			pass(100 * time.Millisecond)
			get(gc, "A.2", block(number))
			gc.UpdateLedgerHeight(number + 2)
			pass(67 * time.Millisecond)
		}
		assert.Empty(t, hellos(town.takeSent()))
	})
}

func TestSimWhoIsNotAsked(t *testing.T) {
	for name, hinder := range map[string]func(town *town, gc *gossipChannel){
		"after leaving":          func(_ *town, gc *gossipChannel) { gc.LeaveChannel() },
		"after Stop":             func(_ *town, gc *gossipChannel) { gc.Stop() },
		"whose identity is gone": func(town *town, _ *gossipChannel) { town.change(func() { town.unknown["A.1"] = true }) },
		"who is not alive":       func(town *town, _ *gossipChannel) { town.change(func() { town.members = nil }) },
	} {
		name, hinder := name, hinder
		simulate(t, func(t *testing.T) {
			town := newTown("A.1", "A.0")
			gc := patient(town, map[string]uint64{"A.1": 5})
			defer gc.Stop()
			get(gc, "A.1", block(5))
			get(gc, "A.1", block(7))
			hinder(town, gc)
			pass(time.Minute)
			assert.Empty(t, hellos(town.takeSent()), name)
		})
	}
	simulate(t, func(t *testing.T) {
		town := newTown("B.1", "A.0", "A.2")
		gc := patient(town, map[string]uint64{"B.1": 9, "A.0": 9, "A.2": 1})
		defer gc.Stop()
		gc.UpdateLedgerHeight(5)
		get(gc, "B.1", block(6)) // a hole, which only others than neighbours know of
		get(gc, "A.0", block(8))
		pass(time.Minute)
		assert.Empty(t, hellos(town.takeSent()), "neither another organization, nor oneself, nor who has not got so far")
	})
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := town.settle("A.0", func(c *Config) { c.PullPeerNum = 0 })
		defer gc.Stop()
		get(gc, "A.1", stateInfo("A.1", 1, 9))
		get(gc, "A.1", block(5))
		get(gc, "A.1", block(7))
		pass(time.Minute)
		assert.Empty(t, town.takeSent(), "pulling is turned off")
	})
}

// The first one asked never answers, the second has lost the block, the third
// sends a forged one.
func TestSimFetchingFromAnother(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2", "A.3", "A.4")
		gc := patient(town, map[string]uint64{"A.1": 8, "A.2": 8, "A.3": 8, "A.4": 8})
		defer gc.Stop()
		asked := []string{}
		answer := []func(p *parcel){
			func(p *parcel) {},
			func(p *parcel) { p.Respond(announcement(p.message.GetHello().Nonce, "5", "7").GossipMessage) },
			func(p *parcel) {
				if hello := p.message.GetHello(); hello != nil {
					p.Respond(announcement(hello.Nonce, "6").GossipMessage)
				} else {
					p.Respond(supply(p.message.GetDataReq().Nonce, block(6, "bad")).GossipMessage)
				}
			},
		}
		good := town.veteran("whoever", 5, 6, 7)
		for _, name := range town.members {
			name := name
			town.change(func() {
				town.boxes[name] = func(p *parcel) {
					nth := len(answer)
					town.change(func() {
						if p.message.GetHello() != nil {
							asked = append(asked, name)
						}
						for i := range asked {
							if asked[i] == name {
								nth = i
							}
						}
					})
					if nth < len(answer) {
						answer[nth](p)
					} else {
						good.get(p)
					}
				}
			})
		}
		get(gc, "B.1", block(5))
		get(gc, "B.1", block(7))
		pass(time.Second)
		assert.Len(t, asked, 4, "each of them once")
		assert.Equal(t, []string{"5", "7", "6"}, received(town.take()), "within a second")
		assert.Equal(t, uint64(1), rejections(gc)[reasonBlock])
	})
}

// Answers to one peer's nonce from another are not taken for an answer.
func TestSimNoncesAreTheAskedPeers(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2")
		gc := patient(town, map[string]uint64{"A.1": 8, "A.2": 1})
		defer gc.Stop()
		get(gc, "A.1", block(5))
		get(gc, "A.1", block(7))
		pass(151 * time.Millisecond)
		nonces := hellos(town.takeSent())
		if assert.Len(t, nonces, 1) {
			get(gc, "A.2", announcement(nonces[0], "6"))
			assert.Empty(t, town.takeSent())
			get(gc, "A.1", announcement(nonces[0], "6"))
			sent := town.takeSent()
			if assert.Len(t, sent, 1) {
				assert.Equal(t, nonces[0], sent[0].GetDataReq().GetNonce())
				assert.Equal(t, rawOf([]string{"6"}), sent[0].GetDataReq().Digests)
				assert.Equal(t, []interface{}{"C", proto.GossipMessage_CHAN_AND_ORG, uint64(0), blockType},
					[]interface{}{string(sent[0].Channel), sent[0].Tag, sent[0].Nonce, sent[0].GetDataReq().MsgType})
			}
		}
	})
}

// A peer that was away for long gets what its neighbours keep, in portions.
func TestSimCatchingUp(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2")
		gc := town.settle("A.0", func(c *Config) {
			c.MaxBlockCountToStore, c.PullInterval, c.RequestStateInfoInterval = 100, time.Hour, time.Hour
		})
		defer gc.Stop()
		var kept []uint64
		for number := uint64(50); number <= 150; number++ {
			kept = append(kept, number)
		}
		town.veteran("A.1", kept...)
		town.veteran("A.2", kept...)
		gc.UpdateLedgerHeight(60)
		get(gc, "A.1", stateInfo("A.1", 1, 151))
		get(gc, "A.2", stateInfo("A.2", 1, 151))
		town.take()
		pass(time.Second)
		blocks := received(town.take())
		assert.Len(t, blocks, 91, "each once")
		for number := 60; number <= 150; number++ {
			assert.Equal(t, 1, town.checked(fmt.Sprint("block ", number)))
		}
	})
}

func TestSimKnownHolders(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2", "A.3", "A.4", "A.5", "B.1")
		gc := patient(town, map[string]uint64{"A.1": 1, "A.2": 1, "A.3": 1, "A.4": 6})
		defer gc.Stop()
		get(gc, "A.1", block(5))
		get(gc, "A.2", block(5)) // a copy that was not needed
		get(gc, "A.3", greeting(1), func(*proto.GossipMessage) {})
		get(gc, "A.3", order(1, "5", "6", "x"), func(*proto.GossipMessage) {})
		get(gc, "B.1", block(5))
		known := func(number uint64) (names string) {
			for _, name := range []string{"A.1", "A.2", "A.3", "A.4", "A.5", "B.1"} {
				if gc.KnownHolder(number, common.PKIidType(name)) {
					names += name + " "
				}
			}
			return names
		}
		assert.Equal(t, "A.1 A.2 A.3 A.4 ", known(5), "who sent it, asked for it, or is further")
		assert.Equal(t, "", known(6))
		get(gc, "A.1", announcement(7, "5", "6"))
		assert.Equal(t, "A.1 ", known(6))
		get(gc, "A.2", block(7, "bad"))
		assert.Equal(t, "", known(7))
		get(gc, "A.4", leftBy("A.4", 2))
		assert.Equal(t, "A.1 A.2 A.3 ", known(5))
	})
}

// Twenty peers that push to two others each, of which one block in three is
// lost, still have every block within a second, and each copy beyond the first
// was pushed.
func TestSimLossyDissemination(t *testing.T) {
	simulate(t, func(t *testing.T) {
		const peers, blocks = 20, 60
		var names []string
		for i := 0; i < peers; i++ {
			names = append(names, fmt.Sprint("A.", i))
		}
		town := newTown(names...)
		var channels []*gossipChannel
		for _, name := range names {
			gc := town.settle(name, func(c *Config) { c.PullInterval = time.Hour })
			defer gc.Stop()
			channels = append(channels, gc)
		}
		lost := 0
		town.change(func() {
			town.delay = func(_, _ string, m *proto.SignedGossipMessage) (time.Duration, bool) {
				return time.Millisecond, true
			}
		})
		for _, gc := range channels {
			gc.UpdateLedgerHeight(1)
		}
		for _, from := range channels {
			for _, to := range channels {
				if from != to {
					get(to, string(from.pkiID), from.Self())
				}
			}
		}
		arrival := func(gc *gossipChannel, number uint64) bool { return gc.blocks.has(number) }
		for number := uint64(1); number <= blocks; number++ {
			channels[0].AddToMsgStore(block(number))
			for i := 1; i < peers; i++ {
				if (i*7+int(number)*5)%3 == 0 && number < blocks {
					lost++
					continue
				}
				get(channels[i], names[i/2], unsigned(block(number).GossipMessage))
			}
			pass(167 * time.Millisecond)
			for i, gc := range channels {
				if number > 6 && !arrival(gc, number-5) {
					t.Fatalf("%s has not got block %d after 835 ms", names[i], number-5)
				}
			}
		}
		pass(time.Second)
		for i, gc := range channels {
			for number := uint64(blocks - 9); number <= blocks; number++ {
				assert.True(t, arrival(gc, number), "%s %d", names[i], number)
			}
		}
		assert.True(t, lost > 300)
		got := map[string]int{}
		for _, line := range town.take() {
			var name, number string
			if n, _ := fmt.Sscanf(line, "%s gets block %s", &name, &number); n == 2 {
				got[name+" "+number]++
			}
		}
		assert.Len(t, got, (peers-1)*blocks)
		for what, times := range got {
			assert.Equal(t, 1, times, what)
		}
	})
}

// The periodic pull and the fetcher do not take each other's answers.
func TestSimFetchingBesidesPulling(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1")
		gc := joined(town, "A.1")
		defer gc.Stop()
		gc.UpdateLedgerHeight(5)
		v := town.veteran("A.1", 5, 6, 7, 8)
		pass(3900 * time.Millisecond)
		get(gc, "A.1", block(5))
		get(gc, "A.1", block(8)) // the round begins before these are fetched
		pass(2 * time.Second)
		assert.Equal(t, []string{"5", "8", "6", "7"}, received(town.take()))
		assert.Equal(t, 2, v.hellos)
		assert.Empty(t, protoext.FormattedDigests(blockType, gc.wantedDigest(announcement(1, "5", "6", "7", "8").GetDataDig()).Digests))
	})
}
