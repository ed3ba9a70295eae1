// SPDX-License-Identifier: Apache-2.0

// Package identity knows the identities of peers by their PKI-IDs. Whoever
// wants to verify what a peer signed asks here for its identity; handshakes and
// messages put identities in. What is in was valid when it was put in, and
// belongs to its PKI-ID.
//
// An identity leaves in one of three ways, each reported to the mapper's owner
// once:
//
//	it expires                a millisecond after its expiration, at the latest
//	                          a tenth of the usage threshold later
//	nobody asks for it        when it has not been asked for longer than the
//	                          usage threshold; never the peer's own
//	it is found to be         SuspectPeers validates what may have been revoked
//	invalid
//
// # Goroutines and ownership
//
// A mapper has no goroutine of its own, but timers: one that looks for unused
// identities every tenth of the usage threshold, and one for each identity that
// expires. Stop disarms them all and keeps what is in; after that identities
// leave by SuspectPeers only.
//
// One lock guards the table. It is not held while the cryptography service, the
// security advisor, a suspector or the owner's purge function is called: each
// of them may call the mapper, and may be slow. A purge function may run on any
// goroutine, also on several at once, and may still be running when Stop
// returns; none is called for a purge after it.
package identity
