// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"sync/atomic"
	"time"
)

// usageThreshold is for how long an identity stays that nobody asks for, in
// nanoseconds; used atomically.
var usageThreshold = int64(time.Hour)

// SetIdentityUsageThreshold sets for how long the identities of all mappers
// stay that nobody asks for. A mapper heeds it from the next time on that it
// looks for them.
func SetIdentityUsageThreshold(duration time.Duration) {
	atomic.StoreInt64(&usageThreshold, int64(duration))
}

// GetIdentityUsageThreshold returns for how long identities stay that nobody
// asks for.
func GetIdentityUsageThreshold() time.Duration {
	return time.Duration(atomic.LoadInt64(&usageThreshold))
}

// patrolInterval is how often a mapper looks for unused identities.
func patrolInterval() time.Duration {
	interval := GetIdentityUsageThreshold() / 10
	if interval < time.Millisecond {
		return time.Millisecond
	}
	return interval
}
