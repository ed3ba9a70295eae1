// SPDX-License-Identifier: Apache-2.0

// Package membership decides, for one peer, who is a member of its network: who
// is alive, dead or forgotten, when to say that one is alive oneself, whom to
// ask for news, and which endpoints to try. It is the core of gossip/discovery,
// the only caller, which does everything that needs time, randomness, the
// network or cryptography.
//
// # What becomes of a member
//
//	            learned            silent for Expiration,
//	(unknown) ----------> alive   or a message to it failed      dead
//	    |                   | ------------------------------->  |  |
//	    |                   | <-------------------------------  |  |
//	    |                   |        something newer            |  |
//	    | learned as dead   |                                   |  |
//	    '-----------------------------------------------------> '  |
//	                        |                                      |
//	                        '---> (forgotten, remembered only by <-'
//	                              its latest stamp) after Retention of silence,
//	                              (unknown) again after another Retention
//
// What a peer says about itself carries a stamp. Only what is newer than all
// that was known of that peer has an effect, even if it has been forgotten.
//
// # Use
//
// A Core is a plain value: no goroutine, lock, clock or randomness, no I/O and
// no logs. Its owner serializes all calls and passes the time in. After each
// input it takes what there is to do with Take, does it, and calls Tick no
// later than NextWake says.
//
//	verdict := core.Judge(id, stamp, by, now)      // is it worth verifying?
//	...                                            // verify, without any lock
//	core.Learn(news, by, now); todo := core.Take() // it may have become stale
//
// Members are kept in a Table that the owner supplies; the Core is the only one
// to change it.
package membership
