// SPDX-License-Identifier: Apache-2.0

// Package committer is the last station of a block: it hands blocks to a
// ledger in order and tells the ledger's height, which is where delivery
// continues from. A config block is announced before it is written, so that
// whoever follows the channel's configuration may refuse it.
//
// The delivery client uses it as its LedgerInfo; gossip state transfer will
// commit through it. It validates nothing: see txvalidator.
package committer
