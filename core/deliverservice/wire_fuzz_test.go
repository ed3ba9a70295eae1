//go:build go1.18
// +build go1.18

// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"bytes"
	"testing"

	"github.com/golang/protobuf/proto"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// FuzzWireResponse compares the decoder that an orderer can reach with the
// plain one: what it accepts, it must understand in the same way.
func FuzzWireResponse(f *testing.F) {
	for _, seed := range []proto.Message{
		&ab.DeliverResponse{},
		&ab.DeliverResponse{Type: &ab.DeliverResponse_Status{Status: 404}},
		&ab.DeliverResponse{Type: &ab.DeliverResponse_Block{Block: fullBlock()}},
	} {
		raw, err := proto.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in := &wireResponse{}
		if in.decode(raw) != nil {
			return
		}
		want := &ab.DeliverResponse{}
		if err := proto.Unmarshal(raw, want); err != nil {
			t.Fatalf("accepted what protobuf refuses: %s", err)
		}
		// Unknown fields are kept by protobuf and dropped here.
		got, err := proto.Marshal(in.response)
		if err != nil {
			t.Fatal(err)
		}
		proto.DiscardUnknown(want)
		plain, err := proto.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, plain) {
			t.Fatalf("understood %x, protobuf %x", got, plain)
		}
	})
}
