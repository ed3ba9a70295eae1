// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package conntable

import "testing"

func FuzzTable(f *testing.F) {
	f.Add([]byte{1, 0, 5, 0, 1, 0, 5, 1, 6, 0})
	f.Add([]byte{2, 0, 3, 0, 1, 0, 5, 1, 0, 60, 7, 0})
	f.Add([]byte{2, 9, 3, 9, 2, 0, 8, 0, 8, 255, 1, 0})
	f.Fuzz(func(t *testing.T, script []byte) { play(t, script) })
}
