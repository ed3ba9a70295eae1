// SPDX-License-Identifier: Apache-2.0

// Package cryptogen makes the certificates and keys of a network: for each organisation a signing CA and a TLS CA, MSP
// directories for the organisation, its nodes and users, and their TLS files, in the layout of Fabric's tool of that name:
//
//	peerOrganizations/<domain>/                   (ordererOrganizations/ for those that order)
//	  ca/      <ski>_sk  ca.<domain>-cert.pem
//	  tlsca/   <ski>_sk  tlsca.<domain>-cert.pem
//	  msp/                                        what a channel's configuration holds of the organisation
//	  peers/<node>.<domain>/{msp,tls}/            (orderers/ ...)
//	  users/<user>@<domain>/{msp,tls}/
//
// It serves demonstrations and tests; a network that matters gets its certificates from a real CA. Tests also use CA
// directly, for certificates that no tool would issue: expired, of foreign authorities, with odd units, revoked.
//
// Keys are ECDSA P-256 in PKCS#8, readable by their owner only. All signatures are low-S. No goroutines, no state.
package cryptogen
