// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/stretchr/testify/require"
)

// rawFrame receives a message without decoding it, so that the benchmark
// measures the server rather than its client.
type rawFrame struct{ size int }

func (f *rawFrame) Reset()                     {}
func (f *rawFrame) String() string             { return "frame" }
func (f *rawFrame) ProtoMessage()              {}
func (f *rawFrame) Unmarshal(raw []byte) error { f.size = len(raw); return nil }

// BenchmarkDeliver streams one block over and over from a Replay to a client
// that decodes nothing.
func BenchmarkDeliver(b *testing.B) {
	for _, size := range []int{10 << 10, 100 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			block := cb.NewBlock(0, nil)
			block.Data.Data = [][]byte{make([]byte, size)}
			raw := slices.Repeat([][]byte{marshal(b, block)}, b.N+1)
			replay, err := NewReplay(raw, ReplayConfig{ChannelID: testChannel})
			require.NoError(b, err)
			defer replay.Stop()
			client := serve(b, replay)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			stream, err := client.Deliver(ctx)
			require.NoError(b, err)
			require.NoError(b, stream.Send(seekEnvelope(b, nil, testChannel, 0, math.MaxUint64, nil)))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				require.NoError(b, stream.RecvMsg(&rawFrame{}))
			}
		})
	}
}
