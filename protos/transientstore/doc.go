// SPDX-License-Identifier: Apache-2.0

// Package transientstore offers the Fabric v1.3.0 messages about
// private write sets that wait for their transaction,
// under their v1.3.0 import path. All declarations are generated aliases of
// fabric-protos-go types (see protos/internal/aliasgen).
package transientstore
