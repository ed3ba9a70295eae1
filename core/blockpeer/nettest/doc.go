// SPDX-License-Identifier: Apache-2.0

// Package nettest is what tests of a block-moving peer have around it: the
// certificates of a small network, orderers on TLS that serve recorded or
// made-up chains, the recorded chain itself, and a look at the log. It is for
// tests only.
//
// Everything listens on a port of the system's choice on this machine and is
// taken down by the test's Cleanup.
package nettest
