// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package cauthdsl

import (
	"testing"

	"github.com/golang/protobuf/proto"
)

// FuzzFromString holds what the parser accepts to compile, to survive a round
// trip through its encoding, and to be decidable.
func FuzzFromString(f *testing.F) {
	for _, text := range []string{
		"AND('A.member', OR('B.client','C.peer'))",
		"OutOf(2,'A.member','A.member', and('B.admin'))",
		"OutOf(-1,'A.member')", "OR(", "'", "AND(\"A.member\")", "OutOf(1,OutOf(0,'a.b.c.peer'))",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		envelope, err := FromString(text)
		if err != nil {
			return
		}
		raw, err := proto.Marshal(envelope)
		if err != nil {
			t.Fatal(err)
		}
		policy, back, err := NewPolicyProvider(newWorld()).NewPolicy(raw)
		if err != nil || !proto.Equal(envelope, back) {
			t.Fatalf("accepted %q but it does not compile to itself: %v", text, err)
		}
		signatures := set{good("A/admin"), bad("B/x"), good("B/x")}
		if (policy.Evaluate(signatures) == nil) != modelHolds(envelope, signatures) {
			t.Fatalf("%q is not decided as the model does", text)
		}
	})
}

// FuzzPolicy throws bytes at the compiler and evaluates whatever compiles.
func FuzzPolicy(f *testing.F) {
	f.Add(MarshaledAcceptAllPolicy)
	f.Add(encode(SignedByAnyMember([]string{"A", "B"})))
	f.Add(encode(Envelope(And(SignedBy(0), SignedBy(7)), [][]byte{[]byte("A/x")})))
	f.Fuzz(func(t *testing.T, raw []byte) {
		policy, _, err := NewPolicyProvider(newWorld()).NewPolicy(raw)
		if err != nil {
			return
		}
		if err := policy.Evaluate(set{good("A/x"), nil, good("B/admin")}); err != nil && err.Error() == "" {
			t.Fatal("refused without a reason")
		}
	})
}
