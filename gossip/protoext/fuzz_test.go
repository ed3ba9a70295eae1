// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package protoext_test

import (
	"bytes"
	"testing"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// FuzzUnmarshalBlock holds the decoder against protobuf's own: what ours
// accepts the other accepts with the same result. Entries that pass the check
// begin with what their envelope encodes to, and pass it in no other cut.
func FuzzUnmarshalBlock(f *testing.F) {
	for _, raw := range recorded(f) {
		if len(raw) < 1<<15 {
			f.Add(raw)
		}
	}
	f.Add([]byte{0x0a, 2, 0x08, 1, 0x0a, 2, 0x08, 2, 0x12, 0, 0x1a, 2, 0x0a, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		block, err := protoext.UnmarshalBlock(raw)
		if err != nil {
			return
		}
		plain := &cb.Block{}
		if err := proto.Unmarshal(raw, plain); err != nil {
			t.Fatalf("accepted what protobuf refuses: %v", err)
		}
		proto.DiscardUnknown(plain)
		if !proto.Equal(plain, block) {
			t.Fatalf("decoded differently:\n%v\n%v", plain, block)
		}
		protoext.BlockHeaderBytes(block.Header)
		if protoext.CheckTransactionBoundaries(block) != nil {
			return
		}
		for _, entry := range block.GetData().GetData() {
			env := &cb.Envelope{}
			if proto.Unmarshal(entry, env) != nil {
				continue // it holds what only old libraries let pass
			}
			known, _ := proto.Marshal(&cb.Envelope{Payload: env.Payload, Signature: env.Signature})
			signed := len(env.Signature) > 0 || protoext.IsConfigBlock(block)
			if !bytes.HasPrefix(entry, known) || len(env.Payload) == 0 || !signed {
				t.Fatalf("passed an entry that is not as orderers encode it: %x", entry)
			}
		}
		checkOtherCuts(t, block.GetData().GetData())
	})
}

// checkOtherCuts makes sure that of entries which passed the check no entry
// passes in two parts, and no two as one.
func checkOtherCuts(t *testing.T, entries [][]byte) {
	passes := func(entries ...[]byte) bool {
		return protoext.CheckTransactionBoundaries(&cb.Block{Data: &cb.BlockData{Data: entries}}) == nil
	}
	for i, entry := range entries {
		for cut := 1; cut < len(entry) && cut < 200; cut++ {
			if passes(entry[:cut], entry[cut:]) {
				t.Fatalf("passes in two parts, cut at %d: %x", cut, entry)
			}
		}
		if i > 0 && passes(append(append([]byte{}, entries[i-1]...), entry...)) {
			t.Fatalf("two entries pass as one: %x, %x", entries[i-1], entry)
		}
	}
}
