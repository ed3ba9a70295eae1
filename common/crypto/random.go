// SPDX-License-Identifier: Apache-2.0

package crypto

import (
	"crypto/rand"

	"github.com/pkg/errors"
)

// NonceSize is the length of a nonce in bytes.
const NonceSize = 24

// GetRandomNonce returns NonceSize unpredictable bytes.
func GetRandomNonce() ([]byte, error) {
	return GetRandomBytes(NonceSize)
}

// GetRandomBytes returns n unpredictable bytes; a negative n is an error.
func GetRandomBytes(n int) ([]byte, error) {
	if n < 0 {
		return nil, errors.Errorf("cannot make %d random bytes", n)
	}
	out := make([]byte, n)
	if _, err := rand.Read(out); err != nil {
		return nil, errors.Wrapf(err, "reading %d random bytes", n)
	}
	return out, nil
}
