// SPDX-License-Identifier: Apache-2.0

// Package common holds the words that all of gossip shares: how peers and
// channels are named, how stored messages make each other obsolete, and the
// TLS certificates that a node proves possession of. It has no logic to speak
// of, imports nothing of this tree, and is imported by every gossip package,
// by protos/gossip and by the delivery client.
package common
