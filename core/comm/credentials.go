// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"sync"

	"github.com/pkg/errors"
	"google.golang.org/grpc/credentials"
)

// CredentialSupport makes the client side's TLS credentials out of a CA store
// and the client certificate. Credentials that were handed out keep the trust
// of their moment; a change applies to the next ones.
type CredentialSupport struct {
	*CASupport

	certLock   sync.RWMutex
	clientCert tls.Certificate // guarded by certLock

	ordererPools poolCache
}

var sharedCredentials = &CredentialSupport{
	CASupport: &CASupport{
		AppRootCAsByChain:     make(map[string][][]byte),
		OrdererRootCAsByChain: make(map[string][][]byte),
	},
}

// GetCredentialSupport returns the store of this process, the same each time.
func GetCredentialSupport() *CredentialSupport {
	return sharedCredentials
}

// SetClientCertificate changes the certificate that later connections present.
func (cs *CredentialSupport) SetClientCertificate(cert tls.Certificate) {
	cs.certLock.Lock()
	defer cs.certLock.Unlock()
	cs.clientCert = cert
}

// GetClientCertificate returns the certificate that connections present; the
// zero value if none was set.
func (cs *CredentialSupport) GetClientCertificate() tls.Certificate {
	cs.certLock.RLock()
	defer cs.certLock.RUnlock()
	return cs.clientCert
}

// GetDeliverServiceCredentials returns credentials that trust the orderer CAs
// of this channel only: an orderer of another channel, or anyone else, cannot
// pass itself off as this channel's. Certificates that cannot be used are skipped
// with a warning; it is an error if none can be used or the channel is unknown.
func (cs *CredentialSupport) GetDeliverServiceCredentials(channelID string) (credentials.TransportCredentials, error) {
	cs.RLock()
	entries, ok := cs.OrdererRootCAsByChain[channelID]
	entries = append([][]byte(nil), entries...)
	cs.RUnlock()
	if !ok {
		return nil, errors.Errorf("didn't find any root CA certs for channel %s", channelID)
	}
	roots := cs.ordererPools.get(channelID, entries)
	if roots == nil {
		return nil, errors.Errorf("none of the %d orderer root CA entries for channel %s is a usable certificate",
			len(entries), channelID)
	}
	return cs.trusting(roots), nil
}

// GetPeerCredentials returns credentials that trust the application CAs of all
// channels and the static server CAs. Entries that cannot be used are skipped
// with a warning.
func (cs *CredentialSupport) GetPeerCredentials() credentials.TransportCredentials {
	appRootCAs, _ := cs.GetServerRootCAs()
	roots := x509.NewCertPool()
	for _, entry := range appRootCAs {
		if err := AddPemToCertPool(entry, roots); err != nil {
			commLogger.Warningf("Not trusting an application or server root CA: %s", err)
		}
	}
	return cs.trusting(roots)
}

func (cs *CredentialSupport) trusting(roots *x509.CertPool) credentials.TransportCredentials {
	return credentials.NewTLS(&tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cs.GetClientCertificate()},
		RootCAs:      roots,
	})
}

// poolCache keeps the last pool of each channel, so that a reconnect does not
// parse the same certificates again. The content of the entries is the key:
// their owner may change them without telling anyone. Its zero value is empty.
type poolCache struct {
	lock  sync.Mutex // guards pools; held while parsing, so that each change is parsed, and warned of, once
	pools map[string]cachedPool
}

type cachedPool struct {
	content [sha256.Size]byte
	roots   *x509.CertPool // nil if no entry was usable; never changed otherwise
}

func (c *poolCache) get(channelID string, entries [][]byte) *x509.CertPool {
	content := digestOf(entries)
	c.lock.Lock()
	defer c.lock.Unlock()
	if cached, ok := c.pools[channelID]; ok && cached.content == content {
		return cached.roots
	}
	if c.pools == nil {
		c.pools = make(map[string]cachedPool)
	}
	roots := ordererPool(channelID, entries)
	c.pools[channelID] = cachedPool{content: content, roots: roots}
	return roots
}

func digestOf(entries [][]byte) [sha256.Size]byte {
	h := sha256.New()
	for _, entry := range entries {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(entry)))
		h.Write(length[:])
		h.Write(entry)
	}
	var digest [sha256.Size]byte
	h.Sum(digest[:0])
	return digest
}

func ordererPool(channelID string, entries [][]byte) *x509.CertPool {
	var roots *x509.CertPool
	for i, entry := range entries {
		certs, err := parsePEM(entry)
		if err == nil && len(certs) == 0 {
			err = errors.New("no PEM block")
		}
		if err != nil {
			commLogger.Warningf("Orderer root CA entry %d of channel %s has %d usable certificates: %s",
				i, channelID, len(certs), err)
		}
		if roots == nil && len(certs) > 0 {
			roots = x509.NewCertPool()
		}
		for _, cert := range certs {
			roots.AddCert(cert)
		}
	}
	return roots
}
