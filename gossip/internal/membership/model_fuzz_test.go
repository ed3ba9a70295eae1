// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package membership

import "testing"

func FuzzCoreAgainstChronicle(f *testing.F) {
	f.Add([]byte{0, 4, 6, 12, 4, 0, 0, 8, 6, 63, 6, 63, 3, 8, 5, 0, 1, 255})
	f.Fuzz(func(t *testing.T, script []byte) {
		if err := runScript(script); err != nil {
			t.Fatal(err)
		}
	})
}
