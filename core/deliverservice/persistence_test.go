// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/deliverservice/blocksprovider"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/stretchr/testify/assert"
)

func TestClientIsLazy(t *testing.T) {
	o := &oddOrderer{}
	bc := o.newBroadcastClient(atMost(3))
	bc.Disconnect(true)
	bc.Disconnect(false)
	assert.Equal(t, 0, o.dialled())
	_, err := bc.Recv()
	assert.NoError(t, err)
	assert.NoError(t, bc.Send(&cb.Envelope{}))
	assert.Equal(t, 1, o.dialled())
	assert.Empty(t, o.disabled)
	o.assertAllClosed(t, bc)
}

func TestRecvHandsOutWhatTheStreamReturned(t *testing.T) {
	for _, want := range []*ab.DeliverResponse{{}, blockResponse(7)} {
		want := want
		o := &oddOrderer{recv: func(context.Context, int) (*ab.DeliverResponse, error) { return want, nil }}
		bc := o.newBroadcastClient(atMost(3))
		got, err := bc.Recv()
		assert.NoError(t, err)
		assert.True(t, got == want, "another response came out")
		o.assertAllClosed(t, bc)
	}
}

// The two ways to use a client must persist alike.
var usages = map[string]func(*broadcastClient) error{
	"Recv": func(bc *broadcastClient) error { _, err := bc.Recv(); return err },
	"Send": func(bc *broadcastClient) error { return bc.Send(&cb.Envelope{}) },
}

func TestAttemptsAreCountedExactly(t *testing.T) {
	for name, use := range usages {
		o := &oddOrderer{dial: alwaysFails}
		bc := o.newBroadcastClient(atMost(10))
		err := use(bc)
		assert.EqualError(t, err, "attempts (10) or elapsed time (9ms) exhausted: something odd", name)
		assert.Equal(t, 10, o.dialled(), name)
		for i, asked := range o.askedFor() {
			assert.Equal(t, askedPolicy{i + 1, time.Duration(i) * time.Millisecond}, asked, name)
		}
		o.assertAllClosed(t, bc)
	}
}

func TestAttemptsAfterALossCountFromIt(t *testing.T) {
	for name, use := range usages {
		o := &oddOrderer{
			dial: func(nth int) error {
				if nth == 1 {
					return nil
				}
				return errOdd
			},
			recv: recvFails,
			send: alwaysFails,
		}
		bc := o.newBroadcastClient(atMost(10))
		assert.Error(t, use(bc), name)
		assert.Equal(t, 10, o.dialled(), "%s: 1 connection and 9 attempts to replace it", name)
		o.assertAllClosed(t, bc)
	}
}

// A connection clears the counters, even if nothing ever comes over it.
func TestConnectingClearsTheCounters(t *testing.T) {
	o := &oddOrderer{}
	o.recv = func(context.Context, int) (*ab.DeliverResponse, error) {
		if o.dialled() > 20 {
			return blockResponse(0), nil
		}
		return nil, errOdd
	}
	bc := o.newBroadcastClient(atMost(3))
	_, err := bc.Recv()
	assert.NoError(t, err)
	assert.Equal(t, 21, o.dialled())
	for _, asked := range o.askedFor() {
		assert.Equal(t, askedPolicy{1, 0}, asked)
	}
	o.assertAllClosed(t, bc)
}

// Only what the policy returned is elapsed time, however long a dial takes.
func TestDialTimeIsNotElapsedTime(t *testing.T) {
	o := &oddOrderer{dial: alwaysFails}
	bc := o.newBroadcastClient(func(attempt int, elapsed time.Duration) (time.Duration, bool) {
		return 5 * time.Millisecond, elapsed < 10*time.Millisecond
	})
	_, err := bc.Recv()
	assert.Error(t, err)
	assert.Equal(t, 3, o.dialled())
	o.assertAllClosed(t, bc)
}

func TestFailedSetupIsAFailedAttempt(t *testing.T) {
	o := &oddOrderer{}
	o.setup = func(nth int, _ blocksprovider.BlocksDeliverer) error {
		if nth < 4 {
			return errOdd
		}
		return nil
	}
	bc := o.newBroadcastClient(atMost(10))
	_, err := bc.Recv()
	assert.NoError(t, err)
	assert.Equal(t, 4, o.dialled(), "a new connection for each attempt")
	assert.Equal(t, 4, o.setups, "one setup for each stream")
	assert.Equal(t, []askedPolicy{{1, 0}, {2, time.Millisecond}, {3, 2 * time.Millisecond}}, o.askedFor())
	o.assertAllClosed(t, bc)
}

// What onConnect gets must not reconnect by itself: a request would be sent
// several times over the stream that works in the end.
func TestSetupIsBoundToItsStream(t *testing.T) {
	sent := make(map[int]int)
	o := &oddOrderer{}
	o.send = func(nth int) error {
		sent[nth]++
		if nth < 5 {
			return errOdd
		}
		return nil
	}
	o.setup = func(nth int, d blocksprovider.BlocksDeliverer) error {
		return d.Send(&cb.Envelope{})
	}
	bc := o.newBroadcastClient(atMost(10))
	_, err := bc.Recv()
	assert.NoError(t, err)
	assert.Equal(t, map[int]int{1: 1, 2: 1, 3: 1, 4: 1, 5: 1}, sent)
	o.assertAllClosed(t, bc)
}

func TestSetupMayReceive(t *testing.T) {
	o := &oddOrderer{}
	o.setup = func(_ int, d blocksprovider.BlocksDeliverer) error {
		response, err := d.Recv()
		assert.Equal(t, uint64(0), response.GetBlock().Header.Number)
		return err
	}
	bc := o.newBroadcastClient(atMost(2))
	response, err := bc.Recv()
	assert.NoError(t, err)
	assert.Equal(t, uint64(1), response.GetBlock().Header.Number)
	o.assertAllClosed(t, bc)
}

// hangsIn returns an orderer that hangs at some point, and a channel that is
// closed when it has got there.
func hangsIn(state string, release <-chan struct{}) (*oddOrderer, <-chan struct{}) {
	there := make(chan struct{})
	var once sync.Once
	arrive := func() { once.Do(func() { close(there) }) }
	o := &oddOrderer{}
	switch state {
	case "dial":
		o.dial = func(int) error { arrive(); <-release; return nil }
	case "setup":
		o.setup = func(_ int, d blocksprovider.BlocksDeliverer) error {
			arrive()
			_, err := d.Recv()
			return err
		}
		o.recv = recvHangs
	case "stream":
		o.recv = func(ctx context.Context, nth int) (*ab.DeliverResponse, error) {
			arrive()
			return recvHangs(ctx, nth)
		}
	case "wait":
		o.recv = recvFails
		o.dial = func(int) error { arrive(); return nil }
	}
	return o, there
}

func TestCloseEndsWhateverIsGoingOn(t *testing.T) {
	for _, state := range []string{"dial", "setup", "stream", "wait"} {
		release := make(chan struct{})
		o, there := hangsIn(state, release)
		bc := o.newBroadcastClient(patient)
		result := make(chan error, 1)
		go func() {
			response, err := bc.Recv()
			assert.Nil(t, response)
			result <- err
		}()
		<-there
		within(t, "closing in "+state, func() {
			var closers sync.WaitGroup
			for i := 0; i < 5; i++ {
				closers.Add(1)
				go func() {
					defer closers.Done()
					bc.Close()
				}()
			}
			closers.Wait()
			assert.EqualError(t, <-result, "client is closing", state)
		})
		before := o.dialled()
		for name, use := range usages {
			assert.EqualError(t, use(bc), "client is closing", "%s after %s", name, state)
		}
		assert.Equal(t, before, o.dialled(), "dialled after Close")
		close(release)
		o.assertAllClosed(t, bc)
	}
}

func TestCloseBeforeUse(t *testing.T) {
	o := &oddOrderer{}
	bc := o.newBroadcastClient(patient)
	bc.Close()
	_, err := bc.Recv()
	assert.EqualError(t, err, "client is closing")
	assert.Equal(t, 0, o.dialled())
}

func TestDisconnect(t *testing.T) {
	o := &oddOrderer{}
	bc := o.newBroadcastClient(patient) // so no failure may be counted
	for i, disable := range []bool{false, true, false} {
		_, err := bc.Recv()
		assert.NoError(t, err)
		assert.Equal(t, i+1, o.dialled(), "reconnected at once, and only then")
		bc.Disconnect(disable)
		bc.Disconnect(disable) // has no connection and so no endpoint
	}
	assert.Equal(t, []string{"orderer"}, o.disabled)
	o.assertAllClosed(t, bc)
}

// A Recv that is broken by a Disconnect waits as the policy says before it
// connects again.
func TestDisconnectDuringRecv(t *testing.T) {
	o, there := hangsIn("stream", nil)
	o.recv = func(hang func(context.Context, int) (*ab.DeliverResponse, error)) func(context.Context, int) (*ab.DeliverResponse, error) {
		return func(ctx context.Context, nth int) (*ab.DeliverResponse, error) {
			if nth > 1 {
				return blockResponse(1), nil
			}
			return hang(ctx, nth)
		}
	}(o.recv)
	bc := o.newBroadcastClient(atMost(5))
	result := make(chan error, 1)
	go func() {
		_, err := bc.Recv()
		result <- err
	}()
	<-there
	bc.Disconnect(false)
	within(t, "reconnecting", func() { assert.NoError(t, <-result) })
	assert.Equal(t, []askedPolicy{{1, 0}}, o.askedFor())
	assert.Equal(t, 2, o.dialled())
	o.assertAllClosed(t, bc)
}

// An attempt that began before the endpoints changed may lead to one that is
// no longer among them.
func TestUpdateDuringDialDiscardsTheConnection(t *testing.T) {
	release := make(chan struct{})
	o, there := hangsIn("dial", release)
	bc := o.newBroadcastClient(patient)
	result := make(chan error, 1)
	go func() {
		_, err := bc.Recv()
		result <- err
	}()
	<-there
	within(t, "updating during a dial", func() { bc.UpdateEndpoints([]string{"other"}) })
	close(release)
	within(t, "dialling anew", func() { assert.NoError(t, <-result) })
	assert.Equal(t, 2, o.dialled())
	assert.Empty(t, o.askedFor(), "this is no failure")
	o.assertAllClosed(t, bc)
}

func TestUpdateCutsAWaitShort(t *testing.T) {
	failed := make(chan struct{})
	o := &oddOrderer{dial: func(nth int) error {
		if nth > 1 {
			return nil
		}
		return errOdd
	}}
	bc := o.newBroadcastClient(func(int, time.Duration) (time.Duration, bool) {
		close(failed)
		return 1e6 * time.Second, true
	})
	result := make(chan error, 1)
	go func() {
		_, err := bc.Recv()
		result <- err
	}()
	<-failed
	bc.UpdateEndpoints(nil) // says nothing
	// The wait may be about to begin; it counts as begun when an update that
	// comes too early for it is repeated.
	within(t, "the attempt after the update", func() {
		for {
			bc.UpdateEndpoints([]string{"other"})
			select {
			case err := <-result:
				assert.NoError(t, err)
				return
			case <-time.After(redirectPause):
			}
		}
	})
	o.assertAllClosed(t, bc)
}

func TestClientWithoutEndpoints(t *testing.T) {
	o := &oddOrderer{}
	bc := NewBroadcastClient(nil, o.client, o.onConnect, atMost(2))
	bc.UpdateEndpoints([]string{"a"})
	assert.Empty(t, bc.GetEndpoints())
	_, err := bc.Recv()
	assert.EqualError(t, err, "attempts (2) or elapsed time (1ms) exhausted: there is no orderer endpoint to connect to")
	bc.Close()
	bc.wait()
}

// judge is a producer with the extras that the real one has.
type judge struct {
	*oddOrderer
	praised, blamed []string
}

func (j *judge) Promote(endpoint string) { j.praised = append(j.praised, endpoint) }
func (j *judge) Demote(endpoint string)  { j.blamed = append(j.blamed, endpoint) }

func TestEndpointsAreJudgedByTheirBlocks(t *testing.T) {
	for _, c := range []struct {
		name            string
		recv            func(nth, call int) (*ab.DeliverResponse, error)
		uses            int
		praised, blamed int
	}{
		{"nothing but errors", func(nth, call int) (*ab.DeliverResponse, error) { return nil, errOdd }, 1, 0, 2},
		{"a block nobody has judged yet", func(nth, call int) (*ab.DeliverResponse, error) { return blockResponse(0), nil }, 1, 0, 0},
		{"good blocks", func(nth, call int) (*ab.DeliverResponse, error) { return blockResponse(0), nil }, 4, 1, 0},
		{"statuses only", func(nth, call int) (*ab.DeliverResponse, error) { return &ab.DeliverResponse{}, nil }, 4, 0, 0},
		{"good blocks, then an error", func(nth, call int) (*ab.DeliverResponse, error) {
			if nth == 1 && call > 2 {
				return nil, errOdd
			}
			return blockResponse(0), nil
		}, 3, 1, 0},
	} {
		calls := 0
		j := &judge{oddOrderer: &oddOrderer{}}
		dials := 0
		j.dial = func(int) error {
			if dials++; dials > 2 {
				return errOdd
			}
			calls = 0
			return nil
		}
		j.recv = func(_ context.Context, nth int) (*ab.DeliverResponse, error) {
			calls++
			return c.recv(nth, calls)
		}
		bc := NewBroadcastClient(j, j.client, j.onConnect, atMost(3))
		for i := 0; i < c.uses; i++ {
			bc.Recv()
		}
		assert.Len(t, j.praised, c.praised, c.name)
		assert.Len(t, j.blamed, c.blamed, c.name)
		j.assertAllClosed(t, bc)
	}
}

func TestSerialTellsConnectionsApart(t *testing.T) {
	o := &oddOrderer{}
	bc := o.newBroadcastClient(atMost(3))
	assert.Equal(t, uint64(0), bc.Serial())
	var serials []uint64
	for i := 0; i < 4; i++ {
		bc.Recv()
		serials = append(serials, bc.Serial())
		if i == 1 {
			bc.Disconnect(false)
		}
	}
	assert.Equal(t, []uint64{1, 1, 2, 2}, serials)
	o.assertAllClosed(t, bc)
}
