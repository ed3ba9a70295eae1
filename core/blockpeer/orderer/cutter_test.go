// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A row sends messages, written by their length, one second apart, to a cutter
// of at most 3 messages and 10 preferred bytes.
func TestCutter(t *testing.T) {
	for name, c := range map[string]struct {
		messages []int
		cut      string // blocks, in the order in which they were complete
		pending  string
		oldest   int // seconds: when the first pending message came
	}{
		"nothing":                      {nil, "", "", 0},
		"one waits":                    {[]int{2}, "", "2", 0},
		"count":                        {[]int{1, 2, 3, 4}, "1+2+3", "4", 3},
		"preferred size is reached":    {[]int{5, 5, 1}, "5+5", "1", 2},
		"preferred size is not passed": {[]int{5, 6}, "5", "6", 1},
		"alone at preferred size":      {[]int{10, 1}, "10", "1", 1},
		"too large to be joined":       {[]int{11, 1}, "11", "1", 1},
		"too large after others":       {[]int{1, 1, 11, 1}, "1+1 11", "1", 3},
		"large ones in a row":          {[]int{20, 30, 20}, "20 30 20", "", 0},
		"count and size at once":       {[]int{3, 3, 5}, "3+3", "5", 2},
		"empty messages count too":     {[]int{0, 0, 0}, "0+0+0", "", 0},
		"waiting time starts anew":     {[]int{1, 1, 1, 1, 1}, "1+1+1", "1+1", 3},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Unix(1000, 0)
			l := limits{count: 3, preferred: 10, timeout: time.Minute}
			var cutter cutter
			var complete []string
			for i, size := range c.messages {
				for _, b := range cutter.add(start.Add(time.Duration(i)*time.Second), make([]byte, size), l) {
					complete = append(complete, sizes(b))
				}
			}
			require.Equal(t, c.cut, strings.Join(complete, " "))
			due, waiting := cutter.due(l)
			require.Equal(t, c.pending != "", waiting)
			if waiting {
				require.Equal(t, start.Add(time.Duration(c.oldest)*time.Second+time.Minute), due)
				require.Equal(t, start.Add(time.Duration(c.oldest)*time.Second+time.Hour),
					must(cutter.due(limits{timeout: time.Hour})), "a changed timeout counts at once")
			}
			require.Equal(t, c.pending, sizes(cutter.cut()))
			require.Nil(t, cutter.cut())
			_, waiting = cutter.due(l)
			require.False(t, waiting)
		})
	}
}

func must(due time.Time, _ bool) time.Time { return due }

func sizes(b batch) string {
	parts := make([]string, len(b))
	for i, message := range b {
		parts[i] = strconv.Itoa(len(message))
	}
	return strings.Join(parts, "+")
}

// Limits may change between two messages.
func TestCutterFollowsLimits(t *testing.T) {
	now := time.Unix(0, 0)
	var c cutter
	wide, narrow := limits{count: 10, preferred: 100}, limits{count: 2, preferred: 100}
	for range 3 {
		require.Empty(t, c.add(now, []byte("m"), wide))
	}
	require.Equal(t, []batch{{[]byte("m"), []byte("m"), []byte("m"), []byte("n")}}, c.add(now, []byte("n"), narrow))
}
