// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"crypto/x509"
	"sync"

	"github.com/pkg/errors"
)

var errNoClientCA = errors.New("No client root certificates found")

// clientCAs is the set of CAs that a server accepts client certificates from.
// Each change takes effect as a whole or, with an error, not at all. The zero
// value is not usable; use newClientCAs.
type clientCAs struct {
	lock  sync.Mutex // guards the fields
	certs map[string]*x509.Certificate
	pool  *x509.CertPool // of certs; replaced, never modified
}

func newClientCAs() *clientCAs {
	return &clientCAs{certs: make(map[string]*x509.Certificate), pool: x509.NewCertPool()}
}

// current returns a pool that must not be modified.
func (c *clientCAs) current() *x509.CertPool {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.pool
}

// add and remove refuse an entry without any PEM block.
func (c *clientCAs) add(entries [][]byte) error {
	certs, err := parseEntries(entries, errNoClientCA)
	if err != nil {
		return err
	}
	c.change(func(set map[string]*x509.Certificate) {
		for _, cert := range certs {
			set[string(cert.Raw)] = cert
		}
	})
	return nil
}

func (c *clientCAs) remove(entries [][]byte) error {
	certs, err := parseEntries(entries, errNoClientCA)
	if err != nil {
		return err
	}
	c.change(func(set map[string]*x509.Certificate) {
		for _, cert := range certs {
			delete(set, string(cert.Raw))
		}
	})
	return nil
}

// replace skips entries without any PEM block.
func (c *clientCAs) replace(entries [][]byte) error {
	certs, err := parseEntries(entries, nil)
	if err != nil {
		return err
	}
	c.change(func(set map[string]*x509.Certificate) {
		clear(set)
		for _, cert := range certs {
			set[string(cert.Raw)] = cert
		}
	})
	return nil
}

func (c *clientCAs) change(edit func(set map[string]*x509.Certificate)) {
	c.lock.Lock()
	defer c.lock.Unlock()
	edit(c.certs)
	c.pool = x509.NewCertPool()
	for _, cert := range c.certs {
		c.pool.AddCert(cert)
	}
}

// parseEntries returns the certificates of all entries; ifEmpty is the error
// for an entry that holds none.
func parseEntries(entries [][]byte, ifEmpty error) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for _, entry := range entries {
		certs, err := parsePEM(entry)
		if err == nil && len(certs) == 0 {
			err = ifEmpty
		}
		if err != nil {
			return nil, err
		}
		all = append(all, certs...)
	}
	return all, nil
}
