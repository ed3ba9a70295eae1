// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"math"
	"sync"
	"testing"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto"
)

func TestMutualTLSBinding(t *testing.T) {
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t)), MutualTLS: true})
	serverPair, serverRoots := tlsPair(t, ordererOrg.NodeDir(cryptoDir(t), "o"))
	clientPair, clientRoots := tlsPair(t, org1.NodeDir(cryptoDir(t), "peer0"))
	client := serveTLS(t, o,
		&tls.Config{Certificates: []tls.Certificate{serverPair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clientRoots, NextProtos: []string{"h2"}},
		&tls.Config{Certificates: []tls.Certificate{clientPair}, RootCAs: serverRoots, ServerName: "127.0.0.1", NextProtos: []string{"h2"}})
	hash := sha256.Sum256(clientPair.Certificate[0])
	r := openReader(t, client)
	peer := peerSigner(t, org1)

	r.seek(peer, 0, 0)
	require.Equal(t, cb.Status_BAD_REQUEST, r.status(), "no hash")
	require.NoError(t, r.stream.Send(seekEnvelope(t, peer, testChannel, 0, 0, hash[1:])))
	require.Equal(t, cb.Status_BAD_REQUEST, r.status(), "wrong hash")
	require.NoError(t, r.stream.Send(seekEnvelope(t, peer, testChannel, 0, 0, hash[:])))
	r.block()
	require.Equal(t, cb.Status_SUCCESS, r.status())
}

// Stop ends idle, waiting and queued streams at once and leaves nothing behind
// (which TestMain checks), with the gRPC server still running.
func TestStopEndsAllStreams(t *testing.T) {
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t))})
	client := serve(t, o)
	idle, waiting := openReader(t, client), openReader(t, client)
	idle.seek(peerSigner(t, org1), 0, 0) // so that the server knows the stream
	idle.block()
	require.Equal(t, cb.Status_SUCCESS, idle.status())
	waiting.seek(peerSigner(t, org1), 0, math.MaxUint64)
	waiting.block()
	writer, err := client.Broadcast(context.Background())
	require.NoError(t, err)
	require.NoError(t, writer.Send(transaction(t, peerSigner(t, org1), "x", 1)))
	_, err = writer.Recv()
	require.NoError(t, err)

	o.Stop()
	require.Equal(t, codes.Unavailable, status.Code(idle.failure()))
	require.Equal(t, codes.Unavailable, status.Code(waiting.failure()))
	_, err = writer.Recv()
	require.Equal(t, codes.Unavailable, status.Code(err))
	late, err := client.Deliver(context.Background())
	require.NoError(t, err)
	_, err = late.Recv()
	require.Equal(t, codes.Unavailable, status.Code(err), "no new streams")
}

// A client that goes away frees its stream, wherever that stands.
func TestClientLeaves(t *testing.T) {
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t))})
	client := serve(t, o)
	r := openReader(t, client)
	r.seek(peerSigner(t, org1), 0, math.MaxUint64)
	r.block()
	r.cancel()
	require.Equal(t, codes.Canceled, status.Code(r.failure()))
	o.server.streams.Wait()
}

// A panic in a stream ends that stream without a status, and no other.
func TestPanicEndsOneStream(t *testing.T) {
	replay := recordedReplay(t, ReplayConfig{CheckReader: func(envelope *cb.Envelope) error {
		if len(envelope.Signature) == 3 {
			panic("bug")
		}
		return nil
	}})
	client := serve(t, replay)
	bad, good := openReader(t, client), openReader(t, client)
	envelope := seekEnvelope(t, nil, "mychannel", 0, 0, nil)
	require.NoError(t, bad.stream.Send(&cb.Envelope{Payload: envelope.Payload, Signature: []byte("bug")}))
	require.ErrorContains(t, bad.failure(), "EOF")
	require.NoError(t, good.stream.Send(envelope))
	good.block()
	require.Equal(t, cb.Status_SUCCESS, good.status())
}

// Many writers and readers at once: every accepted message is in the chain
// exactly once, and all readers see the same blocks.
func TestConcurrentClients(t *testing.T) {
	const writers, each = 4, 15
	o := startOrderer(t, Config{Genesis: genesisBlock(t, profile(t))})
	client := serve(t, o)
	peer := peerSigner(t, org1)
	last := uint64(writers * each / 3)

	var clients sync.WaitGroup
	for range 3 {
		r := openReader(t, client)
		r.seek(peer, 0, last)
		clients.Go(func() {
			for n := range last + 1 {
				response, err := r.stream.Recv()
				if err != nil || response.GetBlock().GetHeader().GetNumber() != n {
					t.Errorf("instead of block %d: %v, %v", n, response, err)
					return
				}
			}
		})
	}
	sent := make([][]*cb.Envelope, writers)
	for w := range writers {
		for range each {
			sent[w] = append(sent[w], transaction(t, peer, "x", 20))
		}
		clients.Go(func() { mustSubmit(t, client, sent[w]...) })
	}
	clients.Wait()
	waitFor(t, o, last)
	requireSound(t, o)

	position := map[string]int{}
	for n := uint64(1); n <= last; n++ {
		block, err := o.Block(n)
		require.NoError(t, err)
		for _, entry := range block.Data.Data {
			_, twice := position[string(entry)]
			require.False(t, twice)
			position[string(entry)] = len(position)
		}
	}
	require.Len(t, position, writers*each)
	for w := range writers {
		before := -1
		for _, envelope := range sent[w] {
			now, ok := position[string(marshal(t, envelope))]
			require.True(t, ok)
			require.Greater(t, now, before, "a stream's messages keep their order")
			before = now
		}
	}
}

// A raw response is encoded by gRPC's own codec to what the real message is.
func TestRawResponse(t *testing.T) {
	codec := encoding.GetCodecV2("proto")
	for _, size := range []int{0, 1, 100, 5000, 1 << 20} {
		block := cb.NewBlock(7, []byte("previous"))
		block.Data.Data = [][]byte{make([]byte, size)}
		raw := marshal(t, block)
		expected := marshal(t, &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: block}})

		encoded, err := codec.Marshal(&rawResponse{block: raw})
		require.NoError(t, err)
		require.Equal(t, expected, encoded.Materialize())
		encoded.Free()

		response := &ab.DeliverResponse{}
		require.NoError(t, proto.Unmarshal(expected, response))
		require.True(t, proto.Equal(block, response.GetBlock()))
	}
}

func BenchmarkRawResponse(b *testing.B) {
	codec := encoding.GetCodecV2("proto")
	response := &rawResponse{block: make([]byte, 1<<20)}
	b.SetBytes(1 << 20)
	for b.Loop() {
		var data mem.BufferSlice
		data, err := codec.Marshal(response)
		if err != nil {
			b.Fatal(err)
		}
		data.Free()
	}
}
