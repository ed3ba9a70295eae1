// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/pkg/errors"
	"google.golang.org/grpc/credentials"
)

// Errors of the credentials that NewServerTransportCredentials makes.
var (
	ClientHandshakeNotImplError        = errors.New("comm: server credentials cannot be used to dial")
	OverrrideHostnameNotSupportedError = errors.New("comm: server credentials have no host name to override")
	MissingServerConfigError           = errors.New("comm: server credentials need a TLS configuration")
)

// NewServerTransportCredentials returns credentials for a gRPC server that
// speak exactly TLS 1.2: only there does a client learn during its own handshake
// that its certificate was refused. The configuration is modified accordingly
// and kept: a later change applies to the handshakes that begin after it, but
// must not run in parallel with the beginning of one. Failed handshakes are
// logged if there is a logger.
func NewServerTransportCredentials(serverConfig *tls.Config, logger *flogging.FabricLogger) credentials.TransportCredentials {
	if serverConfig != nil {
		serverConfig.NextProtos = []string{"h2"}
		serverConfig.MinVersion = tls.VersionTLS12
		serverConfig.MaxVersion = tls.VersionTLS12
	}
	return &serverCreds{config: serverConfig, logger: logger}
}

type serverCreds struct {
	config *tls.Config
	logger *flogging.FabricLogger // may be nil
}

// ServerHandshake leaves closing the raw connection after an error to its caller.
func (sc *serverCreds) ServerHandshake(rawConn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if sc.config == nil {
		return nil, nil, MissingServerConfigError
	}
	// The copy keeps later changes away from this handshake.
	conn := tls.Server(rawConn, sc.config.Clone())
	if err := conn.Handshake(); err != nil {
		if sc.logger != nil {
			sc.logger.With("remote address", rawConn.RemoteAddr().String()).
				Errorf("TLS handshake failed with error %s", err)
		}
		return nil, nil, err
	}
	return conn, credentials.TLSInfo{State: conn.ConnectionState()}, nil
}

func (sc *serverCreds) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, ClientHandshakeNotImplError
}

func (sc *serverCreds) OverrideServerName(string) error {
	return OverrrideHostnameNotSupportedError
}

func (sc *serverCreds) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls", SecurityVersion: "1.2"}
}

// Clone shares the configuration, whose changes reach the clone, too.
func (sc *serverCreds) Clone() credentials.TransportCredentials {
	clone := *sc
	return &clone
}
