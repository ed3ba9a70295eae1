// SPDX-License-Identifier: Apache-2.0

// Package blockpeer assembles a peer that only moves blocks: it asks orderers
// for its channel's blocks as its organization's leader, verifies them and
// stores them durably. It has no chaincode and no state; the delivery packages
// in it are the ones that a Fabric v1.3.0 peer runs.
//
//	orderer -> core/deliverservice -> window -> blockstore
//	               |   ^                |
//	        verify |   | endpoints,     | config blocks, as they are committed
//	               v   | policies       v
//	              mcs <----------- channel
//
// # Ownership
//
// Start builds everything and Stop takes it down in the opposite order, each
// part waited for. A Peer itself starts no goroutine: delivery has one per
// connection, the window one that commits. A failed commit ends the peer: Done
// is closed and Err says why.
//
// # Process-wide state
//
// The delivery packages find the local MSP, the TLS credentials and their
// configuration where a Fabric peer puts them, in package variables; Start
// fills those. So a process runs one Peer.
package blockpeer
