// SPDX-License-Identifier: Apache-2.0

package common

import "sync/atomic"

// TLSCertificates are the certificates that a node's connections present. Both
// values hold a *tls.Certificate and may be replaced while the node runs; each
// handshake loads them anew. Handle it by pointer only: nil means TLS is off.
type TLSCertificates struct {
	TLSServerCert atomic.Value
	TLSClientCert atomic.Value
}
