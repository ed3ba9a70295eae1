// SPDX-License-Identifier: Apache-2.0

// Package common offers the common.proto messages of Fabric v1.3.0 (blocks,
// envelopes, channel configuration, policies) under their v1.3.0 import path.
//
// The messages themselves are aliases of fabric-protos-go types and are
// generated; this package adds the declarations that v1.3.0 wrote by hand and
// that an alias package can hold. Methods that v1.3.0 put on generated types
// cannot exist on aliases: block hashing lives in gossip/protoext, signed data
// of envelopes in protos/utils.
package common

//go:generate go run github.com/hyperledger/fabric/protos/internal/aliasgen
