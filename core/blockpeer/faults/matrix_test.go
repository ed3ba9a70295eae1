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

// setting is a column of the matrix.
type setting struct {
	name           string
	orderers, sick int
	// heals says that the sick orderers become good after the row's time. If not,
	// they stay sick for ever, and the client must find a good one.
	heals bool
	// listed is how many of the orderers the leader knows of; 0 means all.
	listed int
}

var (
	alone   = setting{name: "1 orderer, heals", orderers: 1, sick: 1, heals: true}
	oneSick = setting{name: "1 of 3 for ever", orderers: 3, sick: 1}
	twoSick = setting{name: "2 of 3 for ever", orderers: 3, sick: 2}
	allSick = setting{name: "3 of 3, heal", orderers: 3, sick: 3, heals: true}
)

// within says for a setting how long the first firstBlocks blocks may take: from
// the healing on, or in a setting without it from when the fault was first met.
// What is not listed is not run.
type within map[setting]time.Duration

// row is a line of the matrix. The bounds are what an operator gets. They are
// the sums of the waits that the code may make at worst, and of a few round
// trips, and not measured values.
type row struct {
	fault *fault
	lasts time.Duration // 0 means usual
	// static and elected are the bounds for the two kinds of leader.
	static, elected within
	// yields says that an elected leader whose only orderer has the fault gives
	// up at least once and is elected again. In all other cases it never does.
	yields bool
}

const (
	usual  = 5 * time.Minute // of sickness
	outage = 3 * time.Hour

	backoff  = 15 * time.Second // the longest wait after a failed attempt
	restMax  = 10 * time.Second // the longest wait after a status or bad block
	attempt  = 500 * time.Millisecond
	stagger  = 250 * time.Millisecond // between two dials of one attempt
	lost     = 80 * time.Second       // until a dead line is noticed
	silence  = time.Minute            // until an orderer without news is left for another; the next gets twice that
	first    = time.Second            // the first wait after a failed stream
	firstBad = 100 * time.Millisecond // the first wait after a status or bad block
)

// The bounds of most rows.
var (
	// The orderer cannot be reached, and that shows at once, or by connTimeout.
	unreachable = within{alone: backoff + attempt, oneSick: stagger + attempt, twoSick: 2*stagger + attempt}
	unanswered  = within{alone: backoff + connTimeout + attempt, oneSick: stagger + attempt, twoSick: 2*stagger + attempt}
	// It can be reached, but the stream is of no use.
	useless = within{alone: backoff + attempt, oneSick: first + attempt, twoSick: 2*(first+stagger) + attempt}
	// The stream fails after good blocks. Then the same orderer is tried again,
	// at first.
	breaks = within{alone: backoff + attempt, oneSick: 2*first + attempt, twoSick: 3*(first+stagger) + attempt}
	// What is said on the stream is wrong.
	misspoken = within{alone: restMax + attempt, oneSick: firstBad + attempt, twoSick: 3*firstBad + stagger + attempt}
	// A repeated check of an altered block comes in addition.
	misjudged = within{alone: restMax + attempt, oneSick: 3*firstBad + attempt, twoSick: 6*firstBad + stagger + attempt}
	// The request was refused, which does not have an orderer excluded. It is asked
	// once more, if it had been good before, and then after the others.
	refusedRequest = within{alone: backoff + attempt, oneSick: 3*firstBad + stagger + attempt, twoSick: 7*firstBad + 2*stagger + attempt}
	// Delivery ends and starts afresh.
	finished = within{alone: backoff + attempt, oneSick: first + stagger + attempt, twoSick: 3*first + 2*stagger + attempt}
	// The same with an election in between. The next term begins without memory,
	// as often as chance has it that the same orderer is asked.
	yielded      = within{alone: electionPause + attempt, oneSick: 20 * electionPause, twoSick: 40 * electionPause}
	yieldedAlone = within{alone: electionPause + restMax}
	// It makes no difference.
	harmless = within{alone: 0, oneSick: attempt, twoSick: attempt}
)

func matrix() []row {
	rows := []row{
		{fault: refused(), static: unreachable},
		{fault: blackHole(), static: unanswered},
		{fault: blackHoleBehindAccept(), static: unanswered},
		{fault: resetOnAccept(), static: unreachable},
		{fault: resetOnRequest(), static: useless},
		{fault: endsStream(), static: useless},
		{fault: slowHandshake(400*time.Millisecond, "but in time"), static: within{alone: 0, oneSick: stagger + attempt, twoSick: 2*stagger + attempt}},
		{fault: slowHandshake(2*time.Second, "too slow"), static: unanswered},
		{fault: wrongRoot(), static: unreachable},
	}
	for _, status := range statuses() {
		rows = append(rows, statusRow(says(status, false), status))
	}
	for _, status := range []cb.Status{cb.Status_SUCCESS, cb.Status_BAD_REQUEST, cb.Status_FORBIDDEN, cb.Status_SERVICE_UNAVAILABLE} {
		rows = append(rows, statusRow(says(status, true), status), statusRow(saysMidway(status), status))
	}
	return append(rows,
		row{fault: emptyResponses(), static: misspoken},
		row{fault: deadAfter(), static: within{alone: backoff + connTimeout + attempt, oneSick: lost + first + stagger + attempt, twoSick: 2*(lost+first) + 4*stagger + attempt}},
		row{fault: named("silent after k blocks: line lost, network soon back", deadAfter()), lasts: 10 * time.Second,
			static: within{alone: lost - 10*time.Second + first + attempt}},
		row{fault: muteAfter(), static: within{alone: attempt, oneSick: silence + stagger + attempt, twoSick: 3*silence + 2*stagger + attempt}},
		row{fault: gaps(), static: misspoken},
		row{fault: duplicates(), static: harmless},
		row{fault: repeats(), static: misspoken},
		row{fault: misorder(), static: misspoken},
		row{fault: backwards(), static: misspoken},
		row{fault: oversized(), static: breaks},
		row{fault: garbage(), static: breaks},
		row{fault: altered(), static: misjudged},
		row{fault: killedMidway(), static: useless},

		row{fault: named("all down: refused", refused()), lasts: outage, yields: true,
			static: allOf(backoff + attempt), elected: allOf(electionPause + attempt)},
		row{fault: named("all down: no answer", blackHole()), lasts: outage, yields: true,
			static: allOf(backoff + connTimeout + 2*stagger + attempt), elected: allOf(electionPause + attempt)},
		row{fault: named("all down: streams end at once", endsStream()), lasts: outage, yields: true,
			static: within{allSick: backoff + attempt}, elected: within{alone: electionPause + attempt}},
		row{fault: named("all down: without a leader, status 503", says(cb.Status_SERVICE_UNAVAILABLE, false)), lasts: outage,
			static: within{allSick: restMax + attempt}, elected: within{alone: restMax + attempt}},
	)
}

func statusRow(f *fault, status cb.Status) row {
	switch status {
	case cb.Status_SUCCESS:
		return row{fault: f, static: finished, elected: yielded, yields: true}
	case cb.Status_BAD_REQUEST:
		return row{fault: f, static: refusedRequest, elected: yieldedAlone, yields: true}
	case cb.Status_FORBIDDEN:
		return row{fault: f, static: with(misspoken, alone, backoff+attempt), elected: with(misspoken, alone, electionPause+restMax), yields: true}
	}
	return row{fault: f, static: misspoken}
}

func allOf(bound time.Duration) within { return within{alone: bound, allSick: bound} }

// with is bounds with another value for one setting.
func with(bounds within, s setting, bound time.Duration) within {
	changed := within{s: bound}
	for other, b := range bounds {
		if other != s {
			changed[other] = b
		}
	}
	return changed
}

func named(name string, f *fault) *fault {
	f.name = name
	return f
}

func TestFaultMatrix(t *testing.T) {
	results := &table{}
	for _, static := range []bool{true, false} {
		for _, s := range []setting{alone, oneSick, twoSick, allSick} {
			t.Run(kind(static)+"/"+s.name, func(t *testing.T) {
				for _, r := range matrix() {
					bounds := r.static
					if !static && r.elected != nil {
						bounds = r.elected
					}
					bound, runs := bounds[s]
					if !runs || !static && s == alone && r.elected == nil {
						continue // does not exist, or is the same for all leaders
					}
					t.Run(r.fault.name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							results.add(r.fault.name, s, static, recovery(t, r, s, static, bound))
						})
					})
				}
			})
		}
	}
	t.Log(results)
}

func kind(static bool) string {
	if static {
		return "static leader"
	}
	return "elected leader"
}

// recovery runs one cell of the matrix and returns what goes into the table.
func recovery(t *testing.T, r row, s setting, static bool, bound time.Duration) string {
	w := newWorld(t, static, r.fault, s)
	if !w.begin(time.Minute) {
		t.Error("the fault was never met")
	}
	if s.heals {
		lasts := r.lasts
		if lasts == 0 {
			lasts = usual
		}
		time.Sleep(lasts)
		w.heal()
	}
	dials := w.dials()
	took, complete := w.ledger.await(firstBlocks, bound+6*time.Hour)
	entry := fmt.Sprintf("%.2f", took.Seconds())
	switch {
	case !complete:
		t.Errorf("not delivered within %s", took)
	case took > bound:
		t.Errorf("delivered after %s instead of %s", took, bound)
	}
	if complete {
		w.reveal()
		if took, ok := w.ledger.await(chainLength, time.Minute); !ok || took > time.Second {
			t.Errorf("after recovery, new blocks took %s", took)
		}
	}
	synctest.Wait() // for the last block to be gossiped
	terms, _ := w.end()
	if complete && w.ledger.gossips != chainLength {
		t.Errorf("%d blocks were gossiped", w.ledger.gossips)
	}
	if yields := !static && r.yields && s.heals; yields && terms == 1 {
		t.Error("the elected leader never yielded")
	} else if !yields && terms > 1 && r.elected == nil {
		t.Errorf("the leader yielded %d times", terms-1)
	}
	if terms > 1 {
		entry += fmt.Sprintf(" (%d terms)", terms)
	}
	if s.heals && r.lasts == outage {
		entry += fmt.Sprintf(" (%d dials)", dials)
	}
	return entry
}

// table collects what TestFaultMatrix prints: seconds of virtual time.
type table struct {
	rows  []string
	cells map[string]string
}

func (t *table) add(row string, s setting, static bool, cell string) {
	if t.cells == nil {
		t.cells = map[string]string{}
	}
	known := false
	for _, other := range t.rows {
		known = known || other == row
	}
	if !known {
		t.rows = append(t.rows, row)
	}
	t.cells[row+s.name+kind(static)] = cell
}

func (t *table) String() string {
	var b strings.Builder
	for _, static := range []bool{true, false} {
		fmt.Fprintf(&b, "\n%s: seconds until all blocks are there, since healing or since the fault was met\n", kind(static))
		fmt.Fprintf(&b, "%-52s %24s %24s %24s %24s\n", "", alone.name, oneSick.name, twoSick.name, allSick.name)
		for _, row := range t.rows {
			fmt.Fprintf(&b, "%-52s", row)
			for _, s := range []setting{alone, oneSick, twoSick, allSick} {
				cell := t.cells[row+s.name+kind(static)]
				if cell == "" {
					cell = "-"
				}
				fmt.Fprintf(&b, " %24s", cell)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}
