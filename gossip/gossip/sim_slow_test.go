// SPDX-License-Identifier: Apache-2.0

//go:build go1.25 && slow
// +build go1.25,slow

package gossip

import (
	"testing"
	"time"
)

// A hundred peers, a thousand blocks.
func TestSimDisseminationLarge(t *testing.T) {
	plan := simPlan{orgs: 4, peers: 25, external: 4, link: simRegularLink, config: func(c *Config) { c.MaxBlockCountToStore = 500 }}
	simulateWorld(t, plan, func(w *simWorld) {
		w.run(simCourse{
			blocks: 1000, perSecond: 6, size: 2000,
			partition: 30 * time.Second, cutAt: 200,
			restarts: 10, restartAt: 700, downFor: 5 * time.Second,
		})
	})
}

func TestSimChurnLong(t *testing.T) { simChurn(t, 10000) }
