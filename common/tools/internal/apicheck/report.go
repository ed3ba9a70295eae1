// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// exemption is a line of golden/exempt.txt: a kind of finding ("missing",
// "extra" or "differs") and a pattern for the lines that it does not apply to.
type exemption struct {
	kind    string
	pattern *regexp.Regexp
}

func parseExemptions(lines []string) ([]*exemption, error) {
	var all []*exemption
	for _, line := range lines {
		kind, pattern, ok := strings.Cut(line, " ")
		if !ok || kind != "missing" && kind != "extra" && kind != "differs" {
			return nil, fmt.Errorf("golden/exempt.txt: %q does not start with missing, extra or differs", line)
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			return nil, fmt.Errorf("golden/exempt.txt: %w", err)
		}
		all = append(all, &exemption{kind, re})
	}
	return all, nil
}

// report collects findings.
type report struct {
	exempt         []*exemption
	contradictions []string
	missingLines   []string
	unbuiltLines   []string
	notes          []string

	exactPackages, partlyBuilt, supportPackages int
	features, supportFeatures, additions        int
	exemptLines                                 int
	unbuiltPackages, unbuiltFeatures            int
	seams, seamsMissing                         int
}

func newReport(exempt []*exemption) *report { return &report{exempt: exempt} }

func (r *report) contradiction(pkg, what string) {
	r.contradictions = append(r.contradictions, pkg+": "+what)
}

func (r *report) differs(pkg, want, have string) {
	r.contradiction(pkg, "differs\n      v1.3.0: "+want+"\n      here:   "+have)
}

func (r *report) missing(line string) { r.missingLines = append(r.missingLines, line) }

func (r *report) unbuilt(pkg string, features int) {
	r.unbuiltPackages++
	r.unbuiltFeatures += features
	r.unbuiltLines = append(r.unbuiltLines, fmt.Sprintf("%s (%d features)", pkg, features))
}

// finished remarks on a package that need no longer be in unbuilt.txt.
func (r *report) finished(pkg string) {
	r.notes = append(r.notes, pkg+" misses nothing: take it out of golden/unbuilt.txt")
}

func (r *report) exempted(kind, line string) bool {
	for _, e := range r.exempt {
		if e.kind == kind && e.pattern.MatchString(line) {
			r.exemptLines++
			return true
		}
	}
	return false
}

// print writes the findings and says whether there is no contradiction.
func (r *report) print(out io.Writer, verbose bool) bool {
	if len(r.unbuiltLines) > 0 {
		fmt.Fprintf(out, "packages not built yet:\n  %s\n", strings.Join(r.unbuiltLines, "\n  "))
	}
	if n := len(r.missingLines); n > 0 {
		fmt.Fprintf(out, "still missing from packages built in part (%d lines):\n", n)
		shown := r.missingLines
		if !verbose && n > maxShown {
			shown = append(shown[:maxShown:maxShown], fmt.Sprintf("... and %d more (-v lists them)", n-maxShown))
		}
		fmt.Fprintf(out, "  %s\n", strings.Join(shown, "\n  "))
	}
	for _, note := range r.notes {
		fmt.Fprintln(out, "note:", note)
	}
	for _, c := range r.contradictions {
		fmt.Fprintln(out, "CONTRADICTION", c)
	}
	fmt.Fprintf(out, "api: %d contradictions; drop-in: %d packages exact, %d in part, %d not built (%d features equal, %d missing, %d exempt); "+
		"support: %d packages, %d features equal, %d of our own; seams: %d hold, %d missing\n",
		len(r.contradictions), r.exactPackages, r.partlyBuilt, r.unbuiltPackages, r.features,
		len(r.missingLines)+r.unbuiltFeatures, r.exemptLines, r.supportPackages, r.supportFeatures, r.additions, r.seams, r.seamsMissing)
	return len(r.contradictions) == 0
}

const maxShown = 20
