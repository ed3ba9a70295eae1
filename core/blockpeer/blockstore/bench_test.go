// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"fmt"
	"testing"

	"github.com/hyperledger/fabric/gossip/protoext"
)

// BenchmarkAppend stores blocks, one or sixteen per disk synchronisation.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{10 << 10, 1 << 20} {
		for _, group := range []int{1, 16} {
			b.Run(fmt.Sprintf("%dKB/%d", size>>10, group), func(b *testing.B) {
				s := open(b, b.TempDir())
				template := makeChain(b, 1, size)[0]
				b.SetBytes(int64(size * group))
				for b.Loop() {
					next := make([]Block, group)
					previous, number := s.LastHash(), s.Height()
					for i := range next {
						next[i] = template
						header := *template.Header
						header.Number, header.PreviousHash = number+uint64(i), previous
						next[i].Number, next[i].Header = header.Number, &header
						previous = protoext.BlockHeaderHash(&header)
					}
					if err := s.Append(next...); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
