// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
)

func tlsServer(pair keyPair, more ...func(*comm.SecureOptions)) comm.ServerConfig {
	sec := &comm.SecureOptions{UseTLS: true, Certificate: pair.cert, Key: pair.key}
	for _, change := range more {
		change(sec)
	}
	return comm.ServerConfig{SecOpts: sec}
}

func requiring(cas ...*authority) func(*comm.SecureOptions) {
	return func(sec *comm.SecureOptions) {
		sec.RequireClientCert = true
		for _, ca := range cas {
			sec.ClientRootCAs = append(sec.ClientRootCAs, ca.pem)
		}
	}
}

// handshake connects with TLS alone and returns the server's leaf certificate.
func handshake(server *comm.GRPCServer, trusted *authority, pairs ...keyPair) (*x509.Certificate, error) {
	roots := x509.NewCertPool()
	roots.AddCert(trusted.cert)
	config := &tls.Config{RootCAs: roots, NextProtos: []string{"h2"}}
	if len(pairs) > 0 {
		// Unlike Certificates, this is presented whatever CAs the server names.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &pairs[0].tls, nil
		}
	}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", server.Address(), config)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

func TestServerRefusesBadConfiguration(t *testing.T) {
	pair := newAuthority(t, "ca").issue(t, "server")
	const incomplete = "serverConfig.SecOpts must contain both Key and Certificate when UseTLS is true"
	for _, c := range []struct {
		name string
		sec  comm.SecureOptions
		text string
	}{
		{"no key", comm.SecureOptions{Certificate: pair.cert}, incomplete},
		{"no certificate", comm.SecureOptions{Key: pair.key}, incomplete},
		{"empty pair", comm.SecureOptions{Certificate: []byte{}, Key: []byte{}},
			"tls: failed to find any PEM data in certificate input"},
		{"client CA without PEM", comm.SecureOptions{Certificate: pair.cert, Key: pair.key, RequireClientCert: true,
			ClientRootCAs: [][]byte{[]byte("text")}}, "No client root certificates found"},
		{"client CA that is none", comm.SecureOptions{Certificate: pair.cert, Key: pair.key, RequireClientCert: true,
			ClientRootCAs: [][]byte{notACertificate}}, "x509: malformed certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.sec.UseTLS = true
			server, err := comm.NewGRPCServer("127.0.0.1:0", comm.ServerConfig{SecOpts: &c.sec})
			assert.Nil(t, server)
			assert.EqualError(t, err, c.text)
		})
	}
	_, err := comm.NewGRPCServer("", comm.ServerConfig{})
	assert.EqualError(t, err, "Missing address parameter")
	_, err = comm.NewGRPCServer("127.0.0.1:http-or-what", comm.ServerConfig{})
	_, wanted := net.Listen("tcp", "127.0.0.1:http-or-what")
	assert.Equal(t, wanted.Error(), err.Error())
}

// Another process may snatch the port in between, hence several attempts; a
// server that kept the port would fail all of them.
func TestFailedServerFreesPort(t *testing.T) {
	var err error
	for attempt := 0; attempt < 5; attempt++ {
		var probe net.Listener
		probe, err = net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := probe.Addr().String()
		probe.Close()
		_, err = comm.NewGRPCServer(address, comm.ServerConfig{SecOpts: &comm.SecureOptions{UseTLS: true}})
		require.Error(t, err)
		if probe, err = net.Listen("tcp", address); err == nil {
			probe.Close()
			return
		}
	}
	assert.NoError(t, err, "the port has to be free again")
}

func TestServerWithoutTLS(t *testing.T) {
	server := serve(t, &echo{}, comm.ServerConfig{SecOpts: &comm.SecureOptions{Key: []byte("ignored")}})
	assert.False(t, server.TLSEnabled())
	assert.False(t, server.MutualTLSRequired())
	assert.Equal(t, tls.Certificate{}, server.ServerCertificate())
	server.SetServerCertificate(tls.Certificate{})
	const without = " client root certificate(s): the server does not use TLS"
	assert.EqualError(t, server.AppendClientRootCAs(nil), "Failed to append"+without)
	assert.EqualError(t, server.RemoveClientRootCAs(nil), "Failed to remove"+without)
	assert.EqualError(t, server.SetClientRootCAs(nil), "Failed to set"+without)

	client, err := comm.NewGRPCClient(comm.ClientConfig{Timeout: 10 * time.Second})
	require.NoError(t, err)
	conn, err := client.NewConnection(server.Address(), "")
	require.NoError(t, err)
	defer conn.Close()
	assert.NoError(t, callOnce(conn, 1))
	assert.NoError(t, callMany(conn, 3))
}

func TestServerStopsWithoutStart(t *testing.T) {
	server, err := comm.NewGRPCServer("127.0.0.1:0", comm.ServerConfig{})
	require.NoError(t, err)
	assert.Equal(t, server.Listener().Addr().String(), server.Address())
	server.Stop()
	server.Stop()
	err = server.Listener().(*net.TCPListener).SetDeadline(time.Now())
	assert.True(t, errors.Is(err, net.ErrClosed), "%v", err)
}

func TestServerSpeaksOnlyTLS12(t *testing.T) {
	ca := newAuthority(t, "ca")
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "server")))
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	for _, c := range []struct {
		version uint16
		refused bool
	}{{tls.VersionTLS11, true}, {tls.VersionTLS12, false}, {tls.VersionTLS13, true}} {
		conn, err := tls.Dial("tcp", server.Address(), &tls.Config{RootCAs: roots, NextProtos: []string{"h2"},
			MinVersion: c.version, MaxVersion: c.version})
		assert.Equal(t, c.refused, err != nil, "version %x: %v", c.version, err)
		if err == nil {
			assert.Equal(t, "h2", conn.ConnectionState().NegotiatedProtocol)
			assert.Contains(t, comm.DefaultTLSCipherSuites, conn.ConnectionState().CipherSuite)
			conn.Close()
		}
	}
}

func TestServerTakesCipherSuites(t *testing.T) {
	const suite = tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
	ca := newAuthority(t, "ca")
	sec := func(sec *comm.SecureOptions) { sec.CipherSuites = []uint16{suite} }
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "server"), sec))
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	conn, err := tls.Dial("tcp", server.Address(), &tls.Config{RootCAs: roots})
	require.NoError(t, err)
	assert.Equal(t, suite, conn.ConnectionState().CipherSuite)
	conn.Close()

	shared := &comm.SecureOptions{UseTLS: true, Certificate: ca.issue(t, "x").cert, Key: []byte("bad")}
	_, err = comm.NewGRPCServer("127.0.0.1:0", comm.ServerConfig{SecOpts: shared})
	assert.Error(t, err)
	assert.Nil(t, shared.CipherSuites, "the caller's options are left alone")
}

func TestMutualTLS(t *testing.T) {
	serverCA, clientCA, strangerCA := newAuthority(t, "server ca"), newAuthority(t, "client ca"), newAuthority(t, "client ca")
	good, foreign := clientCA.issue(t, "client"), strangerCA.issue(t, "client")
	server := serve(t, &echo{}, tlsServer(serverCA.issue(t, "server"), requiring(clientCA)))
	assert.True(t, server.TLSEnabled())
	assert.True(t, server.MutualTLSRequired())

	_, err := handshake(server, serverCA, good)
	assert.NoError(t, err)
	for name, pairs := range map[string][]keyPair{"none": nil, "another CA of the same name": {foreign}} {
		_, err := handshake(server, serverCA, pairs...)
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), "remote error: tls: ", "the client learns it in its handshake")
	}
}

func TestMutualTLSWithoutClientCAsTrustsNobody(t *testing.T) {
	ca := newAuthority(t, "ca")
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "server"), requiring()))
	client := ca.issue(t, "client")
	_, err := handshake(server, ca, client)
	assert.Error(t, err)
	require.NoError(t, server.AppendClientRootCAs([][]byte{ca.pem}))
	_, err = handshake(server, ca, client)
	assert.NoError(t, err)
}

func TestServerHookRefusesClient(t *testing.T) {
	ca := newAuthority(t, "ca")
	client := ca.issue(t, "client")
	hook := func(sec *comm.SecureOptions) {
		sec.VerifyCertificate = func(raw [][]byte, chains [][]*x509.Certificate) error {
			if len(chains) == 1 && bytes.Equal(raw[0], client.tls.Certificate[0]) {
				return errors.New("not this one")
			}
			return nil
		}
	}
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "server"), requiring(ca), hook))
	_, err := handshake(server, ca, client)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "remote error: tls: bad certificate")
	_, err = handshake(server, ca, ca.issue(t, "other"))
	assert.NoError(t, err)
}

func TestServerCertificateRotates(t *testing.T) {
	oldCA, newCA := newAuthority(t, "old"), newAuthority(t, "new")
	before, after := oldCA.issue(t, "server"), newCA.issue(t, "server")
	server := serve(t, &echo{}, tlsServer(before))
	assert.Equal(t, before.tls.Certificate, server.ServerCertificate().Certificate)

	client, err := comm.NewGRPCClient(comm.ClientConfig{Timeout: 10 * time.Second,
		SecOpts: &comm.SecureOptions{UseTLS: true, ServerRootCAs: [][]byte{oldCA.pem}}})
	require.NoError(t, err)
	open, err := client.NewConnection(server.Address(), "")
	require.NoError(t, err)
	defer open.Close()

	server.SetServerCertificate(after.tls)
	assert.Equal(t, after.tls.Certificate, server.ServerCertificate().Certificate)
	_, err = handshake(server, oldCA)
	assert.Error(t, err)
	leaf, err := handshake(server, newCA)
	require.NoError(t, err)
	assert.Equal(t, after.tls.Certificate[0], leaf.Raw)
	assert.NoError(t, callOnce(open, 1), "open connections go on")
}

func TestClientCAsRotate(t *testing.T) {
	ca := newAuthority(t, "ca")
	one, two := newAuthority(t, "same name"), newAuthority(t, "same name")
	first, second := one.issue(t, "client"), two.issue(t, "client")
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "server"), requiring(one)))
	accepted := func() (result [2]bool) {
		for i, pair := range []keyPair{first, second} {
			_, err := handshake(server, ca, pair)
			result[i] = err == nil
		}
		return result
	}
	both := bytes.Join([][]byte{one.pem, two.pem}, []byte("\n"))
	for _, step := range []struct {
		name   string
		change func([][]byte) error
		cas    [][]byte
		want   [2]bool
	}{
		{"nothing changed", server.AppendClientRootCAs, nil, [2]bool{true, false}},
		{"a CA of the same name beside the first", server.AppendClientRootCAs, [][]byte{two.pem}, [2]bool{true, true}},
		{"the first leaves, the other stays", server.RemoveClientRootCAs, [][]byte{one.pem}, [2]bool{false, true}},
		{"an absent one leaves", server.RemoveClientRootCAs, [][]byte{one.pem}, [2]bool{false, true}},
		{"replaced, with junk skipped", server.SetClientRootCAs, [][]byte{[]byte("junk"), one.pem}, [2]bool{true, false}},
		{"two in one entry", server.SetClientRootCAs, [][]byte{both}, [2]bool{true, true}},
		{"replaced by none", server.SetClientRootCAs, nil, [2]bool{false, false}},
	} {
		require.NoError(t, step.change(step.cas), step.name)
		assert.Equal(t, step.want, accepted(), step.name)
	}
}

func TestClientCAErrorsChangeNothing(t *testing.T) {
	ca, other := newAuthority(t, "ca"), newAuthority(t, "other")
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "server"), requiring(ca)))
	for _, c := range []struct {
		change func([][]byte) error
		last   string
		text   string
	}{
		{server.AppendClientRootCAs, "junk", "Failed to append client root certificate(s): No client root certificates found"},
		{server.RemoveClientRootCAs, "junk", "Failed to remove client root certificate(s): No client root certificates found"},
		{server.AppendClientRootCAs, string(notACertificate), "Failed to append client root certificate(s): x509: malformed certificate"},
		{server.RemoveClientRootCAs, string(notACertificate), "Failed to remove client root certificate(s): x509: malformed certificate"},
		{server.SetClientRootCAs, string(notACertificate), "Failed to set client root certificate(s): x509: malformed certificate"},
	} {
		for _, firstGood := range []*authority{ca, other} {
			assert.EqualError(t, c.change([][]byte{firstGood.pem, []byte(c.last)}), c.text)
		}
	}
	_, err := handshake(server, ca, ca.issue(t, "client"))
	assert.NoError(t, err)
	_, err = handshake(server, ca, other.issue(t, "client"))
	assert.Error(t, err)
}

// Everything that may change while serving does so, with handshakes running;
// the race detector watches.
func TestChangesDuringHandshakes(t *testing.T) {
	ca := newAuthority(t, "ca")
	pairs := []keyPair{ca.issue(t, "one"), ca.issue(t, "two")}
	server := serve(t, &echo{}, tlsServer(pairs[0], requiring(ca)))
	var running sync.WaitGroup
	for i := 0; i < 2; i++ {
		running.Add(2)
		go func() {
			defer running.Done()
			for _, pair := range pairs {
				_, err := handshake(server, ca, pair)
				assert.NoError(t, err)
			}
		}()
		go func() {
			defer running.Done()
			for _, pair := range pairs {
				server.SetServerCertificate(pair.tls)
				assert.NoError(t, server.AppendClientRootCAs([][]byte{ca.pem}))
				assert.NoError(t, server.SetClientRootCAs([][]byte{ca.pem}))
				server.ServerCertificate()
			}
		}()
	}
	running.Wait()
}

func TestInterceptorsNestInOrder(t *testing.T) {
	var trace []string // the server is idle whenever the test looks
	unary := func(name string) grpc.UnaryServerInterceptor {
		return func(ctx context.Context, req interface{}, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (interface{}, error) {
			trace = append(trace, name)
			return next(ctx, req)
		}
	}
	stream := func(name string) grpc.StreamServerInterceptor {
		return func(srv interface{}, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			trace = append(trace, name)
			return next(srv, s)
		}
	}
	server := serve(t, &echo{}, comm.ServerConfig{
		UnaryInterceptors:  []grpc.UnaryServerInterceptor{unary("u1"), unary("u2"), unary("u3")},
		StreamInterceptors: []grpc.StreamServerInterceptor{stream("s1"), stream("s2"), stream("s3")},
	})
	conn, err := comm.NewClientConnectionWithAddress(server.Address(), true, false, nil, nil)
	require.NoError(t, err)
	defer conn.Close()
	for i := 0; i < 2; i++ { // calling twice shows that nesting keeps no state
		require.NoError(t, callOnce(conn, 1))
		require.NoError(t, callMany(conn, 1))
	}
	assert.Equal(t, "u1 u2 u3 s1 s2 s3 u1 u2 u3 s1 s2 s3", strings.Join(trace, " "))
}

func TestFailedHandshakeIsLogged(t *testing.T) {
	var out bytes.Buffer
	logs, err := flogging.New(flogging.Config{Writer: &out})
	require.NoError(t, err)
	for _, logger := range []*flogging.FabricLogger{logs.Logger("test"), nil} {
		out.Reset()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go func() {
			if conn, err := net.Dial("tcp", listener.Addr().String()); err == nil {
				conn.Write([]byte("this is no TLS client"))
				conn.Close()
			}
		}()
		raw, err := listener.Accept()
		require.NoError(t, err)
		creds := comm.NewServerTransportCredentials(&tls.Config{}, logger)
		_, _, err = creds.ServerHandshake(raw)
		assert.Error(t, err)
		if logger != nil {
			assert.Contains(t, out.String(), "TLS handshake failed with error "+err.Error())
			assert.Contains(t, out.String(), raw.RemoteAddr().String())
		}
		raw.Close()
		listener.Close()
	}
}

func TestServerCredentialsElsewhere(t *testing.T) {
	config := &tls.Config{}
	creds := comm.NewServerTransportCredentials(config, nil)
	assert.Equal(t, []string{"h2"}, config.NextProtos)
	assert.Equal(t, [2]uint16{tls.VersionTLS12, tls.VersionTLS12}, [2]uint16{config.MinVersion, config.MaxVersion})
	assert.Equal(t, "tls", creds.Info().SecurityProtocol)
	assert.Equal(t, "1.2", creds.Info().SecurityVersion)
	assert.Equal(t, creds, creds.Clone())
	assert.Equal(t, comm.OverrrideHostnameNotSupportedError, creds.OverrideServerName("x"))
	_, _, err := creds.ClientHandshake(context.Background(), "", nil)
	assert.Equal(t, comm.ClientHandshakeNotImplError, err)
	_, _, err = comm.NewServerTransportCredentials(nil, nil).ServerHandshake(nil)
	assert.Equal(t, comm.MissingServerConfigError, err)
}

// What is changed in the configuration later holds for later handshakes.
func TestServerCredentialsFollowConfiguration(t *testing.T) {
	ca := newAuthority(t, "ca")
	pairs := []keyPair{ca.issue(t, "one"), ca.issue(t, "two")}
	config := &tls.Config{}
	creds := comm.NewServerTransportCredentials(config, nil)
	for _, pair := range pairs {
		config.Certificates = []tls.Certificate{pair.tls}
		client, server := net.Pipe()
		seen := make(chan []byte, 1)
		go func() {
			conn := tls.Client(client, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
			conn.Handshake()
			seen <- conn.ConnectionState().PeerCertificates[0].Raw
		}()
		_, _, err := creds.ServerHandshake(server)
		require.NoError(t, err)
		assert.Equal(t, pair.tls.Certificate[0], <-seen)
		client.Close()
		server.Close()
	}
}
