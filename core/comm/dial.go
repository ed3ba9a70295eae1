// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"os"
	"path/filepath"
	"time"

	"github.com/pkg/errors"
	"github.com/spf13/viper"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// addressDialTimeout bounds NewClientConnectionWithAddress.
const addressDialTimeout = 3 * time.Second

// NewClientConnectionWithAddress dials an address, in plain text unless tlsEnabled,
// with the package's message limits and the given keepalive options (nil: the
// defaults). With block it waits, 3 s at most, until the connection stands and
// fails if that does not happen; else it returns at once.
func NewClientConnectionWithAddress(peerAddress string, block bool, tlsEnabled bool,
	creds credentials.TransportCredentials, ka *KeepaliveOptions) (*grpc.ClientConn, error) {
	opts := append(ClientKeepaliveOptions(ka), grpc.WithDefaultCallOptions(
		grpc.MaxCallRecvMsgSize(MaxRecvMsgSize),
		grpc.MaxCallSendMsgSize(MaxSendMsgSize),
	))
	switch {
	case !tlsEnabled:
		opts = append(opts, grpc.WithInsecure())
	case creds == nil:
		return nil, errors.Errorf("cannot dial %s: TLS is enabled but there are no credentials", peerAddress)
	default:
		opts = append(opts, grpc.WithTransportCredentials(creds))
	}
	if block {
		opts = append(opts, grpc.WithBlock())
	}
	ctx, cancel := context.WithTimeout(context.Background(), addressDialTimeout)
	defer cancel()
	return grpc.DialContext(ctx, peerAddress, opts...)
}

// InitTLSForShim returns the credentials with which a chaincode connects to its
// peer. The key pair comes as base64 of PEM, the peer's CAs are the PEM file
// named by peer.tls.rootcert.file. It panics on any problem: a chaincode cannot
// go on without.
func InitTLSForShim(key, certStr string) credentials.TransportCredentials {
	pair, err := decodeKeyPair(key, certStr)
	if err != nil {
		panic(err.Error())
	}
	roots, err := shimRoots()
	if err != nil {
		panic(err.Error())
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{pair},
		RootCAs:      roots,
	})
}

func decodeKeyPair(key64, cert64 string) (tls.Certificate, error) {
	key, err := base64.StdEncoding.DecodeString(key64)
	if err != nil {
		return tls.Certificate{}, errors.Wrap(err, "the TLS client key is not base64")
	}
	cert, err := base64.StdEncoding.DecodeString(cert64)
	if err != nil {
		return tls.Certificate{}, errors.Wrap(err, "the TLS client certificate is not base64")
	}
	pair, err := tls.X509KeyPair(cert, key)
	return pair, errors.Wrap(err, "cannot use the TLS client key pair")
}

func shimRoots() (*x509.CertPool, error) {
	const option = "peer.tls.rootcert.file"
	path := viper.GetString(option)
	if path == "" {
		return nil, errors.Errorf("%s names no file", option)
	}
	if !filepath.IsAbs(path) {
		// A relative path is relative to the file it was read from.
		path = filepath.Join(filepath.Dir(viper.ConfigFileUsed()), path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Wrapf(err, "cannot read the file named by %s", option)
	}
	certs, err := parsePEM(content)
	if err != nil {
		return nil, errors.Wrapf(err, "cannot use %s, named by %s", path, option)
	}
	if len(certs) == 0 {
		return nil, errors.Errorf("%s, named by %s, holds no PEM certificate", path, option)
	}
	roots := x509.NewCertPool()
	for _, cert := range certs {
		roots.AddCert(cert)
	}
	return roots, nil
}
