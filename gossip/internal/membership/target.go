// SPDX-License-Identifier: Apache-2.0

package membership

import "time"

// answerWait is how long an answer to a membership request may take before it
// counts as lost; dialTime is what an attempt at an endpoint counts at least
// when it is reckoned for how long to try, however quickly it failed.
const (
	answerWait = 5 * time.Second
	dialTime   = 3 * time.Second
)

// How much rarer attempts become that have no end: at most so many times the
// time to reconnect, less if nobody is alive.
const (
	rarest         = 16
	rarestIsolated = 4
)

// quickest is the first pause of a series that grows to the time to reconnect.
const quickest = time.Second

// requestsPerIdentity is how many requests may go unanswered before the
// endpoint is identified anew: another peer may be there by now.
const requestsPerIdentity = 3

// phase is what a target is up to.
type phase int

const (
	idle        phase = iota // nothing; it is looked at in each check
	pausing                  // will be tried when due
	identifying              // the owner finds out who is there
	awaiting                 // an answer is awaited until due
)

// target is an endpoint that this peer is to know somebody at, for good.
//
//	       Connect                 Identified             Answered
//	idle ----------> identifying ------------> awaiting ----------> idle
//	  ^                 |     ^                    | too late
//	  |    Unidentified v     | due                v
//	  '-------------- pausing --------- or back to awaiting with a new request
//	   tried for long
type target struct {
	phase phase
	due   time.Time

	id      string // who was identified there; kept for looking it up
	selfOrg bool
	nonce   uint64 // of the latest request

	started    time.Time // of this series of attempts
	attempts   int       // in it
	unanswered int       // requests since it was identified; -1 if it is to be identified
	series     int       // series that failed since somebody was last seen there
	rare       bool      // this series is a single attempt
}

func (t *target) scheduled() bool { return t.phase == pausing || t.phase == awaiting }

// Connect makes an endpoint a target and has it tried at once, unless that is
// going on.
func (c *Core) Connect(endpoint string, now time.Time) {
	t := c.targets[endpoint]
	if t == nil {
		t = &target{}
		c.targets[endpoint] = t
	}
	if t.phase == idle || t.phase == pausing && t.rare {
		t.begin(now, false)
		c.identify(endpoint, t)
	}
}

func (t *target) begin(now time.Time, rare bool) {
	t.started, t.attempts, t.unanswered, t.rare = now, 0, -1, rare
}

func (c *Core) identify(endpoint string, t *target) {
	t.phase = identifying
	t.attempts++
	c.ready.Identify = append(c.ready.Identify, endpoint)
}

// Identified is told who is behind an endpoint; the ID may be empty.
func (c *Core) Identified(endpoint, id string, selfOrg bool, now time.Time) {
	t := c.targets[endpoint]
	if t == nil || t.phase != identifying {
		return
	}
	t.id, t.selfOrg, t.unanswered = id, selfOrg, 0
	c.request(endpoint, t, now)
}

// Unidentified is told that it could not be found out who is behind an
// endpoint. It returns how many attempts there were, in this series.
func (c *Core) Unidentified(endpoint string, now time.Time, maxAttempts int) int {
	t := c.targets[endpoint]
	if t == nil || t.phase != identifying {
		return 0
	}
	c.retry(t, now, maxAttempts)
	return t.attempts
}

func (c *Core) request(endpoint string, t *target, now time.Time) {
	t.phase, t.due, t.nonce = awaiting, now.Add(answerWait), c.nonce()
	c.ready.Requests = append(c.ready.Requests, Request{Endpoint: endpoint, ID: t.id, SelfOrg: t.selfOrg, Nonce: t.nonce})
}

// Answered is told of each membership response.
func (c *Core) Answered(nonce uint64, now time.Time) {
	for _, t := range c.targets {
		if t.unanswered >= 0 && t.nonce == nonce && t.scheduled() {
			t.phase, t.unanswered = idle, -1
		}
	}
}

// advance does what a target is due for.
func (c *Core) advance(endpoint string, t *target, now time.Time, maxAttempts int) {
	switch {
	case t.phase == awaiting:
		t.unanswered++
		if t.unanswered >= requestsPerIdentity {
			t.unanswered = -1
		}
		c.retry(t, now, maxAttempts)
	case t.unanswered >= 0:
		t.attempts++
		c.request(endpoint, t, now)
	default:
		c.identify(endpoint, t)
	}
}

// retry makes a target pause after a failure: for longer and longer, until the
// time to reconnect is reached, and when the series has been long enough, until
// a check finds that there has to be another.
func (c *Core) retry(t *target, now time.Time, maxAttempts int) {
	if t.rare || t.attempts >= maxAttempts && now.Sub(t.started) >= c.patience(maxAttempts) {
		t.phase, t.unanswered = idle, -1
		t.series++
		return
	}
	t.phase = pausing
	t.due = now.Add(c.pause(t.attempts))
}

// pause is how long to wait after so many attempts.
func (c *Core) pause(attempts int) time.Duration {
	longest := c.times.Reconnect
	pause := quickest
	if pause > longest/4 {
		pause = longest / 4
	}
	for ; attempts > 1 && pause < longest; attempts-- {
		pause *= 2
	}
	if pause > longest {
		pause = longest
	}
	return pause
}

// patience is how long a series of attempts lasts at least. A dial that fails
// at once must not make it so short that the other end cannot come up meanwhile.
func (c *Core) patience(maxAttempts int) time.Duration {
	each := c.times.Reconnect + dialTime
	if maxAttempts <= 0 {
		return 0
	}
	if longest := time.Duration(1<<63 - 1); time.Duration(maxAttempts) > longest/each {
		return longest
	}
	return time.Duration(maxAttempts) * each
}

// checkTargets has targets tried again that nobody is known at any more, and all
// of them if nobody is alive. Each time takes longer than the one before.
func (c *Core) checkTargets(now time.Time) {
	isolated := c.table.CountAlive() == 0
	for endpoint, t := range c.targets {
		resting := t.phase == pausing && t.rare
		if t.phase != idle && !resting {
			continue
		}
		alive, known := c.seenAt(endpoint, t.id)
		if alive {
			t.series = 0
		}
		switch needed := isolated || !known; {
		case needed && !resting:
			t.begin(now, true)
			t.phase, t.due = pausing, now.Add(c.rarePause(t.series, isolated))
		case needed && isolated:
			t.due = earlier(t.due, now.Add(c.rarePause(t.series, true)))
		case resting && !needed:
			t.phase = idle
		}
	}
}

func (c *Core) rarePause(series int, isolated bool) time.Duration {
	factor, limit := time.Duration(1), time.Duration(rarest)
	if isolated {
		limit = rarestIsolated
	}
	for ; series > 0 && factor < limit; series-- {
		factor *= 2
	}
	if factor > limit {
		factor = limit
	}
	return factor * c.times.Reconnect
}

// seenAt tells whether a member is known, and whether one is alive, that has
// this ID or is reached at this endpoint.
func (c *Core) seenAt(endpoint, id string) (alive, known bool) {
	c.table.Each(func(m Member) bool {
		if id != "" && m.ID == id || m.Endpoint == endpoint || m.InternalEndpoint == endpoint {
			known = true
			alive = alive || m.Alive
		}
		return !alive
	})
	return alive, known
}
