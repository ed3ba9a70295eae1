// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"sync"
	"time"
)

// A warning is repeated no more often than this, and of so many different ones
// it is known when they came last.
const (
	warnEvery   = time.Minute
	maxWarnings = 1000
)

// limiter keeps warnings that others can cause from filling the log.
type limiter struct {
	mutex sync.Mutex
	last  map[string]time.Time // by what the warning is about
}

func newLimiter() *limiter { return &limiter{last: make(map[string]time.Time)} }

// allow tells whether a warning of this kind has not been allowed for a while.
func (l *limiter) allow(kind string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := time.Now()
	if last, ok := l.last[kind]; ok && now.Sub(last) < warnEvery {
		return false
	}
	if len(l.last) >= maxWarnings {
		l.last = make(map[string]time.Time)
	}
	l.last[kind] = now
	return true
}
