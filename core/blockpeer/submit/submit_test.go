// SPDX-License-Identifier: Apache-2.0

package submit_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/core/blockpeer/submit"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// serve runs a service without TLS, which does not matter here, and connects.
func serve(t *testing.T, register func(*grpc.Server)) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	register(server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		conn.Close()
		server.Stop()
		require.NoError(t, <-served)
	})
	return conn
}

func begin(t *testing.T) (context.Context, *nettest.Network) {
	t.Helper()
	nettest.NoLeaks(t)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	network, err := nettest.New(t.TempDir())
	require.NoError(t, err)
	return ctx, network
}

func TestTransactionsBecomeBlocks(t *testing.T) {
	ctx, network := begin(t)
	o, err := orderer.New(orderer.Config{Dir: t.TempDir(), Genesis: network.Genesis(t, "c"), Signer: network.OrdererSigner(t)})
	require.NoError(t, err)
	t.Cleanup(o.Stop)
	conn := serve(t, o.Register)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := submit.Open(ctx, conn)
	require.NoError(t, err)

	const perBlock = 10 // by the profile
	var sent [][]byte
	for range perBlock {
		envelope, err := submit.Transaction("c", network.UserSigner(t), []byte("content"))
		require.NoError(t, err)
		require.NoError(t, stream.Send(envelope))
		sent = append(sent, utils.MarshalOrPanic(envelope))
	}
	require.NoError(t, o.WaitFor(ctx, 1))
	block, err := o.Block(1)
	require.NoError(t, err)
	require.Equal(t, sent, block.Data.Data)
	header, err := utils.ChannelHeader(utils.UnmarshalEnvelopeOrPanic(sent[0]))
	require.NoError(t, err)
	require.Equal(t, int32(cb.HeaderType_MESSAGE), header.Type)
	require.Len(t, header.TxId, 64)

	stranger, err := submit.Transaction("c", network.OrdererSigner(t), nil)
	require.NoError(t, err)
	stranger.Signature[9] ^= 1
	require.ErrorContains(t, stream.Send(stranger), "the orderer refused the transaction: FORBIDDEN")
	require.Error(t, stream.Send(stranger), "the stream has ended")
}

func TestServerThatIsGone(t *testing.T) {
	ctx, network := begin(t)
	conn := serve(t, func(*grpc.Server) {}) // knows no Broadcast
	envelope, err := submit.Transaction("c", network.UserSigner(t), nil)
	require.NoError(t, err)
	stream, err := submit.Open(ctx, conn)
	require.NoError(t, err)
	require.Error(t, stream.Send(envelope))
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = submit.Open(ended, conn)
	require.ErrorContains(t, err, "opening a Broadcast stream")
}

// failing is a signer that fails at one of its two jobs.
type failing struct{ header, signature error }

func (f failing) NewSignatureHeader() (*cb.SignatureHeader, error) {
	return &cb.SignatureHeader{Nonce: []byte("n")}, f.header
}

func (f failing) Sign([]byte) ([]byte, error) { return nil, f.signature }

func TestSignerThatFails(t *testing.T) {
	broken := errors.New("no key")
	_, err := submit.Transaction("c", failing{header: broken}, nil)
	require.ErrorIs(t, err, broken)
	_, err = submit.Transaction("c", failing{signature: broken}, nil)
	require.ErrorIs(t, err, broken)
}
