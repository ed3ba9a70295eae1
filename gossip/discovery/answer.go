// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"sync"

	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Bounds on answers that have not been sent yet: how many are worked on at the
// same time, how many wait or are worked on, and how many of those for one peer.
const (
	maxAnswering       = 8
	maxInquiries       = 256
	maxInquiriesOfPeer = 4
)

// inquiry is a membership request that is to be answered.
type inquiry struct {
	nonce  uint64
	target NetworkMember
	// fresh: the target does not hear of this peer otherwise, so that the
	// answer needs an alive message that it cannot have seen.
	fresh bool
	// announce, if not nil, introduces the target, who has just appeared, to
	// others.
	announce *introduction
}

// introduction is a membership request seen as the alive message that it
// contains, for passing that on to everybody but the requester.
type introduction struct {
	proto.ReceivedMessage
	alive *proto.SignedGossipMessage
}

func (i *introduction) GetGossipMessage() *proto.SignedGossipMessage { return i.alive }
func (i *introduction) GetSourceEnvelope() *proto.Envelope           { return i.alive.Envelope }

// answerQueue holds inquiries until a helper takes them. Its helpers come when
// there is something to do and go when there is not.
type answerQueue struct {
	mutex   sync.Mutex
	waiting []inquiry
	open    map[string]int // by PKI-ID: how many wait or are worked on
	total   int            // of open
	helpers int
}

// add takes an inquiry in, unless there are too many. helper tells whether
// another helper is to be started.
func (q *answerQueue) add(i inquiry) (added, helper bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	id := string(i.target.PKIid)
	if q.total >= maxInquiries || q.open[id] >= maxInquiriesOfPeer {
		return false, false
	}
	if q.open == nil {
		q.open = make(map[string]int)
	}
	q.open[id]++
	q.total++
	q.waiting = append(q.waiting, i)
	helper = q.helpers < maxAnswering
	if helper {
		q.helpers++
	}
	return true, helper
}

// next is for a helper: it hands back the inquiry that it has done, if any, and
// gets another. At false it must end.
func (q *answerQueue) next(done *inquiry) (inquiry, bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if done != nil {
		id := string(done.target.PKIid)
		q.total--
		if q.open[id]--; q.open[id] == 0 {
			delete(q.open, id)
		}
	}
	if len(q.waiting) == 0 {
		q.waiting = nil
		q.helpers--
		return inquiry{}, false
	}
	i := q.waiting[0]
	q.waiting = q.waiting[1:]
	return i, true
}

// answerLater has an inquiry answered on another goroutine.
func (d *gossipDiscoveryImpl) answerLater(i inquiry) {
	added, helper := d.answers.add(i)
	if !added {
		d.hook.Observe(observe.Event{Kind: observe.Dropped, Reason: reasonAnswers, Peer: i.target.PKIid, Message: "mem_req"})
	}
	if helper {
		d.spawn(d.answerAll)
	}
}

func (d *gossipDiscoveryImpl) answerAll() {
	for i, more := d.answers.next(nil); more; i, more = d.answers.next(&i) {
		d.answer(i)
	}
}

// answer tells a peer who is there, as far as it may know, or closes the
// connection to it if it may not even know of this peer.
func (d *gossipDiscoveryImpl) answer(i inquiry) {
	if d.isStopped() {
		return
	}
	say := d.recent
	if i.fresh {
		say = d.sayAlive
	}
	alive, err := say()
	if err != nil {
		d.logger.Warningf("Could not answer a membership request: %v", err)
		return
	}
	response := d.createMembershipResponse(alive, &i.target)
	if response == nil {
		d.logger.Debugf("Not answering a membership request, as policy has it: %s", &i.target)
		d.closeConn(i.target)
		return
	}
	if i.announce != nil && d.msgStore.Add(i.announce.alive) && !d.isStopped() {
		d.comm.Forward(i.announce)
	}
	d.send(&i.target, &proto.GossipMessage{
		Tag:     proto.GossipMessage_EMPTY,
		Nonce:   i.nonce,
		Content: &proto.GossipMessage_MemRes{MemRes: response},
	})
}

// createMembershipResponse tells a peer who is there, as far as it may know,
// itself by the alive message given. It returns nil if it may not know that.
func (d *gossipDiscoveryImpl) createMembershipResponse(alive *proto.SignedGossipMessage, target *NetworkMember) *proto.MembershipResponse {
	disclosed, conceal := d.policy(target)
	if !disclosed(detached(alive)) {
		return nil
	}
	envelopes := func(messages []*proto.SignedGossipMessage) []*proto.Envelope {
		list := make([]*proto.Envelope, 0, len(messages)+1)
		for _, m := range messages {
			if m = detached(m); disclosed(m) {
				list = append(list, conceal(m))
			}
		}
		return list
	}
	living, dead := d.known()
	return &proto.MembershipResponse{
		Alive: append(envelopes(living), conceal(detached(alive))),
		Dead:  envelopes(dead),
	}
}

// known lists the latest messages of all members, but of the dead only of those
// that have been alive here. Passing on who is dead by hearsay would have it go
// round forever.
func (d *gossipDiscoveryImpl) known() (living, dead []*proto.SignedGossipMessage) {
	d.lock.RLock()
	defer d.lock.RUnlock()
	living = d.aliveMembership.ToSlice()
	for _, m := range d.deadMembership.ToSlice() {
		ts := d.deadLastTS[string(m.GetAliveMsg().GetMembership().GetPkiId())]
		if ts != nil && !ts.hearsay {
			dead = append(dead, m)
		}
	}
	return living, dead
}

// closeConn ends the connection to a peer, if there is one.
func (d *gossipDiscoveryImpl) closeConn(to NetworkMember) {
	if !d.isStopped() {
		d.comm.CloseConn(&to)
	}
}
