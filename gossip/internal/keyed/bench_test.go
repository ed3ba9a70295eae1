// SPDX-License-Identifier: Apache-2.0

package keyed_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/hyperledger/fabric/gossip/internal/keyed"
)

// report is a message about somebody; a later number is newer.
type report struct {
	about  [32]byte
	number int
}

// reports are so many about each in turn.
func reports(peers, count int) []*report {
	all := make([]*report, count)
	for i := range all {
		all[i] = &report{number: i}
		binary.BigEndian.PutUint64(all[i].about[:], uint64(i%peers))
	}
	return all
}

// Each message comes twice, as it does in gossip.
func BenchmarkNewest(b *testing.B) {
	key := func(m interface{}) []byte { return m.(*report).about[:] }
	newer := func(m, held interface{}) bool { return m.(*report).number > held.(*report).number }
	for _, peers := range []int{50, 500} {
		b.Run(fmt.Sprint(peers), func(b *testing.B) {
			s := keyed.NewExpiring(keyed.Newest(key, newer), nil, keyed.Expiry{TTL: time.Hour})
			defer s.Stop()
			messages := reports(peers, b.N)
			b.ReportAllocs()
			b.ResetTimer()
			for _, m := range messages {
				s.Add(m)
				s.Add(m)
			}
		})
	}
}

func BenchmarkWindow(b *testing.B) {
	for _, width := range []int{100, 10000} {
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			s := keyed.NewExpiring(keyed.Window(width), nil, keyed.Expiry{TTL: time.Hour})
			defer s.Stop()
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				s.CheckValid(uint64(i))
				s.Add(uint64(i))
				s.Add(uint64(i))
			}
		})
	}
}
