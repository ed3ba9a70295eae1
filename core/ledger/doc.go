// SPDX-License-Identifier: Apache-2.0

// Package ledger holds the vocabulary in which v1.3.0's committer, gossip
// state transfer and private data speak about a ledger: a block with its
// private data, what of it is missing, and which collections are wanted.
//
// It declares, it stores nothing: core/blockpeer/blockstore keeps blocks.
package ledger
