// SPDX-License-Identifier: Apache-2.0

package membership

import "time"

// hurriedShare is which part of the heartbeat has to have passed since the last
// one before one may come early.
const hurriedShare = 10

// hurryBeat makes the next heartbeat come now, if the last one is not too
// recent: there is somebody to hear it who has not heard of this peer yet.
func (c *Core) hurryBeat(now time.Time) {
	soon := now
	if earliest := c.lastBeat.Add(c.times.Heartbeat / hurriedShare); earliest.After(soon) {
		soon = earliest
	}
	if soon.Before(c.nextBeat) {
		c.nextBeat, c.hurried = soon, true
	}
}

// untilNextBeat is how long until the next heartbeat. What made this one come
// early did so at other peers at the same time, so the next one comes a little
// early as well, at each peer by another time: else everybody would have to
// check everybody's at once ever after.
func (c *Core) untilNextBeat() time.Duration {
	half := uint64(c.times.Heartbeat / 2)
	if !c.hurried || half == 0 {
		return c.times.Heartbeat
	}
	c.hurried = false
	return time.Duration(half + c.nonce()%half)
}

// NextWake is when Tick has something to do at the latest.
func (c *Core) NextWake() time.Time {
	next := earlier(c.nextBeat, c.nextCheck)
	if !c.pinging {
		next = earlier(next, c.nextPing)
	}
	for _, t := range c.targets {
		if t.scheduled() {
			next = earlier(next, t.due)
		}
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Tick does what is due. maxAttempts is how often an endpoint is tried before
// attempts become rare.
func (c *Core) Tick(now time.Time, maxAttempts int) {
	if !now.Before(c.nextBeat) {
		c.ready.Beat = true
		c.lastBeat, c.nextBeat = now, now.Add(c.untilNextBeat())
	}
	if !now.Before(c.nextCheck) {
		c.check(now)
		c.checkTargets(now)
		c.nextCheck = now.Add(c.times.Check)
	}
	if !c.pinging && !now.Before(c.nextPing) {
		c.startPings(now)
	}
	for endpoint, t := range c.targets {
		if t.scheduled() && !now.Before(t.due) {
			c.advance(endpoint, t, now, maxAttempts)
		}
	}
}

// startPings begins a round over all dead members. The next one comes a while
// after Pinged ends it.
func (c *Core) startPings(now time.Time) {
	c.nextPing = now.Add(c.times.Reconnect)
	c.table.Each(func(m Member) bool {
		if !m.Alive {
			c.ready.Ping = append(c.ready.Ping, m)
		}
		return true
	})
	c.pinging = len(c.ready.Ping) > 0
}

// Pinged is told that a round of pings is over.
func (c *Core) Pinged(now time.Time) {
	c.pinging = false
	c.nextPing = now.Add(c.times.Reconnect)
}
