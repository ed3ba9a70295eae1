// SPDX-License-Identifier: Apache-2.0

// Package protoext holds functions on protobuf messages for code that must
// compile both here and laid over a Fabric v1.3.0 tree. v1.3.0 declares many
// of them as methods of its generated types; here those types are aliases,
// which cannot have methods of ours, so both trees call functions.
//
// So far it is about blocks: decoding one without copying, its hashes, its
// channel, and the check that its transactions are the ones its orderer put in. Everything is a
// pure function over bytes that may come from anyone; none panics.
package protoext
