// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package progress

import "testing"

func FuzzCoreAgreesWithModel(f *testing.F) {
	f.Add([]byte{0x40, 0, 0, 0, 0x40, 1, 0, 0, 0x47, 0, 0, 0, 0x80, 1, 3, 0x81})
	f.Add([]byte{0x50, 1, 0, 0, 0x40, 2, 0, 0x81, 0x48, 2, 0, 0, 0xc0, 2, 9, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 4*900 {
			return // below the limit of ignored messages, which the model lacks
		}
		if diff := compareWithModel(script); diff != "" {
			t.Fatal(diff)
		}
	})
}
