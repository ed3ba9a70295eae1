// SPDX-License-Identifier: Apache-2.0

// Package pull lets peers get items from each other by gossip messages: it
// joins a pull engine (package algo) to messages of one sort and one channel,
// and keeps the items. A node has one mediator for identities, and a channel
// one for blocks. It does not know what an item is; its owner names items,
// checks them before handing over the message they came in, and takes them in.
//
// # Protocol
//
//	Hello       -> engine; it answers by Respond with a DataDigest, if it has
//	               anything that the sender may know of
//	DataDigest  -> owner's ingress filter, then engine; at the end of the
//	               round it sends a DataRequest
//	DataRequest -> engine; it answers by Respond with DataUpdates, of which
//	               none holds much more than 16 MiB
//	DataUpdate  -> each item that can be decoded to the owner, whoever asked
//	               for it; it is kept, and announced to others, only if the
//	               engine did
//
// Answers carry the nonce of the Hello; messages are unsigned, with outer nonce
// zero. An item that cannot be decoded does not affect those beside it.
//
// # Goroutines and ownership
//
// The engine has one goroutine, on which members are listed and Hellos and
// requests sent. Answers are sent on lanes (package gossip/internal/lane), so
// that a peer that does not read holds up nobody; answers beyond a lane's
// bounds are dropped and counted by the observer hook. One mutex makes the
// items and the engine's state change together. Nobody outside but the engine
// is called while it is held, and the engine calls back only for that.
package pull
