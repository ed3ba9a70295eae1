// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package protoext_test

import (
	"testing"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// FuzzUnmarshalBlock holds the decoder against protobuf's own: what ours
// accepts the other accepts with the same result, and boundaries that pass the
// check are those of entries which re-encode to themselves.
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
		if protoext.CheckTransactionBoundaries(block) != nil || protoext.IsConfigBlock(block) {
			return
		}
		for _, entry := range block.GetData().GetData() {
			env := &cb.Envelope{}
			if err := proto.Unmarshal(entry, env); err != nil {
				t.Fatalf("passed an entry that is no envelope: %v", err)
			}
			again, _ := proto.Marshal(env)
			if string(again) != string(entry) || len(env.Payload) == 0 || len(env.Signature) == 0 {
				t.Fatalf("passed an entry that is not its own encoding: %x", entry)
			}
		}
	})
}
