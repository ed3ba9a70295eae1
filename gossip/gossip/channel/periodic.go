// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"hash/fnv"
	"time"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/filter"
	"github.com/hyperledger/fabric/gossip/gossip/pull"
	"github.com/hyperledger/fabric/gossip/util"
)

// beatsPerInterval is how many times in an interval periodic work looks whether
// it should do something ahead of time.
const beatsPerInterval = 4

// beats are those of an interval. It panics if the interval is not positive.
func beats(interval time.Duration) *time.Ticker {
	if interval >= beatsPerInterval {
		interval /= beatsPerInterval
	}
	return time.NewTicker(interval)
}

// publishPeriodically is a goroutine of its own, as spreading a message may
// block. The first time that there is somebody to publish to is not waited for
// longer than a beat. When in an interval it publishes is left to chance, lest
// peers that were started together do so together, and check each other's news
// all at once, ever after.
func (gc *gossipChannel) publishPeriodically(beat *time.Ticker) {
	defer func() { beat.Stop() }()
	phase := time.NewTimer(anyPartOf(gc.conf.PublishStateInfoInterval / beatsPerInterval))
	defer phase.Stop()
	if gc.wait(phase.C, nil) != dueFirst {
		return
	}
	beat.Stop()
	beat = beats(gc.conf.PublishStateInfoInterval)
	published := false
	for n := util.RandomInt(beatsPerInterval); gc.wait(beat.C, nil) == dueFirst; n++ {
		if !published || n%beatsPerInterval == 0 {
			published = gc.publish() || published
		}
	}
}

func anyPartOf(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(util.RandomUInt64() % uint64(d))
}

// attendPeriodically asks others for StateInfo and forgets who is gone.
func (gc *gossipChannel) attendPeriodically(beat *time.Ticker) {
	defer beat.Stop()
	var sweep <-chan time.Time
	if gc.conf.StateInfoCacheSweepInterval > 0 {
		ticker := time.NewTicker(gc.conf.StateInfoCacheSweepInterval)
		defer ticker.Stop()
		sweep = ticker.C
	}
	var requests requestRate
	for {
		switch gc.wait(beat.C, sweep) {
		case dueFirst:
			gc.requestStateInfo(&requests)
		case dueSecond:
			gc.sweep()
		case dueNone:
			return
		}
	}
}

// which of two tickers was due, none if the channel was stopped.
type which int

const (
	dueNone which = iota
	dueFirst
	dueSecond
)

func (gc *gossipChannel) wait(first, second <-chan time.Time) which {
	due := dueNone
	select {
	case <-first:
		due = dueFirst
	case <-second:
		due = dueSecond
	case <-gc.stopChan:
	}
	if gc.stopped() { // as well: select picks any
		return dueNone
	}
	return due
}

// requestRate is how many to ask for StateInfo, and when. StateInfo is pushed;
// asking is for what pushing missed, above all when somebody is new. Somebody
// about whom nothing is known is asked about at once, if only of one peer; but
// in a large channel in which nobody is new, answers that are all known cost
// more than everything else that idle peers say to each other.
type requestRate struct {
	beat    int
	members uint64 // a sum over who was there
	known   int    // so many were known
	steady  int    // beats since any of that changed
}

// next tells how many to ask this time, given who is there, how many of whom
// something is known, and whether somebody is there of whom nothing is.
func (r *requestRate) next(members []discovery.NetworkMember, known int, strangers bool, most int) int {
	r.beat++
	r.steady++
	if sum := sumOf(members); sum != r.members || known != r.known {
		r.members, r.known, r.steady = sum, known, 0
	}
	regular := r.beat%beatsPerInterval == 0
	intervals := r.steady / beatsPerInterval
	switch {
	case !regular && strangers && intervals < steadyRequests && most > 0:
		return 1
	case !regular:
		return 0
	case len(members) <= smallPool || intervals < steadyRequests || most < 1:
		return most
	case intervals%steadyStride == 0:
		return 1
	}
	return 0
}

// sumOf depends on who the members are, and not on their order.
func sumOf(members []discovery.NetworkMember) uint64 {
	sum := uint64(0)
	for _, member := range members {
		hash := fnv.New64a()
		hash.Write(member.PKIid)
		sum += hash.Sum64()
	}
	return sum
}

// requestStateInfo asks members of any organization of the channel what they
// know of its peers.
func (gc *gossipChannel) requestStateInfo(rate *requestRate) {
	own, foreign := gc.split(gc.GetMembership())
	all := append(append([]discovery.NetworkMember(nil), own...), foreign...)
	count := rate.next(all, gc.stateInfos.size(), gc.anyStranger(all), gc.conf.PullPeerNum)
	peers := gc.selectForRequest(all, own, foreign, count)
	if len(peers) == 0 {
		return
	}
	request, err := gc.createStateInfoRequest()
	if err != nil {
		gc.logger.Errorf("Channel %s: failed encoding the request for StateInfo: %v", gc.chainID, err)
		return
	}
	gc.Send(request, peers...)
}

// anyStranger tells whether there is a member without StateInfo.
func (gc *gossipChannel) anyStranger(members []discovery.NetworkMember) bool {
	for _, member := range members {
		if gc.stateInfos.get(member.PKIid) == nil {
			return true
		}
	}
	return false
}

// selectForRequest picks up to count peers: any, if they are few; else contacts
// of the own organization and, if more than one is asked, one of the others.
func (gc *gossipChannel) selectForRequest(all, own, foreign []discovery.NetworkMember, count int) []*comm.RemotePeer {
	if count <= 0 {
		return nil
	}
	if len(all) <= smallPool {
		return filter.SelectPeers(count, all, filter.SelectAllPolicy)
	}
	var picked []discovery.NetworkMember
	if count > 1 || len(own) == 0 {
		picked = anyOf(foreign)
	}
	rest := count - len(picked)
	peers := pull.SelectEndpoints(rest, gc.contacts(own, rest))
	return append(peers, pull.SelectEndpoints(len(picked), picked)...)
}
