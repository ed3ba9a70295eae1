// SPDX-License-Identifier: Apache-2.0

// Package protoext holds functions on protobuf messages for code that must
// compile both here and laid over a Fabric v1.3.0 tree. v1.3.0 declares many
// of them as methods of its generated types; here those types are aliases,
// which cannot have methods of ours, so both trees call functions.
//
// About blocks: decoding one without copying, its hashes, its channel, and the
// check that its transactions are the ones its orderer put in.
//
// About gossip messages: what kind one is and how far it may travel, putting it
// into an envelope and getting it out again, secrets beside it, which message
// makes which obsolete, and texts for logs in which no content shows.
//
// Everything is a pure function over messages and bytes that may come from
// anyone. Missing parts, wherever they are missing, count as empty or are an
// error; nothing panics on them.
package protoext
