// SPDX-License-Identifier: Apache-2.0

/*
Package blocksprovider turns a stream of ordering service responses into blocks
of a channel: received one at a time, verified, handed to the channel's state
and gossiped to the organization's other peers.

It is called by package deliverclient, which runs DeliverBlocks of one provider
per channel on a goroutine of its own and supplies the client below it. It does
not choose, dial or retry orderers; that is the client's part. What a message
means is decided in internal/progress; what the client knows about a message
beyond the frozen interface comes through internal/stream. This package receives,
verifies, waits and hands on.

# What ends DeliverBlocks

	Stop                                   the caller wants it
	an error of the client's Recv          the client was closed or gave up
	status SUCCESS                         a seek without an end cannot be complete
	too many BAD_REQUEST or FORBIDDEN      more than the threshold in a row

The last three are reported to nobody: the caller sees DeliverBlocks return and
starts over or yields. Everything else costs the orderer its stream, after a
delay that doubles from 100 ms to maxRetryDelay until new blocks come in again:
other statuses, responses without a usable block, gaps, broken hash chains,
blocks that fail verification, blocks that cannot be handed on. The next stream
starts where the ledger ends, so that nothing is ever skipped.

# Goroutines and locks

The package starts no goroutine and holds no lock while it calls out. All state
of a delivery belongs to the goroutine in DeliverBlocks; Stop and
UpdateOrderingEndpoints may be called from any goroutine, also from inside the
calls that DeliverBlocks makes, and never wait for it.

# Differences from v1.3.0

An unknown or empty response and a refused block end
the stream (there: delivery, and nothing), waiting ends with Stop, and an empty
endpoint list is not passed on.
*/
package blocksprovider
