// SPDX-License-Identifier: Apache-2.0

package window

import (
	"errors"
	"math"
	"math/rand"
	"testing"
	"testing/synctest"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

func payload(t testing.TB, number uint64, config bool) []byte {
	t.Helper()
	kind := cb.HeaderType_MESSAGE
	if config {
		kind = cb.HeaderType_CONFIG
	}
	env, err := utils.CreateSignedEnvelope(kind, "ch", nil, &cb.Envelope{}, 0, 0)
	require.NoError(t, err)
	raw, err := proto.Marshal(&cb.Block{Header: &cb.BlockHeader{Number: number}, Data: &cb.BlockData{Data: [][]byte{utils.MarshalOrPanic(env)}}})
	require.NoError(t, err)
	return raw
}

// recorder commits into a list and can be held up or made to fail.
type recorder struct {
	runs [][]uint64
	gate chan error // when not nil, each commit waits for its outcome
}

func (r *recorder) commit(run []blockstore.Block) error {
	if r.gate != nil {
		if err := <-r.gate; err != nil {
			return err
		}
	}
	var numbers []uint64
	for _, b := range run {
		numbers = append(numbers, b.Number)
	}
	r.runs = append(r.runs, numbers)
	return nil
}

func TestBlocksAreCommittedInOrderAndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{gate: make(chan error)}
		w := New(5, r.commit)
		for _, number := range []uint64{7, 6, 9, 5, 6, 4, 8} {
			require.NoError(t, w.Add(number, payload(t, number, false)))
		}
		for w.Next() < 10 { // how the runs fall depends on who was quicker
			synctest.Wait()
			r.gate <- nil
			synctest.Wait()
		}
		var all []uint64
		for _, run := range r.runs {
			all = append(all, run...)
		}
		require.Equal(t, []uint64{5, 6, 7, 8, 9}, all)
		require.Less(t, len(r.runs), 5, "blocks that wait are committed together")
		w.Stop()
		require.ErrorIs(t, w.Add(10, payload(t, 10, false)), ErrStopped)
		w.Stop()
	})
}

func TestAddWaitsForTheCommitOfAConfigBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{gate: make(chan error)}
		w := New(0, r.commit)
		added := make(chan error, 1)
		go func() { added <- w.Add(0, payload(t, 0, true)) }()
		synctest.Wait()
		require.Empty(t, added)
		r.gate <- nil
		require.NoError(t, <-added)
		require.Equal(t, uint64(1), w.Next())
		w.Stop()
	})
}

func TestAddWaitsWhileTheWindowIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{gate: make(chan error)}
		size := len(payload(t, 1, false))
		w := start(0, r.commit, limits{blocks: 10, bytes: 2 * size})
		require.NoError(t, w.Add(1, payload(t, 1, false)))
		require.NoError(t, w.Add(2, payload(t, 2, false)))
		added := make(chan error, 1)
		go func() { added <- w.Add(3, payload(t, 3, false)) }()
		synctest.Wait()
		require.Empty(t, added, "the window is full")
		require.NoError(t, w.Add(0, payload(t, 0, false)), "the next block always fits")
		r.gate <- nil
		require.NoError(t, <-added)
		r.gate <- nil
		synctest.Wait()
		require.Equal(t, uint64(4), w.Next())
		w.Stop()
	})
}

func TestStopFreesEveryWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(0, (&recorder{}).commit, limits{blocks: 1, bytes: 1 << 20})
		require.NoError(t, w.Add(5, payload(t, 5, false)))
		errs := make(chan error, 2)
		go func() { errs <- w.Add(6, payload(t, 6, false)) }()
		go func() { errs <- w.Add(7, payload(t, 7, true)) }()
		synctest.Wait()
		w.Stop()
		require.ErrorIs(t, <-errs, ErrStopped)
		require.ErrorIs(t, <-errs, ErrStopped)
		require.NoError(t, w.Err())
	})
}

func TestAFailedCommitEndsTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := errors.New("disk full")
		w := New(3, func([]blockstore.Block) error { return disk })
		w.Add(3, payload(t, 3, false))
		<-w.Done()
		require.ErrorIs(t, w.Err(), disk)
		require.ErrorContains(t, w.Err(), "committing block 3")
		require.ErrorIs(t, w.Add(4, payload(t, 4, false)), disk)
		require.Equal(t, uint64(3), w.Next(), "nothing was committed")
		w.Stop()
	})
}

func TestAddRefusesWhatIsNotTheBlock(t *testing.T) {
	w := New(0, (&recorder{}).commit)
	defer w.Stop()
	require.ErrorContains(t, w.Add(1, payload(t, 2, false)), "payload 1 holds block 2")
	require.ErrorContains(t, w.Add(1, []byte{0xff}), "payload 1")
	require.ErrorContains(t, w.Add(1, nil), "payload 1")
}

// TestQueueAgainstAModel runs random operations on a queue and on the simplest
// thing that could do its job.
func TestQueueAgainstAModel(t *testing.T) {
	for seed := int64(0); seed < 200; seed++ {
		random := rand.New(rand.NewSource(seed))
		start := []uint64{0, 1, 1000, math.MaxUint64 - 40}[random.Intn(4)]
		q, model := newQueue(start), map[uint64]int{}
		next, held := start, 0
		most := limits{blocks: 1 + random.Intn(6), bytes: 1 + random.Intn(300)}
		for op := 0; op < 300 && next < math.MaxUint64-20; op++ {
			if random.Intn(3) > 0 {
				b := blockstore.Block{Number: next + uint64(random.Intn(10)) - uint64(random.Intn(3)), Raw: make([]byte, random.Intn(100)), Config: random.Intn(5) == 0}
				_, have := model[b.Number]
				got := q.push(b, most)
				switch {
				case have || b.Number < next:
					require.Equal(t, duplicate, got)
				case b.Number != next && (len(model) >= most.blocks || held+len(b.Raw) > most.bytes):
					require.Equal(t, full, got)
				default:
					require.Equal(t, stored, got)
					model[b.Number] = len(b.Raw)
					held += len(b.Raw)
				}
			} else {
				run, size := q.run(150), 0
				for i, b := range run {
					require.Equal(t, next+uint64(i), b.Number)
					require.True(t, !b.Config || len(run) == 1, "a config block stands alone")
					size += len(b.Raw)
				}
				require.True(t, size <= 150 || len(run) == 1)
				_, have := model[next]
				require.Equal(t, have, len(run) > 0)
				q.committed(run)
				for _, b := range run {
					held -= model[b.Number]
					delete(model, b.Number)
				}
				next += uint64(len(run))
			}
			require.Equal(t, held, q.bytes)
			require.Len(t, q.held, len(model))
		}
	}
}
