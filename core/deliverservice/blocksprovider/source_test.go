// SPDX-License-Identifier: Apache-2.0

package blocksprovider

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	gproto "github.com/hyperledger/fabric/protos/gossip"

	cb "github.com/hyperledger/fabric/protos/common"
)

func noLedger() (uint64, error) { return 0, errors.New("ledger is closed") }

// same reports whether a and b are the same memory.
func same(a, b []byte) bool { return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] }

func TestWireBytesAreReused(t *testing.T) {
	msg := wireMessage(endorserChain(1)[0], nil)
	b := newBench()
	b.offer(noLedger, []uint64{1}, msg)
	var verified []byte
	var added *gproto.Payload
	b.crypto.onVerify = func(_ uint64, raw []byte) error { verified = raw; return nil }
	b.gossip.onAdd = func(p *gproto.Payload) error { added = p; return nil }
	b.start()
	b.stop(t, 2)
	if !same(verified, msg.Block) || !same(added.Data, msg.Block) {
		t.Error("the block was copied on its way")
	}
}

func TestGoodVerdictIsTaken(t *testing.T) {
	asked := 0
	msg := wireMessage(endorserChain(1)[0], func() error { asked++; return nil })
	b := newBench()
	b.offer(noLedger, []uint64{1}, msg)
	b.start()
	b.stop(t, 2)
	b.wrote(t, "recv", "add 0", "gossip 0", "recv", "close", "close")
	if asked != 1 {
		t.Errorf("verdict was asked for %d times", asked)
	}
}

func TestBadVerdictIsTaken(t *testing.T) {
	defer shortRests()()
	blocks := endorserChain(1)
	b := newBench()
	b.offer(noLedger, []uint64{1, 2}, wireMessage(blocks[0], func() error { return errors.New("no") }), wireMessage(blocks[0], nil))
	b.start()
	b.stop(t, 3)
	b.wrote(t, "recv", "disconnect true", "recv", "verify 0", "add 0", "gossip 0", "recv", "close", "close")
}

func TestMessageWithoutResponse(t *testing.T) {
	defer shortRests()()
	b := newBench()
	b.offer(noLedger, []uint64{1}, nil, &stream.Message{})
	b.start()
	b.diary.await(t, "disconnect true", 1)
	b.stop(t, 3)
}

// A receiver may have read beyond a refused block before it is disconnected.
func TestNothingBehindARefusedBlockIsTaken(t *testing.T) {
	defer shortRests()()
	blocks := endorserChain(4)
	b := newBench()
	b.offer(noLedger, []uint64{1, 1, 1, 2, 2, 2},
		wireMessage(blocks[0], nil),
		wireMessage(blocks[1], func() error { return errors.New("no") }),
		wireMessage(blocks[2], nil),
		wireMessage(blocks[1], nil), wireMessage(blocks[2], nil), wireMessage(blocks[3], nil))
	b.start()
	b.stop(t, 7)
	b.wrote(t,
		"recv", "verify 0", "add 0", "gossip 0",
		"recv", "disconnect true",
		"recv",
		"recv", "verify 1", "add 1", "gossip 1",
		"recv", "verify 2", "add 2", "gossip 2",
		"recv", "verify 3", "add 3", "gossip 3",
		"recv", "close", "close")
}

func TestStreamMustStartWhereTheLedgerEnds(t *testing.T) {
	defer shortRests()()
	blocks := endorserChain(3)
	b := newBench()
	height := func() (uint64, error) { return 1, nil }
	b.offer(height, []uint64{1, 2, 2}, wireMessage(blocks[2], nil), wireMessage(blocks[1], nil), wireMessage(blocks[2], nil))
	b.start()
	b.stop(t, 4)
	b.wrote(t,
		"recv", "disconnect true",
		"recv", "verify 1", "add 1", "gossip 1",
		"recv", "verify 2", "add 2", "gossip 2",
		"recv", "close", "close")
}

// The rules that block 2 obeys are those of block 1, which counts only when the
// ledger holds it.
func TestBlockBehindConfigWaitsForTheLedger(t *testing.T) {
	blocks := chain(cb.HeaderType_ENDORSER_TRANSACTION, cb.HeaderType_CONFIG, cb.HeaderType_ENDORSER_TRANSACTION)
	var height int64
	b := newBench()
	read := func() (uint64, error) { return uint64(atomic.LoadInt64(&height)), nil }
	tooEarly := func() error { return errors.New("checked under the old rules") }
	b.offer(read, []uint64{1}, wireMessage(blocks[0], nil), wireMessage(blocks[1], nil), wireMessage(blocks[2], tooEarly))
	b.crypto.onVerify = func(number uint64, _ []byte) error {
		if number == 2 && atomic.AddInt64(&height, 1) <= 2 {
			return errors.New("old rules")
		}
		return nil
	}
	b.start()
	b.stop(t, 4)
	b.wrote(t,
		"recv", "verify 0", "add 0", "gossip 0",
		"recv", "verify 1", "add 1", "gossip 1",
		"recv", "verify 2", "verify 2", "verify 2", "add 2", "gossip 2",
		"recv", "close", "close")
}

func TestStopEndsWaitForConfig(t *testing.T) {
	blocks := chain(cb.HeaderType_CONFIG, cb.HeaderType_ENDORSER_TRANSACTION)
	b := newBench()
	b.offer(func() (uint64, error) { return 0, nil }, []uint64{1}, wireMessage(blocks[0], nil), wireMessage(blocks[1], nil))
	b.crypto.onVerify = func(number uint64, _ []byte) error {
		if number == 1 {
			return errors.New("old rules")
		}
		return nil
	}
	b.start()
	b.diary.await(t, "verify 1", 3)
	b.provider.Stop()
	b.end(t)
	if b.diary.count("add 1")+b.diary.count("disconnect") != 0 {
		t.Errorf("got %s", b.diary.read())
	}
}

func TestFailedHandOverIsRepeated(t *testing.T) {
	b := newBench(giveBlock(bareBlock(0)), giveBlock(bareBlock(1)))
	fails := 2
	var first *gproto.Payload
	b.gossip.onAdd = func(p *gproto.Payload) error {
		if first == nil {
			first = p
		}
		if p.SeqNum == 0 && (p != first || !bytes.Equal(p.Data, first.Data)) {
			t.Error("another payload was offered")
		}
		fails--
		if fails >= 0 {
			return errors.New("buffer is full")
		}
		return nil
	}
	b.start()
	b.stop(t, 3)
	b.wrote(t,
		"recv", "verify 0", "add 0", "add 0", "add 0", "gossip 0",
		"recv", "verify 1", "add 1", "gossip 1",
		"recv", "close", "close")
}
