// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"encoding/hex"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// handler takes a message that came from a peer.
type handler func(*proto.SignedGossipMessage)

// interceptAcks returns a handler that publishes a peer's acknowledgements, each
// on the topic of the message that it is about, and leaves everything else to
// the next handler. Streams do not need it: they know who waits on them.
func interceptAcks(nextHandler handler, remotePeerID common.PKIidType, pubSub *util.PubSub) func(*proto.SignedGossipMessage) {
	return func(m *proto.SignedGossipMessage) {
		ack := m.GetAck()
		if ack == nil {
			nextHandler(m)
			return
		}
		// An error would say that nobody waits for it any more.
		_ = pubSub.Publish(topicForAck(m.GetNonce(), remotePeerID), ack)
	}
}

// topicForAck names what a peer's acknowledgement of a message is published on.
func topicForAck(nonce uint64, pkiID common.PKIidType) string {
	return strconv.FormatUint(nonce, 10) + " " + hex.EncodeToString(pkiID)
}

// ackFor is the acknowledgement of the message with that nonce, a positive one
// if there is no error.
func ackFor(nonce uint64, err error) *proto.GossipMessage {
	ack := &proto.Acknowledgement{}
	if err != nil {
		ack.Error = validText(err.Error())
	}
	return &proto.GossipMessage{
		Nonce:   nonce,
		Content: &proto.GossipMessage_Ack{Ack: ack},
	}
}

// validText replaces what is no UTF-8, which could not be encoded.
func validText(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return string([]rune(text)) // each bad byte becomes U+FFFD
}

// ackWaiter waits for one peer's answer to one message. The first answer, or
// the first reason for which there will be none, is the one that counts.
type ackWaiter struct {
	peer    RemotePeer
	nonce   uint64
	answers chan<- SendResult // has room for it

	lock sync.Mutex
	// Guarded by lock:
	resolved bool
	book     *ackBook // of the stream that the message was written to
}

// resolve gives the answer, unless one was given before.
func (w *ackWaiter) resolve(err error) {
	w.lock.Lock()
	resolved, book := w.resolved, w.book
	w.resolved = true
	w.lock.Unlock()
	if resolved {
		return
	}
	w.answers <- SendResult{error: err, RemotePeer: w.peer}
	if book != nil {
		book.forget(w)
	}
}

// enlist says in which book the waiter is; it is taken out if the answer has
// been given meanwhile.
func (w *ackWaiter) enlist(book *ackBook) {
	w.lock.Lock()
	resolved := w.resolved
	w.book = book
	w.lock.Unlock()
	if resolved {
		book.forget(w)
	}
}

// ackBook is who waits for acknowledgements on one stream, by the nonce of the
// message. Those with the same nonce are answered in the order of their
// messages.
type ackBook struct {
	lock    sync.Mutex
	waiting map[uint64][]*ackWaiter
	ended   error
}

// add is called before the message is written.
func (b *ackBook) add(w *ackWaiter) {
	b.lock.Lock()
	ended := b.ended
	if ended == nil {
		if b.waiting == nil {
			b.waiting = make(map[uint64][]*ackWaiter)
		}
		b.waiting[w.nonce] = append(b.waiting[w.nonce], w)
	}
	b.lock.Unlock()
	if ended != nil {
		w.resolve(ended)
		return
	}
	w.enlist(b)
}

// answer is called for each acknowledgement that comes. One that nobody waits
// for is ignored.
func (b *ackBook) answer(nonce uint64, ack *proto.Acknowledgement) {
	b.lock.Lock()
	var first *ackWaiter
	if all := b.waiting[nonce]; len(all) > 0 {
		first = all[0]
		b.removeLocked(first)
	}
	b.lock.Unlock()
	if first == nil {
		return
	}
	var err error
	if ack.Error != "" {
		err = errors.New(ack.Error)
	}
	first.resolve(err)
}

// forget takes a waiter out.
func (b *ackBook) forget(w *ackWaiter) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.removeLocked(w)
}

func (b *ackBook) removeLocked(w *ackWaiter) {
	all := b.waiting[w.nonce]
	for i := range all {
		if all[i] != w {
			continue
		}
		if len(all) == 1 {
			delete(b.waiting, w.nonce)
		} else {
			b.waiting[w.nonce] = append(all[:i:i], all[i+1:]...)
		}
		return
	}
}

// end tells everybody who waits that the stream is gone.
func (b *ackBook) end(reason error) {
	b.lock.Lock()
	b.ended = reason
	waiting := b.waiting
	b.waiting = nil
	b.lock.Unlock()
	for _, all := range waiting {
		for _, w := range all {
			w.resolve(reason)
		}
	}
}

// collect gathers answers until enough are positive, all have come, the time is
// over or the instance stops. Who has not answered by then fails; it is listed
// in the last two cases only.
func collect(answers <-chan SendResult, waiters []*ackWaiter, minAck int, timeout time.Duration, stopped <-chan struct{}) AggregatedSendResult {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	results := make(AggregatedSendResult, 0, len(waiters))
	for acks := 0; len(results) < len(waiters); {
		select {
		case r := <-answers:
			results = append(results, r)
			if r.error == nil {
				acks++
			}
			if acks > 0 && acks == minAck {
				fail(waiters, errLate)
				return results
			}
		case <-timer.C:
			fail(waiters, errLate) // so that all have answered
		case <-stopped:
			fail(waiters, errStopped)
			stopped = nil
		}
	}
	return results
}

// fail answers for those that have not.
func fail(waiters []*ackWaiter, reason error) {
	for _, w := range waiters {
		w.resolve(reason)
	}
}
