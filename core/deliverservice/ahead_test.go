// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/deliverservice/internal/ahead"
	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/stretchr/testify/assert"
)

// tape plays messages, one for each token in feed, and then an error.
type tape struct {
	messages []*stream.Message
	feed     chan struct{}
	done     <-chan struct{}
	position int
}

func (p *tape) RecvMessage() (*stream.Message, error) {
	select {
	case <-p.feed:
	case <-p.done:
		return nil, errOdd
	}
	if p.position == len(p.messages) {
		return nil, errOdd
	}
	msg := p.messages[p.position]
	p.position++
	return msg, nil
}

// aheadRig is a readAhead with everything round it.
type aheadRig struct {
	*readAhead
	tape  *tape
	done  chan struct{}
	tasks sync.WaitGroup

	mutex    sync.Mutex
	verified map[uint64]int // number of checks by block number
}

func newAheadRig(limits ahead.Limits, check func(number uint64) error, messages ...*stream.Message) *aheadRig {
	rig := &aheadRig{done: make(chan struct{}), verified: make(map[uint64]int)}
	rig.tape = &tape{messages: messages, feed: make(chan struct{}, len(messages)+1), done: rig.done}
	rig.readAhead = newReadAhead(rig.tape, func(block *cb.Block, raw []byte) error {
		rig.mutex.Lock()
		rig.verified[block.Header.Number]++
		rig.mutex.Unlock()
		return check(block.Header.Number)
	}, limits, rig.done)
	rig.start(&rig.tasks)
	return rig
}

func (rig *aheadRig) play(messages int) {
	for i := 0; i < messages; i++ {
		rig.tape.feed <- struct{}{}
	}
}

func (rig *aheadRig) end(t *testing.T) {
	close(rig.done)
	within(t, "the end of reading ahead", rig.tasks.Wait)
}

func allValid(uint64) error { return nil }

func blockMessage(t *testing.T, block *cb.Block) *stream.Message {
	return &stream.Message{
		Response: &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: block}},
		Block:    marshal(t, block),
	}
}

func plainBlocks(t *testing.T, n int) (messages []*stream.Message) {
	for i := 0; i < n; i++ {
		messages = append(messages, blockMessage(t, &cb.Block{Header: &cb.BlockHeader{Number: uint64(i)}}))
	}
	return messages
}

// configMessage returns a config block, as far as its kind can be told.
func configMessage(t *testing.T, number uint64) *stream.Message {
	channelHeader := marshal(t, &cb.ChannelHeader{Type: int32(cb.HeaderType_CONFIG), ChannelId: "c"})
	payload := marshal(t, &cb.Payload{Header: &cb.Header{ChannelHeader: channelHeader}})
	return blockMessage(t, &cb.Block{
		Header: &cb.BlockHeader{Number: number},
		Data:   &cb.BlockData{Data: [][]byte{marshal(t, &cb.Envelope{Payload: payload})}},
	})
}

var wide = ahead.Limits{Messages: 100, Bytes: 1 << 20}

func TestAheadKeepsOrderAndEndsWithTheError(t *testing.T) {
	rig := newAheadRig(wide, allValid, plainBlocks(t, 50)...)
	rig.play(51)
	for i := 0; i < 50; i++ {
		msg, err := rig.next()
		assert.NoError(t, err)
		assert.Equal(t, uint64(i), msg.Response.GetBlock().Header.Number)
		assert.NoError(t, msg.Verdict())
		assert.NoError(t, msg.Verdict(), "asked again")
	}
	_, err := rig.next()
	assert.Equal(t, errOdd, err)
	within(t, "the end without being told", rig.tasks.Wait)
	for number, times := range rig.verified {
		assert.Equal(t, 1, times, "checks of block %d", number)
	}
	assert.Len(t, rig.verified, 50)
}

func TestAheadVerdictIsTheChecks(t *testing.T) {
	rig := newAheadRig(wide, func(number uint64) error {
		if number == 1 {
			return errOdd
		}
		return nil
	}, plainBlocks(t, 3)...)
	rig.play(3)
	for _, want := range []error{nil, errOdd, nil} {
		msg, err := rig.next()
		assert.NoError(t, err)
		assert.Equal(t, want, msg.Verdict())
	}
	rig.end(t)
}

// Verification starts without anybody asking for the verdict.
func TestAheadVerifiesEarly(t *testing.T) {
	started := make(chan uint64, 3)
	rig := newAheadRig(wide, func(number uint64) error {
		started <- number
		return nil
	}, plainBlocks(t, 3)...)
	rig.play(3)
	within(t, "verification", func() {
		sum := <-started + <-started + <-started
		assert.Equal(t, uint64(0+1+2), sum)
	})
	rig.end(t)
}

func TestAheadIsBounded(t *testing.T) {
	size := proto.Size(&cb.Block{Header: &cb.BlockHeader{Number: 1}})
	for name, limits := range map[string]ahead.Limits{
		"messages": {Messages: 4, Bytes: 1 << 20},
		"bytes":    {Messages: 100, Bytes: 3*size + 1},
	} {
		blocks := plainBlocks(t, 20)[1:] // from 1 on: all of one size
		rig := newAheadRig(limits, allValid, blocks...)
		rig.play(len(blocks))
		for taken := 0; taken < 10; taken++ {
			within(t, "reading up to the limit", func() { rig.awaitWaiting(4) })
			_, err := rig.next()
			assert.NoError(t, err, name)
		}
		rig.end(t)
	}
}

// awaitWaiting waits until so many messages wait to be taken; there must never
// be more.
func (rig *aheadRig) awaitWaiting(messages int) {
	for len(rig.ready) != messages {
		if len(rig.ready) > messages {
			panic("read too far ahead")
		}
		runtime.Gosched()
	}
}

func TestAheadDoesNotJudgeBehindAConfigBlock(t *testing.T) {
	messages := []*stream.Message{plainBlocks(t, 1)[0], configMessage(t, 1)}
	messages = append(messages, plainBlocks(t, 6)[2:]...)
	rig := newAheadRig(wide, allValid, messages...)
	rig.play(4)
	within(t, "reading", func() { rig.awaitWaiting(4) })
	for number, judged := range []bool{true, true, false, false} {
		msg, err := rig.next()
		assert.NoError(t, err)
		assert.Equal(t, judged, msg.Verdict != nil, "block %d", number)
		rig.settle()
	}
	rig.play(2)
	for number := 4; number < 6; number++ {
		msg, err := rig.next()
		assert.NoError(t, err)
		assert.NotNil(t, msg.Verdict, "block %d", number)
	}
	rig.end(t)
}

func TestAheadLeavesUnusableBlocksAlone(t *testing.T) {
	rig := newAheadRig(wide, func(uint64) error { panic("must not be called") },
		blockMessage(t, &cb.Block{}),
		blockMessage(t, &cb.Block{Header: &cb.BlockHeader{Number: 1 << 63}}),
		&stream.Message{Response: &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{}}},
		&stream.Message{Response: &ab.DeliverResponse{}},
		&stream.Message{Response: &ab.DeliverResponse{Type: &ab.DeliverResponse_Status{Status: 200}}},
	)
	rig.play(5)
	for i := 0; i < 5; i++ {
		msg, err := rig.next()
		assert.NoError(t, err)
		assert.Nil(t, msg.Verdict, "message %d", i)
	}
	rig.end(t)
}

func TestAheadDiscardsWhatWasReadWhenItEnds(t *testing.T) {
	rig := newAheadRig(wide, allValid, plainBlocks(t, 5)...)
	rig.play(5)
	within(t, "reading", func() { rig.awaitWaiting(5) })
	rig.end(t)
	_, err := rig.next()
	assert.Equal(t, errDisconnected, err)
}

func TestAheadLosesPatience(t *testing.T) {
	rig := newAheadRig(wide, allValid, plainBlocks(t, 1)...)
	rig.patience = func() time.Duration { return time.Millisecond }
	_, err := rig.next()
	assert.Equal(t, errSilent, err)
	rig.play(1)
	rig.patience = func() time.Duration { return soon }
	_, err = rig.next()
	assert.NoError(t, err)
	rig.end(t)
}

func TestAheadEndsWhileTheConsumerWaits(t *testing.T) {
	rig := newAheadRig(wide, allValid)
	result := make(chan error)
	go func() {
		_, err := rig.next()
		result <- err
	}()
	close(rig.done)
	within(t, "the consumer's return", func() { assert.Error(t, <-result) })
	within(t, "the end of reading ahead", rig.tasks.Wait)
}
