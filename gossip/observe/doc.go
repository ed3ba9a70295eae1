// SPDX-License-Identifier: Apache-2.0

// Package observe is the hook through which gossip tells what happens inside
// it: connections that come and go, messages that were verified, rejected or
// dropped and why, members that appear and disappear. Metrics and traces hang
// off it; nothing in gossip depends on what an observer does.
//
// Each component (transport, membership, a channel, the node) owns a Hook. A
// Hook always counts what passes through it, by kind and reason, and hands
// every event on to one Observer if there is one. A Hook is an Observer itself:
// the node sets its own Hook as the observer of its components', so that one
// set of counters tells about the whole node.
//
// v1.3.0 has no such package. The node behind its Gossip interface offers its
// Hook by a method of that name, to be found by interface assertion:
//
//	if h, ok := g.(interface{ Hook() *observe.Hook }); ok {
//		h.Hook().Set(myObserver)
//	}
package observe
