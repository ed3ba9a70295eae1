// SPDX-License-Identifier: Apache-2.0

// Package kvrwset offers the Fabric v1.3.0 messages about
// key-value read-write sets,
// under their v1.3.0 import path. All declarations are generated aliases of
// fabric-protos-go types (see protos/internal/aliasgen).
package kvrwset
