// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
)

// flowModules are the loggers of the delivery flow, at the level that tells
// each step.
const flowSpec = "deliveryClient,blocksProvider,ConnProducer=debug:fatal"

// Columns of a flow line as flogging hands it over.
const (
	separator  = "\x1f"
	flowFormat = "%{shortfunc}" + separator + "%{shortfile}" + separator + "%{level}" + separator + "%{message}"
)

// commitEvery is how often the commit of ordinary blocks is told.
const commitEvery = 250 * time.Millisecond

// stage prints what happens. It may be used from any goroutine.
type stage struct {
	out   io.Writer
	color bool
	began time.Time

	mutex   sync.Mutex // guards all below, and out
	steps   int
	blocks  int // committed since the last line about commits
	bytes   int
	told    time.Time
	next    uint64        // number of the next block to be committed
	grown   chan struct{} // closed and replaced when next grows
	closed  bool
	partial []byte // of a log line

	repeated   string // the function of the last flow line, and when that was
	repeatedAt time.Time
}

func newStage(out io.Writer, color bool) *stage {
	return &stage{out: out, color: color, began: time.Now(), told: time.Now(), grown: make(chan struct{})}
}

// traceFlow makes the delivery packages' log lines part of the show.
func (s *stage) traceFlow() {
	flogging.Init(flogging.Config{Format: flowFormat, LogSpec: flowSpec, Writer: (*flowWriter)(s)})
}

// close ends the show and gives logging back.
func (s *stage) close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.closed = true
	flogging.Reset()
}

const (
	bold  = "1"
	dim   = "2"
	green = "32"
	cyan  = "36"
	red   = "31"
)

func (s *stage) paint(code, text string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s *stage) printLocked(format string, args ...any) {
	if !s.closed {
		fmt.Fprintf(s.out, "%7.3fs  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
	}
}

// step announces a chapter.
func (s *stage) step(title string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.steps++
	fmt.Fprintln(s.out)
	s.printLocked("%s", s.paint(bold, fmt.Sprintf("%d. %s", s.steps, title)))
}

func (s *stage) note(format string, args ...any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.printLocked("   "+format, args...)
}

func (s *stage) success(format string, args ...any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.printLocked("   %s", s.paint(green, fmt.Sprintf(format, args...)))
}

// committed tells of durable blocks: config blocks at once, others summed up.
func (s *stage) committed(blocks []blockstore.Block) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer s.growLocked(blocks[len(blocks)-1].Number + 1)
	for i := range blocks {
		s.blocks++
		s.bytes += len(blocks[i].Raw)
	}
	last := blocks[len(blocks)-1]
	since := time.Since(s.told)
	if !last.Config && since < commitEvery {
		return
	}
	kind := "block"
	if last.Config {
		kind = "config block"
	}
	s.printLocked("   %-25s %-24s %s %d is on disk (%d blocks, %.0f blocks/s, %.2f MB/s)", s.paint(cyan, "commit"), "", kind, last.Number,
		s.blocks, float64(s.blocks)/since.Seconds(), float64(s.bytes)/1e6/since.Seconds())
	s.blocks, s.bytes, s.told = 0, 0, time.Now()
}

func (s *stage) growLocked(next uint64) {
	s.next = next
	close(s.grown)
	s.grown = make(chan struct{})
}

// height is the number of the block after those told of, and a channel that
// closes when it has changed.
func (s *stage) height() (uint64, <-chan struct{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.next, s.grown
}

// flowWriter takes in log lines.
type flowWriter stage

func (w *flowWriter) Write(data []byte) (int, error) {
	s := (*stage)(w)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.partial = append(s.partial, data...)
	for {
		line, rest, whole := bytes.Cut(s.partial, []byte("\n"))
		if !whole {
			return len(data), nil
		}
		s.flowLocked(string(line))
		s.partial = append([]byte(nil), rest...)
	}
}

func (s *stage) flowLocked(line string) {
	columns := strings.SplitN(line, separator, 4)
	if len(columns) < 4 {
		return
	}
	color := cyan
	if columns[2] != "DEBUG" && columns[2] != "INFO" {
		color = red
	}
	if color != red && columns[0] == s.repeated && time.Since(s.repeatedAt) < commitEvery {
		return // the same step for the next block
	}
	s.repeated, s.repeatedAt = columns[0], time.Now()
	s.printLocked("   %s %s %s", s.paint(color, fmt.Sprintf("%-25s", columns[0])), s.paint(dim, fmt.Sprintf("%-24s", columns[1])), columns[3])
}
