// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package blocksprovider

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	cb "github.com/hyperledger/fabric/protos/common"
	gproto "github.com/hyperledger/fabric/protos/gossip"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// stamps are the times at which the answers of a script were fetched.
type stamps struct {
	mutex sync.Mutex
	times []time.Duration
}

func (s *stamps) add(d time.Duration) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.times = append(s.times, d)
}

func (s *stamps) all() []time.Duration {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]time.Duration(nil), s.times...)
}

// on makes each answer of a script leave a stamp, counted from now on.
func (s *stamps) on(script ...func() (*ab.DeliverResponse, error)) []func() (*ab.DeliverResponse, error) {
	start := time.Now()
	var out []func() (*ab.DeliverResponse, error)
	for _, f := range script {
		out = append(out, func() (*ab.DeliverResponse, error) {
			s.add(time.Since(start))
			return f()
		})
	}
	return out
}

func withMaxDelay(max time.Duration) (undo func()) {
	before := maxRetryDelay
	maxRetryDelay = max
	return func() { maxRetryDelay = before }
}

func TestDelaysDoubleUpToTheCap(t *testing.T) {
	defer withMaxDelay(10 * time.Second)()
	synctest.Test(t, func(t *testing.T) {
		var fetched stamps
		unavailable := giveStatus(cb.Status_SERVICE_UNAVAILABLE)
		var script []func() (*ab.DeliverResponse, error)
		for i := 0; i < 9; i++ {
			script = append(script, unavailable)
		}
		script = append(script, giveBlock(bareBlock(0)), unavailable, unavailable, giveBlock(bareBlock(1)))
		b := newBench(fetched.on(script...)...)
		b.start()
		synctest.Wait()
		time.Sleep(time.Hour)
		b.provider.Stop()
		b.end(t)

		at := fetched.all()
		delays := []time.Duration{100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000, 0, 100, 200}
		if len(at) != len(delays)+1 {
			t.Fatalf("answers were fetched at %v", at)
		}
		for i, want := range delays {
			if got := at[i+1] - at[i]; got != want*time.Millisecond {
				t.Errorf("delay %d is %s, want %s", i, got, want*time.Millisecond)
			}
		}
	})
}

func TestStopTakesNoTime(t *testing.T) {
	defer withMaxDelay(10 * time.Second)()
	stuck := func(*gproto.Payload) error { return errors.New("full") }
	bad := func(uint64, []byte) error { return errors.New("bad") }
	for name, prepare := range map[string]func(*bench){
		"rest after status": func(b *bench) {
			b.client.script = append(b.client.script, giveStatus(cb.Status_NOT_FOUND))
		},
		"rest after bad block": func(b *bench) {
			b.crypto.onVerify = bad
			b.client.script = append(b.client.script, giveBlock(bareBlock(0)))
		},
		"between hand-overs": func(b *bench) {
			b.gossip.onAdd = stuck
			b.client.script = append(b.client.script, giveBlock(bareBlock(0)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				prepare(b)
				b.start()
				synctest.Wait() // it is in the middle of the wait
				before := time.Now()
				b.provider.Stop()
				<-b.ended
				if took := time.Since(before); took != 0 {
					t.Errorf("took %s", took)
				}
				if b.diary.count("disconnect") != 0 {
					t.Errorf("disconnected after stop: %s", b.diary.read())
				}
			})
		})
	}
}

// A channel that never takes a block costs streams, at a bounded rate, and
// delivery goes on as soon as it does.
func TestUnwillingChannelDoesNotEndDelivery(t *testing.T) {
	defer withMaxDelay(10 * time.Second)()
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		for i := 0; i < 2000; i++ {
			b.client.script = append(b.client.script, giveBlock(bareBlock(0)))
		}
		healed := time.Now().Add(time.Hour)
		b.gossip.onAdd = func(*gproto.Payload) error {
			if time.Now().Before(healed) {
				return errors.New("no such channel")
			}
			return nil
		}
		b.start()
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		if n := b.diary.count("disconnect false"); n < 200 || n > 400 || b.diary.count("disconnect true") != 0 {
			t.Errorf("%d streams left in an hour", n)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if b.diary.count("gossip 0") == 0 {
			t.Error("delivery did not go on")
		}
		b.provider.Stop()
		b.end(t)
	})
}

// For an hour the ledger does not take in a configuration block; the block
// behind it is not blamed on anyone, and gets through in the end.
func TestStalledConfigBlamesNobody(t *testing.T) {
	defer withMaxDelay(10 * time.Second)()
	synctest.Test(t, func(t *testing.T) {
		blocks := chain(cb.HeaderType_CONFIG, cb.HeaderType_ENDORSER_TRANSACTION)
		committed := time.Now().Add(time.Hour)
		b := newBench()
		client := &fullClient{scriptedClient: b.client, ledger: func() (uint64, error) {
			if time.Now().Before(committed) {
				return 0, nil
			}
			return 1, nil
		}}
		for i := uint64(1); i <= 400; i++ {
			client.serials = append(client.serials, i, i)
			client.messages = append(client.messages, wireMessage(blocks[0], nil), wireMessage(blocks[1], nil))
		}
		b.provider.client = client
		b.crypto.onVerify = func(number uint64, _ []byte) error {
			if number == 1 && time.Now().Before(committed) {
				return errors.New("old rules")
			}
			return nil
		}
		b.start()
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		if b.diary.count("disconnect true") != 0 || b.diary.count("add 1") != 0 {
			t.Error("somebody was blamed or believed too early")
		}
		if n := b.diary.count("disconnect false"); n < 80 || n > 120 {
			t.Errorf("%d streams left in an hour", n)
		}
		time.Sleep(12 * time.Second) // the rest that is under way, at most
		synctest.Wait()
		if b.diary.count("add 1") == 0 {
			t.Error("the block did not get through")
		}
		b.provider.Stop()
		b.end(t)
	})
}

// Without a view of the ledger, the doubt costs 0.75 s per configuration block.
func TestDoubtWithoutLedgerIsShort(t *testing.T) {
	defer withMaxDelay(10 * time.Second)()
	synctest.Test(t, func(t *testing.T) {
		blocks := chain(cb.HeaderType_CONFIG, cb.HeaderType_ENDORSER_TRANSACTION)
		b := newBench(giveBlock(blocks[0]), giveBlock(blocks[1]))
		b.crypto.onVerify = func(number uint64, _ []byte) error {
			if number == 1 {
				return errors.New("bad")
			}
			return nil
		}
		start := time.Now()
		var left time.Duration
		b.client.script = append(b.client.script, func() (*ab.DeliverResponse, error) {
			left = time.Since(start)
			return nil, errors.New("end")
		})
		b.start()
		<-b.ended
		if left != 750*time.Millisecond+100*time.Millisecond {
			t.Errorf("left after %s", left)
		}
		if b.diary.count("disconnect true") != 1 {
			t.Errorf("got %s", b.diary.read())
		}
	})
}

func TestNewEndpointsCutTheRestShort(t *testing.T) {
	defer withMaxDelay(10 * time.Second)()
	synctest.Test(t, func(t *testing.T) {
		var fetched stamps
		notFound := giveStatus(cb.Status_NOT_FOUND)
		var script []func() (*ab.DeliverResponse, error)
		for i := 0; i < 12; i++ {
			script = append(script, notFound)
		}
		b := newBench(fetched.on(script...)...)
		b.start()
		time.Sleep(12700*time.Millisecond + time.Second) // a second into the first rest of 10 s
		synctest.Wait()
		before := len(fetched.all())
		b.provider.UpdateOrderingEndpoints([]string{"new"})
		time.Sleep(refreshedWait)
		synctest.Wait()
		if at := fetched.all(); len(at) != before+1 || at[before] != 13800*time.Millisecond {
			t.Fatalf("answers were fetched at %v", at)
		}
		// The delays start over as well.
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if at := fetched.all(); len(at) != before+2 {
			t.Errorf("answers were fetched at %v", at)
		}
		b.provider.Stop()
		b.end(t)
	})
}

// An update that came before a message has done its work by then: the rest
// after the message is not cut short.
func TestOldUpdateDoesNotCutTheRestShort(t *testing.T) {
	defer withMaxDelay(10 * time.Second)()
	synctest.Test(t, func(t *testing.T) {
		var fetched stamps
		notFound := giveStatus(cb.Status_NOT_FOUND)
		b := newBench()
		update := func() (*ab.DeliverResponse, error) {
			b.provider.UpdateOrderingEndpoints([]string{"new"})
			return notFound()
		}
		b.client.script = fetched.on(notFound, notFound, update, notFound)
		b.start()
		time.Sleep(time.Minute)
		b.provider.Stop()
		b.end(t)
		at := fetched.all()
		if len(at) != 4 || at[3]-at[2] != 400*time.Millisecond {
			t.Errorf("answers were fetched at %v", at)
		}
	})
}
