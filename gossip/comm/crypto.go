// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// GenerateCertificatesOrPanic makes a key pair and a certificate for it that
// nobody vouches for. It is for connections whose ends are authenticated by
// other means, as those of gossip are.
func GenerateCertificatesOrPanic() tls.Certificate {
	pair, err := selfSigned()
	if err != nil {
		panic(fmt.Sprintf("no TLS certificate could be made: %v", err))
	}
	return pair
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "gossip"},
		NotBefore:    now.Add(-24 * time.Hour), // for peers whose clocks are behind
		NotAfter:     now.AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// certHashFromRawCert is by what a handshake names a TLS certificate; nil for
// none.
func certHashFromRawCert(rawCert []byte) []byte {
	if len(rawCert) == 0 {
		return nil
	}
	hash := sha256.Sum256(rawCert)
	return hash[:]
}

// extractCertificateHashFromContext is the hash of the certificate that the
// other end of a stream presented, nil if it presented none or there is no TLS.
func extractCertificateHashFromContext(ctx context.Context) []byte {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return nil
	}
	return certHashFromRawCert(info.State.PeerCertificates[0].Raw)
}

// heldCertHash is the hash of the certificate that a holder holds now.
func heldCertHash(holder *atomic.Value) ([]byte, error) {
	pair, ok := holder.Load().(*tls.Certificate)
	if !ok || pair == nil || len(pair.Certificate) == 0 {
		return nil, errors.New("this peer has no TLS certificate of its own to name")
	}
	return certHashFromRawCert(pair.Certificate[0]), nil
}

// remoteAddress is the transport address of a stream's other end, "" if it is
// not known.
func remoteAddress(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		return p.Addr.String()
	}
	return ""
}

// hostOf is an address without its port.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
