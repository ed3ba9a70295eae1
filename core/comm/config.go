// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"crypto/tls"
	"crypto/x509"
	"math"
	"time"

	"github.com/hyperledger/fabric/common/flogging"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

var commLogger = flogging.MustGetLogger("comm")

const maxMessageBytes = 100 << 20

// Defaults, read at use. MaxRecvMsgSize and MaxSendMsgSize are in bytes.
var (
	MaxRecvMsgSize = maxMessageBytes
	MaxSendMsgSize = maxMessageBytes

	// DefaultKeepaliveOptions applies wherever no options are given. A client
	// must not ping more often than the server's ServerMinInterval allows, or
	// the server drops the connection; the two defaults match.
	DefaultKeepaliveOptions = &KeepaliveOptions{
		ClientInterval:    time.Minute,
		ClientTimeout:     20 * time.Second,
		ServerInterval:    2 * time.Hour,
		ServerTimeout:     20 * time.Second,
		ServerMinInterval: time.Minute,
	}

	// DefaultTLSCipherSuites are what a server offers unless told otherwise, in
	// order of preference.
	DefaultTLSCipherSuites = []uint16{
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
	}

	// DefaultConnectionTimeout bounds setting up a connection.
	DefaultConnectionTimeout = 5 * time.Second
)

// ServerConfig says how a GRPCServer serves. The zero value is valid: plain
// text, default keepalive and timeout.
type ServerConfig struct {
	// ConnectionTimeout bounds the handshake; zero or less means
	// DefaultConnectionTimeout.
	ConnectionTimeout time.Duration
	// SecOpts may be nil: no TLS.
	SecOpts *SecureOptions
	// KaOpts may be nil: DefaultKeepaliveOptions.
	KaOpts *KeepaliveOptions
	// The interceptors run in this order, the first one outermost.
	StreamInterceptors []grpc.StreamServerInterceptor
	UnaryInterceptors  []grpc.UnaryServerInterceptor
	// Logger gets failed TLS handshakes; nil means they are not logged.
	Logger *flogging.FabricLogger
}

// ClientConfig says how a GRPCClient connects. The zero value is valid.
type ClientConfig struct {
	// SecOpts may be nil: no TLS.
	SecOpts *SecureOptions
	// KaOpts may be nil: DefaultKeepaliveOptions.
	KaOpts *KeepaliveOptions
	// Timeout bounds each attempt to connect; zero or less means
	// DefaultConnectionTimeout.
	Timeout time.Duration
}

// SecureOptions are the TLS settings of a client or a server. All certificates
// and keys are PEM; each CA entry may hold several certificates.
type SecureOptions struct {
	// VerifyCertificate, if not nil, may refuse the other side's certificate
	// after it has been verified as usual.
	VerifyCertificate func(rawCerts [][]byte, verifiedChains [][]*x509.Certificate) error
	// Certificate and Key are the own pair. A client uses them only if
	// RequireClientCert is set.
	Certificate []byte
	Key         []byte
	// ServerRootCAs are what a client trusts; none means the system's.
	ServerRootCAs [][]byte
	// ClientRootCAs are what a server trusts that requires client certificates.
	ClientRootCAs [][]byte
	UseTLS        bool
	// RequireClientCert makes a server demand, and a client present, a
	// certificate.
	RequireClientCert bool
	// CipherSuites of a server; none means DefaultTLSCipherSuites.
	CipherSuites []uint16
}

// KeepaliveOptions are the pings by which both sides notice a dead connection.
type KeepaliveOptions struct {
	// ClientInterval is how long a client hears nothing before it pings. Zero
	// means it never does, so a silent server is not noticed.
	ClientInterval time.Duration
	// ClientTimeout is how long it waits for the answer; zero means 20 s.
	ClientTimeout time.Duration
	// ServerInterval and ServerTimeout are the same for a server; zero means
	// gRPC's defaults of 2 h and 20 s.
	ServerInterval time.Duration
	ServerTimeout  time.Duration
	// ServerMinInterval is the shortest interval a server accepts from clients;
	// one that pings more often is disconnected.
	ServerMinInterval time.Duration
}

// ServerKeepaliveOptions turns ka, or the defaults if it is nil, into options
// for a gRPC server. Clients may ping without having a call open.
func ServerKeepaliveOptions(ka *KeepaliveOptions) []grpc.ServerOption {
	if ka == nil {
		ka = DefaultKeepaliveOptions
	}
	return []grpc.ServerOption{
		grpc.KeepaliveParams(keepalive.ServerParameters{
			Time:    ka.ServerInterval,
			Timeout: ka.ServerTimeout,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             ka.ServerMinInterval,
			PermitWithoutStream: true,
		}),
	}
}

// ClientKeepaliveOptions turns ka, or the defaults if it is nil, into options
// for dialling. It pings also without an open call.
func ClientKeepaliveOptions(ka *KeepaliveOptions) []grpc.DialOption {
	if ka == nil {
		ka = DefaultKeepaliveOptions
	}
	return []grpc.DialOption{grpc.WithKeepaliveParams(clientKeepalive(ka))}
}

func clientKeepalive(ka *KeepaliveOptions) keepalive.ClientParameters {
	interval := ka.ClientInterval
	if interval <= 0 {
		// Newer gRPC raises small values, zero included, to 10 s, which the
		// usual server punishes. Its largest duration is the one that stands
		// for "never" in every release.
		interval = math.MaxInt64
	}
	return keepalive.ClientParameters{
		Time:                interval,
		Timeout:             ka.ClientTimeout,
		PermitWithoutStream: true,
	}
}
