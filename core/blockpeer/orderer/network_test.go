// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if material.dir != "" {
		os.RemoveAll(material.dir)
	}
	// The database lets this goroutine linger for up to a second after Close.
	lingers := goleak.IgnoreTopFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain")
	if err := goleak.Find(lingers); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const testChannel = "testchannel"

var (
	ordererOrg = cryptogen.OrgSpec{Domain: "orderers.test", MSPID: "OrdererMSP", Orderer: true, Nodes: []string{"o"}, SANs: []string{"127.0.0.1"}}
	org1       = cryptogen.OrgSpec{Domain: "org1.test", MSPID: "Org1MSP", Nodes: []string{"peer0"}}
	org2       = cryptogen.OrgSpec{Domain: "org2.test", MSPID: "Org2MSP", Nodes: []string{"peer0"}}
	stranger   = cryptogen.OrgSpec{Domain: "stranger.test", MSPID: "StrangerMSP", Nodes: []string{"peer0"}}
)

// material is made once: identities do not change between tests.
var material struct {
	once sync.Once
	dir  string
	err  error
}

func cryptoDir(t testing.TB) string {
	t.Helper()
	material.once.Do(func() {
		if material.dir, material.err = os.MkdirTemp("", "orderer-test"); material.err == nil {
			material.err = cryptogen.Generate(material.dir, ordererOrg, org1, org2, stranger)
		}
	})
	require.NoError(t, material.err)
	return material.dir
}

func signerFrom(t testing.TB, folder, mspID string) crypto.LocalSigner {
	t.Helper()
	config, err := msp.LocalConfigFromDir(filepath.Join(folder, "msp"), mspID)
	require.NoError(t, err)
	provider, err := msp.New(&msp.BCCSPNewOpts{NewBaseOpts: msp.NewBaseOpts{Version: msp.MSPv1_0}})
	require.NoError(t, err)
	require.NoError(t, provider.Setup(config))
	identity, err := provider.GetDefaultSigningIdentity()
	require.NoError(t, err)
	return crypto.NewSignatureHeaderCreator(identity)
}

func ordererSigner(t testing.TB) crypto.LocalSigner {
	return signerFrom(t, ordererOrg.NodeDir(cryptoDir(t), "o"), ordererOrg.MSPID)
}

func peerSigner(t testing.TB, org cryptogen.OrgSpec) crypto.LocalSigner {
	return signerFrom(t, org.NodeDir(cryptoDir(t), "peer0"), org.MSPID)
}

func adminSigner(t testing.TB, org cryptogen.OrgSpec) crypto.LocalSigner {
	return signerFrom(t, org.UserDir(cryptoDir(t), "Admin"), org.MSPID)
}

// keyHolder signs with a key whose certificate no MSP would load.
type keyHolder struct {
	identity []byte
	key      *ecdsa.PrivateKey
}

func (k keyHolder) Serialize() ([]byte, error) { return k.identity, nil }

func (k keyHolder) Sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return ecdsasig.Sign(k.key, digest[:])
}

// expiringSigner is a member of org1 whose certificate ends at a time, which is
// not more than two minutes ago.
func expiringSigner(t testing.TB, end time.Time) crypto.LocalSigner {
	t.Helper()
	ca, err := cryptogen.LoadCA(filepath.Join(org1.Dir(cryptoDir(t)), "ca"))
	require.NoError(t, err)
	pair, err := ca.Issue(cryptogen.Leaf{CommonName: "late", NotBefore: time.Now().Add(-2 * time.Minute), NotAfter: end})
	require.NoError(t, err)
	identity, err := msp.NewSerializedIdentity(org1.MSPID, pair.CertPEM())
	require.NoError(t, err)
	return crypto.NewSignatureHeaderCreator(keyHolder{identity, pair.Key})
}

func genesisOrg(t testing.TB, org cryptogen.OrgSpec) genesis.Org {
	return genesis.Org{MSPID: org.MSPID, MSPDir: org.MSPDir(cryptoDir(t))}
}

// profile is a channel of two organizations that cuts a block at three messages
// or 2000 bytes, and hardly ever by time.
func profile(t testing.TB) genesis.Profile {
	return genesis.Profile{
		ChannelID:         testChannel,
		OrdererOrgs:       []genesis.Org{genesisOrg(t, ordererOrg)},
		ApplicationOrgs:   []genesis.Org{genesisOrg(t, org1), genesisOrg(t, org2)},
		MaxMessageCount:   3,
		PreferredMaxBytes: 4000,
		AbsoluteMaxBytes:  100_000,
		BatchTimeout:      time.Hour,
	}
}

func genesisBlock(t testing.TB, p genesis.Profile) *cb.Block {
	t.Helper()
	block, err := genesis.Block(p)
	require.NoError(t, err)
	return block
}

// startOrderer runs an orderer of a profile over a folder until the test ends.
func startOrderer(t testing.TB, cfg Config) *Orderer {
	t.Helper()
	if cfg.Signer == nil {
		cfg.Signer = ordererSigner(t)
	}
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	o, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(o.Stop)
	return o
}

type registrar interface{ Register(*grpc.Server) }

// serve puts a service on a loopback port and returns a client for it.
func serve(t testing.TB, service registrar) ab.AtomicBroadcastClient {
	t.Helper()
	return serveTLS(t, service, nil, nil)
}

func serveTLS(t testing.TB, service registrar, server, client *tls.Config) ab.AtomicBroadcastClient {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var options []grpc.ServerOption
	dial := insecure.NewCredentials()
	if server != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(server)))
		dial = credentials.NewTLS(client)
	}
	s := grpc.NewServer(options...)
	service.Register(s)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		s.Stop()
		<-served
	})
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(dial))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return ab.NewAtomicBroadcastClient(conn)
}

// tlsPair is a node's TLS certificate and the pool that verifies it.
func tlsPair(t testing.TB, folder string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "tls", "server.crt"), filepath.Join(folder, "tls", "server.key"))
	require.NoError(t, err)
	root, err := os.ReadFile(filepath.Join(folder, "tls", "ca.crt"))
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(root))
	return pair, pool
}

// transaction is a message of about size bytes, signed.
func transaction(t testing.TB, signer crypto.LocalSigner, content string, size int) *cb.Envelope {
	t.Helper()
	return messageOf(t, cb.HeaderType_MESSAGE, testChannel, signer, &cb.ConfigValue{
		Value:     make([]byte, size),
		ModPolicy: content,
	})
}

func messageOf(t testing.TB, kind cb.HeaderType, channelID string, signer crypto.LocalSigner, data proto.Message) *cb.Envelope {
	t.Helper()
	envelope, err := utils.CreateSignedEnvelope(kind, channelID, signer, data, 0, 0)
	require.NoError(t, err)
	return envelope
}

// submit sends messages on one stream and returns the answers, of which the
// last may be a refusal that ends the stream.
func submit(t testing.TB, client ab.AtomicBroadcastClient, messages ...*cb.Envelope) []*ab.BroadcastResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stream, err := client.Broadcast(ctx)
	require.NoError(t, err)
	var answers []*ab.BroadcastResponse
	for _, m := range messages {
		require.NoError(t, stream.Send(m))
		answer, err := stream.Recv()
		require.NoError(t, err)
		answers = append(answers, answer)
		if answer.Status != cb.Status_SUCCESS {
			_, err := stream.Recv()
			require.Equal(t, io.EOF, err, "a refusal ends the stream without an error")
			return answers
		}
	}
	require.NoError(t, stream.CloseSend())
	_, err = stream.Recv()
	require.Equal(t, io.EOF, err)
	return answers
}

// mustSubmit is submit for messages that are to be accepted.
func mustSubmit(t testing.TB, client ab.AtomicBroadcastClient, messages ...*cb.Envelope) {
	t.Helper()
	for i, answer := range submit(t, client, messages...) {
		require.Equal(t, cb.Status_SUCCESS, answer.Status, "message %d: %s", i, answer.Info)
		require.Empty(t, answer.Info)
	}
}

func specified(n uint64) *ab.SeekPosition {
	return &ab.SeekPosition{Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: n}}}
}

func seekEnvelope(t testing.TB, signer crypto.LocalSigner, channelID string, start, stop uint64, hash []byte) *cb.Envelope {
	t.Helper()
	envelope, err := utils.CreateSignedEnvelopeWithTLSBinding(cb.HeaderType_DELIVER_SEEK_INFO, channelID, signer,
		&ab.SeekInfo{Start: specified(start), Stop: specified(stop)}, 0, 0, hash)
	require.NoError(t, err)
	return envelope
}

// reader is one Deliver stream.
type reader struct {
	t      testing.TB
	stream ab.AtomicBroadcast_DeliverClient
	cancel context.CancelFunc
}

func openReader(t testing.TB, client ab.AtomicBroadcastClient) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	stream, err := client.Deliver(ctx)
	require.NoError(t, err)
	return &reader{t, stream, cancel}
}

func (r *reader) seek(signer crypto.LocalSigner, start, stop uint64) {
	r.t.Helper()
	require.NoError(r.t, r.stream.Send(seekEnvelope(r.t, signer, testChannel, start, stop, nil)))
}

func (r *reader) block() *cb.Block {
	r.t.Helper()
	response, err := r.stream.Recv()
	require.NoError(r.t, err)
	block := response.GetBlock()
	require.NotNil(r.t, block, "got %s", response)
	return block
}

func (r *reader) status() cb.Status {
	r.t.Helper()
	response, err := r.stream.Recv()
	require.NoError(r.t, err)
	require.Nil(r.t, response.GetBlock())
	return response.GetStatus()
}

func (r *reader) failure() error {
	r.t.Helper()
	response, err := r.stream.Recv()
	require.Error(r.t, err, "got %s", response)
	return err
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	raw, err := proto.Marshal(m)
	require.NoError(t, err)
	return raw
}
