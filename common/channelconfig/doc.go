// SPDX-License-Identifier: Apache-2.0

// Package channelconfig turns the configuration tree of a channel, as it
// stands in a config block, into typed values that the rest of a peer reads.
//
// # Purpose
//
// A config block carries one common.Config: a tree of groups, values and
// policies whose leaves are opaque bytes. NewBundle decodes every leaf, checks
// it, sets up the MSPs of all organizations and the policies over them, and
// returns the whole as a Bundle. A Bundle is the unit of change: a later config
// block makes another Bundle, and ValidateNew says whether it may follow the
// present one. A BundleSource holds whichever Bundle is current.
//
// The package decides nothing about when a configuration takes effect and
// reads neither files nor viper. Whether the signatures under an update allow
// it is the business of common/configtx, which a Bundle hands out through
// ConfigtxValidator.
//
// # What is accepted
//
// The rules are those of a v1.3.0 peer, because a peer that accepts more (or
// less) than its neighbours forks away from them: every value key must be
// known in its group, /Channel may hold Orderer, Application and Consortiums
// and nothing else, an organization holds no groups. A value that is absent
// reads as an empty message, never as nil, and is then judged by the same rules
// as an empty one. Input comes from the network: nil maps, nil entries and
// undecodable bytes give an error that names the path of the element.
//
// # Absent sections
//
// Orderer, Application and Consortiums sections are optional. Bundle's and
// BundleSource's getters return a bool for them. The methods of ChannelConfig
// return concrete pointers instead, nil when the section is absent: storing
// such a nil pointer in one of this package's interfaces yields a non-nil
// interface, so compare before converting.
//
// # Concurrency
//
// Everything here is immutable once constructed and may be shared freely, and
// nothing starts a goroutine. BundleSource is the one exception to
// immutability: reads are lock-free, Update is called by one owner at a time.
package channelconfig
