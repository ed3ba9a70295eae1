// SPDX-License-Identifier: Apache-2.0

package fetch_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/fetch"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/core/blockpeer/settings"
	cb "github.com/hyperledger/fabric/protos/common"
)

var network *nettest.Network

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fetch-test-")
	if err == nil {
		network, err = nettest.New(dir)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func begin(t *testing.T) (context.Context, [][]byte) {
	t.Helper()
	nettest.NoLeaks(t)
	nettest.Record(t, "info")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	viper.Reset()
	s, err := settings.Load(network.CoreYAML(t))
	require.NoError(t, err)
	require.NoError(t, blockpeer.LoadIdentity(s))
	return ctx, nettest.RecordedChain(t)
}

// request asks orderers of the recorded channel, which are known by the static
// TLS root of the test's core.yaml.
func request(from, to uint64, endpoints ...string) fetch.Request {
	r := blockpeer.Request("mychannel", endpoints)
	r.From, r.To = from, to
	return r
}

// run fetches and returns the numbers of the blocks that came.
func run(ctx context.Context, t *testing.T, r fetch.Request) ([]uint64, error) {
	t.Helper()
	numbers := []uint64{}
	count, err := fetch.Run(ctx, r, func(b *cb.Block) error {
		numbers = append(numbers, b.Header.Number)
		return nil
	})
	require.Len(t, numbers, count)
	return numbers, err
}

func span(from, to uint64) []uint64 {
	numbers := []uint64{}
	for n := from; n <= to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

func TestRanges(t *testing.T) {
	ctx, recorded := begin(t)
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	for name, c := range map[string]struct {
		from, to uint64
		want     []uint64
	}{
		"one":            {7, 7, span(7, 7)},
		"block 0":        {0, 0, span(0, 0)},
		"some":           {8, 12, span(8, 12)},
		"oldest":         {fetch.Oldest, fetch.Oldest, span(0, 0)},
		"newest":         {fetch.Newest, fetch.Newest, span(32, 32)},
		"all":            {fetch.Oldest, fetch.Newest, span(0, 32)},
		"from the first": {fetch.Oldest, 3, span(0, 3)},
		"to the last":    {30, fetch.Newest, span(30, 32)},
	} {
		t.Run(name, func(t *testing.T) {
			numbers, err := run(ctx, t, request(c.from, c.to, endpoint))
			require.NoError(t, err)
			require.Equal(t, c.want, numbers)
		})
	}
}

func TestWhatCannotBeHad(t *testing.T) {
	ctx, recorded := begin(t)
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{Height: 10})

	_, err := run(ctx, t, request(3, 2, endpoint))
	require.ErrorContains(t, err, "the range begins with block 3, after its end 2")
	_, err = run(ctx, t, request(0, 0))
	require.ErrorContains(t, err, "no orderer to fetch from")

	numbers, err := run(ctx, t, request(10, 11, endpoint))
	require.Empty(t, numbers)
	require.ErrorIs(t, err, fetch.ErrNotReady)
	require.ErrorContains(t, err, endpoint)
	numbers, err = run(ctx, t, request(8, 11, endpoint))
	require.Equal(t, span(8, 9), numbers)
	require.ErrorIs(t, err, fetch.ErrNotReady)

	other := request(0, 0, endpoint)
	other.ChannelID = "yourchannel"
	_, err = run(ctx, t, other)
	require.ErrorContains(t, err, endpoint+": the channel is not as long as that, or the orderer does not know the channel (status NOT_FOUND)")

	refused := errors.New("disk full")
	count, err := fetch.Run(ctx, request(0, 5, endpoint), func(*cb.Block) error { return refused })
	require.ErrorIs(t, err, refused)
	require.LessOrEqual(t, count, 1)

	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = run(ended, t, request(0, 5, endpoint))
	require.ErrorIs(t, err, context.Canceled)
}

// answering is an orderer that answers each request with a status.
func answering(t *testing.T, recorded [][]byte, status cb.Status) string {
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{Seek: func(context.Context, *cb.Envelope) (cb.Status, error) {
		return status, nil
	}})
	return endpoint
}

func TestStatusesAreExplained(t *testing.T) {
	ctx, recorded := begin(t)
	for status, wants := range map[cb.Status]string{
		cb.Status_FORBIDDEN:             "is this identity a reader of the channel?",
		cb.Status_BAD_REQUEST:           "is the clock right, and does mutual TLS present the certificate that the request names?",
		cb.Status_SERVICE_UNAVAILABLE:   "ended with status SERVICE_UNAVAILABLE",
		cb.Status_INTERNAL_SERVER_ERROR: "ended with status INTERNAL_SERVER_ERROR",
		cb.Status_SUCCESS:               "it says that all has been sent (status SUCCESS) after 0 blocks",
	} {
		t.Run(status.String(), func(t *testing.T) {
			endpoint := answering(t, recorded, status)
			_, err := run(ctx, t, request(0, fetch.Newest, endpoint))
			require.ErrorContains(t, err, endpoint+": ")
			require.ErrorContains(t, err, wants)
		})
	}
}

// changing is an orderer that sends something else for block number.
func changing(t *testing.T, recorded [][]byte, number uint64, change func(raw []byte) ([][]byte, error)) string {
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{Send: func(_ context.Context, n uint64, raw []byte) ([][]byte, error) {
		if n == number {
			return change(raw)
		}
		return [][]byte{raw}, nil
	}})
	return endpoint
}

func TestLyingOrderersAreLeftForTheNext(t *testing.T) {
	ctx, recorded := begin(t)
	_, honest, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	edited := func(edit func(*cb.Block)) func([]byte) ([][]byte, error) {
		block := nettest.Decode(t, recorded[5])
		edit(block)
		raw := nettest.Encode(t, block)
		return func([]byte) ([][]byte, error) { return [][]byte{raw}, nil }
	}
	for name, c := range map[string]struct {
		change func([]byte) ([][]byte, error)
		wants  string
	}{
		"number":        {edited(func(b *cb.Block) { b.Header.Number = 6 }), "block 6 where 5 was due"},
		"no header":     {edited(func(b *cb.Block) { b.Header = nil }), "a block without a header"},
		"data":          {edited(func(b *cb.Block) { b.Data.Data = b.Data.Data[1:] }), "block 5: its data does not match its data hash"},
		"previous hash": {edited(func(b *cb.Block) { b.Header.PreviousHash[3] ^= 1 }), "block 5 does not follow block 4: previous hash differs"},
		"signature":     {edited(func(b *cb.Block) { b.Metadata.Metadata[0] = nil }), "block 5: block [5] of channel [mychannel] refused: its signatures (none)"},
		"skipped":       {func([]byte) ([][]byte, error) { return nil, nil }, "block 6 where 5 was due"},
		"no block":      {func([]byte) ([][]byte, error) { return [][]byte{{0xff}}, nil }, "receiving after 2 blocks"},
		"hung up":       {func([]byte) ([][]byte, error) { return nil, errors.New("out of order") }, "receiving after 2 blocks"},
	} {
		t.Run(name, func(t *testing.T) {
			_, verify, err := blockpeer.Verifier(nettest.Decode(t, recorded[0]))
			require.NoError(t, err)
			liar := changing(t, recorded, 5, c.change)
			r := request(3, 7, liar, honest)
			r.Verify = verify
			numbers, err := run(ctx, t, r)
			require.NoError(t, err)
			require.Equal(t, span(3, 7), numbers)
			r.Endpoints = []string{liar}
			numbers, err = run(ctx, t, r)
			require.Equal(t, span(3, 4), numbers)
			require.ErrorContains(t, err, liar+": ")
			require.ErrorContains(t, err, c.wants)
		})
	}
}

// Once all has come that was asked for, nothing that follows can spoil it.
func TestWhatFollowsTheLastBlockDoesNotMatter(t *testing.T) {
	ctx, recorded := begin(t)
	for name, more := range map[string][]byte{"another block": recorded[6], "garbage instead of SUCCESS": {0xff}} {
		t.Run(name, func(t *testing.T) {
			endpoint := changing(t, recorded, 5, func(raw []byte) ([][]byte, error) { return [][]byte{raw, more}, nil })
			for _, from := range []uint64{3, 5} {
				numbers, err := run(ctx, t, request(from, 5, endpoint))
				require.NoError(t, err)
				require.Equal(t, span(from, 5), numbers)
			}
		})
	}
}

// Each orderer gives up after some blocks; the others go on where it stopped,
// and the first is asked again.
func TestOrderersTakeTurns(t *testing.T) {
	ctx, recorded := begin(t)
	broken := errors.New("enough")
	var endpoints []string
	for _, stop := range []uint64{4, 8} {
		once := stop
		_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{Send: func(_ context.Context, number uint64, raw []byte) ([][]byte, error) {
			if number == once {
				once = 0
				return nil, broken
			}
			return [][]byte{raw}, nil
		}})
		endpoints = append(endpoints, endpoint)
	}
	_, short, _ := network.Replay(t, recorded, orderer.ReplayConfig{Height: 2})
	_, ended, stop := network.Replay(t, recorded, orderer.ReplayConfig{})
	stop()
	numbers, err := run(ctx, t, request(0, 12, ended, short, endpoints[0], endpoints[1]))
	require.NoError(t, err)
	require.Equal(t, span(0, 12), numbers)

	_, err = run(ctx, t, request(0, 12, ended, short))
	require.ErrorContains(t, err, ended+": ")
	require.ErrorContains(t, err, short+": ")
}
