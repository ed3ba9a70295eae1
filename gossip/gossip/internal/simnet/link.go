// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"hash/fnv"
	"time"
)

// overhead is added to the size of each message on a link: what frames,
// encryption and packets cost, in bytes.
const overhead = 60

// Link says how messages travel from one node to another.
type Link struct {
	// Latency is how long a message takes, and Jitter how much longer at most.
	Latency, Jitter time.Duration
	// Loss is the probability of a message being lost, 0 to 1.
	Loss float64
	// Bandwidth is in bytes per second; 0 means no limit. Messages wait for
	// those before them.
	Bandwidth int
}

// direction is one link in use. It is guarded by the network's lock.
type direction struct {
	Link
	random uint64
	free   int64 // when the last message has left the sender
}

func newDirection(seed int64, from, to string, l Link) *direction {
	h := fnv.New64a()
	h.Write([]byte(from + " " + to))
	return &direction{Link: l, random: h.Sum64() ^ uint64(seed)*0x9e3779b97f4a7c15}
}

// next is a step of splitmix64.
func (d *direction) next() uint64 {
	d.random += 0x9e3779b97f4a7c15
	z := d.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// share is evenly distributed in [0, 1).
func (d *direction) share() float64 { return float64(d.next()>>11) / (1 << 53) }

func (d *direction) loses() bool { return d.Loss > 0 && d.share() < d.Loss }

// delay is the latency of one message.
func (d *direction) delay() time.Duration {
	if d.Jitter <= 0 {
		return d.Latency
	}
	return d.Latency + time.Duration(d.share()*float64(d.Jitter))
}

// arrival occupies the link with a message of that size from now on, or from
// when it is free, and returns when the message is at the other end.
func (d *direction) arrival(now int64, size int) int64 {
	left := now
	if d.Bandwidth > 0 {
		if d.free > left {
			left = d.free
		}
		left += int64(float64(size+overhead) / float64(d.Bandwidth) * float64(time.Second))
		d.free = left
	}
	return left + int64(d.delay())
}
