// SPDX-License-Identifier: Apache-2.0

// Package msp offers the Fabric v1.3.0 messages about
// MSP configuration, principals and serialized identities,
// under their v1.3.0 import path. All declarations are generated aliases of
// fabric-protos-go types (see protos/internal/aliasgen).
package msp
