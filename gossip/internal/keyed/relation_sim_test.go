// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package keyed_test

import (
	"fmt"
	"math"
	"math/rand"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/msgstore"
	"github.com/hyperledger/fabric/gossip/internal/keyed"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

const (
	ttl    = 10 * time.Second
	widest = int(^uint(0) >> 1)
)

// twins are a store that asks a policy about everything and one with a relation
// that is to amount to the same.
type twins struct {
	t         *testing.T
	dice      *rand.Rand
	reference msgstore.MessageStore // of what signed makes of messages
	subject   msgstore.MessageStore // of what plain makes of messages
	signed    func(message interface{}) interface{}
	plain     func(message interface{}) interface{}
	told      [2][]string // by the reference, by the subject
}

func (w *twins) note(which int, what string) func(interface{}) {
	return func(message interface{}) {
		if which == 0 {
			message = w.plain(message)
		}
		w.told[which] = append(w.told[which], fmt.Sprintf("%s %v", what, message))
	}
}

// build makes both stores.
func (w *twins) build(policy common.MessageReplacingPolicy, relation keyed.Relation) {
	w.reference = msgstore.NewMessageStoreExpirable(policy, w.note(0, "removed"), ttl, nil, nil, w.note(0, "expired"))
	w.subject = keyed.NewExpiring(relation, w.note(1, "removed"), keyed.Expiry{TTL: ttl, Report: w.note(1, "expired")})
}

// play lets the same happen to both, and compares all that can be seen.
func (w *twins) play(steps int, message func() interface{}) {
	defer w.reference.Stop()
	defer w.subject.Stop()
	for step := 0; step < steps && !w.t.Failed(); step++ {
		m := message()
		assert.Equal(w.t, w.reference.CheckValid(w.signed(m)), w.subject.CheckValid(m), "step %d: %v", step, m)
		switch w.dice.Intn(10) {
		case 0:
			salt := w.dice.Intn(1000)
			chosen := func(m interface{}) bool { return len(fmt.Sprint(salt, m, salt*7))%3 == salt%3 }
			w.reference.Purge(func(s interface{}) bool { return chosen(w.plain(s)) })
			w.subject.Purge(chosen)
		case 1, 2:
			time.Sleep(time.Duration(w.dice.Int63n(int64(ttl / 2))))
			synctest.Wait()
		default:
			assert.Equal(w.t, w.reference.Add(w.signed(m)), w.subject.Add(m), "step %d: %v", step, m)
		}
		w.compare(step)
	}
}

func (w *twins) compare(step int) {
	want := []interface{}{}
	for _, s := range w.reference.Get() {
		want = append(want, w.plain(s))
	}
	assert.Equal(w.t, want, w.subject.Get(), "step %d", step)
	assert.Equal(w.t, w.reference.Size(), w.subject.Size(), "step %d", step)
	assert.Equal(w.t, w.told[0], w.told[1], "step %d", step)
	w.told = [2][]string{}
}

// numbered is a block of a number.
func numbered(number uint64) *proto.SignedGossipMessage {
	return &proto.SignedGossipMessage{GossipMessage: &proto.GossipMessage{Content: &proto.GossipMessage_DataMsg{
		DataMsg: &proto.DataMessage{Payload: &proto.Payload{SeqNum: number}},
	}}}
}

// numberGames are how numbers come: more or less in order, all over, and at
// both ends of what there is.
var numberGames = map[string]func(dice *rand.Rand, width int) func() interface{}{
	"rising": func(dice *rand.Rand, width int) func() interface{} {
		next := uint64(0)
		return func() interface{} {
			next += uint64(dice.Intn(3))
			if back := uint64(dice.Intn(2 + width%100)); dice.Intn(3) == 0 && back < next {
				return next - back
			}
			return next
		}
	},
	"anywhere": func(dice *rand.Rand, width int) func() interface{} {
		return func() interface{} { return uint64(dice.Intn(5 * (1 + width%100))) }
	},
	"at the ends": func(dice *rand.Rand, width int) func() interface{} {
		middle := uint64(math.MaxUint64)
		return func() interface{} {
			number := uint64(dice.Intn(6))
			switch dice.Intn(4) {
			case 0:
				number += uint64(width)
			case 1:
				number += middle / 2
			case 2:
				number = middle - number
			}
			return number
		}
	},
}

func TestSimWindowIsTheComparatorOfBlocks(t *testing.T) {
	for name, game := range numberGames {
		for _, width := range []int{-1, 0, 1, 5, 30, widest} {
			t.Run(fmt.Sprintf("%s/%d", name, width), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					for seed := int64(0); seed < 8 && !t.Failed(); seed++ {
						w := &twins{t: t, dice: rand.New(rand.NewSource(seed))}
						w.signed = func(m interface{}) interface{} { return numbered(m.(uint64)) }
						w.plain = func(s interface{}) interface{} {
							return s.(*proto.SignedGossipMessage).GetDataMsg().Payload.SeqNum
						}
						w.build(protoext.NewGossipMessageComparator(width), keyed.Window(width))
						w.play(300, game(w.dice, width&math.MaxInt32))
					}
				})
			})
		}
	}
}

// alive is an alive message of one of a few peers, or of nobody.
func alive(dice *rand.Rand) interface{} {
	message := &proto.AliveMessage{Timestamp: &proto.PeerTime{IncNum: uint64(dice.Intn(3)), SeqNum: uint64(dice.Intn(10))}}
	if dice.Intn(10) > 0 {
		message.Membership = &proto.Member{PkiId: []byte{byte(dice.Intn(8))}}
	}
	if dice.Intn(10) == 0 {
		message.Timestamp = nil
	}
	return &proto.SignedGossipMessage{GossipMessage: &proto.GossipMessage{Content: &proto.GossipMessage_AliveMsg{AliveMsg: message}}}
}

func TestSimNewestIsTheComparatorOfAliveMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		compare := protoext.NewGossipMessageComparator(0)
		itself := func(m interface{}) interface{} { return m }
		for seed := int64(0); seed < 20 && !t.Failed(); seed++ {
			w := &twins{t: t, dice: rand.New(rand.NewSource(seed)), signed: itself, plain: itself}
			w.build(compare, keyed.Newest(func(m interface{}) []byte {
				return m.(*proto.SignedGossipMessage).GetAliveMsg().GetMembership().GetPkiId()
			}, func(m, held interface{}) bool { return compare(m, held) == common.MessageInvalidates }))
			w.play(600, func() interface{} { return alive(w.dice) })
		}
	})
}

// How far apart numbers are is up to others, and so must not cost anything.
func TestWideWindowsAreNotCountedThrough(t *testing.T) {
	half, whole := uint64(widest)/2, uint64(widest)
	s := keyed.New(keyed.Window(widest), nil)
	for _, number := range []uint64{5, half, half + 7} {
		assert.True(t, s.Add(number))
	}
	s.Purge(func(m interface{}) bool { return m.(uint64) > half })
	assert.True(t, s.Add(whole+6), "5 leaves")
	assert.False(t, s.CheckValid(uint64(5)))
	assert.Equal(t, []interface{}{half, whole + 6}, s.Get())
	s.Purge(func(m interface{}) bool { return m.(uint64) > half })
	assert.True(t, s.CheckValid(uint64(5)), "the highest is not held any more")
	assert.True(t, s.Add(uint64(math.MaxUint64)))
	assert.Equal(t, 1, s.Size())
}
