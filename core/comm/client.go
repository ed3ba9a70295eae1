// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"sync"
	"time"

	"github.com/pkg/errors"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// GRPCClient makes connections with common settings. Its methods may be called
// from any goroutine; a change applies to the connections made after it.
type GRPCClient struct {
	keepalive   []grpc.DialOption // immutable
	timeout     time.Duration     // immutable
	certificate tls.Certificate   // immutable

	lock           sync.Mutex  // guards what follows
	tlsConfig      *tls.Config // nil without TLS; replaced, never modified
	maxRecvMsgSize int
	maxSendMsgSize int
}

// NewGRPCClient returns a client. With an error the client is not nil either,
// but does not have the settings that the error is about.
func NewGRPCClient(config ClientConfig) (*GRPCClient, error) {
	client := &GRPCClient{
		keepalive:      ClientKeepaliveOptions(config.KaOpts),
		timeout:        config.Timeout,
		maxRecvMsgSize: MaxRecvMsgSize,
		maxSendMsgSize: MaxSendMsgSize,
	}
	if client.timeout <= 0 {
		client.timeout = DefaultConnectionTimeout
	}
	if config.SecOpts == nil || !config.SecOpts.UseTLS {
		return client, nil
	}
	return client, client.setUpTLS(config.SecOpts)
}

func (client *GRPCClient) setUpTLS(sec *SecureOptions) error {
	client.tlsConfig = &tls.Config{
		MinVersion:            tls.VersionTLS12,
		VerifyPeerCertificate: sec.VerifyCertificate,
	}
	if len(sec.ServerRootCAs) > 0 {
		roots, err := rootPool(sec.ServerRootCAs)
		if err != nil {
			return err
		}
		client.tlsConfig.RootCAs = roots
	}
	if !sec.RequireClientCert {
		return nil
	}
	if sec.Key == nil || sec.Certificate == nil {
		return errors.New("both Key and Certificate are required when using mutual TLS")
	}
	pair, err := tls.X509KeyPair(sec.Certificate, sec.Key)
	if err != nil {
		return errors.WithMessage(err, "failed to load client certificate")
	}
	client.certificate = pair
	client.tlsConfig.Certificates = []tls.Certificate{pair}
	return nil
}

func rootPool(entries [][]byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, entry := range entries {
		if err := AddPemToCertPool(entry, pool); err != nil {
			return nil, errors.WithMessage(err, "error adding root certificate")
		}
	}
	return pool, nil
}

// Certificate returns what the client presents; the zero value if nothing.
func (client *GRPCClient) Certificate() tls.Certificate { return client.certificate }

// TLSEnabled says whether the client speaks TLS.
func (client *GRPCClient) TLSEnabled() bool { return client.currentTLS() != nil }

// MutualTLSRequired says whether the client presents a certificate.
func (client *GRPCClient) MutualTLSRequired() bool {
	return client.TLSEnabled() && len(client.certificate.Certificate) > 0
}

func (client *GRPCClient) currentTLS() *tls.Config {
	client.lock.Lock()
	defer client.lock.Unlock()
	return client.tlsConfig
}

// SetMaxRecvMsgSize changes the largest message to accept, in bytes.
func (client *GRPCClient) SetMaxRecvMsgSize(size int) {
	client.lock.Lock()
	defer client.lock.Unlock()
	client.maxRecvMsgSize = size
}

// SetMaxSendMsgSize changes the largest message to send, in bytes.
func (client *GRPCClient) SetMaxSendMsgSize(size int) {
	client.lock.Lock()
	defer client.lock.Unlock()
	client.maxSendMsgSize = size
}

// SetServerRootCAs changes which servers are trusted; none with an empty list.
// With an error nothing has changed.
func (client *GRPCClient) SetServerRootCAs(serverRoots [][]byte) error {
	roots, err := rootPool(serverRoots)
	if err != nil {
		return err
	}
	client.lock.Lock()
	defer client.lock.Unlock()
	if client.tlsConfig == nil {
		return errors.New("cannot set server root certificates: the client does not use TLS")
	}
	changed := client.tlsConfig.Clone()
	changed.RootCAs = roots
	client.tlsConfig = changed
	return nil
}

// NewConnection dials and waits until the connection stands or the timeout has
// passed. The server's certificate must be for serverNameOverride if that is
// not empty, else for the host in the address. Whatever the reason, the error
// is that the deadline was exceeded: gRPC keeps trying until then.
func (client *GRPCClient) NewConnection(address string, serverNameOverride string) (*grpc.ClientConn, error) {
	opts := append(client.dialOptions(serverNameOverride), client.keepalive...)
	ctx, cancel := context.WithTimeout(context.Background(), client.timeout)
	defer cancel()
	conn, err := grpc.DialContext(ctx, address, opts...)
	if err != nil {
		return nil, errors.WithMessage(err, "failed to create new connection")
	}
	return conn, nil
}

func (client *GRPCClient) dialOptions(serverName string) []grpc.DialOption {
	client.lock.Lock()
	defer client.lock.Unlock()
	opts := []grpc.DialOption{
		grpc.WithBlock(),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(client.maxRecvMsgSize),
			grpc.MaxCallSendMsgSize(client.maxSendMsgSize),
		),
	}
	if client.tlsConfig == nil {
		return append(opts, grpc.WithInsecure())
	}
	config := client.tlsConfig.Clone()
	config.ServerName = serverName
	return append(opts, grpc.WithTransportCredentials(credentials.NewTLS(config)))
}
