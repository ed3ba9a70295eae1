// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io/ioutil"
	"net"

	"github.com/hyperledger/fabric/core/comm"
	"github.com/pkg/errors"
	"google.golang.org/grpc/credentials"
)

// ordererCredentials returns TLS credentials for an orderer of a channel, made
// of what is configured at this moment. extraRoots names a file with further
// CA certificates to trust; it may be empty.
func ordererCredentials(channelID, extraRoots string) (credentials.TransportCredentials, error) {
	support := comm.GetCredentialSupport()
	for {
		cert := support.GetClientCertificate()
		creds, err := trustFor(support, channelID, extraRoots, cert)
		if err != nil {
			return nil, err
		}
		// The certificate in creds was read separately. Only if it did not
		// change meanwhile is it known to be this one.
		if leaf := leafOf(cert); bytes.Equal(leaf, leafOf(support.GetClientCertificate())) {
			warnBeforeExpiry("TLS client certificate", leaf)
			return watchedCredentials{TransportCredentials: creds, channelID: channelID, leaf: leaf}, nil
		}
	}
}

func leafOf(cert tls.Certificate) []byte {
	if len(cert.Certificate) == 0 {
		return nil
	}
	return cert.Certificate[0]
}

// trustFor leaves the choice of roots to the credential store, except where
// local configuration extends them.
func trustFor(support *comm.CredentialSupport, channelID, extraRoots string, cert tls.Certificate) (credentials.TransportCredentials, error) {
	static := staticRootsEnabled()
	if !static && extraRoots == "" {
		return support.GetDeliverServiceCredentials(channelID)
	}
	support.RLock()
	entries := append([][]byte(nil), support.OrdererRootCAsByChain[channelID]...)
	if static {
		entries = append(entries, support.ServerRootCAs...)
	}
	support.RUnlock()
	if extraRoots != "" {
		content, err := ioutil.ReadFile(extraRoots)
		if err != nil {
			return nil, errors.Wrapf(err, "cannot read the CA certificates named in %s", keyAddressOverrides)
		}
		entries = append(entries, content)
	}
	roots := x509.NewCertPool()
	usable := 0
	for _, entry := range entries {
		if roots.AppendCertsFromPEM(entry) {
			usable++
		}
	}
	if usable == 0 {
		return nil, errors.Errorf("none of %d entries holds a CA certificate to trust", len(entries))
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	if len(cert.Certificate) > 0 {
		config.Certificates = []tls.Certificate{cert}
	}
	return credentials.NewTLS(config), nil
}

// watchedCredentials are client credentials that say in the log what was wrong
// with a handshake, and that remember the own certificate of each connection.
type watchedCredentials struct {
	credentials.TransportCredentials
	channelID string
	leaf      []byte // DER of the client certificate, nil if there is none
}

// ownCertInfo is the AuthInfo of a connection that watchedCredentials secured.
type ownCertInfo struct {
	credentials.TLSInfo
	leaf []byte
}

func (c watchedCredentials) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		logger.Warningf("[%s] TLS handshake with orderer %s failed: %s%s", c.channelID, authority, err, c.suspects(err))
		return conn, info, err
	}
	if tlsInfo, ok := info.(credentials.TLSInfo); ok {
		if chain := tlsInfo.State.PeerCertificates; len(chain) > 0 {
			warnBeforeExpiry("TLS certificate of orderer "+authority, chain[0].Raw)
		}
		info = ownCertInfo{TLSInfo: tlsInfo, leaf: c.leaf}
	}
	return conn, info, nil
}

func (c watchedCredentials) Clone() credentials.TransportCredentials {
	c.TransportCredentials = c.TransportCredentials.Clone()
	return c
}

// suspects describes the certificates that a failed handshake may be about: the
// orderer's if it was refused here, else our own, which the orderer may have
// refused.
func (c watchedCredentials) suspects(err error) string {
	if cert := refusedCertificate(err); cert != nil {
		return "; the orderer's certificate: " + describe(cert)
	}
	if cert, err := x509.ParseCertificate(c.leaf); err == nil {
		return "; our own certificate: " + describe(cert)
	}
	return ""
}
