// SPDX-License-Identifier: Apache-2.0

// Package comm is where gossip's connections to other peers will be. So far it
// has only the name of a remote peer, which the packages above speak of.
package comm
