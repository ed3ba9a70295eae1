// SPDX-License-Identifier: Apache-2.0

// Package conntable decides which streams to and from other peers are kept,
// which of them is sent on, and who dials. It is the state of gossip/comm
// without its streams, goroutines, locks and clock: the shell tells it what
// happened, and closes what it says is to be closed. Nothing else uses it.
//
// # Two streams for each peer at most
//
// A peer has a main link, on which is sent, and may have a spare one, on which
// is only received. All other links to that peer are closed.
//
//	what happens                    no main   main is inbound      main is outbound
//	outbound link made              main      main; the old one    main; the old one
//	                                          becomes spare        is closed
//	inbound link authenticated      main      spare                spare
//	first envelope on the spare     -         main; the old one    if that is older than the
//	                                          is closed            settling time: main, the old
//	                                                               one is closed. Else spare
//	both of age, both in use        -         -                    main if this peer has the
//	                                                               greater PKI-ID; the old main
//	                                                               becomes spare
//	the main link ends              -         the spare is main    the spare is main
//
// A new spare replaces an old one.
//
// Why so: a peer of v1.3.0 closes what it has when a newer stream is opened to
// it, so an outbound link just made is the one it will use. An inbound link on
// which nothing has come may be no more than a check of who is here, which a
// peer makes without giving up the stream that it has; one on which something
// came is what the remote sends on now. If two peers dial each other at once
// each takes its own link for main, and none is closed: a remote of v1.3.0 will
// close one by itself, another one agrees, after the settling time, on the link
// that was opened by the peer with the lesser PKI-ID, and the other link is
// closed when it has been idle.
//
// # Dials
//
// There is one dial at a time for a target, which is an endpoint and the peer
// expected there. Whoever asks meanwhile joins it and gets its outcome. If
// another peer answers there, asking for the target leads to that peer's link
// for as long as it has one.
package conntable
