// SPDX-License-Identifier: Apache-2.0

// Package discovery is the membership of one peer: it lets the network know
// that the peer is alive, learns who else is, and notices who no longer is. It
// knows nothing of organizations or of the transport; both come in through
// CommService, CryptoService and DisclosurePolicy, which the node behind
// gossip/gossip implements.
//
// # Protocol
//
//	alive message          said every heartbeat, signed, passed on by everybody
//	                       once; it is what a member is known by
//	membership request     introduces the sender, by an alive message, to a peer
//	                       that was found at an endpoint, or asks a member for
//	                       its view
//	membership response    the alive messages of all members, living and dead,
//	                       that the requester may know
//
// Which member becomes alive, dead or forgotten by what is described, and
// decided, in gossip/internal/membership. This package carries it out.
//
// A message is looked at in the order: shape, staleness, signature. A signature
// is checked at most once for each new message, and nothing that did not verify
// is stored, passed on or answered.
//
// # Goroutines and ownership
//
// Two run from NewDiscoveryService to Stop: the inbox, which handles messages,
// and the clock, which sends heartbeats and starts what time brings. Short ones
// come and go: one for each endpoint that is being identified or asked, up to
// eight that answer requests, and while there are dead members, up to
// thirty-three that ping them. After Stop none of them begins a call of the
// transport; those that are within one end when it returns.
//
// One lock guards the core and the members, which are kept in fields that
// v1.3.0's tests look at. It is not held during any call out of this package,
// except to the store of alive messages and the stores of members, which never
// call back. So identities may be purged, and policies may ask for members,
// whatever the callers hold, as long as they hold it not while calling in here.
//
// # Differences from v1.3.0
//
// A peer that introduces itself is announced to the others at once, and the
// first heartbeat goes out as soon as there is somebody to hear it. Endpoints
// given to Connect are kept for good: they are tried again, ever more rarely,
// when nobody is known there any more or nobody is alive. InitiateSync asks
// fewer members while gossip brings news of all of them and nobody comes or
// goes. Alive messages in answers and in such questions may be as old as a
// heartbeat. Members that never said anything by gossip are forgotten as well.
// The dead that a peer knows by hearsay only are not reported any further.
// Requests that do not verify are not answered.
package discovery
