// SPDX-License-Identifier: Apache-2.0

package membership

import "time"

// In heartbeats: how long a member may not have been heard of by gossip before
// that counts as not working, how long membership has to stay the same to count
// as calm, and how rarely to ask for news while all is well. As calm takes no
// less than patience, it is not found in members that have only just come.
const (
	gossipPatience = 2
	calmAfter      = 2
	calmPause      = 3
)

// Sync tells how many members to ask for their view of the membership now, up
// to n, and whether neighbours will do.
//
// Where gossip brings news of everybody, views hardly differ and a neighbour's
// is as good as anybody's. If moreover nobody has come or gone for a while, one
// neighbour now and then is enough. Where gossip does not bring news, members
// keep each other alive by asking: then it takes n, whoever they are.
func (c *Core) Sync(n int, now time.Time) (count int, near bool) {
	heard := c.heardByGossip(now)
	switch {
	case n <= 0 || c.table.CountAlive() == 0:
		return 0, false
	case !heard || now.Sub(c.lastChange) <= calmAfter*c.times.Heartbeat:
		count = n
	case now.Sub(c.lastSync) < calmPause*c.times.Heartbeat:
		return 0, true
	default:
		count = 1
	}
	c.lastSync = now
	return count, heard
}

// heardByGossip tells whether gossip has brought news of everybody lately, as
// far as there was time.
func (c *Core) heardByGossip(now time.Time) bool {
	heard := true
	c.table.Each(func(m Member) bool {
		heard = !m.Alive || now.Sub(m.LastGossip) <= gossipPatience*c.times.Heartbeat
		return heard
	})
	return heard
}
