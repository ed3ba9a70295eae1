// SPDX-License-Identifier: Apache-2.0

// Package algo is the state machine by which peers pull items from each other
// that did not reach them otherwise. It knows items and peers by strings only;
// what they are, and how anything is sent, is its adapter's business (package
// pull).
//
// # Protocol
//
//	initiator                                          responder
//	every sleepTime a round: Hello(nonce) to some  ->  remembers the nonce
//	  for digestWaitTime it takes in digests       <-  SendDigest(items it has)
//	SendReq(items it lacks), each to one of those  ->  if it remembers the nonce:
//	  that announced it; for responseWaitTime it
//	  takes in responses                           <-  SendRes(those items)
//	forgets the round
//
// An answer counts only with the nonce of a round that is waiting for one of
// its kind. A responder remembers a nonce for requestWaitTime. A round may last
// longer than it takes until the next: rounds do not know of each other.
//
// # Bounds
//
// Whatever peers send: the items taken in per digest window and nonce, the
// nonces remembered, the rounds in progress and the answers being sent are all
// limited in number. What is beyond is dropped: the oldest nonce, the newest of
// everything else.
//
// # Goroutines and ownership
//
// An engine has one goroutine, from construction until Stop; SelectPeers, Hello
// and SendReq are called on it. Each SendRes has a goroutine of its own,
// SendDigest is called on that of OnHello. No lock is held during any of these
// calls, so they may call the engine. The rounds and nonces are plain values
// without clock or lock, guarded by the engine's mutex.
//
// Stop does not wait for a call to the adapter that has begun, as the caller
// may hold what that call waits for. It starts no other, and the goroutine ends
// with it.
//
// # Configuration
//
// Read at construction; zero or absent means the default.
//
//	peer.gossip.digestWaitTime    1s
//	peer.gossip.requestWaitTime   1.5s
//	peer.gossip.responseWaitTime  2s
package algo
