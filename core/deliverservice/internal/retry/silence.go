// SPDX-License-Identifier: Apache-2.0

package retry

import "time"

const (
	// Promptly is how soon after connecting a block shows that it had been
	// there to be sent before.
	Promptly = 5 * time.Second

	// livelyBlocks is how many good blocks in a row make a channel count as one
	// step livelier.
	livelyBlocks = 100
)

// Silence learns how long a channel is silent by nature, so that streams which
// are silent for longer can be renewed and quiet channels left alone. The level
// that it learns is an attempt number for a Policy. The zero value is ready.
type Silence struct {
	level   int
	blocks  int  // good ones since the level last changed
	suspect bool // no good block since a stream was renewed
}

// Level is the present level, from 0 on.
func (s *Silence) Level() int { return s.level }

// Renewed records that a stream was given up because it was silent.
func (s *Silence) Renewed() {
	s.level++
	s.blocks = 0
	s.suspect = true
}

// Block records a good block, and how old its stream was when it arrived. The
// first one after a renewal tells what the silence was about: a block that the
// old stream should have brought, or the channel's own rhythm.
func (s *Silence) Block(age time.Duration) {
	withheld := s.suspect && age <= Promptly
	s.suspect = false
	if withheld {
		s.level, s.blocks = 0, 0
		return
	}
	if s.blocks++; s.blocks >= livelyBlocks && s.level > 0 {
		s.level--
		s.blocks = 0
	}
}
