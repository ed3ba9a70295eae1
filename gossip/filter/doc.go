// SPDX-License-Identifier: Apache-2.0

// Package filter chooses among the members of a gossip network: predicates over
// members, and picking some of those that satisfy one, at random or in order.
//
// It holds no state and starts nothing; the random numbers are gossip/util's.
// The layers above membership use it to decide who is sent a message.
package filter
