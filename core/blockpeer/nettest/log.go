// SPDX-License-Identifier: Apache-2.0

package nettest

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hyperledger/fabric/common/flogging"
)

// Log takes in the process's log while a test runs. It may be used from any
// goroutine.
type Log struct {
	mutex   sync.Mutex // guards all below
	lines   []LogLine
	partial string
	changed chan struct{} // closed and replaced at each new line
}

// LogLine is a line with the moment it came.
type LogLine struct {
	At   time.Time
	Text string
}

// NoLeaks fails the test if anything is still running after it and all the
// cleanups that are registered later. The database lets one of its goroutines
// linger for up to a second after it is closed.
func NoLeaks(t testing.TB) {
	t.Cleanup(func() {
		goleak.VerifyNone(t, goleak.IgnoreTopFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain"))
	})
}

// Record redirects the log until the test ends, and shows it if that failed.
func Record(t testing.TB, spec string) *Log {
	l := &Log{changed: make(chan struct{})}
	flogging.Init(flogging.Config{Format: "%{level} [%{module}] %{message}", LogSpec: spec, Writer: l})
	t.Cleanup(func() {
		flogging.Reset()
		if t.Failed() {
			t.Logf("the log:\n%s", l)
		}
	})
	return l
}

// Write implements io.Writer.
func (l *Log) Write(data []byte) (int, error) {
	now := time.Now()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.partial += string(data)
	for {
		line, rest, whole := strings.Cut(l.partial, "\n")
		if !whole {
			return len(data), nil
		}
		l.lines, l.partial = append(l.lines, LogLine{now, line}), rest
		close(l.changed)
		l.changed = make(chan struct{})
	}
}

func (l *Log) look() ([]LogLine, <-chan struct{}) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.lines, l.changed
}

// Matching returns the lines so far in which the pattern is found.
func (l *Log) Matching(pattern string) []LogLine {
	expression := regexp.MustCompile(pattern)
	lines, _ := l.look()
	var found []LogLine
	for _, line := range lines {
		if expression.MatchString(line.Text) {
			found = append(found, line)
		}
	}
	return found
}

// Await waits until count lines match and returns them.
func (l *Log) Await(ctx context.Context, t testing.TB, pattern string, count int) []LogLine {
	t.Helper()
	for {
		_, changed := l.look()
		if found := l.Matching(pattern); len(found) >= count {
			return found
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("waiting for %d log lines that match %q: %v; the log is:\n%s", count, pattern, ctx.Err(), l)
		}
	}
}

// String is the whole log.
func (l *Log) String() string {
	lines, _ := l.look()
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(line.At.Format("05.000 ") + line.Text + "\n")
	}
	return text.String()
}
