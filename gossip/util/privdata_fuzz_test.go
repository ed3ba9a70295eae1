// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package util_test

import (
	"testing"

	"github.com/hyperledger/fabric/gossip/util"
)

// FuzzPrivateData decodes private data as any peer may send it: what decodes
// can be encoded again, and means the same then.
func FuzzPrivateData(f *testing.F) {
	sent := privateDataOf(3, 0)
	encoded, err := sent.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded[0], encoded[1])
	f.Add([]byte{0x12, 1, 0xff}, []byte(nil))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		received := util.PvtDataCollections{}
		if received.Unmarshal([][]byte{first, second}) != nil {
			if len(received) != 0 {
				t.Fatalf("kept %d elements of what it refused", len(received))
			}
			return
		}
		again, err := received.Marshal()
		if err != nil {
			t.Fatalf("decoded, but cannot be encoded: %v", err)
		}
		twice := util.PvtDataCollections{}
		if err := twice.Unmarshal(again); err != nil {
			t.Fatalf("encoded, but cannot be decoded: %v", err)
		}
		assertSamePrivateData(t, received, twice)
	})
}
