// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"time"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/membership"
	"github.com/hyperledger/fabric/gossip/observe"
)

// runInbox handles what the transport delivers, one message after another.
func (d *gossipDiscoveryImpl) runInbox() {
	defer d.loops.Done()
	inbox := d.comm.Accept()
	for {
		select {
		case received, open := <-inbox:
			if !open {
				return
			}
			d.handleMsgFromComm(received)
		case <-d.done:
			return
		}
	}
}

// runClock does what time brings: heartbeats, checks, attempts at endpoints and
// dead members. It also hears of peers that could not be sent to, as that must
// not wait for the verification of messages.
func (d *gossipDiscoveryImpl) runClock() {
	defer d.loops.Done()
	presumedDead := d.comm.PresumedDead()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			timer.Reset(d.tick())
		case <-d.wake:
			if !timer.Stop() {
				select {
				case <-timer.C:
				default:
				}
			}
			timer.Reset(d.tick())
		case id, open := <-presumedDead:
			if !open {
				presumedDead = nil
				continue
			}
			d.step(func(now time.Time) { d.core.Unsent(string(id), now) })
		case <-d.done:
			return
		}
	}
}

// tick does what is due and returns after how long to call it again.
func (d *gossipDiscoveryImpl) tick() time.Duration {
	ready := d.input(func(now time.Time) { d.core.Tick(now, getMaxConnAttempts()) })
	d.perform(ready)
	d.lock.Lock()
	defer d.lock.Unlock()
	d.armed = d.core.NextWake()
	return time.Until(d.armed)
}

// perform does what the core has found to be done. Heartbeats and the closing
// of connections happen here, everything that may wait for a peer on other
// goroutines.
func (d *gossipDiscoveryImpl) perform(ready membership.Ready) {
	for _, change := range ready.Changes {
		d.report(change)
		if change.Kind == membership.Died {
			d.closeConn(*recordOf(change.Member))
		}
	}
	if ready.Beat && !d.isStopped() {
		d.beat()
	}
	for _, endpoint := range ready.Identify {
		endpoint := endpoint
		d.spawn(func() { d.identify(endpoint) })
	}
	for _, request := range ready.Requests {
		request := request
		d.spawn(func() { d.introduce(request) })
	}
	if len(ready.Ping) > 0 {
		d.spawn(func() { d.ping(ready.Ping) })
	}
}

// beat says to everybody that this peer is alive, even if it knows of nobody:
// the transport may.
func (d *gossipDiscoveryImpl) beat() {
	message, err := d.sayAlive()
	if err != nil {
		if d.quiet.allow("heartbeat") {
			d.logger.Errorf("Could not say that this peer is alive, will try again in %v: %v", d.times.Heartbeat, err)
		}
		return
	}
	if !d.isStopped() {
		d.comm.Gossip(detached(message))
	}
}

// report tells observers and the log about a change of the membership.
func (d *gossipDiscoveryImpl) report(change membership.Change) {
	event := observe.Event{
		Reason:   change.Reason,
		Peer:     common.PKIidType(change.Member.ID),
		Endpoint: recordOf(change.Member).PreferredEndpoint(),
	}
	text := ""
	switch change.Kind {
	case membership.Learned, membership.Revived:
		event.Kind, text = observe.MemberAlive, "alive"
	case membership.Died, membership.Reported:
		event.Kind, text = observe.MemberDead, "dead"
	case membership.Forgotten:
		event.Kind, text = observe.MemberForgotten, "forgotten"
	}
	d.hook.Observe(event)
	d.logger.Infof("Member is %s (%s): %s", text, change.Reason, recordOf(change.Member))
}

// spawn runs work that may wait for a peer on a goroutine of its own, unless
// this peer has been stopped.
func (d *gossipDiscoveryImpl) spawn(work func()) {
	d.helpers.Lock()
	defer d.helpers.Unlock()
	if !d.stopped {
		go work()
	}
}
