// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric/gossip/gossip/pull"
	"github.com/hyperledger/fabric/gossip/internal/keyed"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// heldBytes is the size of all blocks in the stores of this process; used
// atomically.
var heldBytes int64

// blockStore keeps the latest blocks and offers them to others by a mediator,
// which holds the same blocks at any time. It is a msgstore.MessageStore of
// data messages.
//
// What makes which block obsolete, and when, is for an underlying store to
// know, which holds numbers only. So whatever becomes of a block's bytes, its
// number is remembered for as long as it is to be refused.
type blockStore struct {
	numbers *keyed.Store // of uint64
	puller  pull.Mediator

	// mutex is held while any of this changes. It is also the lock that numbers
	// takes before blocks expire. The locks of numbers and puller come after it.
	mutex   sync.Mutex
	blocks  map[uint64]*proto.SignedGossipMessage // guarded by mutex
	bytes   int64                                 // of blocks; guarded by mutex
	stopped bool                                  // bytes are not in heldBytes any more; guarded by mutex

	channelBytes, processBytes, assuredBytes int64
}

func newBlockStore(window int, expiration time.Duration, puller pull.Mediator) *blockStore {
	s := &blockStore{
		puller:       puller,
		blocks:       make(map[uint64]*proto.SignedGossipMessage),
		channelBytes: channelBytes,
		processBytes: processBytes,
		assuredBytes: assuredBytes,
	}
	s.numbers = keyed.NewExpiring(keyed.Window(window), s.evict, keyed.Expiry{
		TTL:    expiration,
		Lock:   s.mutex.Lock,
		Unlock: s.mutex.Unlock,
		Report: s.evict,
	})
	return s
}

// Add keeps a block, unless its number is here, was here not long ago, or lies
// too far below the highest one.
func (s *blockStore) Add(message interface{}) bool {
	block, is := asBlock(message)
	if !is {
		return false
	}
	seq := seqOf(block)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.numbers.Add(seq) {
		return false
	}
	s.blocks[seq] = block
	s.account(sizeOf(block))
	s.puller.Add(block)
	s.economize(seq)
	return true
}

// CheckValid tells whether Add would keep a block.
func (s *blockStore) CheckValid(message interface{}) bool {
	block, is := asBlock(message)
	return is && s.wants(seqOf(block))
}

// wants tells whether a block of this number would be kept.
func (s *blockStore) wants(seq uint64) bool { return s.numbers.CheckValid(seq) }

// Size is the number of blocks.
func (s *blockStore) Size() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.blocks)
}

// Get lists the blocks in the order in which they were added.
func (s *blockStore) Get() []interface{} {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := make([]interface{}, 0, len(s.blocks))
	for _, number := range s.numbers.Get() {
		if block := s.blocks[number.(uint64)]; block != nil {
			all = append(all, block)
		}
	}
	return all
}

// Purge removes the blocks that satisfy pred, and forgets their numbers. pred
// must not call the store.
func (s *blockStore) Purge(pred func(message interface{}) bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.numbers.Purge(func(number interface{}) bool {
		block := s.blocks[number.(uint64)]
		return block != nil && pred(block)
	})
}

// Stop keeps blocks from expiring. What is here can still be read.
func (s *blockStore) Stop() {
	s.numbers.Stop()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.stopped {
		s.stopped = true
		atomic.AddInt64(&heldBytes, -s.bytes)
	}
}

// has tells whether a block is here with its bytes.
func (s *blockStore) has(seq uint64) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.blocks[seq] != nil
}

// evict frees the block of a number. The caller, or whoever made the store of numbers call,
// holds the mutex.
func (s *blockStore) evict(number interface{}) {
	seq := number.(uint64)
	block := s.blocks[seq]
	if block == nil {
		return
	}
	delete(s.blocks, seq)
	s.account(-sizeOf(block))
	s.puller.Remove(digestOf(seq))
}

// account keeps the books about bytes. The caller holds the mutex.
func (s *blockStore) account(change int64) {
	s.bytes += change
	if !s.stopped {
		atomic.AddInt64(&heldBytes, change)
	}
}

// economize frees the lowest blocks while they are too big together, but never
// the one given. The caller holds the mutex.
func (s *blockStore) economize(keep uint64) {
	for s.overBudget() && len(s.blocks) > 1 {
		lowest, found := uint64(0), false
		for seq := range s.blocks {
			if seq != keep && (!found || seq < lowest) {
				lowest, found = seq, true
			}
		}
		s.evict(lowest)
	}
}

func (s *blockStore) overBudget() bool {
	return s.bytes > s.channelBytes || s.bytes > s.assuredBytes && atomic.LoadInt64(&heldBytes) > s.processBytes
}

// asBlock returns a message if it is a block.
func asBlock(message interface{}) (block *proto.SignedGossipMessage, is bool) {
	block, _ = message.(*proto.SignedGossipMessage)
	return block, block != nil && block.GossipMessage.GetDataMsg().GetPayload() != nil
}

func seqOf(block interface{}) uint64 {
	return block.(*proto.SignedGossipMessage).GetDataMsg().GetPayload().GetSeqNum()
}

// digestOf is how a block is named in digests.
func digestOf(seq uint64) string { return strconv.FormatUint(seq, 10) }

// sizeOf is how many bytes a block as it is kept holds in memory.
func sizeOf(block *proto.SignedGossipMessage) int64 {
	return int64(len(block.Envelope.GetPayload()))
}

// withSharedBytes is a block as it is kept: its data is a part of its envelope
// instead of a copy, and beside the envelope's payload there is nothing, as a
// block needs no signature but its own. The message given is not changed, as
// others may be reading it.
func withSharedBytes(block *proto.SignedGossipMessage) *proto.SignedGossipMessage {
	payload := block.GetDataMsg().Payload
	envelope := block.Envelope
	if envelope == nil {
		encoded, err := protoext.NoopSign(block.GossipMessage)
		if err != nil {
			return block
		}
		envelope = encoded.Envelope
	}
	data := payload.Data
	if at := bytes.Index(envelope.Payload, data); at >= 0 && len(data) > 0 {
		end := at + len(data)
		data = envelope.Payload[at:end:end]
	}
	return &proto.SignedGossipMessage{
		Envelope: &proto.Envelope{Payload: envelope.Payload},
		GossipMessage: &proto.GossipMessage{
			Nonce:   block.Nonce,
			Channel: block.Channel,
			Tag:     block.Tag,
			Content: &proto.GossipMessage_DataMsg{DataMsg: &proto.DataMessage{Payload: &proto.Payload{
				SeqNum:      payload.SeqNum,
				Data:        data,
				PrivateData: payload.PrivateData,
			}}},
		},
	}
}
