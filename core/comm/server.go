// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"crypto/tls"
	"net"
	"sync/atomic"

	"github.com/pkg/errors"
	"google.golang.org/grpc"
)

// GRPCServer is a gRPC server on one listener. Its methods may be called from
// any goroutine.
type GRPCServer struct {
	listener net.Listener
	server   *grpc.Server
	tls      *serverTLS // nil without TLS
}

// NewGRPCServer listens on the TCP address (host:port; port 0 for any) and
// builds a server there. It serves once Start is called.
func NewGRPCServer(address string, serverConfig ServerConfig) (*GRPCServer, error) {
	if address == "" {
		return nil, errors.New("Missing address parameter")
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	server, err := NewGRPCServerFromListener(listener, serverConfig)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return server, nil
}

// NewGRPCServerFromListener builds a server on the listener, which belongs to
// the server from then on, unless there is an error.
func NewGRPCServerFromListener(listener net.Listener, serverConfig ServerConfig) (*GRPCServer, error) {
	s := &GRPCServer{listener: listener}
	opts := plainServerOptions(serverConfig)
	if sec := serverConfig.SecOpts; sec != nil && sec.UseTLS {
		var err error
		if s.tls, err = newServerTLS(sec); err != nil {
			return nil, err
		}
		opts = append(opts, grpc.Creds(NewServerTransportCredentials(s.tls.base, serverConfig.Logger)))
	}
	s.server = grpc.NewServer(opts...)
	return s, nil
}

func plainServerOptions(config ServerConfig) []grpc.ServerOption {
	timeout := config.ConnectionTimeout
	if timeout <= 0 {
		timeout = DefaultConnectionTimeout
	}
	opts := append(ServerKeepaliveOptions(config.KaOpts),
		grpc.MaxRecvMsgSize(MaxRecvMsgSize),
		grpc.MaxSendMsgSize(MaxSendMsgSize),
		grpc.ConnectionTimeout(timeout),
	)
	if len(config.UnaryInterceptors) > 0 {
		opts = append(opts, grpc.UnaryInterceptor(nestUnary(config.UnaryInterceptors)))
	}
	if len(config.StreamInterceptors) > 0 {
		opts = append(opts, grpc.StreamInterceptor(nestStream(config.StreamInterceptors)))
	}
	return opts
}

// Address is the listener's, so it has the port that was really taken.
func (s *GRPCServer) Address() string { return s.listener.Addr().String() }

// Listener returns what the server accepts connections from.
func (s *GRPCServer) Listener() net.Listener { return s.listener }

// Server is for registering services before Start.
func (s *GRPCServer) Server() *grpc.Server { return s.server }

// Start serves until Stop is called and returns nil then, or the error that
// ended it earlier.
func (s *GRPCServer) Start() error { return s.server.Serve(s.listener) }

// Stop closes the listener and all connections at once and waits for the
// handlers. It may be called again, and without Start.
func (s *GRPCServer) Stop() {
	s.server.Stop()
	// gRPC closes the listener only if it got it. A second close does nothing.
	s.listener.Close()
}

// TLSEnabled says whether the server speaks TLS.
func (s *GRPCServer) TLSEnabled() bool { return s.tls != nil }

// MutualTLSRequired says whether clients need a certificate.
func (s *GRPCServer) MutualTLSRequired() bool {
	return s.tls != nil && s.tls.base.ClientAuth == tls.RequireAndVerifyClientCert
}

// ServerCertificate returns what the server presents to the next client; the
// zero value without TLS.
func (s *GRPCServer) ServerCertificate() tls.Certificate {
	if s.tls == nil {
		return tls.Certificate{}
	}
	return *s.tls.certificate.Load()
}

// SetServerCertificate changes what the server presents from the next handshake
// on. Without TLS it does nothing.
func (s *GRPCServer) SetServerCertificate(cert tls.Certificate) {
	if s.tls != nil {
		s.tls.certificate.Store(&cert)
	}
}

// AppendClientRootCAs adds to the CAs that client certificates may come from,
// beginning with the next handshake. With an error nothing has changed.
func (s *GRPCServer) AppendClientRootCAs(clientRoots [][]byte) error {
	err := s.changeClientCAs((*clientCAs).add, clientRoots)
	return errors.WithMessage(err, "Failed to append client root certificate(s)")
}

// RemoveClientRootCAs is the reverse. A CA that is not in the set is no error.
func (s *GRPCServer) RemoveClientRootCAs(clientRoots [][]byte) error {
	err := s.changeClientCAs((*clientCAs).remove, clientRoots)
	return errors.WithMessage(err, "Failed to remove client root certificate(s)")
}

// SetClientRootCAs replaces the whole set. Entries without PEM are skipped.
func (s *GRPCServer) SetClientRootCAs(clientRoots [][]byte) error {
	err := s.changeClientCAs((*clientCAs).replace, clientRoots)
	return errors.WithMessage(err, "Failed to set client root certificate(s)")
}

func (s *GRPCServer) changeClientCAs(change func(*clientCAs, [][]byte) error, entries [][]byte) error {
	if s.tls == nil {
		return errors.New("the server does not use TLS")
	}
	return change(s.tls.clientCAs, entries)
}

// serverTLS is the TLS side of a server: a configuration that is never modified
// while serving, and the parts of it that may be exchanged.
type serverTLS struct {
	base        *tls.Config
	certificate atomic.Pointer[tls.Certificate] // never nil
	clientCAs   *clientCAs
}

func newServerTLS(sec *SecureOptions) (*serverTLS, error) {
	if sec.Key == nil || sec.Certificate == nil {
		return nil, errors.New("serverConfig.SecOpts must contain both Key and Certificate when UseTLS is true")
	}
	cert, err := tls.X509KeyPair(sec.Certificate, sec.Key)
	if err != nil {
		return nil, err
	}
	t := &serverTLS{clientCAs: newClientCAs()}
	t.certificate.Store(&cert)
	t.base = &tls.Config{
		VerifyPeerCertificate:  sec.VerifyCertificate,
		GetCertificate:         t.currentCertificate,
		GetConfigForClient:     t.configForClient,
		SessionTicketsDisabled: true,
		CipherSuites:           sec.CipherSuites,
		ClientAuth:             tls.RequestClientCert,
	}
	if len(t.base.CipherSuites) == 0 {
		t.base.CipherSuites = DefaultTLSCipherSuites
	}
	if sec.RequireClientCert {
		t.base.ClientAuth = tls.RequireAndVerifyClientCert
		if err := t.clientCAs.add(sec.ClientRootCAs); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *serverTLS) currentCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return t.certificate.Load(), nil
}

// configForClient is asked at the beginning of each handshake.
func (t *serverTLS) configForClient(*tls.ClientHelloInfo) (*tls.Config, error) {
	config := t.base.Clone()
	config.ClientCAs = t.clientCAs.current()
	return config, nil
}
