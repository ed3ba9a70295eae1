// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package channel

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// What the node keeps of who is in the channel is good until Standing changes,
// and Standing does not change for nothing.
func TestSimStandingChangesWithThoseInTheChannel(t *testing.T) {
	simulate(t, func(t *testing.T) {
		town := newTown("A.1", "A.2", "B.1")
		gc := town.settle("A.0")
		defer gc.Stop()
		gc.UpdateLedgerHeight(1)
		assert.True(t, eligible(gc, "A.0"))
		last := gc.Standing()
		changes := func(what string) {
			t.Helper()
			assert.NotEqual(t, last, gc.Standing(), what)
			last = gc.Standing()
		}
		stays := func(what string) {
			t.Helper()
			assert.Equal(t, last, gc.Standing(), what)
		}
		get(gc, "A.1", stateInfo("A.1", 1, 1))
		changes("somebody new")
		get(gc, "A.1", stateInfo("A.1", 2, 9))
		stays("the same at another height")
		get(gc, "A.1", stateInfo("A.1", 1, 1))
		gc.UpdateLedgerHeight(2)
		gc.Self()
		stays("an old message, and the node itself")
		get(gc, "A.2", snapshot(stateInfo("B.1", 1, 1).Envelope))
		changes("somebody new by hearsay")

		gc.ConfigureChannel(&charter{orgs: []string{"A"}, number: func() uint64 { return 100 }})
		assert.False(t, eligible(gc, "B.1"))
		changes("another configuration")
		town.change(func() { town.forgotten["A.1"] = true })
		pass(21 * time.Second)
		assert.False(t, eligible(gc, "A.1"))
		changes("swept")
	})
}
