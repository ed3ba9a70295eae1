// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/comm"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

func newStore() *comm.CredentialSupport {
	return &comm.CredentialSupport{CASupport: &comm.CASupport{
		AppRootCAsByChain:     make(map[string][][]byte),
		OrdererRootCAsByChain: make(map[string][][]byte),
	}}
}

// dialTLS makes one handshake with the credentials; a refusal has its own error.
func dialTLS(creds credentials.TransportCredentials, server *comm.GRPCServer) error {
	raw, err := net.Dial("tcp", server.Address())
	if err != nil {
		return err
	}
	defer raw.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, _, err := creds.ClientHandshake(ctx, server.Address(), raw)
	if err == nil {
		conn.Close()
	}
	return err
}

func TestOneStorePerProcess(t *testing.T) {
	store := comm.GetCredentialSupport()
	assert.True(t, store == comm.GetCredentialSupport())
	assert.NotNil(t, store.AppRootCAsByChain)
	assert.NotNil(t, store.OrdererRootCAsByChain)
}

func TestRootCALists(t *testing.T) {
	store := newStore()
	app, orderer := store.GetServerRootCAs()
	assert.True(t, app != nil && orderer != nil && len(app)+len(orderer) == 0)
	app, orderer = store.GetClientRootCAs()
	assert.True(t, app != nil && orderer != nil && len(app)+len(orderer) == 0)

	entries := func(texts ...string) (list [][]byte) {
		for _, text := range texts {
			list = append(list, []byte(text))
		}
		return list
	}
	store.AppRootCAsByChain["A"], store.AppRootCAsByChain["B"] = entries("a1", "a2"), entries("b1", "a1")
	store.OrdererRootCAsByChain["A"], store.OrdererRootCAsByChain["B"] = entries("oa"), entries("ob")
	store.ServerRootCAs, store.ClientRootCAs = entries("server"), entries("client")
	for static, get := range map[string]func() ([][]byte, [][]byte){
		"server": store.GetServerRootCAs, "client": store.GetClientRootCAs,
	} {
		app, orderer := get()
		assert.ElementsMatch(t, entries("a1", "a2", "b1", "a1", static), app)
		assert.Equal(t, static, string(app[len(app)-1]), "the static ones come last")
		assert.ElementsMatch(t, entries("oa", "ob"), orderer)
	}
}

// A channel's credentials trust that channel's orderers, and nobody else.
func TestChannelsAreIsolated(t *testing.T) {
	caA, caB, appCA, staticCA := newAuthority(t, "A"), newAuthority(t, "B"), newAuthority(t, "app"), newAuthority(t, "static")
	store := newStore()
	store.OrdererRootCAsByChain["A"], store.OrdererRootCAsByChain["B"] = [][]byte{caA.pem}, [][]byte{caB.pem}
	store.AppRootCAsByChain["A"], store.ServerRootCAs = [][]byte{appCA.pem}, [][]byte{staticCA.pem}
	servers := make(map[*authority]*comm.GRPCServer)
	for _, ca := range []*authority{caA, caB, appCA, staticCA} {
		servers[ca] = serve(t, &echo{}, tlsServer(ca.issue(t, "server")))
	}
	for channel, trusted := range map[string]*authority{"A": caA, "B": caB} {
		creds, err := store.GetDeliverServiceCredentials(channel)
		require.NoError(t, err)
		assert.Equal(t, "1.2", creds.Info().SecurityVersion)
		for ca, server := range servers {
			err := dialTLS(creds, server)
			if ca == trusted {
				assert.NoError(t, err)
			} else if assert.Error(t, err, "channel %s trusts %s", channel, ca.cert.Subject) {
				assert.Contains(t, err.Error(), "certificate signed by unknown authority")
			}
		}
	}
	_, err := store.GetDeliverServiceCredentials("C")
	assert.EqualError(t, err, "didn't find any root CA certs for channel C")

	assert.NoError(t, dialTLS(store.GetPeerCredentials(), servers[appCA]))
	assert.NoError(t, dialTLS(store.GetPeerCredentials(), servers[staticCA]))
	assert.Error(t, dialTLS(store.GetPeerCredentials(), servers[caA]))
}

// The isolation holds for a whole gRPC connection, too.
func TestIsolatedConnection(t *testing.T) {
	ca, other := newAuthority(t, "ca"), newAuthority(t, "other")
	store := newStore()
	store.OrdererRootCAsByChain["good"], store.OrdererRootCAsByChain["bad"] = [][]byte{ca.pem}, [][]byte{other.pem}
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "server")))
	for channel, connects := range map[string]bool{"good": true, "bad": false} {
		creds, err := store.GetDeliverServiceCredentials(channel)
		require.NoError(t, err)
		timeout := soon
		if connects {
			timeout = 10 * time.Second
		}
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		conn, err := grpc.DialContext(ctx, server.Address(), grpc.WithBlock(), grpc.WithTransportCredentials(creds))
		cancel()
		if !connects {
			assert.Equal(t, context.DeadlineExceeded, err)
			continue
		}
		require.NoError(t, err)
		assert.NoError(t, callOnce(conn, 1))
		conn.Close()
	}
}

func TestUsableAndUnusableEntries(t *testing.T) {
	first, second := newAuthority(t, "first"), newAuthority(t, "second")
	both := bytes.Join([][]byte{first.pem, second.pem}, nil)
	servers := []*comm.GRPCServer{
		serve(t, &echo{}, tlsServer(first.issue(t, "server"))),
		serve(t, &echo{}, tlsServer(second.issue(t, "server"))),
	}
	for _, c := range []struct {
		name    string
		entries [][]byte
		trusted [2]bool
		err     string
	}{
		{"two in one entry", [][]byte{both}, [2]bool{true, true}, ""},
		{"junk between", [][]byte{first.pem, []byte("junk"), second.pem}, [2]bool{true, true}, ""},
		{"half an entry", [][]byte{bytes.Join([][]byte{notACertificate, second.pem}, nil)}, [2]bool{false, true}, ""},
		{"nothing usable", [][]byte{[]byte("junk"), notACertificate}, [2]bool{},
			"none of the 2 orderer root CA entries for channel c is a usable certificate"},
		{"nothing at all", [][]byte{}, [2]bool{},
			"none of the 0 orderer root CA entries for channel c is a usable certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := newStore()
			store.OrdererRootCAsByChain["c"] = c.entries
			for range 2 { // the second time out of the cache
				creds, err := store.GetDeliverServiceCredentials("c")
				if c.err != "" {
					assert.EqualError(t, err, c.err)
					continue
				}
				require.NoError(t, err)
				for i, server := range servers {
					assert.Equal(t, c.trusted[i], dialTLS(creds, server) == nil)
				}
			}
			store.AppRootCAsByChain["c"] = append([][]byte{[]byte("junk"), notACertificate}, second.pem)
			assert.NoError(t, dialTLS(store.GetPeerCredentials(), servers[1]))
		})
	}
}

// Trust follows the store, even if entries are changed in place, but what was
// handed out keeps its own.
func TestTrustFollowsStore(t *testing.T) {
	oldCA, newCA := newAuthority(t, "orderer"), newAuthority(t, "orderer")
	server := serve(t, &echo{}, tlsServer(newCA.issue(t, "server")))
	store := newStore()
	entry := append([]byte(nil), oldCA.pem...)
	store.OrdererRootCAsByChain["c"] = [][]byte{entry}
	before, err := store.GetDeliverServiceCredentials("c")
	require.NoError(t, err)
	assert.Error(t, dialTLS(before, server))

	store.OrdererRootCAsByChain["c"][0] = newCA.pem
	after, err := store.GetDeliverServiceCredentials("c")
	require.NoError(t, err)
	assert.NoError(t, dialTLS(after, server))
	assert.Error(t, dialTLS(before, server))

	copy(entry, bytes.Repeat([]byte("x"), len(entry)))
	store.OrdererRootCAsByChain["c"][0] = entry
	_, err = store.GetDeliverServiceCredentials("c")
	assert.Error(t, err)
}

// Also without mutual TLS a server sees the certificate, which is what binds a
// signed request to its connection.
func TestClientCertificateReachesServer(t *testing.T) {
	ca := newAuthority(t, "ca")
	seen := make(chan []byte, 1)
	server := serve(t, &echo{see: func(ctx context.Context) {
		seen <- comm.ExtractCertificateFromContext(ctx)
	}}, tlsServer(ca.issue(t, "server")))
	store := newStore()
	store.OrdererRootCAsByChain["c"] = [][]byte{ca.pem}
	for _, want := range []tls.Certificate{{}, ca.issue(t, "first").tls, ca.issue(t, "renewed").tls} {
		store.SetClientCertificate(want)
		assert.Equal(t, want.Certificate, store.GetClientCertificate().Certificate)
		creds, err := store.GetDeliverServiceCredentials("c")
		require.NoError(t, err)
		conn, err := comm.NewClientConnectionWithAddress(server.Address(), true, true, creds, nil)
		require.NoError(t, err)
		require.NoError(t, callOnce(conn, 1))
		conn.Close()
		if got := <-seen; len(want.Certificate) == 0 {
			assert.Nil(t, got)
		} else {
			assert.Equal(t, want.Certificate[0], got)
		}
	}
}

// The race detector watches.
func TestStoreIsSharedSafely(t *testing.T) {
	ca := newAuthority(t, "ca")
	pair := ca.issue(t, "client")
	store := newStore()
	store.OrdererRootCAsByChain["c"] = [][]byte{ca.pem}
	var running sync.WaitGroup
	for i := 0; i < 4; i++ {
		running.Add(2)
		go func() {
			defer running.Done()
			store.SetClientCertificate(pair.tls)
			store.Lock()
			store.OrdererRootCAsByChain["c"] = append(store.OrdererRootCAsByChain["c"], ca.pem)
			store.Unlock()
		}()
		go func() {
			defer running.Done()
			_, err := store.GetDeliverServiceCredentials("c")
			assert.NoError(t, err)
			store.GetPeerCredentials()
			store.GetClientCertificate()
		}()
	}
	running.Wait()
}

func TestDialByAddress(t *testing.T) {
	server := serve(t, &echo{}, comm.ServerConfig{})
	conn, err := comm.NewClientConnectionWithAddress(server.Address(), false, false, nil, comm.DefaultKeepaliveOptions)
	require.NoError(t, err)
	assert.NoError(t, callOnce(conn, 1))
	conn.Close()
	_, err = comm.NewClientConnectionWithAddress("orderer:7050", true, true, nil, nil)
	assert.EqualError(t, err, "cannot dial orderer:7050: TLS is enabled but there are no credentials")
}

func TestShimCredentials(t *testing.T) {
	const option = "peer.tls.rootcert.file"
	defer viper.Set(option, "")
	ca := newAuthority(t, "ca")
	pair := ca.issue(t, "chaincode")
	server := serve(t, &echo{}, tlsServer(ca.issue(t, "peer"), requiring(ca)))
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	key, cert := base64.StdEncoding.EncodeToString(pair.key), base64.StdEncoding.EncodeToString(pair.cert)
	good, missing := file("ca.pem", ca.pem), filepath.Join(dir, "missing.pem")
	for _, c := range []struct{ key, cert, file, problem string }{
		{key, cert, good, ""},
		{"?", cert, good, "the TLS client key is not base64: illegal base64 data at input byte 0"},
		{key, "?", good, "the TLS client certificate is not base64: illegal base64 data at input byte 0"},
		{cert, key, good, "cannot use the TLS client key pair: "},
		{key, cert, "", option + " names no file"},
		{key, cert, missing, "cannot read the file named by " + option + ": open " + missing},
		{key, cert, "no such file", "cannot read the file named by " + option + ": open no such file"},
		{key, cert, file("bad.pem", notACertificate), "cannot use " + filepath.Join(dir, "bad.pem")},
		{key, cert, file("empty.pem", nil), "holds no PEM certificate"},
	} {
		viper.Set(option, c.file)
		if c.problem == "" {
			assert.NoError(t, dialTLS(comm.InitTLSForShim(c.key, c.cert), server))
			continue
		}
		func() {
			defer func() { assert.Contains(t, recover(), c.problem) }()
			comm.InitTLSForShim(c.key, c.cert)
		}()
	}
}
