// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
)

// target is what is asked of a block size, beside what upstream reached when it
// was put to the same test over plain text.
type target struct {
	rate, upstreamRate   float64 // path's blocks/s by the limit's, at least
	bytes, upstreamBytes float64 // path's bytes less verification's by the limit's, at most
}

var targets = map[int]target{
	10 << 10:  {rate: 0.40, upstreamRate: 0.27, bytes: 1.15, upstreamBytes: 1.7},
	100 << 10: {rate: 0.80, upstreamRate: 0.47, bytes: 1.15, upstreamBytes: 1.7},
	1 << 20:   {rate: 0.85, upstreamRate: 0.57, bytes: 1.15, upstreamBytes: 1.7},
}

// result is all that was measured with one block size. The n-th turns of the
// two sides followed each other.
type result struct {
	size, wire, transactions int
	limits, paths, serials   []figures
	verification             figures
}

func printHead(out io.Writer, o *options) {
	security := "plain text"
	if o.tls {
		security = "mutual TLS"
	}
	fmt.Fprintf(out, "delivery path (real block verification, up to AddPayload) against a plain Recv loop (the limit)\n")
	fmt.Fprintf(out, "%s %s/%s, %s, GOMAXPROCS %d of %d cores for client and server each, %d rounds in turns of %v, medians\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, security, runtime.GOMAXPROCS(0), runtime.NumCPU(), o.rounds, o.turn)
	if runtime.NumCPU() > cores {
		fmt.Fprintln(out, "the figures beside are of two cores in total: taskset -c 0,1 makes these comparable")
	}
}

func (r *result) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s blocks (%d bytes on the wire, %d transactions)\n", sizeName(r.size), r.wire, r.transactions)
	line := func(name, rate, cpu, bytes, allocs, server string) {
		fmt.Fprintf(out, "  %-26s %10s %14s %12s %13s %16s\n", name, rate, cpu, bytes, allocs, server)
	}
	line("", "blocks/s", "CPU us/block", "bytes/block", "allocs/block", "server us/block")
	for _, side := range []struct {
		name    string
		figures []figures
	}{{"limit (Recv loop)", r.limits}, {"delivery path", r.paths}, {"in a row, as v1.3.0", r.serials}} {
		if f := side.figures; len(f) > 0 {
			line(side.name, number(median(f, figures.rate)), number(median(f, figures.cpuPerBlock)),
				number(median(f, figures.bytesPerBlock)), number(median(f, figures.allocsPerBlock)), number(median(f, figures.serverPerBlock)))
		}
	}
	v := r.verification
	line("VerifyBlock by itself", "", number(v.cpuPerBlock()), number(v.bytesPerBlock()), number(v.allocsPerBlock()), "")
	line("path / limit", factor(r.ratio(figures.rate)), factor(r.ratio(figures.cpuPerBlock)),
		factor(r.ratio(figures.bytesPerBlock)), factor(r.ratio(figures.allocsPerBlock)), factor(r.ratio(figures.serverPerBlock)))
	line("  least and most", spread(r.ratios(figures.rate, figures.rate)), "", "", "", "")
	line("  by CPU of both processes", factor(1/r.ratio(figures.totalPerBlock)), "", "", "", "")
	line("  verification apart", "", "", factor(r.ownBytesRatio()), factor(middle(r.ratios(r.ownAllocs, figures.allocsPerBlock))), "")
	if len(r.serials) > 0 {
		of := func(what func(figures) float64) string {
			return factor(middle(ratios(r.serials, r.limits, what, what)))
		}
		line("path / in a row", factor(middle(ratios(r.paths, r.serials, figures.rate, figures.rate))), "", "", "", "")
		line("in a row / limit", of(figures.rate), of(figures.cpuPerBlock), of(figures.bytesPerBlock), of(figures.allocsPerBlock), of(figures.serverPerBlock))
	}
	if t, known := targets[r.size]; known {
		line("upstream / limit, reported", factor(t.upstreamRate), "", factor(t.upstreamBytes), "", "")
		line("target", ">= "+factor(t.rate), "", "<= "+factor(t.bytes), "", "")
	}
}

// number and factor print an amount and a ratio.
func number(x float64) string {
	if x >= 1000 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.1f", x)
}

func factor(x float64) string { return fmt.Sprintf("%.2f", x) }

// spread tells how far apart the rounds are.
func spread(values []float64) string {
	return factor(slices.Min(values)) + "-" + factor(slices.Max(values))
}

// missed names the targets that were not reached.
func (r *result) missed() []string {
	t, known := targets[r.size]
	if !known {
		return nil
	}
	var list []string
	if rate := r.ratio(figures.rate); rate < t.rate {
		list = append(list, fmt.Sprintf("%s: %.3f of the limit's blocks/s, not %.2f", sizeName(r.size), rate, t.rate))
	}
	if bytes := r.ownBytesRatio(); bytes > t.bytes {
		list = append(list, fmt.Sprintf("%s: %.3f times the limit's bytes, not %.2f", sizeName(r.size), bytes, t.bytes))
	}
	return list
}

// ownBytes and ownAllocs are of the path without verification.
func (r *result) ownBytes(f figures) float64 {
	return f.bytesPerBlock() - r.verification.bytesPerBlock()
}

func (r *result) ownAllocs(f figures) float64 {
	return f.allocsPerBlock() - r.verification.allocsPerBlock()
}

func (r *result) ownBytesRatio() float64 { return middle(r.ratios(r.ownBytes, figures.bytesPerBlock)) }

// ratio is the median over the rounds of the path's value by the limit's.
func (r *result) ratio(of func(figures) float64) float64 { return middle(r.ratios(of, of)) }

func (r *result) ratios(ofPath, ofLimit func(figures) float64) []float64 {
	return ratios(r.paths, r.limits, ofPath, ofLimit)
}

func ratios(above, below []figures, ofAbove, ofBelow func(figures) float64) []float64 {
	list := make([]float64, len(above))
	for i := range list {
		list[i] = ofAbove(above[i]) / ofBelow(below[i])
	}
	return list
}

func median(list []figures, of func(figures) float64) float64 {
	values := make([]float64, len(list))
	for i, f := range list {
		values[i] = of(f)
	}
	return middle(values)
}

// middle is the median of at least one value.
func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// sizeName says a size in its largest whole unit.
func sizeName(size int) string {
	switch {
	case size%(1<<20) == 0:
		return fmt.Sprintf("%d MB", size>>20)
	case size%(1<<10) == 0:
		return fmt.Sprintf("%d KB", size>>10)
	}
	return fmt.Sprintf("%d B", size)
}
