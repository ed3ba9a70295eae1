// SPDX-License-Identifier: Apache-2.0

// Package mock connects the gossip of several peers in memory, for tests of the
// layers above gossip/comm. A peer's socket is a channel that the test makes;
// there is no authentication, no failure and no order beyond that of the
// channels.
package mock
