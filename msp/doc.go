// SPDX-License-Identifier: Apache-2.0

// Package msp decides who somebody is. A membership service provider (MSP) stands for one organisation: it turns the
// bytes that name a node, user or client into an Identity, says whether that identity is valid, which roles it
// fills, and whether a signature is its own.
//
// The one provider that works here is X.509 ("bccsp" in configuration). An organisation that uses Idemix gets a
// stand-in with the right name which recognises nobody, so that the rest of its channel stays usable.
//
// How a request travels:
//
//	MSPManager (one per channel)       picks the MSP by the ID inside the serialized identity
//	  msp/cache                        remembers identities already seen and what was decided about them
//	    x509MSP (x509msp.go)           holds the published membership; Setup replaces it as a whole
//	      membership (setup.go)        immutable: certificate authorities, admins, revocations, unit rules
//	        identity (identity.go)     one certificate, plus what this membership concluded about it
//
// What is not here: private key stores (a local MSP is given its one key when it is loaded, see LocalConfigFromDir),
// TLS, policies, and any process-wide state (that is msp/mgmt).
//
// Concurrency: nothing here starts goroutines. Every method of an MSP, manager or identity may be called from many
// goroutines, Setup of an X.509 MSP included; those who call during a Setup see the old membership or the new one, never
// a mixture. No lock is held while a certificate is checked.
package msp
