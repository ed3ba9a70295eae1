// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	cb "github.com/hyperledger/fabric/protos/common"
)

// kinds are the faults of the matrix, without the outages. Of the statuses, which
// differ in what follows from them and hardly in the waiting, there are three.
func kinds() []*fault {
	var all []*fault
	for _, r := range matrix() {
		plain := r.fault.serve != nil && strings.HasPrefix(r.fault.name, "status") && !strings.HasSuffix(r.fault.name, ", then end")
		if r.lasts == 0 && !plain {
			all = append(all, r.fault)
		}
	}
	return append(all, says(cb.Status_SUCCESS, false), says(cb.Status_BAD_REQUEST, false), says(cb.Status_SERVICE_UNAVAILABLE, false))
}

// Stop in the middle of each fault takes no time and leaves nothing behind,
// whatever delivery was waiting for: a dial, a handshake, a stream, the next
// attempt.
func TestStopDuringEachFault(t *testing.T) {
	longest := time.Duration(0)
	for i, f := range kinds() {
		for _, s := range []setting{alone, allSick} {
			for j, moment := range []time.Duration{0, 3 * linePace, 700 * time.Millisecond, 70 * time.Second} {
				static := (i+j)%2 == 0
				t.Run(fmt.Sprintf("%s/%d orderers/after %s", f.name, s.orderers, moment), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, static, f, s)
						if !w.begin(time.Minute) {
							t.Error("the fault was never met")
						}
						time.Sleep(moment)
						_, lingered := w.end()
						longest = max(longest, lingered)
					})
				})
			}
		}
	}
	t.Logf("the last goroutine of a stopped client ended after %s", longest)
}

// Stop also ends a leader that has not met anybody yet.
func TestStopAtOnce(t *testing.T) {
	for _, moment := range []time.Duration{0, linePace, 3 * linePace, 5 * linePace, 9 * linePace} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, true, nil, setting{orderers: 3})
			close(w.gate)
			w.leader.start()
			time.Sleep(moment)
			w.end()
		})
	}
}

// A leader that loses the leadership in the middle of a fault, and gets it back
// at once, goes on where it was.
func TestQuickStopAndStart(t *testing.T) {
	for _, f := range kinds() {
		for _, moment := range []time.Duration{0, 20 * time.Second} {
			t.Run(fmt.Sprintf("%s/after %s", f.name, moment), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, false, f, alone)
					if !w.begin(time.Minute) {
						t.Error("the fault was never met")
					}
					time.Sleep(moment)
					w.leader.relapse()
					time.Sleep(time.Second)
					w.heal()
					if took, ok := w.ledger.await(firstBlocks, time.Hour); !ok || took > lost+first+attempt {
						t.Errorf("after %s: %v", took, ok)
					}
					w.end()
				})
			})
		}
	}
}

// New endpoints end any fault: whatever delivery is waiting for, it turns to
// them at once, or after the first wait where it gives up a stream.
func TestUpdateEndpointsDuringEachFault(t *testing.T) {
	for _, f := range kinds() {
		for _, moment := range []time.Duration{0, 3 * time.Minute} {
			t.Run(fmt.Sprintf("%s/after %s", f.name, moment), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, true, f, setting{orderers: 2, sick: 1, listed: 1})
					if !w.begin(time.Minute) {
						t.Error("the fault was never met")
					}
					time.Sleep(moment)
					if err := w.leader.service.UpdateEndpoints(channelID, []string{w.stations[1].name}); err != nil {
						t.Error(err)
					}
					if took, ok := w.ledger.await(firstBlocks, time.Hour); !ok || took > first+attempt {
						t.Errorf("after %s: %v", took, ok)
					}
					w.end()
				})
			})
		}
	}
}

// A good orderer with nothing to say is no failure: its streams are renewed, ever
// more rarely, and it serves the next block at once.
func TestIdleOrderer(t *testing.T) {
	for _, orderers := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, false, nil, setting{orderers: orderers})
			close(w.gate)
			w.leader.start()
			if took, ok := w.ledger.await(firstBlocks, time.Hour); !ok {
				t.Errorf("not delivered within %s", took)
			}
			time.Sleep(outage)
			w.reveal()
			if took, ok := w.ledger.await(chainLength, time.Hour); !ok || took > attempt {
				t.Errorf("the next blocks took %s: %v", took, ok)
			}
			if dials := w.dials(); dials > 30 {
				t.Errorf("dialled %d times in %s", dials, outage)
			}
			if terms, _ := w.end(); terms != 1 {
				t.Errorf("yielded %d times", terms-1)
			}
		})
	}
}
