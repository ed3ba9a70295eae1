// SPDX-License-Identifier: Apache-2.0

// Package orderer offers the Fabric v1.3.0 messages about
// the ordering service: AtomicBroadcast, seek positions and orderer configuration values,
// under their v1.3.0 import path. All declarations are generated aliases of
// fabric-protos-go types (see protos/internal/aliasgen).
package orderer
