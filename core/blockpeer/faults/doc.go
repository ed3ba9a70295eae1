// SPDX-License-Identifier: Apache-2.0

// Package faults holds tests and nothing else: the matrix of everything that an
// ordering service may do wrong, against the delivery client of a peer. Nobody
// imports it.
//
// Each test builds a small world inside a testing/synctest bubble: orderers that
// replay a chain through real gRPC servers over mutual TLS, lines between them
// and the client that can be cut, frozen or slowed, and a leader that pulls with
// the real deliverclient, blocksprovider and connection producer. Time in a
// bubble is virtual, so hours of outage take milliseconds, and a bubble does not
// end before all its goroutines have. Only the dialling of one endpoint is a
// stand-in (see dial in leader_test.go), because sockets of the operating system
// do not exist in virtual time.
//
// Run it with -v to see the table of times to recovery:
//
//	go test -v -run 'TestFaultMatrix$' ./core/blockpeer/faults
package faults
