// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package channel

import (
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// simulate runs a test in virtual time. Goroutines that a channel leaves behind
// after Stop fail it.
func simulate(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) }

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
