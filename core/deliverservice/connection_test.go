// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io/ioutil"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/comm"
	"github.com/hyperledger/fabric/core/deliverservice/blocksprovider"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// authority is a CA that certifies localhost.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, name string) *authority {
	a := &authority{t: t, key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	assert.NoError(t, err)
	a.cert, err = x509.ParseCertificate(der)
	assert.NoError(t, err)
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NoError(t, err)
	return key
}

func (a *authority) issue(name string) tls.Certificate {
	key := newKey(a.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	assert.NoError(a.t, err)
	return tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}
}

// greeter is an orderer that answers each request with what it learned of it.
type greeter struct {
	requests chan *cb.Envelope
}

func (greeter) Broadcast(ab.AtomicBroadcast_BroadcastServer) error { return nil }

func (g greeter) Deliver(stream ab.AtomicBroadcast_DeliverServer) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		g.requests <- request
		if err := stream.Send(&ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: fullBlock()}}); err != nil {
			return err
		}
	}
}

// serve starts a greeter and returns its address.
func serve(t *testing.T, options ...grpc.ServerOption) (address string, requests chan *cb.Envelope, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NoError(t, err)
	server := grpc.NewServer(options...)
	requests = make(chan *cb.Envelope, 10)
	ab.RegisterAtomicBroadcastServer(server, greeter{requests})
	go server.Serve(listener)
	return listener.Addr().String(), requests, server.Stop
}

func serveTLS(t *testing.T, a *authority, clients *authority) (address string, requests chan *cb.Envelope, stop func()) {
	config := &tls.Config{Certificates: []tls.Certificate{a.issue("orderer")}}
	if clients != nil {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AddCert(clients.cert)
	}
	return serve(t, grpc.Creds(credentials.NewTLS(config)))
}

// trusting sets the process's TLS settings and returns a function to undo that.
func trusting(orderers map[string][][]byte, static [][]byte, own tls.Certificate) (undo func()) {
	support := comm.GetCredentialSupport()
	exchange := func(orderers map[string][][]byte, static [][]byte, own tls.Certificate) func() {
		support.Lock()
		defer support.Unlock()
		wasOrderers, wasStatic, wasOwn := support.OrdererRootCAsByChain, support.ServerRootCAs, support.GetClientCertificate()
		support.OrdererRootCAsByChain, support.ServerRootCAs = orderers, static
		support.SetClientCertificate(own)
		return func() { trusting(wasOrderers, wasStatic, wasOwn) }
	}
	viper.Reset()
	viper.Set(keyTLSEnabled, true)
	restore := exchange(orderers, static, own)
	return func() {
		restore()
		viper.Reset()
	}
}

func connects(t *testing.T, channelID, address string) {
	conn, err := DefaultConnectionFactory(channelID)(address)
	if assert.NoError(t, err) {
		assert.NoError(t, conn.Close())
	}
}

// refusesToConnect returns why.
func refusesToConnect(t *testing.T, channelID, address string) string {
	conn, err := DefaultConnectionFactory(channelID)(address)
	if !assert.Error(t, err) {
		conn.Close()
		return ""
	}
	return err.Error()
}

func TestFactoryConnectsInPlainText(t *testing.T) {
	viper.Reset()
	address, _, stop := serve(t)
	defer stop()
	connects(t, "any", address)
}

func TestFactoryReportsARefusalAtOnce(t *testing.T) {
	viper.Reset()
	defer viper.Reset()
	viper.Set(keyConnTimeout, time.Hour)
	address, _, stop := serve(t)
	stop()
	within(t, "the refusal", func() {
		text := refusesToConnect(t, "any", address)
		assert.Contains(t, text, "cannot connect to "+address)
		assert.Contains(t, text, "connection refused")
	})
}

func TestFactoryGivesUpOnSilence(t *testing.T) {
	viper.Reset()
	defer viper.Reset()
	viper.Set(keyConnTimeout, "20ms")
	listener, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
	assert.NoError(t, err)
	defer listener.Close()
	text := refusesToConnect(t, "any", listener.Addr().String())
	assert.Contains(t, text, "no answer within 20ms: context deadline exceeded")
}

func TestFactoryTrustsTheChannelsOrderersOnly(t *testing.T) {
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	defer trusting(map[string][][]byte{"a": {ours.pem}, "b": {theirs.pem}}, [][]byte{theirs.pem}, tls.Certificate{})()
	address, _, stop := serveTLS(t, ours, nil)
	defer stop()
	connects(t, "a", address)
	assert.Contains(t, refusesToConnect(t, "b", address), "certificate signed by unknown authority")
	assert.Equal(t, "failed obtaining credentials for channel c: didn't find any root CA certs for channel c",
		refusesToConnect(t, "c", address))
}

func TestFactoryFollowsTheConfiguration(t *testing.T) {
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	defer trusting(map[string][][]byte{"b": {theirs.pem}}, [][]byte{ours.pem}, tls.Certificate{})()
	address, _, stop := serveTLS(t, ours, nil)
	defer stop()
	refusesToConnect(t, "b", address)
	refusesToConnect(t, "c", address)

	viper.Set(keyStaticRoots, true)
	connects(t, "b", address)
	connects(t, "c", address) // even if the channel's own roots are not known
	viper.Set(keyStaticRoots, false)
	refusesToConnect(t, "b", address)

	dir, err := ioutil.TempDir("", "deliverclient")
	assert.NoError(t, err)
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "ca.pem")
	assert.NoError(t, ioutil.WriteFile(file, ours.pem, 0600))
	override := map[string]interface{}{"from": "gone:7050", "to": address, "caCertsFile": file}
	viper.Set(keyAddressOverrides, []interface{}{override})
	connects(t, "b", "gone:7050")
	refusesToConnect(t, "b", address) // only where the override says so

	assert.NoError(t, os.Remove(file))
	assert.Contains(t, refusesToConnect(t, "b", "gone:7050"), "cannot read the CA certificates named in peer.deliveryclient.addressOverrides")
	assert.NoError(t, ioutil.WriteFile(file, []byte("no certificate"), 0600))
	assert.Contains(t, refusesToConnect(t, "c", "gone:7050"), "none of 1 entries holds a CA certificate to trust")
	viper.Set(keyAddressOverrides, "nonsense")
	assert.Contains(t, refusesToConnect(t, "b", "gone:7050"), "cannot read peer.deliveryclient.addressOverrides")
}

// The request names the certificate of the connection it is sent over, even if
// the peer has got another one since.
func TestRequestNamesTheConnectionsCertificate(t *testing.T) {
	orderers, peers := newAuthority(t, "orderers"), newAuthority(t, "peers")
	first, second := peers.issue("first"), peers.issue("second")
	defer trusting(map[string][][]byte{"a": {orderers.pem}}, nil, first)()
	address, requests, stop := serveTLS(t, orderers, peers)
	defer stop()
	for i, current := range []tls.Certificate{first, second} {
		comm.GetCredentialSupport().SetClientCertificate(current)
		producer := comm.NewConnectionProducer(DefaultConnectionFactory("a"), []string{address})
		bc := NewBroadcastClient(producer, DefaultABCFactory, func(d blocksprovider.BlocksDeliverer) error {
			comm.GetCredentialSupport().SetClientCertificate(second)
			return (&blocksRequester{tls: true, chainID: "a", client: d, signer: &rubberStamp{}}).seekOldest()
		}, atMost(1))
		response, err := bc.Recv()
		if assert.NoError(t, err) {
			assert.Equal(t, uint64(5), response.GetBlock().Header.Number)
			channelHeader, _ := openSeek(t, <-requests)
			hash := sha256.Sum256(current.Certificate[0])
			assert.True(t, bytes.Equal(hash[:], channelHeader.TlsCertHash), "round %d", i)
		}
		bc.Close()
		bc.wait()
	}
}

func TestWireClientBroadcasts(t *testing.T) {
	viper.Reset()
	address, _, stop := serve(t)
	defer stop()
	conn, err := DefaultConnectionFactory("any")(address)
	assert.NoError(t, err)
	defer conn.Close()
	stream, err := DefaultABCFactory(conn).Broadcast(context.Background())
	assert.NoError(t, err)
	_, err = stream.Recv()
	assert.EqualError(t, err, "EOF")
}
