// SPDX-License-Identifier: Apache-2.0

//go:build go1.18

package deliver

import (
	"context"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
)

// FuzzSeek sends arbitrary envelopes. Each must be answered by blocks of the
// chain, in order, and one final status, unless it waits for more blocks.
func FuzzSeek(f *testing.F) {
	for _, e := range []*cb.Envelope{
		seekFor(oldest, newest), seekFor(at(2), at(9)), failIfNotReady(at(2), at(9)), seekFor(unset, unset),
		{}, {Payload: []byte{1}}, unknownChannel(),
	} {
		f.Add(marshal(e))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		envelope := &cb.Envelope{}
		if proto.Unmarshal(raw, envelope) != nil {
			return
		}
		h := newTestHandler(newTestChain(4))
		h.TimeWindow = 1 << 62
		c := newClient(envelope)
		close(c.requests)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		err := h.Handle(ctx, c.server())
		got := c.got()
		if err == nil && len(got) == 0 {
			t.Fatal("a finished stream without an answer")
		}
		if err != nil && ctx.Err() == nil {
			t.Fatalf("the stream failed: %s", err)
		}
		for i, what := range got {
			if (what < "0" || what > "9") && i != len(got)-1 {
				t.Fatalf("a status before the end: %v", got)
			}
		}
	})
}
