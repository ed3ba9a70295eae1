// SPDX-License-Identifier: Apache-2.0

package retry

import (
	"testing"
	"time"
)

func TestRoundCountsFromOneAndSumsWaits(t *testing.T) {
	var r Round
	wantFailed(t, &r, 1, 0)
	r.Waiting(2 * time.Second)
	wantFailed(t, &r, 2, 2*time.Second)
	r.Waiting(3 * time.Second)
	wantFailed(t, &r, 3, 5*time.Second)
	r.Redirected()
	wantFailed(t, &r, 1, 5*time.Second)
	r.Connected()
	wantFailed(t, &r, 1, 0)
}

func wantFailed(t *testing.T, r *Round, attempt int, elapsed time.Duration) {
	gotAttempt, gotElapsed := r.Failed()
	if gotAttempt != attempt || gotElapsed != elapsed {
		t.Errorf("got attempt %d after %s, want %d after %s", gotAttempt, gotElapsed, attempt, elapsed)
	}
}

func TestHistory(t *testing.T) {
	const short = time.Second
	for _, c := range []struct {
		name    string
		what    func(h *History)
		attempt int
		elapsed time.Duration
	}{
		{"nothing happened", func(h *History) {}, 1, time.Second},
		{"two losses are free", func(h *History) { lose(h, 2, short) }, 1, time.Second},
		{"the third counts", func(h *History) { lose(h, 3, short) }, 2, 3 * time.Second},
		{"so do more", func(h *History) { lose(h, 9, short) }, 8, 9 * time.Second},
		{"a good block clears all", func(h *History) { lose(h, 9, short); h.Progress() }, 1, time.Second},
		{"a long silence is no failure", func(h *History) { lose(h, 9, short); h.Lost(LongEnough) }, 1, time.Second},
		{"new endpoints clear the losses", func(h *History) { lose(h, 9, short); h.Redirected() }, 1, time.Second},
		{"but not the waits", func(h *History) { lose(h, 9, short); h.Redirected(); lose(h, 3, short) }, 2, 12 * time.Second},
	} {
		var h History
		c.what(&h)
		attempt, elapsed := h.Adjust(1, time.Second)
		if attempt != c.attempt || elapsed != c.elapsed {
			t.Errorf("%s: attempt %d after %s", c.name, attempt, elapsed)
		}
	}
}

// lose records connections that were of no use, with a second's wait after each.
func lose(h *History, times int, lasted time.Duration) {
	for i := 0; i < times; i++ {
		h.Lost(lasted)
		h.Waiting(time.Second)
	}
}

func TestHistoryNeverShortensElapsed(t *testing.T) {
	var h History
	lose(&h, 3, 0)
	if _, elapsed := h.Adjust(1, time.Hour); elapsed != time.Hour {
		t.Errorf("an hour became %s", elapsed)
	}
}
