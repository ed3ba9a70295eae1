// SPDX-License-Identifier: Apache-2.0

package common

// SignedData is what a policy judges: some bytes, a signature over them, and
// the serialized identity that claims to have made it.
type SignedData struct {
	Data      []byte
	Identity  []byte
	Signature []byte
}

// Signable is anything that can be taken apart into signed data.
type Signable interface {
	// AsSignedData returns one entry for each signature, or an error when the
	// message is too malformed to tell who signed what.
	AsSignedData() ([]*SignedData, error)
}
