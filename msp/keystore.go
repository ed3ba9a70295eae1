// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// maxKeyFile is the size in bytes above which a file is not taken for a key.
const maxKeyFile = 64 << 10

// keyID is the subject key identifier by which key files are named: the hash of the uncompressed public point.
func keyID(key *ecdsa.PublicKey) ([]byte, error) {
	point, err := key.Bytes()
	if err != nil {
		return nil, errors.Wrap(err, "encoding a public key")
	}
	id := sha256.Sum256(point)
	return id[:], nil
}

// findKeyFile returns the PEM of the private key that belongs to the certificate, from a key store directory. The key
// may be in a file named for its identifier or, failing that, in any file.
func findKeyFile(dir string, cert *x509.Certificate) ([]byte, error) {
	public, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.Errorf("the certificate of %q has a %s key, signing takes ECDSA", cert.Subject.CommonName, cert.PublicKeyAlgorithm)
	}
	id, err := keyID(public)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, errors.Wrap(err, "reading the key store")
	}
	named := hex.EncodeToString(id) + "_sk"
	names := []string{named}
	for _, entry := range entries {
		if entry.Name() != named {
			names = append(names, entry.Name())
		}
	}
	for _, name := range names {
		if item := readKeyFile(filepath.Join(dir, name), public); item != nil {
			return item, nil
		}
	}
	return nil, errors.Errorf("no file in %s holds the private key of %q (it would be named %s)", dir, cert.Subject.CommonName, named)
}

// readKeyFile returns the file's content if it is the private key of public, nil if it is anything else.
func readKeyFile(path string, public *ecdsa.PublicKey) []byte {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil
	}
	item, err := os.ReadFile(path)
	if err != nil {
		logger.Warningf("Skipping a file of the key store: %v", err)
		return nil
	}
	block, _ := pem.Decode(item)
	if block == nil {
		return nil
	}
	key, err := parsePrivateKey(block.Bytes)
	if err != nil || !key.PublicKey.Equal(public) {
		return nil
	}
	return item
}

// parsePrivateKey decodes an unencrypted ECDSA key, PKCS#8 or SEC 1.
func parsePrivateKey(der []byte) (*ecdsa.PrivateKey, error) {
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	any8, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("not an unencrypted private key (PKCS#8 or SEC 1)")
	}
	key, ok := any8.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.Errorf("a private key of type %T, signing takes ECDSA", any8)
	}
	return key, nil
}
