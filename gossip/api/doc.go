// SPDX-License-Identifier: Apache-2.0

// Package api states what gossip and block delivery need from the peer they
// run in: cryptography over identities and blocks, the organization of a peer,
// and the channels the peer is in. It declares; the peer implements (here
// core/blockpeer/mcs, in a Fabric tree peer/gossip).
package api
