// SPDX-License-Identifier: Apache-2.0

package crypto

import (
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/protos/msp"
)

// ExpiresAt returns when the certificate inside a serialized identity runs out. It returns the zero time, meaning "not
// known to expire", for anything that is not an X.509 identity. Nothing is validated.
func ExpiresAt(identityBytes []byte) time.Time {
	var id msp.SerializedIdentity
	if proto.Unmarshal(identityBytes, &id) != nil {
		return time.Time{}
	}
	block, _ := pem.Decode(id.IdBytes)
	if block == nil {
		return time.Time{}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}
	}
	return cert.NotAfter
}
