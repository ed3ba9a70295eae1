// SPDX-License-Identifier: Apache-2.0

// Package rwset offers the Fabric v1.3.0 messages about
// transaction read-write sets, public and private,
// under their v1.3.0 import path. All declarations are generated aliases of
// fabric-protos-go types (see protos/internal/aliasgen).
package rwset
