// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rusage

import (
	"syscall"
	"time"
)

// CPU is the user and system time of this process so far, all threads together.
func CPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
