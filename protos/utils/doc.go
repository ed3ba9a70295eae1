// SPDX-License-Identifier: Apache-2.0

// Package utils takes Fabric's nested messages apart and puts them together:
// an envelope holds a marshaled payload, which holds marshaled headers and
// data. Each function returns an error that names the layer which did not
// parse; those called ...OrPanic are for bytes this process made itself.
//
// Only the part of v1.3.0's package that block delivery, gossip, private data
// and the embedded orderer use exists.
package utils
