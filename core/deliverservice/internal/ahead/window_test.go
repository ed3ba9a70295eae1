// SPDX-License-Identifier: Apache-2.0

package ahead

import (
	"math/rand"
	"testing"
)

func TestWindowFull(t *testing.T) {
	w := NewWindow(Limits{Messages: 3, Bytes: 100})
	for i, c := range []struct {
		size int
		full bool
	}{{10, false}, {20, false}, {30, true}} {
		w.Add(c.size, false)
		if w.Full() != c.full {
			t.Errorf("after %d messages, full is %t", i+1, w.Full())
		}
	}
	w.Take(10)
	if w.Full() {
		t.Error("still full after a message was taken")
	}
	w.Add(50, false)
	w.Take(20)
	w.Take(30)
	if w.Full() {
		t.Error("full at 50 of 100 bytes")
	}
	w.Add(1000, false)
	if !w.Full() {
		t.Error("not full far beyond the bytes")
	}
}

func TestWindowHoldsOneMessageWhateverItsSize(t *testing.T) {
	for _, limits := range []Limits{{}, {Messages: 1, Bytes: 1}, {Messages: -1, Bytes: -1}} {
		w := NewWindow(limits)
		if w.Full() {
			t.Errorf("%+v: full when empty", limits)
		}
		w.Add(1<<30, false)
		if !w.Full() {
			t.Errorf("%+v: not full", limits)
		}
		w.Take(1 << 30)
		if w.Full() {
			t.Errorf("%+v: full after all was taken", limits)
		}
	}
}

func TestNothingIsEarlyBehindAConfigBlock(t *testing.T) {
	w := NewWindow(Limits{Messages: 10, Bytes: 1000})
	steps := []struct {
		config, early bool
	}{{false, true}, {true, true}, {false, false}, {true, false}, {false, false}}
	for i, s := range steps {
		if early := w.Add(1, s.config); early != s.early {
			t.Errorf("message %d: early is %t", i, early)
		}
	}
	take := func() { w.Take(1) }
	take()
	take()
	if w.Add(1, false) {
		t.Error("early although the first config block was only taken")
	}
	w.Settle()
	if w.Add(1, false) {
		t.Error("early behind the second config block")
	}
	take()
	take()
	w.Settle()
	if !w.Add(1, false) {
		t.Error("not early although all config blocks were passed on")
	}
}

// slowWindow is what Window must behave like: it keeps every message.
type slowWindow struct {
	limits  Limits
	waiting []slowMessage
	open    int // config blocks taken and not settled
}

type slowMessage struct {
	size   int
	config bool
}

func (s *slowWindow) full() bool {
	bytes := 0
	for _, m := range s.waiting {
		bytes += m.size
	}
	return len(s.waiting) >= s.limits.Messages || bytes >= s.limits.Bytes
}

func (s *slowWindow) add(size int, config bool) bool {
	early := s.open == 0
	for _, m := range s.waiting {
		early = early && !m.config
	}
	s.waiting = append(s.waiting, slowMessage{size, config})
	return early
}

func (s *slowWindow) take() slowMessage {
	m := s.waiting[0]
	s.waiting = s.waiting[1:]
	if m.config {
		s.open++
	}
	return m
}

// play runs a script of one operation a byte on both windows and compares them.
func play(t *testing.T, limits Limits, script []byte) {
	w, s := NewWindow(limits), &slowWindow{limits: limits}
	for i, op := range script {
		switch {
		case op < 128 && !s.full():
			size, config := int(op&31), op >= 96
			if got, want := w.Add(size, config), s.add(size, config); got != want {
				t.Fatalf("step %d of %v: early is %t", i, script, got)
			}
		case op < 224 && len(s.waiting) > 0:
			w.Take(s.take().size)
		case s.open > 0:
			w.Settle()
			s.open--
		}
		if w.Full() != s.full() {
			t.Fatalf("step %d of %v: full is %t", i, script, w.Full())
		}
	}
}

func TestWindowAgainstModel(t *testing.T) {
	source := rand.New(rand.NewSource(1))
	for run := 0; run < 2000; run++ {
		script := make([]byte, 50)
		source.Read(script)
		play(t, Limits{Messages: 1 + run%6, Bytes: 1 + run%90}, script)
	}
}
