//go:build go1.25
// +build go1.25

// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric/gossip/api"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/discovery"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"google.golang.org/grpc"
)

// benchServerEnv makes the test binary an orderer that sends blocks of the
// given size without end, so that client and server do not share a process.
const benchServerEnv = "DELIVERCLIENT_BENCH_BLOCK_BYTES"

func TestBenchOrderer(t *testing.T) {
	var size int
	if n, _ := fmt.Sscan(os.Getenv(benchServerEnv), &size); n != 1 {
		t.Skip("only as a process of the benchmarks")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.MaxSendMsgSize(100 << 20))
	ab.RegisterAtomicBroadcastServer(server, benchOrderer{size: size})
	go server.Serve(listener)
	fmt.Printf("listening on %s\n", listener.Addr())
	io.Copy(io.Discard, os.Stdin) // until the benchmark closes it
	server.Stop()
}

type benchOrderer struct{ size int }

func (benchOrderer) Broadcast(ab.AtomicBroadcast_BroadcastServer) error { return nil }

func (o benchOrderer) Deliver(stream ab.AtomicBroadcast_DeliverServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	// Transactions of 5 KB, as a chaincode call makes them.
	var entries [][]byte
	for left := o.size; left > 0; left -= 5000 {
		payload := make([]byte, min(left, 5000)-80)
		entry := append([]byte{1<<3 | 2}, appendLength(nil, len(payload))...)
		entry = append(entry, payload...)
		entry = append(entry, 2<<3|2, 70)
		entries = append(entries, append(entry, make([]byte, 70)...))
	}
	block := &cb.Block{
		Header:   &cb.BlockHeader{PreviousHash: make([]byte, 32)},
		Data:     &cb.BlockData{Data: entries},
		Metadata: &cb.BlockMetadata{Metadata: [][]byte{make([]byte, 1000), nil, nil, nil}},
	}
	response := &ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: block}}
	for n := uint64(0); ; n++ {
		block.Header.Number = n
		if err := stream.Send(response); err != nil {
			return err
		}
	}
}

func appendLength(b []byte, n int) []byte {
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// startBenchOrderer returns the address of an orderer in another process.
func startBenchOrderer(b *testing.B, size int) string {
	cmd := exec.Command(os.Args[0], "-test.run=^TestBenchOrderer$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", benchServerEnv, size))
	stdin, _ := cmd.StdinPipe()
	stdout, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
}

// benchCrypto does the arithmetic of verifying a block: its data hash and one
// signature.
type benchCrypto struct {
	api.MessageCryptoService
	key    *ecdsa.PrivateKey
	digest [32]byte
	sig    []byte
}

func newBenchCrypto(b *testing.B) *benchCrypto {
	c := &benchCrypto{}
	var err error
	if c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		b.Fatal(err)
	}
	if c.sig, err = ecdsa.SignASN1(rand.Reader, c.key, c.digest[:]); err != nil {
		b.Fatal(err)
	}
	return c
}

func (c *benchCrypto) VerifyBlock(_ gossipcommon.ChainID, _ uint64, raw []byte) error {
	block, err := protoext.UnmarshalBlock(raw)
	if err != nil {
		return err
	}
	protoext.BlockDataHash(block.Data)
	if !ecdsa.VerifyASN1(&c.key.PublicKey, c.digest[:], c.sig) {
		return fmt.Errorf("bad signature")
	}
	return nil
}

// benchGossip counts payloads and says when there have been enough.
type benchGossip struct {
	left int
	done chan struct{}
}

func (g *benchGossip) PeersOfChannel(gossipcommon.ChainID) []discovery.NetworkMember { return nil }
func (g *benchGossip) Gossip(*gproto.GossipMessage)                                  {}
func (g *benchGossip) AddPayload(string, *gproto.Payload) error {
	if g.left--; g.left == 0 {
		close(g.done)
	}
	return nil
}

type benchLedger struct{}

func (benchLedger) LedgerHeight() (uint64, error) { return 0, nil }

type benchSigner struct{}

func (benchSigner) NewSignatureHeader() (*cb.SignatureHeader, error) {
	return &cb.SignatureHeader{}, nil
}
func (benchSigner) Sign([]byte) ([]byte, error) { return []byte{1}, nil }

// BenchmarkThroughput compares the delivery path, up to AddPayload, with a bare
// loop of Recv on the same kind of stream, which is the limit.
func BenchmarkThroughput(b *testing.B) {
	for _, size := range []int{10 << 10, 100 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			b.Run("recv", func(b *testing.B) { benchRecv(b, size) })
			b.Run("deliver", func(b *testing.B) { benchDeliver(b, size) })
		})
	}
}

func benchRecv(b *testing.B, size int) {
	conn, err := DefaultConnectionFactory("bench")(startBenchOrderer(b, size))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := ab.NewAtomicBroadcastClient(conn).Deliver(ctx)
	if err != nil {
		b.Fatal(err)
	}
	stream.Send(&cb.Envelope{})
	b.ReportAllocs()
	b.ResetTimer()
	began := time.Now()
	for i := 0; i < b.N; i++ {
		if _, err := stream.Recv(); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "blocks/s")
}

func benchDeliver(b *testing.B, size int) {
	gossip := &benchGossip{left: b.N, done: make(chan struct{})}
	service := &deliverServiceImpl{
		conf: &Config{
			ConnFactory: DefaultConnectionFactory,
			ABCFactory:  DefaultABCFactory,
			CryptoSvc:   newBenchCrypto(b),
			Gossip:      gossip,
			Endpoints:   []string{startBenchOrderer(b, size)},
		},
		signer: benchSigner{},
	}
	s := service.newSession("bench", benchLedger{})
	b.ReportAllocs()
	runtime.GC()
	b.ResetTimer()
	began := time.Now()
	go s.provider.DeliverBlocks()
	<-gossip.done
	b.StopTimer()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "blocks/s")
	s.provider.Stop()
	s.client.wait()
}
