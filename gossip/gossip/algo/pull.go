// SPDX-License-Identifier: Apache-2.0

package algo

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric/gossip/util"
)

// DigestFilter turns the context of a message from a peer into the answer to
// which items that peer may know of.
type DigestFilter func(context interface{}) func(digestItem string) bool

// PullAdapter is how an engine reaches other peers. Contexts are what the
// engine was given with the message that is being answered.
type PullAdapter interface {
	// SelectPeers chooses whom to ask in a round.
	SelectPeers() []string

	// Hello asks a peer for its digest.
	Hello(dest string, nonce uint64)

	// SendDigest answers a Hello with the items there are.
	SendDigest(digest []string, nonce uint64, context interface{})

	// SendReq asks a peer for items that it has announced.
	SendReq(dest string, items []string, nonce uint64)

	// SendRes answers a request with items.
	SendRes(items []string, context interface{}, nonce uint64)
}

// accepter is what an adapter may implement besides. It learns, on the
// goroutine of OnRes, of items that were expected, just before they become part
// of the engine's state.
type accepter interface {
	Accepted(items []string)
}

// refuser is what an adapter may implement besides. It learns why a message came
// to nothing, in whole or in part, with the context of that message.
type refuser interface {
	Refused(reason string, context interface{})
}

// Why messages come to nothing.
const (
	digestUnasked   = "digest not asked for, or too late"
	digestTooLong   = "digest too long"
	requestUnasked  = "request without a Hello, or too late"
	tooManyInFlight = "too many answers at once"
)

// PullEngine pulls items from other peers, and lets others pull.
type PullEngine struct {
	PullAdapter
	state              *util.Set    // of strings: the items that are here
	digFilter          DigestFilter // read at each use
	acceptingResponses int32        // 1 while responses are taken in, else 0; written under mutex, read atomically

	answers int32 // SendRes calls in progress; used atomically

	sleepTime, digestWaitTime, requestWaitTime, responseWaitTime time.Duration

	mutex   sync.Mutex
	rounds  roundSet      // guarded by mutex
	nonces  nonceMemory   // guarded by mutex
	stopped bool          // guarded by mutex
	done    chan struct{} // closed when stopped is set
}

// NewPullEngine starts an engine that tells everybody of all its items.
func NewPullEngine(participant PullAdapter, sleepTime time.Duration) *PullEngine {
	everything := func(string) bool { return true }
	return NewPullEngineWithFilter(participant, sleepTime, func(interface{}) func(string) bool { return everything })
}

// NewPullEngineWithFilter starts an engine that tells a peer of the items that
// df lets through. Its first round begins after sleepTime.
func NewPullEngineWithFilter(participant PullAdapter, sleepTime time.Duration, df DigestFilter) *PullEngine {
	if sleepTime < minSleepTime {
		sleepTime = minSleepTime
	}
	engine := &PullEngine{
		PullAdapter:      participant,
		state:            util.NewSet(),
		digFilter:        df,
		sleepTime:        sleepTime,
		digestWaitTime:   util.GetDurationOrDefault(digestWaitKey, defDigestWaitTime),
		requestWaitTime:  util.GetDurationOrDefault(requestWaitKey, defRequestWaitTime),
		responseWaitTime: util.GetDurationOrDefault(responseWaitKey, defResponseWaitTime),
		rounds:           newRoundSet(),
		nonces:           newNonceMemory(),
		done:             make(chan struct{}),
	}
	go engine.run()
	return engine
}

// Stop ends the engine: it asks and answers nobody any more. It returns at
// once and may be called more than once.
func (engine *PullEngine) Stop() {
	engine.mutex.Lock()
	defer engine.mutex.Unlock()
	if engine.stopped {
		return
	}
	engine.stopped = true
	close(engine.done)
	engine.rounds.endAll()
	engine.nonces = newNonceMemory()
	engine.noteAcceptance()
}

// Add puts items into the engine's state, as if they had been pulled.
func (engine *PullEngine) Add(seqs ...string) {
	for _, item := range seqs {
		engine.state.Add(item)
	}
}

// Remove takes items out of the engine's state; they may be pulled again.
func (engine *PullEngine) Remove(seqs ...string) {
	for _, item := range seqs {
		engine.state.Remove(item)
	}
}

// OnDigest takes in what a peer announces in answer to a Hello.
func (engine *PullEngine) OnDigest(digest []string, nonce uint64, context interface{}) {
	engine.mutex.Lock()
	refusal := engine.rounds.announce(nonce, digest, engine.missing)
	engine.mutex.Unlock()
	if refusal != "" {
		engine.refuse(refusal, context)
	}
}

func (engine *PullEngine) refuse(reason string, context interface{}) {
	if owner, listens := engine.PullAdapter.(refuser); listens {
		owner.Refused(reason, context)
	}
}

func (engine *PullEngine) missing(item string) bool { return !engine.state.Exists(item) }

// OnRes takes in items that a peer has sent in answer to a request.
func (engine *PullEngine) OnRes(items []string, nonce uint64) {
	engine.mutex.Lock()
	expected := engine.rounds.expects(nonce)
	engine.mutex.Unlock()
	if !expected {
		return
	}
	if owner, wanted := engine.PullAdapter.(accepter); wanted {
		owner.Accepted(items)
	}
	engine.Add(items...)
}

// OnHello answers a peer that asks for the digest, unless there is nothing that
// it may know of. It lets the peer request items for a while.
func (engine *PullEngine) OnHello(nonce uint64, context interface{}) {
	engine.mutex.Lock()
	stopped := engine.stopped
	if !stopped {
		engine.nonces.remember(nonce, time.Now(), engine.requestWaitTime)
	}
	engine.mutex.Unlock()
	if stopped {
		return
	}
	var digest []string
	mayKnow := engine.digFilter(context)
	for _, held := range engine.state.ToArray() {
		if item := held.(string); mayKnow(item) {
			digest = append(digest, item)
		}
	}
	if len(digest) > 0 {
		engine.SendDigest(digest, nonce, context)
	}
}

// OnReq answers a peer that requests items, if it has asked for the digest not
// long ago. Of the items it gets those that are here and that it may know of.
func (engine *PullEngine) OnReq(items []string, nonce uint64, context interface{}) {
	engine.mutex.Lock()
	known := engine.nonces.knows(nonce, time.Now())
	engine.mutex.Unlock()
	if !known {
		engine.refuse(requestUnasked, context)
		return
	}
	var answer []string
	mayKnow := engine.digFilter(context)
	for _, item := range distinct(items) {
		if engine.state.Exists(item) && mayKnow(item) {
			answer = append(answer, item)
		}
	}
	if len(answer) > 0 {
		engine.answer(answer, context, nonce)
	}
}

// distinct returns each of the items once: nobody gets more than there is by
// asking for it again and again.
func distinct(items []string) []string {
	if len(items) > maxItems {
		items = items[:maxItems]
	}
	seen := make(map[string]struct{}, len(items))
	var once []string
	for _, item := range items {
		if _, again := seen[item]; !again {
			seen[item] = struct{}{}
			once = append(once, item)
		}
	}
	return once
}

// answer sends items without making the caller wait, as the receiver may be
// slow. When too many receivers are, this one has to ask again.
func (engine *PullEngine) answer(items []string, context interface{}, nonce uint64) {
	if atomic.AddInt32(&engine.answers, 1) > maxAnswers {
		atomic.AddInt32(&engine.answers, -1)
		engine.refuse(tooManyInFlight, context)
		return
	}
	go func() {
		defer atomic.AddInt32(&engine.answers, -1)
		if engine.running() {
			engine.SendRes(items, context, nonce)
		}
	}()
}

// noteAcceptance publishes whether responses are taken in. The caller holds the
// mutex.
func (engine *PullEngine) noteAcceptance() {
	var accepting int32
	if engine.rounds.awaitsResponses() {
		accepting = 1
	}
	atomic.StoreInt32(&engine.acceptingResponses, accepting)
}
