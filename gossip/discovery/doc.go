// SPDX-License-Identifier: Apache-2.0

// Package discovery describes the members of a gossip network as the layers
// above membership see them. The membership protocol itself is not here yet;
// what is here are the types that block delivery is expressed in.
package discovery
