// SPDX-License-Identifier: Apache-2.0

package cryptogen

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Pair is a certificate and its private key.
type Pair struct {
	Cert *x509.Certificate
	Key  *ecdsa.PrivateKey
}

// CertPEM returns the certificate in PEM.
func (p *Pair) CertPEM() []byte {
	return encodePEM("CERTIFICATE", p.Cert.Raw)
}

// KeyPEM returns the private key in PEM, PKCS#8.
func (p *Pair) KeyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		return nil, fmt.Errorf("encoding the key of %q: %w", p.Cert.Subject.CommonName, err)
	}
	return encodePEM("PRIVATE KEY", der), nil
}

// keyFileName is how key stores name the file of a private key: by its subject key identifier.
func (p *Pair) keyFileName() (string, error) {
	id, err := keyID(p.Key)
	return hex.EncodeToString(id) + "_sk", err
}

// keyID is the subject key identifier: the hash of the uncompressed public point.
func keyID(key *ecdsa.PrivateKey) ([]byte, error) {
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding a public key: %w", err)
	}
	sum := sha256.Sum256(point)
	return sum[:], nil
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// LoadCA reads an authority from its folder, ca or tlsca of an organisation.
func LoadCA(dir string) (*CA, error) {
	certs, err := filepath.Glob(filepath.Join(dir, "*-cert.pem"))
	if err != nil {
		return nil, fmt.Errorf("looking for a CA in %s: %w", dir, err)
	}
	if len(certs) != 1 {
		return nil, fmt.Errorf("a CA's folder has one *-cert.pem, %s has %d", dir, len(certs))
	}
	der, err := readPEM(certs[0])
	if err != nil {
		return nil, err
	}
	ca := &CA{}
	if ca.Cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("%s: %w", certs[0], err)
	}
	keys, err := filepath.Glob(filepath.Join(dir, "*_sk"))
	if err != nil {
		return nil, fmt.Errorf("looking for the key of a CA in %s: %w", dir, err)
	}
	for _, file := range keys {
		if key, err := readKey(file); err == nil && key.PublicKey.Equal(ca.Cert.PublicKey) {
			ca.Key = key
			return ca, nil
		}
	}
	return nil, fmt.Errorf("no *_sk file in %s holds the key of %s", dir, certs[0])
}

func readPEM(file string) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s is not PEM", file)
	}
	return block.Bytes, nil
}

func readKey(file string) (*ecdsa.PrivateKey, error) {
	der, err := readPEM(file)
	if err != nil {
		return nil, err
	}
	any8, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	key, ok := any8.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a key of type %T, not an ECDSA key", file, any8)
	}
	return key, nil
}

// WriteLocalMSP makes the MSP directory of an identity that has been issued by hand: signcerts and keystore from id, all
// else copied from the MSP directory of its organisation.
func WriteLocalMSP(dir, orgMSPDir string, id *Pair) error {
	if err := os.CopyFS(dir, os.DirFS(orgMSPDir)); err != nil {
		return fmt.Errorf("copying the MSP of an organisation: %w", err)
	}
	w := &tree{}
	w.signer(dir, id.Cert.Subject.CommonName, id)
	return w.err
}

// tree writes files and remembers the first thing that went wrong, after which it does nothing.
type tree struct {
	err error
}

// file writes a file anyone may read.
func (t *tree) file(path string, content []byte) {
	t.write(path, content, 0o644)
}

// write creates a file and the folders above it. A file that exists already is an error.
func (t *tree) write(path string, content []byte, mode os.FileMode) {
	if t.err != nil {
		return
	}
	if t.err = os.MkdirAll(filepath.Dir(path), 0o755); t.err != nil {
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		t.err = err
		return
	}
	_, err = f.Write(content)
	t.err = errors.Join(err, f.Close())
}

// keyInStore writes a private key under the name that key stores use.
func (t *tree) keyInStore(dir string, p *Pair) {
	name, err := p.keyFileName()
	t.keep(err)
	t.key(filepath.Join(dir, name), p)
}

// key writes a private key to a file of the given name, which only its owner may read.
func (t *tree) key(path string, p *Pair) {
	content, err := p.KeyPEM()
	t.keep(err)
	t.write(path, content, 0o600)
}

// keep notes an error that happened on the way to a file.
func (t *tree) keep(err error) {
	if t.err == nil {
		t.err = err
	}
}
