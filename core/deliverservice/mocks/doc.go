// SPDX-License-Identifier: Apache-2.0

// Package mocks holds stand-ins for what surrounds block delivery: the gossip
// service, the ledger, an orderer's stream, its client, and an orderer that
// listens on a port. They are for tests, also of other packages, which set and
// read their exported fields.
//
// The stand-ins satisfy the interfaces of packages deliverclient and
// blocksprovider by their methods alone and import neither, since those
// packages' own tests import this one.
//
// Only Orderer has goroutines: one that serves, and gRPC's. Shutdown ends them.
package mocks
