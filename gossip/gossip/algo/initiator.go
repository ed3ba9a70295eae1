// SPDX-License-Identifier: Apache-2.0

package algo

import (
	"time"

	"github.com/hyperledger/fabric/gossip/util"
)

// run is the engine's goroutine: it begins a round every sleepTime and leads
// each through its phases.
func (engine *PullEngine) run() {
	next := time.Now().Add(engine.sleepTime)
	for {
		round, waiting, due := engine.nextDue(next)
		if !engine.waitUntil(due) {
			return
		}
		switch waiting {
		case digesting:
			engine.request(round)
		case receiving:
			engine.finish(round)
		default:
			engine.hello()
			next = time.Now().Add(engine.sleepTime)
		}
	}
}

// nextDue returns the round that is to be led on next, from which phase, and
// when; no round if one is to begin. But for Stop, only the engine's goroutine
// changes the phase of a round.
func (engine *PullEngine) nextDue(begin time.Time) (*pullRound, phase, time.Time) {
	engine.mutex.Lock()
	defer engine.mutex.Unlock()
	if r := engine.rounds.earliest(); r != nil && !r.due.After(begin) {
		return r, r.phase, r.due
	}
	return nil, over, begin
}

// waitUntil returns false if the engine has been stopped.
func (engine *PullEngine) waitUntil(due time.Time) bool {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-engine.done:
		return false
	case <-timer.C:
		return engine.running()
	}
}

func (engine *PullEngine) running() bool {
	select {
	case <-engine.done:
		return false
	default:
		return true
	}
}

// hello begins a round: it asks the peers that the adapter selects.
func (engine *PullEngine) hello() {
	round := engine.beginRound()
	if round == nil {
		return
	}
	for _, peer := range engine.SelectPeers() {
		nonce, ask := engine.ask(round, peer)
		if ask {
			engine.Hello(peer, nonce)
		}
	}
	engine.await(round, digesting, engine.digestWaitTime)
}

func (engine *PullEngine) beginRound() *pullRound {
	engine.mutex.Lock()
	defer engine.mutex.Unlock()
	if engine.stopped {
		return nil
	}
	return engine.rounds.begin()
}

func (engine *PullEngine) ask(round *pullRound, peer string) (nonce uint64, ok bool) {
	engine.mutex.Lock()
	defer engine.mutex.Unlock()
	if engine.stopped {
		return 0, false
	}
	return engine.rounds.ask(round, peer, util.RandomUInt64)
}

// await leaves a round in a phase until its time is over.
func (engine *PullEngine) await(round *pullRound, p phase, wait time.Duration) {
	engine.mutex.Lock()
	defer engine.mutex.Unlock()
	if !engine.stopped {
		round.phase, round.due = p, time.Now().Add(wait)
	}
}

// request ends a round's time for digests and requests what was announced. It
// takes in responses from the first request on.
func (engine *PullEngine) request(round *pullRound) {
	for _, req := range engine.chooseRequests(round) {
		if !engine.running() {
			return
		}
		engine.SendReq(req.peer, req.items, req.nonce)
	}
	engine.await(round, receiving, engine.responseWaitTime)
}

func (engine *PullEngine) chooseRequests(round *pullRound) []request {
	engine.mutex.Lock()
	defer engine.mutex.Unlock()
	if engine.stopped {
		return nil
	}
	requests := round.choose(engine.missing, util.RandomInt)
	engine.noteAcceptance()
	return requests
}

// finish ends a round.
func (engine *PullEngine) finish(round *pullRound) {
	engine.mutex.Lock()
	defer engine.mutex.Unlock()
	if !engine.stopped {
		engine.rounds.end(round)
		engine.noteAcceptance()
	}
}
