// SPDX-License-Identifier: Apache-2.0

// Package peer offers the Fabric v1.3.0 messages about
// transactions, proposals, chaincode, peer deliver events, collections and application configuration values,
// under their v1.3.0 import path. All declarations are generated aliases of
// fabric-protos-go types (see protos/internal/aliasgen).
package peer
