// SPDX-License-Identifier: Apache-2.0

// Package gossip offers v1.3.0's gossip messages under their v1.3.0 import
// path, together with the wrappers and interfaces that v1.3.0 declared beside
// them by hand: a message with the envelope it came in, who sent it, and how
// such messages are signed, verified, classified and replaced.
//
// Nothing here knows connections or peers. gossip/** is the only caller; code
// there that must also compile over a v1.3.0 tree calls gossip/protoext for
// what upstream declares as methods of generated types.
package gossip
