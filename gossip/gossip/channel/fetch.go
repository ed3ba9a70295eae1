// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"sync"
	"time"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/channel/internal/gap"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// fetcher gets missing blocks at once from peers that have them, by the same
// messages that the periodic pull uses, with nonces of its own; a peer of
// v1.3.0 cannot tell one from the other. The tracker decides, the fetcher tells
// it what happens and does what it says. One timer is set for when the tracker
// has something to do.
type fetcher struct {
	gc *gossipChannel

	mutex sync.Mutex
	// Guarded by mutex:
	tracker *gap.Tracker
	timer   *time.Timer // runs ask; made when first needed
	armed   time.Time   // when the timer fires; zero if it is not set
	asking  bool        // ask is running; it sets the timer when it is done
	stopped bool
}

func newFetcher(gc *gossipChannel) *fetcher {
	window := gc.conf.MaxBlockCountToStore
	if window < 0 {
		window = 0
	}
	return &fetcher{gc: gc, tracker: gap.New(fetching(window+1), util.RandomInt, util.RandomUInt64)}
}

// stop ends fetching; it does not wait for a call in progress.
func (f *fetcher) stop() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.stopped = true
	if f.timer != nil {
		f.timer.Stop()
	}
}

// seen tells that a block was stored.
func (f *fetcher) seen(number uint64) {
	f.tell(func(now time.Time) { f.tracker.Seen(now, number) })
}

// height tells how far the local ledger is.
func (f *fetcher) height(height uint64) {
	f.tell(func(time.Time) { f.tracker.Height(height) })
}

// claims tells how far a peer says its ledger is.
func (f *fetcher) claims(peer string, height uint64) {
	f.tell(func(time.Time) { f.tracker.Claims(peer, height) })
}

// shown tells that a peer has blocks.
func (f *fetcher) shown(peer string, numbers ...uint64) {
	f.tell(func(time.Time) { f.tracker.Holds(peer, numbers...) })
}

// update tells that a peer's answer has been taken in.
func (f *fetcher) update(peer common.PKIidType, nonce uint64) {
	f.tell(func(now time.Time) { f.tracker.Update(now, string(peer), nonce) })
}

// retain forgets all peers but those that are known.
func (f *fetcher) retain(known map[string]bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.tracker.Retain(func(peer string) bool { return known[peer] })
}

func (f *fetcher) holds(peer string, number uint64) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.tracker.Has(peer, number)
}

// digest is told what a peer announced. If that was in answer to the fetcher it
// requests what is missing, and returns true.
func (f *fetcher) digest(peer common.PKIidType, nonce uint64, numbers []uint64) bool {
	var request []uint64
	var ours bool
	f.tell(func(now time.Time) { request, ours = f.tracker.Digest(now, string(peer), nonce, numbers) })
	if len(request) == 0 {
		return ours
	}
	to := f.reachable()[string(peer)]
	if to == nil {
		return ours // its time will run out
	}
	digests := make([][]byte, len(request))
	for i, number := range request {
		digests[i] = []byte(digestOf(number))
	}
	f.send(to, &proto.GossipMessage{Content: &proto.GossipMessage_DataReq{
		DataReq: &proto.DataRequest{Nonce: nonce, MsgType: proto.PullMsgType_BLOCK_MSG, Digests: digests},
	}})
	return ours
}

// tell changes what the tracker knows, and sets the timer accordingly.
func (f *fetcher) tell(change func(now time.Time)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	now := time.Now()
	change(now)
	f.arm(now)
}

// arm sets the timer. The caller holds the mutex.
func (f *fetcher) arm(now time.Time) {
	if f.stopped || f.asking {
		return
	}
	at, needed := f.tracker.Wake(now)
	if !needed || at.Equal(f.armed) {
		return
	}
	f.armed = at
	if wait := at.Sub(now); f.timer == nil {
		f.timer = time.AfterFunc(wait, f.ask)
	} else {
		f.timer.Reset(wait)
	}
}

// ask runs when the timer fires.
func (f *fetcher) ask() {
	if !f.begin() {
		return
	}
	peers := f.reachable()
	for _, hello := range f.choose(peers) {
		f.send(peers[hello.Peer], &proto.GossipMessage{Content: &proto.GossipMessage_Hello{
			Hello: &proto.GossipHello{Nonce: hello.Nonce, MsgType: proto.PullMsgType_BLOCK_MSG},
		}})
	}
}

// begin tells whether there is somebody to ask for.
func (f *fetcher) begin() bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.stopped || f.asking || f.gc.hasLeftChannel() {
		return false
	}
	f.asking, f.armed = true, time.Time{}
	return true
}

func (f *fetcher) choose(peers map[string]*comm.RemotePeer) []gap.Hello {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.asking = false
	if f.stopped {
		return nil
	}
	now := time.Now()
	hellos := f.tracker.Ask(now, func(peer string) bool { return peers[peer] != nil })
	f.arm(now)
	return hellos
}

// reachable is the peers that may be asked, by name.
func (f *fetcher) reachable() map[string]*comm.RemotePeer {
	peers := make(map[string]*comm.RemotePeer)
	if f.gc.conf.PullPeerNum <= 0 {
		return peers // pulling is turned off
	}
	for _, member := range f.gc.sources() {
		if !sameMember(member.PKIid, f.gc.pkiID) {
			peers[string(member.PKIid)] = &comm.RemotePeer{Endpoint: member.PreferredEndpoint(), PKIID: member.PKIid}
		}
	}
	return peers
}

func (f *fetcher) send(to *comm.RemotePeer, m *proto.GossipMessage) {
	m.Channel, m.Tag = f.gc.chainID, proto.GossipMessage_CHAN_AND_ORG
	message, err := protoext.NoopSign(m)
	if err != nil {
		f.gc.logger.Errorf("Channel %s: failed encoding a request for missing blocks: %v", f.gc.chainID, err)
		return
	}
	pullSender{f.gc}.Send(message, to)
}
