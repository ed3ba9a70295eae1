// SPDX-License-Identifier: Apache-2.0

package stream

// Numbered is a Source that tells its streams apart. Serial returns the number
// of the stream which the last message came from that RecvMessage returned: 1
// for the first stream the client opened, one more after each successful
// reconnect. Only the goroutine that calls RecvMessage may call it.
//
// Within one stream block numbers may only grow by one, and a new stream starts
// wherever its seek pointed. Without Numbered the provider cannot tell a
// repeated block from a new seek, and lets both pass.
type Numbered interface {
	Serial() uint64
}

// Ledger is a client that can tell how far the local chain has been committed.
// The provider asks it whether a stream starts where the ledger ends, and
// whether a configuration block it passed on has taken effect; without it, it
// takes the one for granted and waits a fixed while for the other.
type Ledger interface {
	LedgerHeight() (uint64, error)
}
