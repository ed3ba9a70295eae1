// SPDX-License-Identifier: Apache-2.0

package membership

import "time"

// grave is what is kept of a forgotten member: the stamp that it has to exceed
// to be known again. Without it, others who have not forgotten it yet would make
// it known here again and again.
type grave struct {
	stamp Stamp
	until time.Time
}

// Unsent is told that a message to a peer could not be sent. If it was alive it
// is dead, until it says something newer.
func (c *Core) Unsent(id string, now time.Time) {
	if m, known := c.table.Get(id); known && m.Alive {
		c.bury(m, ReasonUnsent, now)
	}
}

// Forget is told that the identity of a peer is gone, or that another has taken
// its place.
func (c *Core) Forget(id string, now time.Time) {
	if m, known := c.table.Get(id); known {
		c.forget(m, ReasonPurged, now.Add(c.times.Retention), now)
	}
}

// bury makes a member that is alive a dead one.
func (c *Core) bury(m Member, reason string, now time.Time) {
	m.Alive = false
	c.table.Put(m)
	c.changed(Died, reason, m, now)
}

func (c *Core) forget(m Member, reason string, remembered, now time.Time) {
	c.table.Delete(m.ID)
	c.graves[m.ID] = grave{stamp: m.Stamp, until: remembered}
	c.changed(Forgotten, reason, m, now)
}

// check finds out who has been silent for too long.
func (c *Core) check(now time.Time) {
	var silent []Member
	c.table.Each(func(m Member) bool {
		age := now.Sub(m.LastSeen)
		if m.Alive && age > c.times.Expiration || age > c.times.Retention {
			silent = append(silent, m)
		}
		return true
	})
	for _, m := range silent {
		if m.Alive {
			c.bury(m, ReasonSilent, now)
			m.Alive = false
		}
		if now.Sub(m.LastSeen) > c.times.Retention {
			c.forget(m, ReasonSilent, m.LastSeen.Add(2*c.times.Retention), now)
		}
	}
	for id, g := range c.graves {
		if now.After(g.until) {
			delete(c.graves, id)
		}
	}
}
