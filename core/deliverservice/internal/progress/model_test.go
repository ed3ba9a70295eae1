// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric/protos/common"
)

// plainCore is what the core's judgement of a block's place comes down to, told
// from the full history of a delivery instead of from a few fields. It knows
// nothing of delays.
type plainCore struct {
	taken    []Block // accepted, in order
	leftAt   int     // len(taken) when a stream was left last, -1 for never
	leftOne  uint64  // that stream, while nothing has been accepted since
	disputed int     // len(taken) when two streams contradicted each other, -1 for never
	known    Block   // ignored last because the ledger had it
}

func (m *plainCore) place(b Block, h Height) Verb {
	if b.Stream != 0 && b.Stream == m.leftOne {
		return Ignore
	}
	if len(m.taken) == 0 {
		return m.first(b, h)
	}
	last := m.taken[len(m.taken)-1]
	linked := m.disputed == len(m.taken) || len(last.Hash) == 0 || bytes.Equal(last.Hash, b.Previous)
	fresh := m.leftAt == len(m.taken) || b.Stream != 0 && b.Stream != last.Stream || b.Stream == 0 && b.Number <= last.Number
	follows := b.Number == last.Number+1
	switch {
	case fresh && m.strays(b):
		return Leave
	case follows && linked:
		return Verify
	case follows:
		if fresh {
			m.disputed = len(m.taken)
		}
		return Leave
	case fresh:
		return m.first(b, h)
	case b.Number == last.Number && (m.disputed == len(m.taken) || len(last.Hash) == 0 || bytes.Equal(last.Hash, b.Hash)):
		return Ignore
	}
	return Leave
}

// first places the first block of a stream by the ledger alone.
func (m *plainCore) first(b Block, h Height) Verb {
	switch {
	case m.strays(b), h.Known && b.Number > h.Value:
		return Leave
	case h.Known && b.Number < h.Value:
		m.known = b
		return Ignore
	}
	return Verify
}

// strays says that b does not continue what its stream began with.
func (m *plainCore) strays(b Block) bool {
	return b.Stream != 0 && b.Stream == m.known.Stream && b.Number != m.known.Number+1
}

func (m *plainCore) left(stream uint64) { m.leftAt, m.leftOne = len(m.taken), stream }

func (m *plainCore) accept(b Block) { m.taken, m.leftOne = append(m.taken, b), 0 }

// compareWithModel plays a script of random bytes to both and describes the
// first difference, or "" if there is none.
func compareWithModel(script []byte) string {
	core, model := Core{}, plainCore{leftAt: -1, disputed: -1}
	lim := Limits{MaxDelay: time.Second, Threshold: 3}
	hashes := [][]byte{nil, []byte("x"), []byte("y")}
	for pos := 0; pos+4 <= len(script); pos += 4 {
		op, a, b, c := script[pos], script[pos+1], script[pos+2], script[pos+3]
		stream := uint64(op >> 6) // 0 is a receiver that does not say
		var act Action
		var want Verb
		switch {
		case op&7 == 7:
			act, want = core.Status(cb.Status_NOT_FOUND, stream, lim), Leave
		case op&7 == 6:
			act, want = core.Garbled(errors.New("x"), stream, lim), Leave
		default:
			block := Block{Number: uint64(a % 8), Stream: stream, Previous: hashes[b%3], Hash: hashes[b/3%3]}
			height := Height{Value: uint64(c % 8), Known: c >= 128}
			want = model.place(block, height)
			act = core.Arrived(block, height, lim)
			if act.Do == Verify && want == Verify {
				act, want = finish(&core, &model, block, op, height, lim)
			}
		}
		if op&7 >= 6 && stream != 0 && stream == model.leftOne {
			want = Ignore
		}
		if act.Do != want {
			return fmt.Sprintf("step %d (%x): got %s (%v), want %s", pos/4, script[pos:pos+4], act.Do, act.Reason, want)
		}
		if act.Do == Leave {
			model.left(stream)
		}
		if act.After < 0 || act.Do == Leave && act.After > lim.MaxDelay {
			return fmt.Sprintf("step %d: delay %s", pos/4, act.After)
		}
		if (act.Reason == nil) != (act.Do == 0) {
			return fmt.Sprintf("step %d: %s with reason %v", pos/4, act.Do, act.Reason)
		}
	}
	return ""
}

// finish verifies and hands on a block, with the outcome that op says. An
// accepted block has no action.
func finish(core *Core, model *plainCore, b Block, op byte, h Height, lim Limits) (Action, Verb) {
	switch op >> 3 & 7 {
	case 0:
		for tries := 0; tries < 100; tries++ {
			if act := core.Disproved(errors.New("x"), h, lim); act.Do != Again {
				return act, Leave
			}
		}
		return Action{Do: Again}, Leave // it must not be checked for ever
	case 1:
		for tries := 0; tries < 100; tries++ {
			act := core.Stuck(errors.New("x"), h, lim)
			if act.Do == Ignore && h.Known && h.Value > b.Number {
				model.accept(b)
				return act, Ignore
			}
			if act.Do != Again {
				return act, Leave
			}
		}
		return Action{Do: Again}, Leave
	}
	core.Accepted(op>>3&7 == 2)
	model.accept(b)
	return Action{}, 0
}

func TestCoreAgreesWithModel(t *testing.T) {
	for seed := int64(0); seed < 2000; seed++ {
		r := rand.New(rand.NewSource(seed))
		script := make([]byte, 4*80)
		r.Read(script)
		if diff := compareWithModel(script); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// A stream that only repeats itself is given up in the end.
func TestRepetitionsDoNotGoOnForEver(t *testing.T) {
	var core Core
	lim := Limits{MaxDelay: time.Second}
	block := Block{Number: 4, Stream: 1}
	if act := core.Arrived(block, Height{}, lim); act.Do != Verify {
		t.Fatalf("got %s", act.Do)
	}
	core.Accepted(false)
	for i := 0; i < maxIgnored; i++ {
		if act := core.Arrived(block, Height{}, lim); act.Do != Ignore {
			t.Fatalf("repetition %d: got %s", i, act.Do)
		}
	}
	act := core.Arrived(block, Height{}, lim)
	if act.Do != Leave || !act.Blame {
		t.Fatalf("got %s, blame %v", act.Do, act.Blame)
	}

	// A receiver that never gets rid of the stream is told again, too.
	for i := 0; i < maxIgnored; i++ {
		if act := core.Arrived(block, Height{}, lim); act.Do != Ignore {
			t.Fatalf("leftover %d: got %s", i, act.Do)
		}
	}
	if act := core.Arrived(block, Height{}, lim); act.Do != Leave || act.Blame {
		t.Fatalf("got %s, blame %v", act.Do, act.Blame)
	}
}

func TestDelaysDoNotOverflow(t *testing.T) {
	var core Core
	lim := Limits{MaxDelay: 1<<63 - 1}
	last := time.Duration(0)
	for i := 0; i < 100; i++ {
		act := core.Status(cb.Status_NOT_FOUND, 0, lim)
		if act.After < last {
			t.Fatalf("delay %d is %s, after %s", i, act.After, last)
		}
		last = act.After
	}
}

func TestDoubtEndsWithDistance(t *testing.T) {
	var d doubt
	d.accepted(10, true)
	for n := uint64(11); n < 10+outOfDoubt; n++ {
		d.accepted(n, false)
	}
	if v, _ := d.failed(10+outOfDoubt, Height{}); v != undecided {
		t.Fatalf("%d blocks behind: got %d", outOfDoubt, v)
	}
	d.accepted(10+outOfDoubt, false)
	if v, _ := d.failed(11+outOfDoubt, Height{}); v != guilty {
		t.Fatalf("one block more: got %d", v)
	}
}

func TestVerbsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for v := Verb(-1); v <= End+1; v++ {
		if seen[v.String()] {
			t.Errorf("%q names two verbs", v.String())
		}
		seen[v.String()] = true
	}
}
