// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes/timestamp"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
	"github.com/stretchr/testify/require"
)

// Checks of a request, in their order: each row spoils everything from its check
// on, so that its status can only come from that check.
func TestChecksInOrder(t *testing.T) {
	type spoiled struct {
		raw      *cb.Envelope
		request  func(*request)
		channel  bool
		errored  bool
		refuse   bool
		handler  func(*Handler)
		expected string
	}
	unbound := func(h *Handler) {
		h.BindingInspector = InspectorFunc(func(context.Context, proto.Message) error { return errors.New("unbound") })
	}
	stale := func(r *request) { r.header.Timestamp.Seconds -= 61 }
	badSignature := func(r *request) { r.signature = []byte{0xff} }
	badInfo := func(r *request) { r.rawInfo = []byte{0xff} }
	noStop := func(r *request) { r.info.Stop = nil }
	all := func(spoil ...func(*request)) func(*request) {
		return func(r *request) {
			for _, s := range spoil {
				s(r)
			}
		}
	}
	rows := map[string]spoiled{
		"1 payload":              {raw: &cb.Envelope{Payload: []byte{0xff}}, expected: "BAD_REQUEST"},
		"2 header":               {raw: &cb.Envelope{Payload: marshal(&cb.Payload{})}, expected: "BAD_REQUEST"},
		"2 empty envelope":       {raw: &cb.Envelope{}, expected: "BAD_REQUEST"},
		"2 no envelope":          {raw: nil, expected: "BAD_REQUEST"},
		"3 channel header":       {request: func(r *request) { r.rawHeader = []byte{0xff} }, expected: "BAD_REQUEST"},
		"4 timestamp":            {request: func(r *request) { r.header.Timestamp = nil }, expected: "BAD_REQUEST"},
		"4 empty channel header": {request: func(r *request) { r.header = &cb.ChannelHeader{} }, expected: "BAD_REQUEST"},
		"5 time before channel":  {request: stale, channel: true, expected: "BAD_REQUEST"},
		"6 binding":              {handler: unbound, channel: true, expected: "BAD_REQUEST"},
		"7 channel":              {request: all(badSignature, badInfo), channel: true, errored: true, refuse: true, expected: "NOT_FOUND"},
		"8 chain errored":        {request: all(badSignature, badInfo), errored: true, refuse: true, expected: "SERVICE_UNAVAILABLE"},
		"9 signature header":     {request: all(badSignature, badInfo), refuse: true, expected: "BAD_REQUEST"},
		"10 access":              {request: badInfo, refuse: true, expected: "FORBIDDEN"},
		"11 seek info":           {request: badInfo, expected: "BAD_REQUEST"},
		"12 no start":            {request: func(r *request) { r.info.Start = nil }, expected: "BAD_REQUEST"},
		"12 no stop":             {request: noStop, expected: "BAD_REQUEST"},
		"13 stop before start":   {request: func(r *request) { r.info.Start, r.info.Stop = at(2), at(1) }, expected: "BAD_REQUEST"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			chain := newTestChain(4)
			if row.errored {
				close(chain.errored)
			}
			h := newTestHandler(chain)
			if row.handler != nil {
				row.handler(h)
			}
			r := newRequest(oldest, newest)
			if row.request != nil {
				row.request(r)
			}
			if row.channel {
				r.header.ChannelId = "another"
			}
			envelope := r.envelope()
			if row.request == nil && !row.channel && row.handler == nil {
				envelope = row.raw
			}
			c := newClient(envelope)
			if row.refuse {
				c.policy = func(int) error { return errNoReader }
			}
			require.Equal(t, []string{row.expected}, exchange(t, h, c))
			require.Zero(t, chain.open, "iterators left open")
		})
	}
}

func TestTimeWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for name, c := range map[string]struct {
			stamp *timestamp.Timestamp
			ok    bool
		}{
			"now":                {&timestamp.Timestamp{Seconds: now.Unix()}, true},
			"at the past edge":   {&timestamp.Timestamp{Seconds: now.Unix() - 60}, true},
			"at the future edge": {&timestamp.Timestamp{Seconds: now.Unix() + 60}, true},
			"too old":            {&timestamp.Timestamp{Seconds: now.Unix() - 61}, false},
			"too new":            {&timestamp.Timestamp{Seconds: now.Unix() + 61}, false},
			"too old by 1ns":     {&timestamp.Timestamp{Seconds: now.Unix() - 61, Nanos: 999_999_999}, false},
			"smallest":           {&timestamp.Timestamp{Seconds: math.MinInt64, Nanos: math.MinInt32}, false},
			"largest":            {&timestamp.Timestamp{Seconds: math.MaxInt64, Nanos: math.MaxInt32}, false},
			"wraps to now":       {&timestamp.Timestamp{Seconds: now.Unix() + math.MaxInt64/1_000_000_000*2}, false},
			"epoch":              {&timestamp.Timestamp{}, false},
		} {
			r := newRequest(oldest, oldest)
			r.header.Timestamp = c.stamp
			expected := []string{"BAD_REQUEST"}
			if c.ok {
				expected = []string{"0", "SUCCESS"}
			}
			require.Equal(t, expected, exchange(t, newTestHandler(newTestChain(1)), newClient(r.envelope())), name)
		}
	})
}

// What a v1.3.0 orderer ignores.
func TestNotChecked(t *testing.T) {
	for name, spoil := range map[string]func(*request){
		"type":              func(r *request) { r.header.Type = 77 },
		"version":           func(r *request) { r.header.Version = 9 },
		"epoch":             func(r *request) { r.header.Epoch = 9 },
		"tx id":             func(r *request) { r.header.TxId = "x" },
		"TLS hash":          func(r *request) { r.header.TlsCertHash = []byte("without mutual TLS") },
		"behavior":          func(r *request) { r.info.Behavior = 42 },
		"unknown fields":    func(r *request) { r.rawInfo = append(marshal(r.info), 0x28, 0x01) },
		"unparsable signer": func(r *request) { r.signature = marshal(&cb.SignatureHeader{Creator: []byte{0xff}}) },
	} {
		r := newRequest(oldest, oldest)
		spoil(r)
		require.Equal(t, []string{"0", "SUCCESS"}, exchange(t, newTestHandler(newTestChain(1)), newClient(r.envelope())), name)
	}
}

// Seeks over a chain of height 4, row by row. A row with streams waits for ever
// after what it received; then two blocks are appended, which must arrive.
func TestSeeks(t *testing.T) {
	const forever = "..."
	for name, c := range map[string]struct {
		envelope    func(start, stop *ab.SeekPosition) *cb.Envelope
		start, stop *ab.SeekPosition
		expected    string
	}{
		"oldest to newest":                  {seekFor, oldest, newest, "0 1 2 3 SUCCESS"},
		"newest to newest":                  {seekFor, newest, newest, "3 SUCCESS"},
		"newest to oldest":                  {seekFor, newest, oldest, "3 SUCCESS"},
		"oldest to oldest":                  {seekFor, oldest, oldest, "0 SUCCESS"},
		"one in the middle":                 {seekFor, at(2), at(2), "2 SUCCESS"},
		"specified to newest":               {seekFor, at(2), newest, "2 3 SUCCESS"},
		"specified to oldest":               {seekFor, at(2), oldest, "2 SUCCESS"},
		"newest to its number":              {seekFor, newest, at(3), "3 SUCCESS"},
		"stop before start":                 {seekFor, at(2), at(1), "BAD_REQUEST"},
		"next block, to the end of time":    {seekFor, at(4), at(math.MaxUint64), forever},
		"oldest, to the end of time":        {seekFor, oldest, at(math.MaxUint64), "0 1 2 3 " + forever},
		"next block, to newest":             {seekFor, at(4), newest, forever},
		"beyond the next block":             {seekFor, at(5), at(math.MaxUint64), "NOT_FOUND"},
		"beyond, to a smaller one":          {seekFor, at(9), at(3), "NOT_FOUND"},
		"beyond, fail if not ready":         {failIfNotReady, at(9), at(9), "NOT_FOUND"},
		"next block, fail if not ready":     {failIfNotReady, at(4), at(math.MaxUint64), "NOT_FOUND"},
		"runs out, fail if not ready":       {failIfNotReady, at(2), at(9), "2 3 NOT_FOUND"},
		"to newest, fail if not ready":      {failIfNotReady, at(2), newest, "2 3 SUCCESS"},
		"stop without position, from 0":     {seekFor, oldest, unset, "0 SUCCESS"},
		"stop without position, from 1":     {seekFor, at(1), unset, "1 2 3 " + forever},
		"start without position":            {seekFor, unset, newest, "NOT_FOUND"},
		"start without position, stop at 0": {seekFor, unset, at(0), "NOT_FOUND"},
	} {
		for _, plain := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					chain := newTestChain(4)
					chain.plain = plain
					cl := newClient(c.envelope(c.start, c.stop))
					close(cl.requests)
					ctx, cancel := context.WithCancel(context.Background())
					done := make(chan error, 1)
					go func() { done <- newTestHandler(chain).Handle(ctx, cl.server()) }()
					synctest.Wait()
					before, endless := strings.CutSuffix(c.expected, forever)
					require.Equal(t, strings.TrimSpace(before), strings.Join(cl.got(), " "))
					if !endless {
						require.NoError(t, <-done)
						cancel()
						return
					}
					chain.grow(1)
					synctest.Wait()
					chain.grow(1)
					synctest.Wait()
					require.Equal(t, strings.TrimSpace(before+"4 5"), strings.Join(cl.got(), " "))
					cancel()
					err := <-done
					require.ErrorIs(t, errors.Cause(err), context.Canceled)
					require.ErrorContains(t, err, "context finished before block retrieved")
					require.Zero(t, chain.open, "iterators left open")
				})
			})
		}
	}
}

// A block that is appended while the request is read must not make two blocks of
// newest to newest.
func TestNewestToNewestWhileGrowing(t *testing.T) {
	chain := newTestChain(4)
	chain.onIterator = func() { chain.grow(1) }
	require.Equal(t, []string{"3", "SUCCESS"}, exchange(t, newTestHandler(chain), newClient(seekFor(newest, newest))))
}

func TestUnreadableBlock(t *testing.T) {
	chain := newTestChain(4)
	chain.readStatus[2] = cb.Status_SERVICE_UNAVAILABLE
	require.Equal(t, []string{"0", "1", "SERVICE_UNAVAILABLE"}, exchange(t, newTestHandler(chain), newClient(seekFor(oldest, newest))))
}

func TestEmptyLedgerStop(t *testing.T) {
	s := &seek{reader: newMemory(0)}
	stop, err := s.resolveStop(&ab.SeekInfo{Start: oldest, Stop: newest})
	require.NoError(t, err)
	require.EqualValues(t, uint64(math.MaxUint64), stop)
}

func TestChainFailsWhileWaiting(t *testing.T) {
	for _, plain := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			chain := newTestChain(1)
			chain.plain = plain
			cl := newClient(seekFor(oldest, at(math.MaxUint64)))
			done := make(chan error, 1)
			go func() { done <- newTestHandler(chain).Handle(context.Background(), cl.server()) }()
			synctest.Wait()
			require.Equal(t, []string{"0"}, cl.got())
			close(chain.errored)
			synctest.Wait()
			require.Equal(t, []string{"0", "SERVICE_UNAVAILABLE"}, cl.got())
			close(cl.requests)
			require.NoError(t, <-done)
		})
	}
}
