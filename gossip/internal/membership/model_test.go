// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"fmt"
	"math/rand"
	"sort"
	"strings"
	"testing"
	"time"
)

// heard is one message that was taken in, or the forgetting of a member.
type heard struct {
	at     time.Duration
	stamp  Stamp
	by     Source
	forget bool // and nothing else
}

// chronicle is a slow second opinion: it keeps all that ever happened to an ID
// and says from that alone what the ID is.
type chronicle map[string][]heard

// state is what an ID is at a time: "" if unknown, "alive", "dead", "gone" if
// only its stamp is remembered. Deaths are not in the chronicle, so it may say
// "alive" or "dead" at once.
func (c chronicle) state(id string, now time.Duration, times Times) (state string, stamp Stamp) {
	for _, h := range c[id] {
		age := now - h.at
		switch {
		case h.forget && age <= times.Retention:
			state = "gone"
		case h.forget:
			state, stamp = "", Stamp{}
		case age <= times.Expiration && h.by != AsDead:
			state, stamp = "alive or dead", h.stamp
		case age <= times.Retention:
			state, stamp = "dead", h.stamp
		case age <= 2*times.Retention:
			state, stamp = "gone", h.stamp
		default:
			state, stamp = "", Stamp{}
		}
	}
	return state, stamp
}

// runScript reads operations from a script, applies them to a core and to a
// chronicle, and returns how the two differ, if they do.
func runScript(script []byte) error {
	times := Times{Heartbeat: time.Second, Expiration: 5 * time.Second, Check: time.Second, Reconnect: 5 * time.Second, Retention: 20 * time.Second}
	p := newPlay(times)
	model := chronicle{}
	killed := map[string]bool{}
	for len(script) >= 2 {
		op, arg := script[0], script[1]
		script = script[2:]
		id := string('a' + rune(arg%4))
		now := p.now.Sub(epoch)
		switch op % 8 {
		case 0, 1, 2, 3:
			by := Source(op % 4)
			stamp := Stamp{uint64(arg >> 6), uint64(arg>>2) % 16}
			state, latest := model.state(id, now, times)
			expected := state == "" || stamp.NewerThan(latest) && by != AsDead
			verdict := p.Judge(id, stamp, by, p.now)
			learned, _ := p.Learn(News{ID: id, Stamp: stamp}, by, p.now)
			if learned != expected || (verdict == Fresh) != expected {
				return fmt.Errorf("after %v: %v about %s from %d was judged %d and taken in %t, but is %q with %v", now, stamp, id, by, verdict, learned, state, latest)
			}
			if learned {
				model[id] = append(model[id], heard{at: now, stamp: stamp, by: by})
				killed[id] = false
			}
		case 4:
			if state, _ := model.state(id, now, times); state == "alive or dead" {
				killed[id] = true
			}
			p.Unsent(id, p.now)
		case 5:
			if state, stamp := model.state(id, now, times); state != "" && state != "gone" {
				model[id] = append(model[id], heard{at: now, stamp: stamp, forget: true})
			}
			p.Forget(id, p.now)
		case 6:
			p.now = p.now.Add(time.Duration(arg%64) * 500 * time.Millisecond)
			// The chronicle knows no delay by checks.
			p.nextCheck = p.now
			p.Tick(p.now, 3)
		case 7:
			p.Connect(id, p.now)
			p.take(p.nobody)
		}
		if err := agree(p, model, killed, times); err != nil {
			return err
		}
	}
	return nil
}

// agree compares who is alive and dead, and checks what always holds.
func agree(p *play, model chronicle, killed map[string]bool, times Times) error {
	now := p.now.Sub(epoch)
	var expected, seen []string
	for id := range model {
		switch state, _ := model.state(id, now, times); {
		case state == "alive or dead" && !killed[id]:
			expected = append(expected, id+" alive")
		case state == "alive or dead", state == "dead":
			expected = append(expected, id+" dead")
		}
	}
	for id, m := range p.table {
		if m.Alive {
			seen = append(seen, id+" alive")
		} else {
			seen = append(seen, id+" dead")
		}
		if _, buried := p.graves[id]; buried {
			return fmt.Errorf("after %v: %s is both known and forgotten", now, id)
		}
		if m.Alive && m.Hearsay {
			return fmt.Errorf("after %v: %s is alive by hearsay", now, id)
		}
	}
	sort.Strings(expected)
	sort.Strings(seen)
	if a, b := strings.Join(expected, ", "), strings.Join(seen, ", "); a != b {
		return fmt.Errorf("after %v: expected %q, there are %q", now, a, b)
	}
	if wake := p.NextWake(); wake.Sub(p.now) > times.Check+times.Heartbeat {
		return fmt.Errorf("after %v: sleeps until %v", now, wake.Sub(epoch))
	}
	return nil
}

func TestCoreAgreesWithAChronicle(t *testing.T) {
	dice := rand.New(rand.NewSource(1))
	for round := 0; round < 3000; round++ {
		script := make([]byte, 2*dice.Intn(60))
		dice.Read(script)
		if err := runScript(script); err != nil {
			t.Fatalf("script %x: %v", script, err)
		}
	}
}
