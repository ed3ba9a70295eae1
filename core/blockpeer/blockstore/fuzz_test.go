// SPDX-License-Identifier: Apache-2.0

//go:build go1.18

package blockstore

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	cb "github.com/hyperledger/fabric/protos/common"
)

// FuzzRecord demands that decoding never fails but by an error, and that what
// decodes is encoded to something that decodes to the same.
func FuzzRecord(f *testing.F) {
	for _, b := range makeChain(f, 3, 20) {
		f.Add((&record{header: b.Header, size: 20, config: b.Config, lastConfig: 3, hasConfig: true, channel: "c"}).encode())
	}
	f.Add((&record{header: &cb.BlockHeader{}}).encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := decodeRecord(7, raw)
		if err != nil {
			return
		}
		again, err := decodeRecord(7, r.encode())
		if err != nil || !bytes.Equal(again.encode(), r.encode()) {
			t.Fatalf("%+v does not survive encoding: %+v, %v", r, again, err)
		}
	})
}

// FuzzDamage overwrites a part of one file of a store, and demands what
// TestAnyDamage does.
func FuzzDamage(f *testing.F) {
	chain := makeChain(f, 12, 700)
	origin := build(f, chain[:8], 2)
	s := open(f, origin)
	if err := s.Append(chain[8:]...); err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	entries, err := os.ReadDir(origin)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(0), uint16(10), []byte("xyz"), false)
	f.Add(uint8(3), uint16(100), []byte{}, true)
	f.Fuzz(func(t *testing.T, file uint8, at uint16, patch []byte, cut bool) {
		name := entries[int(file)%len(entries)].Name()
		content, err := os.ReadFile(filepath.Join(origin, name))
		if err != nil {
			t.Fatal(err)
		}
		offset := min(int(at), len(content))
		damaged := append(append([]byte(nil), content[:offset]...), patch...)
		if rest := offset + len(patch); !cut && rest < len(content) {
			damaged = append(damaged, content[rest:]...)
		}
		tryDamage(t, origin, name, "overwritten", offset, chain, damaged)
	})
}
