// SPDX-License-Identifier: Apache-2.0

//go:build go1.25 && !race
// +build go1.25,!race

package gossip

// simUnderRace is whether the race detector runs.
const simUnderRace = false
