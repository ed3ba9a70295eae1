//go:build go1.18
// +build go1.18

// SPDX-License-Identifier: Apache-2.0

package ahead

import "testing"

func FuzzWindow(f *testing.F) {
	f.Add(3, 40, []byte{1, 100, 20, 130, 230, 5, 140})
	f.Fuzz(func(t *testing.T, messages, bytes int, script []byte) {
		if messages < 1 || bytes < 1 {
			t.Skip("the model wants proper limits")
		}
		play(t, Limits{Messages: messages, Bytes: bytes}, script)
	})
}
