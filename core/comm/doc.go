// SPDX-License-Identifier: Apache-2.0

// Package comm makes the gRPC connections of a peer: it dials, it serves, and
// it keeps the TLS trust that both need.
//
// # Purpose
//
//   - ConnectionProducer chooses among the orderers' endpoints and dials them,
//     the next one starting while a slow one is still pending.
//   - CredentialSupport holds the CA certificates of each channel and the TLS
//     client certificate. The credentials for pulling a channel's blocks trust
//     that channel's orderers and nobody else.
//   - GRPCServer and GRPCClient wrap gRPC's with TLS 1.2, keepalive and message
//     limits; a server's certificate and client CAs can be changed while it runs.
//   - NewBindingInspector checks that a signed request was sent over the TLS
//     connection it claims.
//
// It knows nothing of blocks, channels' configuration or policies; whoever
// reads a channel's configuration fills the credential store.
//
// # Callers
//
// The delivery client takes ConnectionProducer and CredentialSupport, gossip
// takes GetPeerCredentials and the keepalive options, the embedded orderer
// takes GRPCServer, and common/deliver takes the binding inspector.
//
// # Goroutines and ownership
//
// A ConnectionProducer runs each dial on a goroutine that ends when the factory
// returns; a connection that came too late is closed there. GRPCServer has the
// goroutines of its gRPC server, which Stop ends. Nothing else in this package
// starts one. Whoever receives a connection closes it.
//
// The package variables are read when they are used, so a program may set them
// at start; they are not meant to be changed while connections are being made.
//
// # Differences from Fabric v1.3.0
//
//   - Dialling neither holds a lock nor is strictly serial, and it can be
//     cancelled. An endpoint that served is preferred, one that failed stands
//     back, and if every endpoint is disabled they are dialled nevertheless.
//   - All PEM blocks of an orderer CA entry are trusted, and a channel without a
//     single usable CA is an error instead of a pool that trusts nothing.
//   - Client CAs are told apart by their whole certificate, and a failing change
//     of them changes nothing. A server that requires client certificates but
//     was given no client CA trusts none, rather than the system's.
//   - A running server's TLS configuration is never modified: each handshake
//     gets a copy with the certificate and client CAs of the moment.
//   - Misuse without TLS gives errors or zero values instead of nil dereferences,
//     and a server that cannot be built does not keep its port.
package comm
