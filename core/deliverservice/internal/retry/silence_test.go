// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"testing"
	"time"
)

func TestSilence(t *testing.T) {
	renewed := func(s *Silence) { s.Renewed() }
	prompt := func(s *Silence) { s.Block(Promptly) }
	late := func(s *Silence) { s.Block(Promptly + 1) }
	many := func(s *Silence) {
		for i := 0; i < livelyBlocks; i++ {
			s.Block(time.Hour)
		}
	}
	for name, c := range map[string]struct {
		steps []func(*Silence)
		want  int
	}{
		"nothing":                            {nil, 0},
		"blocks only":                        {[]func(*Silence){prompt, late, many, many}, 0},
		"renewals":                           {[]func(*Silence){renewed, renewed, renewed}, 3},
		"a withheld block":                   {[]func(*Silence){renewed, renewed, prompt}, 0},
		"a quiet channel's block":            {[]func(*Silence){renewed, renewed, late}, 2},
		"only the first block can accuse":    {[]func(*Silence){renewed, renewed, late, prompt}, 2},
		"lively again":                       {[]func(*Silence){renewed, renewed, many}, 1},
		"and more so":                        {[]func(*Silence){renewed, renewed, many, many, many}, 0},
		"interrupted":                        {[]func(*Silence){renewed, late, renewed, late}, 2},
		"accused once, quiet the other time": {[]func(*Silence){renewed, prompt, renewed, late}, 1},
	} {
		var s Silence
		for _, step := range c.steps {
			step(&s)
		}
		if s.Level() != c.want {
			t.Errorf("%s: level %d instead of %d", name, s.Level(), c.want)
		}
	}
}

func TestAlmostLivelyIsNotLively(t *testing.T) {
	var s Silence
	s.Renewed()
	for i := 0; i < livelyBlocks-1; i++ {
		s.Block(time.Hour)
	}
	if s.Level() != 1 {
		t.Errorf("level %d", s.Level())
	}
}
