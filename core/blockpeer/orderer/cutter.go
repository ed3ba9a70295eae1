// SPDX-License-Identifier: Apache-2.0

package orderer

import "time"

// limits say when a batch of messages becomes a block. They come from the
// channel's configuration and are passed with each message, as they may change
// between two.
type limits struct {
	count     int           // a batch of this many messages is complete
	preferred int           // bytes that a batch of several messages stays within
	timeout   time.Duration // an incomplete batch is cut this long after its first message
}

// batch is the messages of one block, in order.
type batch [][]byte

// cutter collects messages into batches. It is a plain value: time comes in as
// an argument, and the caller waits and writes.
//
// A message larger than the preferred size is never joined with others. The
// absolute maximum is not the cutter's: larger messages are refused before.
type cutter struct {
	pending batch
	bytes   int
	first   time.Time // when the oldest pending message came
}

// add takes one message and returns the batches that it completes, at most two.
func (c *cutter) add(now time.Time, message []byte, l limits) []batch {
	var complete []batch
	if len(c.pending) > 0 && c.bytes+len(message) > l.preferred {
		complete = append(complete, c.cut())
	}
	if len(c.pending) == 0 {
		c.first = now
	}
	c.pending = append(c.pending, message)
	c.bytes += len(message)
	if len(c.pending) >= l.count || c.bytes > l.preferred {
		complete = append(complete, c.cut())
	}
	return complete
}

// cut returns what is pending, nil for nothing.
func (c *cutter) cut() batch {
	b := c.pending
	c.pending, c.bytes = nil, 0
	return b
}

// due returns when the pending messages have to be cut; false when there are
// none.
func (c *cutter) due(l limits) (time.Time, bool) {
	if len(c.pending) == 0 {
		return time.Time{}, false
	}
	return c.first.Add(l.timeout), true
}
