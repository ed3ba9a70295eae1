// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package gap_test

import (
	"math"
	"testing"
	"time"

	"github.com/hyperledger/fabric/gossip/gossip/channel/internal/gap"
)

// world is a tracker, what is true around it, and a second, dumb notion of what
// the tracker may do.
type world struct {
	t       *testing.T
	tracker *gap.Tracker
	now     time.Time
	nonce   uint64
	script  []byte

	height  uint64
	known   bool
	here    map[uint64]bool
	highest uint64            // one past
	talks   map[uint64]string // by nonce; greeted, not ended
	away    map[string]bool
}

var names = []string{"a", "b", "c", "d"}

func (w *world) next() byte {
	if len(w.script) == 0 {
		return 0
	}
	b := w.script[0]
	w.script = w.script[1:]
	return b
}

func (w *world) peer() string { return names[w.next()%4] }

// number is mostly near the window, and at times anywhere.
func (w *world) number() uint64 {
	switch b := w.next(); {
	case b < 200:
		return 20 + uint64(b)%40
	case b < 230:
		return uint64(b)
	case b < 245:
		return math.MaxUint64 - uint64(b-230)
	default:
		return uint64(w.next())<<uint(b%50) + 1
	}
}

func (w *world) numbers() []uint64 {
	numbers := make([]uint64, w.next()%16)
	for i := range numbers {
		numbers[i] = w.number()
	}
	return numbers
}

func (w *world) step() {
	switch w.next() % 9 {
	case 0:
		w.see(w.number())
	case 1:
		height := w.number()
		w.tracker.Height(height)
		if !w.known || height > w.height {
			w.known, w.height = true, height
		}
	case 2:
		w.tracker.Holds(w.peer(), w.numbers()...)
	case 3:
		w.tracker.Claims(w.peer(), w.number())
	case 4:
		w.digest()
	case 5:
		peer, nonce := w.peer(), uint64(w.next()%16)
		if w.tracker.Update(w.now, peer, nonce) && w.talks[nonce] != peer {
			w.t.Fatalf("%s answered a question to %q", peer, w.talks[nonce])
		}
	case 6:
		w.now = w.now.Add(time.Duration(w.next()) * 10 * time.Millisecond)
	case 7:
		w.away = map[string]bool{w.peer(): true}
	case 8:
		keep := w.peer()
		w.tracker.Retain(func(peer string) bool { return peer == keep })
	}
	w.act()
}

func (w *world) see(number uint64) {
	w.tracker.Seen(w.now, number)
	if number == math.MaxUint64 {
		return
	}
	w.here[number] = true
	if number >= w.highest {
		w.highest = number + 1
	}
}

func (w *world) digest() {
	peer, nonce, numbers := w.peer(), uint64(w.next()%16), w.numbers()
	request, ours := w.tracker.Digest(w.now, peer, nonce, numbers)
	if ours && w.talks[nonce] != peer {
		w.t.Fatalf("%s answered a Hello to %q", peer, w.talks[nonce])
	}
	if len(request) > patience.Batch {
		w.t.Fatalf("requested %d at once", len(request))
	}
	for _, number := range request {
		w.mustBeMissing(number)
		if !contains(numbers, number) {
			w.t.Fatalf("%d was requested but not announced", number)
		}
	}
}

func contains(numbers []uint64, number uint64) bool {
	for _, n := range numbers {
		if n == number {
			return true
		}
	}
	return false
}

func (w *world) mustBeMissing(number uint64) {
	switch {
	case w.here[number]:
		w.t.Fatalf("%d was requested but is here", number)
	case w.known && number < w.height:
		w.t.Fatalf("%d was requested but is in the ledger", number)
	case w.highest > patience.Window && number < w.highest-patience.Window:
		w.t.Fatalf("%d was requested but is not kept any more", number)
	case number == math.MaxUint64:
		w.t.Fatal("the last number was requested")
	}
}

// act does what is due now.
func (w *world) act() {
	at, due := w.tracker.Wake(w.now)
	if !due || at.After(w.now) {
		if hellos := w.tracker.Ask(w.now, func(string) bool { return true }); len(hellos) > 0 {
			w.t.Fatalf("asks %v before it is due", hellos)
		}
		return
	}
	for _, hello := range w.tracker.Ask(w.now, func(peer string) bool { return !w.away[peer] }) {
		if w.away[hello.Peer] {
			w.t.Fatalf("%s is away", hello.Peer)
		}
		w.talks[hello.Nonce] = hello.Peer
	}
	if at, due := w.tracker.Wake(w.now); due && !at.After(w.now) {
		w.t.Fatal("still due after it was done")
	}
}

func newWorld(t *testing.T, script []byte) *world {
	w := &world{t: t, script: script, now: time.Unix(1000, 0), here: map[uint64]bool{}, talks: map[uint64]string{}, away: map[string]bool{}}
	w.tracker = gap.New(patience, func(n int) int { return int(w.next()) % n }, func() uint64 {
		w.nonce++
		return w.nonce % 16
	})
	return w
}

// FuzzTracker plays any script, and then lets one honest peer appear that has
// everything up to a little above the ledger: it must all arrive.
func FuzzTracker(f *testing.F) {
	f.Add([]byte{1, 30, 3, 1, 35, 6, 60, 4, 1, 1, 3, 30, 31, 32, 0, 30, 5, 1, 1})
	f.Add([]byte{0, 25, 0, 28, 2, 0, 2, 28, 27, 6, 20, 4, 0, 1, 2, 26, 27, 6, 255, 6, 255})
	f.Add([]byte{1, 5, 3, 0, 240, 3, 1, 231, 2, 1, 3, 235, 240, 12, 6, 200, 7, 1, 8, 2})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 4096 {
			return
		}
		w := newWorld(t, script)
		for len(w.script) > 0 {
			w.step()
		}
		w.recover()
	})
}

func (w *world) recover() {
	if !w.known {
		w.known, w.height = true, w.highest
		w.tracker.Height(w.highest)
	}
	low := w.height
	if w.highest > patience.Window && w.highest-patience.Window > low {
		low = w.highest - patience.Window
	}
	if low > math.MaxUint64-patience.Window {
		return
	}
	height := low + patience.Window
	w.away = map[string]bool{}
	w.tracker.Retain(func(string) bool { return false })
	w.tracker.Claims("honest", height)
	for i := 0; i < 500; i++ {
		if at, due := w.tracker.Wake(w.now); due && at.After(w.now) {
			w.now = at
		}
		for _, hello := range w.tracker.Ask(w.now, func(peer string) bool { return peer == "honest" }) {
			w.serve(hello, height)
		}
	}
	for number := low; number < height; number++ {
		if !w.here[number] {
			w.t.Fatalf("%d never arrived, of [%d, %d)", number, low, height)
		}
	}
	w.now = w.now.Add(time.Hour) // conversations of the script end
	w.tracker.Ask(w.now, func(string) bool { return false })
	w.tracker.Retain(func(peer string) bool { return peer == "honest" })
	w.tracker.Wake(w.now)
	w.now = w.now.Add(time.Hour)
	w.tracker.Ask(w.now, func(string) bool { return false })
	if at, due := w.tracker.Wake(w.now); due {
		w.t.Fatalf("waits for %v though nothing is missing", at.Sub(w.now))
	}
}

// serve answers as a peer does that has the last Window blocks below height.
func (w *world) serve(hello gap.Hello, height uint64) {
	var held []uint64
	for number := height - patience.Window; number < height; number++ {
		held = append(held, number)
	}
	w.tracker.Holds(hello.Peer, held...)
	request, ours := w.tracker.Digest(w.now, hello.Peer, hello.Nonce, held)
	if !ours {
		w.t.Fatalf("the answer to %v was not taken for one", hello)
	}
	for _, number := range request {
		w.see(number)
	}
	w.tracker.Update(w.now, hello.Peer, hello.Nonce)
}
