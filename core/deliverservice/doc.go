// SPDX-License-Identifier: Apache-2.0

// Package deliverclient pulls the blocks of channels from ordering services, on
// behalf of a peer that leads its organization. It connects, asks for what the
// ledger lacks, reconnects whenever something fails, and leaves it to package
// blocksprovider to decide what a received message means. It neither stores nor
// gossips blocks itself. The gossip service starts and stops it.
//
// # The flow
//
//	StartDeliverForChannel   deliveryclient.go  one supervisor for each channel
//	  newClient                                 endpoints, policy, request, verification
//	supervisor               supervisor.go      one session after another
//	  DeliverBlocks          blocksprovider     Recv, verify, AddPayload, Gossip
//	    Recv                 client.go          connect, receive, or wait and try again
//	      connect            client.go          dial, open the stream
//	      afterConnect       client.go          request blocks, start reading ahead
//	        RequestBlocks    requester.go       the signed seek
//
// # States of a broadcastClient
//
//	unconnected --Recv/Send--> connecting --success--> connected
//	connecting  --failure--> waiting --delay over--> connecting
//	connecting  --endpoints changed--> unconnected (after a short pause)
//	waiting     --endpoints changed--> connecting (after a short pause)
//	connected   --stream fails--> waiting
//	connected   --silent for too long--> unconnected (after a short pause)
//	connected   --Disconnect--> unconnected; a Recv in progress: waiting
//	waiting     --policy gives up--> Recv fails, unconnected
//	any         --Close--> closed
//
// How long to wait, and what counts as failure, is decided in internal/retry;
// how far to read ahead, and what to verify early, in internal/ahead. Both are
// values without goroutines.
//
// # When delivery ends
//
// Delivery ends by StopDeliverForChannel or Stop. An elected leader's delivery
// also ends when the configured time was spent waiting because no orderer could
// be reached, or none kept a stream up, and when they keep finding fault with
// the request; other statuses never end it. Its finalizer then yields the
// leadership, so that some other peer tries. A static leader has nobody to yield
// to: whatever ends its delivery, a new session is started.
//
// # Goroutines
//
// Each started channel has one delivery goroutine, which runs the supervisor,
// calls the finalizer and finally waits for all others of its channel. Those
// are: for each connection one that closes it in the end (gRPC may take seconds
// for that); on connections with the default client one that reads ahead and a
// few that verify; and one for a dial, if the connection producer has no way to
// interrupt it. Stop and Disconnect end them all but wait for none.
//
// # Locks
//
// deliverServiceImpl.lock is taken before supervisor.mutex, that before
// broadcastClient.mutex, that before readAhead.mutex. None is held while
// dialling, sending, receiving or calling back.
//
// # Configuration
//
// See config.go.
package deliverclient
