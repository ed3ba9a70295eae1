// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/hyperledger/fabric/core/blockpeer/internal/rusage"
)

// pass says which blocks of a pass over the chain count.
type pass struct {
	skip  int // blocks before, while connections and buffers fill
	count int
}

const (
	// leastBlocks is the shortest chain that passOver can do with.
	leastBlocks = 48
	// aheadBlocks and aheadBytes are no less than what the delivery client reads
	// ahead. That much is left over at the end of a pass, or else its last blocks
	// would be got for less than the first.
	aheadBlocks = 64
	aheadBytes  = 8 << 20
)

// passOver divides a chain of blocks, block 0 excluded. Of a short one it takes
// at least half.
func passOver(blocks, size int) pass {
	edge := min(aheadBlocks, aheadBytes/size+1, blocks/4)
	return pass{skip: edge, count: blocks - 1 - 2*edge}
}

// meter counts the blocks of one pass. It belongs to one goroutine.
type meter struct {
	pass
	seen     int
	from, to reading
}

// block counts a block that has arrived; true means that it was the last one
// that counts.
func (m *meter) block() (last bool) {
	m.seen++
	switch m.seen {
	case m.skip:
		m.from = read()
	case m.skip + m.count:
		m.to = read()
		return true
	}
	return false
}

// figures are what the counted part of the pass came to.
func (m *meter) figures() figures { return m.from.until(m.to, m.count, m.seen) }

// reading is the state of all clocks and counters of this process.
type reading struct {
	at            time.Time
	cpu           time.Duration
	bytes, allocs uint64
}

func read() reading {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return reading{at: time.Now(), cpu: rusage.CPU(), bytes: memory.TotalAlloc, allocs: memory.Mallocs}
}

func (r reading) until(end reading, blocks, sent int) figures {
	return figures{
		blocks:  float64(blocks),
		sent:    float64(sent),
		elapsed: end.at.Sub(r.at),
		cpu:     end.cpu - r.cpu,
		bytes:   float64(end.bytes - r.bytes),
		allocs:  float64(end.allocs - r.allocs),
	}
}

// figures are sums over the blocks that counted.
type figures struct {
	blocks        float64
	elapsed, cpu  time.Duration
	bytes, allocs float64

	sent      float64 // all blocks received, for the next
	serverCPU time.Duration
}

func (f *figures) add(g figures) {
	f.blocks += g.blocks
	f.sent += g.sent
	f.elapsed += g.elapsed
	f.cpu += g.cpu
	f.serverCPU += g.serverCPU
	f.bytes += g.bytes
	f.allocs += g.allocs
}

func (f figures) rate() float64           { return f.blocks / f.elapsed.Seconds() }
func (f figures) cpuPerBlock() float64    { return f.cpu.Seconds() * 1e6 / f.blocks }
func (f figures) bytesPerBlock() float64  { return f.bytes / f.blocks }
func (f figures) allocsPerBlock() float64 { return f.allocs / f.blocks }

// serverPerBlock is approximate: the server also sends what is never read.
func (f figures) serverPerBlock() float64 { return f.serverCPU.Seconds() * 1e6 / f.sent }

// totalPerBlock is what bounds the rate once all cores are busy.
func (f figures) totalPerBlock() float64 { return f.cpuPerBlock() + f.serverPerBlock() }

func (f figures) String() string {
	return fmt.Sprintf("%8.0f blocks/s %8.1f us CPU (server %.1f) %9.0f B %7.1f allocs", f.rate(), f.cpuPerBlock(), f.serverPerBlock(), f.bytesPerBlock(), f.allocsPerBlock())
}

// startProfile profiles this process's CPU until the returned function is
// called. Later profiles replace earlier ones of the same name.
func startProfile(name string) (stop func() error, err error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
