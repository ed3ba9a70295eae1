// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

// usage is what a phase took of the machine.
type usage struct {
	elapsed time.Duration
	cpu     time.Duration
	bytes   int64
}

func (u usage) cores() float64        { return u.cpu.Seconds() / u.elapsed.Seconds() }
func (u usage) bytesASecond() float64 { return float64(u.bytes) / u.elapsed.Seconds() }

// slowest is how many deliveries a verbose report lists.
const slowest = 20

// result is all that was measured.
type result struct {
	nodes, blocks           int
	verbose                 bool
	membership, channel     time.Duration
	idle, load              usage
	goroutines, connections float64
	arrivals                []arrival // the fastest first
	lost                    int       // deliveries that never came
	copies                  float64
	check                   time.Duration // of one signature: how fast the machine was at the time
}

// perBlock is CPU for each block and node, in milliseconds; net of what the
// network takes idling for as long.
func (r *result) perBlock() (all, net float64) {
	deliveries := float64(r.blocks * r.nodes)
	idle := r.idle.cores() * r.load.elapsed.Seconds()
	return r.load.cpu.Seconds() * 1e3 / deliveries, (r.load.cpu.Seconds() - idle) * 1e3 / deliveries
}

// goalNodes is the number of nodes that the goals are about.
const goalNodes = 50

// row is one line of the report. What v1.3.0 came to is by the number of nodes;
// zero is a figure that nobody gave.
type row struct {
	name     string
	format   func(float64) string
	here     func(*result) float64
	upstream map[int]float64
	goal     float64 // not to be exceeded
}

// rows are in seconds, cores, bytes and milliseconds.
var rows = []row{
	{"full membership", unit("%.1f s", 1), func(r *result) float64 { return r.membership.Seconds() },
		map[int]float64{20: 12, 50: 15}, 8},
	{"  of the channel", unit("%.1f s", 1), func(r *result) float64 { return r.channel.Seconds() }, nil, 0},
	{"idle CPU, of one core", unit("%.1f %%", 100), func(r *result) float64 { return r.idle.cores() },
		map[int]float64{50: 0.39}, 0.195},
	{"idle bytes, all sockets", unit("%.2f MB/s", 1e-6), func(r *result) float64 { return r.idle.bytesASecond() },
		map[int]float64{50: 1.4e6}, 0.7e6},
	{"goroutines per node", unit("%.0f", 1), func(r *result) float64 { return r.goroutines },
		map[int]float64{50: 390}, 130},
	{"connections per node", unit("%.1f", 1), func(r *result) float64 { return r.connections }, nil, 0},
	{"latency p50", unit("%.1f ms", 1), latency(0.5), map[int]float64{20: 15, 50: 26}, 0},
	{"latency p90", unit("%.1f ms", 1), latency(0.9), map[int]float64{50: 233}, 0},
	{"latency p99", unit("%.1f ms", 1), latency(0.99), map[int]float64{5: 18, 20: 4100, 50: 4400}, 150},
	{"latency max", unit("%.1f ms", 1), latency(1), map[int]float64{5: 4800, 20: 5000}, 1000},
	{"copies per block and node", unit("%.2f", 1), func(r *result) float64 { return r.copies },
		map[int]float64{20: 2.9, 50: 2.9}, 2},
	{"CPU per block and node", unit("%.2f ms", 1), func(r *result) float64 { all, _ := r.perBlock(); return all },
		map[int]float64{50: 2.8}, 1.5},
	{"  less that of idling", unit("%.2f ms", 1), func(r *result) float64 { _, net := r.perBlock(); return net }, nil, 0},
	{"CPU under load, of one core", unit("%.1f %%", 100), func(r *result) float64 { return r.load.cores() }, nil, 0},
	{"bytes under load", unit("%.2f MB/s", 1e-6), func(r *result) float64 { return r.load.bytesASecond() }, nil, 0},
	{"CPU of checking a signature", unit("%.0f us", 1e6), func(r *result) float64 { return r.check.Seconds() }, nil, 0},
	{"blocks that never arrived", unit("%.0f", 1), func(r *result) float64 { return float64(r.lost) }, nil, 0},
}

func latency(share float64) func(*result) float64 {
	return func(r *result) float64 { return percentile(r.arrivals, share).Seconds() * 1e3 }
}

func unit(format string, factor float64) func(float64) string {
	return func(x float64) string { return fmt.Sprintf(format, x*factor) }
}

func printHead(out io.Writer, o *options) {
	security := "plain text"
	if o.tls {
		security = "mutual TLS"
	}
	fmt.Fprintf(out, "gossip among %d nodes of one organization over loopback, %s, default configuration\n", o.nodes, security)
	fmt.Fprintf(out, "%s %s/%s, GOMAXPROCS %d of %d cores; %d blocks of %d bytes, %g a second\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.NumCPU(), o.blocks, o.size, o.rate)
}

func (r *result) print(out io.Writer) {
	line := func(name, here, upstream, goal string) {
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("  %-28s %12s %12s %12s", name, here, upstream, goal), " "))
	}
	line("", "here", "v1.3.0", "at most")
	for _, row := range rows {
		var upstream, goal string
		if figure, known := row.upstream[r.nodes]; known {
			upstream = row.format(figure)
		}
		if row.goal > 0 && r.nodes == goalNodes {
			goal = row.format(row.goal)
		}
		line(row.name, row.format(row.here(r)), upstream, goal)
	}
	if r.verbose {
		fmt.Fprintln(out, "slowest deliveries:")
		for _, a := range r.arrivals[max(0, len(r.arrivals)-slowest):] {
			fmt.Fprintf(out, "  %10.1f ms, block %d at node %d\n", a.latency.Seconds()*1e3, a.number, a.node)
		}
	}
	if missed := r.missed(); len(missed) > 0 {
		fmt.Fprintf(out, "missed: %s\n", strings.Join(missed, "; "))
	}
}

// missed names the goals that were not reached.
func (r *result) missed() []string {
	var list []string
	if r.lost > 0 {
		list = append(list, fmt.Sprintf("%d deliveries of %d did not happen", r.lost, r.blocks*(r.nodes-1)))
	}
	if r.nodes != goalNodes {
		return list
	}
	for _, row := range rows {
		if here := row.here(r); row.goal > 0 && here > row.goal {
			list = append(list, fmt.Sprintf("%s %s, not %s", strings.TrimSpace(row.name), row.format(here), row.format(row.goal)))
		}
	}
	return list
}

// profiled runs a phase, under a CPU profile if a name is given for it.
func profiled(name, phase string, run func() error) (err error) {
	if name == "" {
		return run()
	}
	file, err := os.Create(name + "." + phase)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return run()
}

// profileGoroutines writes down where the goroutines are, if a name is given.
func profileGoroutines(name string) error {
	if name == "" {
		return nil
	}
	file, err := os.Create(name + ".goroutines")
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("goroutine").WriteTo(file, 0), file.Close())
}
