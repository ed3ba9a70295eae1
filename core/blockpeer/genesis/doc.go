// SPDX-License-Identifier: Apache-2.0

// Package genesis makes and reads the blocks that carry a channel's
// configuration: block 0 as configtxgen would write it, the updates that change
// a configuration later, and the configuration inside a config block.
//
// It is for whoever runs a network of its own: the embedded orderer, the demo,
// tests. A peer of a foreign network needs only ConfigFromBlock and
// EnvelopeFromBlock. The package judges no configuration (common/channelconfig
// does) and no signature (common/configtx does).
//
// An update is made in three steps. Clone the current Config and edit the copy
// (SetOrdererAddresses, AddOrg, ...); ComputeUpdate finds the smallest update
// that leads from one to the other; SignUpdate adds the signatures and wraps it
// as the envelope to broadcast. Versions in the edited copy are not looked at.
//
// All functions are pure but for reading the MSP directories that a Profile or
// an Org names, the clock, and random nonces. They may be called from any
// goroutine.
package genesis
