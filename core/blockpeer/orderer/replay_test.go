// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const recordedDir = "../testdata/fabric-v1.3/mychannel"

func recordedReplay(t testing.TB, cfg ReplayConfig) *Replay {
	t.Helper()
	r, err := NewReplayDir(recordedDir, cfg)
	require.NoError(t, err)
	t.Cleanup(r.Stop)
	return r
}

func replaySeek(t testing.TB, start, stop uint64) *cb.Envelope {
	return seekEnvelope(t, nil, "mychannel", start, stop, nil)
}

func TestReplayServesTheRecordedBytes(t *testing.T) {
	replay := recordedReplay(t, ReplayConfig{})
	require.Equal(t, "mychannel", replay.ChannelID())
	require.EqualValues(t, 33, replay.Height())
	r := openReader(t, serve(t, replay))
	require.NoError(t, r.stream.Send(replaySeek(t, 0, 32)))
	for n := range replay.blocks {
		require.Equal(t, replay.blocks[n], marshal(t, r.block()), "block %d", n)
	}
	require.Equal(t, cb.Status_SUCCESS, r.status())

	require.NoError(t, r.stream.Send(replaySeek(t, 34, 34)))
	require.Equal(t, cb.Status_NOT_FOUND, r.status())
	require.NoError(t, r.stream.Send(seekEnvelope(t, nil, "other", 0, 0, nil)))
	require.Equal(t, cb.Status_NOT_FOUND, r.status())
	require.NoError(t, r.stream.Send(replaySeek(t, 33, math.MaxUint64)))
	replay.Stop()
	require.Equal(t, codes.Unavailable, status.Code(r.failure()))
}

func TestReplayRevealsGradually(t *testing.T) {
	replay := recordedReplay(t, ReplayConfig{Height: 2})
	r := openReader(t, serve(t, replay))
	require.NoError(t, r.stream.Send(replaySeek(t, 3, 3)))
	require.Equal(t, cb.Status_NOT_FOUND, r.status(), "not there yet")
	require.NoError(t, r.stream.Send(replaySeek(t, 0, math.MaxUint64)))
	next := uint64(0)
	for _, step := range []struct{ reveal, height uint64 }{{0, 2}, {1, 2}, {3, 3}, {10, 10}, {10, 10}, {math.MaxUint64, 33}} {
		replay.Reveal(step.reveal)
		require.Equal(t, step.height, replay.Height())
		for ; next < step.height; next++ {
			require.Equal(t, next, r.block().Header.Number)
		}
	}
}

func TestReplayHooks(t *testing.T) {
	replay := recordedReplay(t, ReplayConfig{
		Seek: func(_ context.Context, envelope *cb.Envelope) (cb.Status, error) {
			switch string(envelope.Signature) {
			case "status":
				return cb.Status_INTERNAL_SERVER_ERROR, nil
			case "error":
				return 0, status.Error(codes.DataLoss, "asked for")
			}
			return cb.Status_UNKNOWN, nil
		},
		Send: func(_ context.Context, number uint64, raw []byte) ([][]byte, error) {
			switch number {
			case 1:
				return nil, nil
			case 2:
				return [][]byte{raw, raw}, nil
			case 3:
				return [][]byte{marshal(t, &cb.Block{Header: &cb.BlockHeader{Number: 77}})}, nil
			case 5:
				return nil, status.Error(codes.Aborted, "cut")
			}
			return [][]byte{raw}, nil
		},
	})
	client := serve(t, replay)
	r := openReader(t, client)
	require.NoError(t, r.stream.Send(&cb.Envelope{Signature: []byte("status")}))
	require.Equal(t, cb.Status_INTERNAL_SERVER_ERROR, r.status())
	require.NoError(t, r.stream.Send(replaySeek(t, 0, 32)))
	for _, number := range []uint64{0, 2, 2, 77, 4} {
		require.Equal(t, number, r.block().Header.Number)
	}
	require.Equal(t, codes.Aborted, status.Code(r.failure()))

	r = openReader(t, client)
	require.NoError(t, r.stream.Send(&cb.Envelope{Signature: []byte("error")}))
	require.Equal(t, codes.DataLoss, status.Code(r.failure()))
}

func TestReplayOutOfService(t *testing.T) {
	replay := recordedReplay(t, ReplayConfig{Height: 1})
	r := openReader(t, serve(t, replay))
	require.NoError(t, r.stream.Send(replaySeek(t, 0, math.MaxUint64)))
	r.block()
	replay.SetServing(false)
	replay.SetServing(false)
	require.Equal(t, cb.Status_SERVICE_UNAVAILABLE, r.status())
	require.NoError(t, r.stream.Send(replaySeek(t, 0, 0)))
	require.Equal(t, cb.Status_SERVICE_UNAVAILABLE, r.status())
	replay.SetServing(true)
	replay.SetServing(true)
	require.NoError(t, r.stream.Send(replaySeek(t, 0, 0)))
	r.block()
	require.Equal(t, cb.Status_SUCCESS, r.status())
}

func TestReplayChecksReadersIfAsked(t *testing.T) {
	replay := recordedReplay(t, ReplayConfig{CloseAfterFailure: true, CheckReader: func(*cb.Envelope) error { return os.ErrPermission }})
	r := openReader(t, serve(t, replay))
	require.NoError(t, r.stream.Send(replaySeek(t, 0, 0)))
	require.Equal(t, cb.Status_FORBIDDEN, r.status())
	require.ErrorContains(t, r.failure(), "EOF")
}

func TestReplayTakesNoMessages(t *testing.T) {
	answers := submit(t, serve(t, recordedReplay(t, ReplayConfig{})), transaction(t, nil, "x", 1))
	require.Equal(t, cb.Status_SERVICE_UNAVAILABLE, answers[0].Status)
	require.Contains(t, answers[0].Info, "replays")
}

func TestNewReplayRefuses(t *testing.T) {
	_, err := NewReplay(nil, ReplayConfig{})
	require.ErrorContains(t, err, "without blocks")
	_, err = NewReplay([][]byte{{0xff}}, ReplayConfig{})
	require.ErrorContains(t, err, "cannot tell the channel")
	replay, err := NewReplayOf([]*cb.Block{{Header: &cb.BlockHeader{}}}, ReplayConfig{ChannelID: "named"})
	require.NoError(t, err, "anything can be replayed if the channel is named")
	require.Equal(t, "named", replay.ChannelID())
	require.EqualValues(t, 1, replay.Height())
}

func TestReadBlockDir(t *testing.T) {
	block := func(n uint64) []byte { return marshal(t, cb.NewBlock(n, nil)) }
	for name, c := range map[string]struct {
		files map[string][]byte
		count int
		err   string
	}{
		"in order":           {map[string][]byte{"0000.block": block(0), "0001.block": block(1)}, 2, ""},
		"by number":          {map[string][]byte{"0.block": block(0), "2.block": block(2), "00001.block": block(1)}, 3, ""},
		"others are ignored": {map[string][]byte{"0.block": block(0), "README": nil, "chain.tsv": nil}, 1, ""},
		"nothing":            {nil, 0, "holds no recorded chain"},
		"gap":                {map[string][]byte{"0.block": block(0), "2.block": block(2)}, 0, "lacks block 1"},
		"no beginning":       {map[string][]byte{"1.block": block(1)}, 0, "lacks block 0"},
		"twice":              {map[string][]byte{"0.block": block(0), "00.block": block(0)}, 0, "in two files"},
		"no number":          {map[string][]byte{"x.block": block(0)}, 0, "x.block is not named after a block number"},
		"negative":           {map[string][]byte{"-1.block": block(0)}, 0, "not named after a block number"},
		"huge number":        {map[string][]byte{"18446744073709551615.block": block(0)}, 0, "lacks block 0"},
		"no block":           {map[string][]byte{"0.block": {0xff}}, 0, "0.block is not a block"},
		"empty file":         {map[string][]byte{"0.block": nil}, 0, "0.block"},
		"another number":     {map[string][]byte{"0.block": block(4)}, 0, "holds block 4"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), content, 0o600))
			}
			blocks, err := ReadBlockDir(dir)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Len(t, blocks, c.count)
			for n, raw := range blocks {
				decoded := &cb.Block{}
				require.NoError(t, proto.Unmarshal(raw, decoded))
				require.EqualValues(t, n, decoded.Header.Number)
			}
		})
	}
	_, err := ReadBlockDir(filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
