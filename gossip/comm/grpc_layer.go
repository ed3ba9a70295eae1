// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"crypto/tls"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
)

// createGRPCLayer makes what an instance with its own port stands on: a server
// that does not serve yet, its listener, the options to dial others with, and
// the certificates that either end shows. Nobody verifies these: the handshake
// ties them to identities. It panics if the port cannot be listened on.
func createGRPCLayer(port int) (*grpc.Server, net.Listener, api.PeerSecureDialOpts, *common.TLSCertificates) {
	serverCert, clientCert := GenerateCertificatesOrPanic(), GenerateCertificatesOrPanic()
	certs := &common.TLSCertificates{}
	certs.TLSServerCert.Store(&serverCert)
	certs.TLSClientCert.Store(&clientCert)

	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		panic(fmt.Sprintf("cannot listen for gossip: %v", err))
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{serverCert},
		ClientAuth:   tls.RequestClientCert,
	})))
	dialOpts := func() []grpc.DialOption {
		return []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
			Certificates:       []tls.Certificate{clientCert},
			InsecureSkipVerify: true,
		}))}
	}
	return server, listener, dialOpts, certs
}
