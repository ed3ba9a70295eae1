// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/comm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const notConnected = "failed to create new connection: context deadline exceeded"

// soon is long enough for a refusal to happen on loopback and short enough to
// wait for, as gRPC tries until the timeout.
const soon = 200 * time.Millisecond

func trusting(cas ...*authority) *comm.SecureOptions {
	sec := &comm.SecureOptions{UseTLS: true}
	for _, ca := range cas {
		sec.ServerRootCAs = append(sec.ServerRootCAs, ca.pem)
	}
	return sec
}

func TestNewClient(t *testing.T) {
	ca := newAuthority(t, "ca")
	pair := ca.issue(t, "client")
	for _, c := range []struct {
		name        string
		sec         *comm.SecureOptions
		err         string
		tls, mutual bool
	}{
		{"no TLS", nil, "", false, false},
		{"TLS switched off", &comm.SecureOptions{RequireClientCert: true}, "", false, false},
		{"TLS", &comm.SecureOptions{UseTLS: true}, "", true, false},
		{"pair not asked for", &comm.SecureOptions{UseTLS: true, Certificate: []byte("junk")}, "", true, false},
		{"mutual TLS", &comm.SecureOptions{UseTLS: true, RequireClientCert: true, Certificate: pair.cert, Key: pair.key}, "", true, true},
		{"no key", &comm.SecureOptions{UseTLS: true, RequireClientCert: true, Certificate: pair.cert},
			"both Key and Certificate are required when using mutual TLS", true, false},
		{"wrong key", &comm.SecureOptions{UseTLS: true, RequireClientCert: true, Certificate: pair.cert, Key: ca.issue(t, "x").key},
			"failed to load client certificate: tls: private key does not match public key", true, false},
		{"bad root", &comm.SecureOptions{UseTLS: true, ServerRootCAs: [][]byte{notACertificate}},
			"error adding root certificate: x509: malformed certificate", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, err := comm.NewGRPCClient(comm.ClientConfig{SecOpts: c.sec})
			require.NotNil(t, client)
			if c.err == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, c.err)
			}
			assert.Equal(t, c.tls, client.TLSEnabled())
			assert.Equal(t, c.mutual, client.MutualTLSRequired())
			want := tls.Certificate{}
			if c.mutual {
				want = pair.tls
			}
			assert.Equal(t, want.Certificate, client.Certificate().Certificate)
		})
	}
}

func TestClientConnects(t *testing.T) {
	ca, otherCA := newAuthority(t, "ca"), newAuthority(t, "other")
	client := ca.issue(t, "client")
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "orderer.example.com"), requiring(ca)))
	mutual := func(sec *comm.SecureOptions) *comm.SecureOptions {
		sec.RequireClientCert, sec.Certificate, sec.Key = true, client.cert, client.key
		return sec
	}
	refusing := mutual(trusting(ca))
	refusing.VerifyCertificate = func([][]byte, [][]*x509.Certificate) error { return errors.New("no") }
	for _, c := range []struct {
		name      string
		sec       *comm.SecureOptions
		override  string
		connected bool
	}{
		{"host of the address", mutual(trusting(ca)), "", true},
		{"name instead", mutual(trusting(ca)), "orderer.example.com", true},
		{"wrong name", mutual(trusting(ca)), "peer.example.com", false},
		{"several roots", mutual(trusting(otherCA, ca)), "", true},
		{"wrong root", mutual(trusting(otherCA)), "", false},
		{"system's roots", mutual(trusting()), "", false},
		{"no client certificate", trusting(ca), "", false},
		{"refused by its own hook", refusing, "", false},
		{"no TLS", nil, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			timeout := soon
			if c.connected {
				timeout = 10 * time.Second
			}
			client, err := comm.NewGRPCClient(comm.ClientConfig{SecOpts: c.sec, Timeout: timeout})
			require.NoError(t, err)
			conn, err := client.NewConnection(server.Address(), c.override)
			if !c.connected {
				assert.Nil(t, conn)
				assert.EqualError(t, err, notConnected)
				return
			}
			require.NoError(t, err)
			defer conn.Close()
			assert.NoError(t, callOnce(conn, 100))
		})
	}
}

func TestClientAgainstNobody(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener.Close()
	client, err := comm.NewGRPCClient(comm.ClientConfig{Timeout: soon})
	require.NoError(t, err)
	_, err = client.NewConnection(listener.Addr().String(), "")
	assert.EqualError(t, err, notConnected)
}

func TestClientChangesRoots(t *testing.T) {
	ca, otherCA := newAuthority(t, "ca"), newAuthority(t, "other")
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "server")))
	client, err := comm.NewGRPCClient(comm.ClientConfig{SecOpts: trusting(otherCA), Timeout: soon})
	require.NoError(t, err)
	connects := func() bool {
		conn, err := client.NewConnection(server.Address(), "")
		if err == nil {
			conn.Close()
		}
		return err == nil
	}
	assert.False(t, connects())
	require.NoError(t, client.SetServerRootCAs([][]byte{otherCA.pem, ca.pem}))
	assert.True(t, connects())
	assert.EqualError(t, client.SetServerRootCAs([][]byte{otherCA.pem, notACertificate}),
		"error adding root certificate: x509: malformed certificate")
	assert.True(t, connects(), "an error changes nothing")
	require.NoError(t, client.SetServerRootCAs(nil))
	assert.False(t, connects(), "no roots, no trust")

	plain, err := comm.NewGRPCClient(comm.ClientConfig{})
	require.NoError(t, err)
	assert.EqualError(t, plain.SetServerRootCAs([][]byte{ca.pem}),
		"cannot set server root certificates: the client does not use TLS")
}

// Connections of one client to differently named servers do not disturb each
// other; the race detector watches.
func TestClientConnectsConcurrently(t *testing.T) {
	ca := newAuthority(t, "ca")
	client, err := comm.NewGRPCClient(comm.ClientConfig{SecOpts: trusting(ca), Timeout: 10 * time.Second})
	require.NoError(t, err)
	var running sync.WaitGroup
	for i := 0; i < 4; i++ {
		name := fmt.Sprintf("orderer%d.example.com", i)
		server := serve(t, &echo{}, tlsServer(ca.issue(t, name)))
		running.Add(1)
		go func() {
			defer running.Done()
			client.SetMaxRecvMsgSize(1000 + i)
			client.SetMaxSendMsgSize(1000 + i)
			assert.NoError(t, client.SetServerRootCAs([][]byte{ca.pem}))
			conn, err := client.NewConnection(server.Address(), name)
			if assert.NoError(t, err) {
				conn.Close()
			}
		}()
	}
	running.Wait()
}

func TestMessageLimits(t *testing.T) {
	server := serve(t, &echo{}, comm.ServerConfig{})
	client, err := comm.NewGRPCClient(comm.ClientConfig{Timeout: 10 * time.Second})
	require.NoError(t, err)
	call := func(size int) error {
		conn, err := client.NewConnection(server.Address(), "")
		require.NoError(t, err)
		defer conn.Close()
		return callOnce(conn, size)
	}
	const big = 10 << 20 // above gRPC's own limit of 4 MiB
	assert.NoError(t, call(big))

	client.SetMaxRecvMsgSize(100)
	err = call(200)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "received message larger than max")
	client.SetMaxSendMsgSize(100)
	err = call(200)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "trying to send message larger than max")
	assert.NoError(t, call(50))
}

// The package's limits are read when a server or a client is made.
func TestMessageLimitVariables(t *testing.T) {
	defer func(recv, send int) { comm.MaxRecvMsgSize, comm.MaxSendMsgSize = recv, send }(comm.MaxRecvMsgSize, comm.MaxSendMsgSize)
	comm.MaxRecvMsgSize = 1000
	small := serve(t, &echo{}, comm.ServerConfig{})
	comm.MaxRecvMsgSize = 100 << 20
	for address, fits := range map[string]bool{small.Address(): false, serve(t, &echo{}, comm.ServerConfig{}).Address(): true} {
		conn, err := comm.NewClientConnectionWithAddress(address, true, false, nil, nil)
		require.NoError(t, err)
		assert.Equal(t, fits, callOnce(conn, 2000) == nil)
		conn.Close()
	}
}
