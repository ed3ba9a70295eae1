// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/hyperledger/fabric/common/tools/internal/surface"
)

// checkDropIn: exactly the listed features, but for exemptions and for what
// unbuilt packages still lack.
func (t *tree) checkDropIn(l *lists, r *report) {
	for _, pkg := range sortedKeys(l.dropIn) {
		if t.packages[pkg] == nil {
			r.unbuilt(pkg, len(l.dropIn[pkg]))
			continue
		}
		c := t.check(pkg, r)
		if c == nil {
			continue
		}
		missing := exact(l.dropIn[pkg], surface.Of(c.Types), l.unbuilt[pkg], r)
		switch {
		case !l.unbuilt[pkg]:
			r.exactPackages++
		case missing > 0:
			r.partlyBuilt++
		default:
			r.exactPackages++
			r.finished(pkg)
		}
	}
}

// exact compares one package and returns the number of lines it may still miss.
func exact(want, have []surface.Feature, mayMiss bool, r *report) (missing int) {
	offered := map[string]surface.Feature{}
	for _, f := range have {
		offered[f.Key] = f
	}
	listed := map[string]bool{}
	for _, w := range want {
		listed[w.Key] = true
		h, ok := offered[w.Key]
		switch {
		case ok && same(w.Text, h.Text):
			r.features++
		case ok:
			r.differs(w.Pkg, w.Text, h.Text)
		case r.exempted("missing", w.Text):
		case mayMiss:
			missing++
			r.missing(w.Text)
		default:
			r.contradiction(w.Pkg, "missing: "+w.Text)
		}
	}
	for _, h := range have {
		if !listed[h.Key] && h.Origin == "" && !r.exempted("extra", h.Text) {
			r.contradiction(h.Pkg, "not in v1.3.0: "+h.Text)
		}
	}
	return missing
}

func same(a, b string) bool { return surface.Canonical(a) == surface.Canonical(b) }

// checkSupport: whatever exists under a listed name has the listed type.
func (t *tree) checkSupport(l *lists, r *report) {
	for _, pkg := range sortedKeys(l.support) {
		if t.packages[pkg] == nil {
			continue
		}
		if c := t.check(pkg, r); c != nil {
			r.supportPackages++
			agrees(l.support[pkg], surface.Of(c.Types), r)
		}
	}
}

func agrees(want, have []surface.Feature, r *report) {
	listed := map[string]surface.Feature{}
	for _, w := range want {
		listed[w.Key] = w
	}
	for _, h := range have {
		w, ok := listed[h.Key]
		switch {
		case !ok && h.Origin == "":
			r.additions++
		case !ok:
		case compatible(w.Text, h.Text):
			r.supportFeatures++
		case !r.exempted("differs", h.Text):
			r.differs(h.Pkg, w.Text, h.Text)
		}
	}
}

// compatible is same, and lenient where a caller of a stand-in cannot tell the
// difference: whether a method is promoted, and a method that exists on the
// value as well where v1.3.0 had it on the pointer only.
func compatible(want, have string) bool {
	want, have = surface.Canonical(want), surface.Canonical(have)
	want = strings.Replace(want, ", promoted method (", ", method (", 1)
	have = strings.Replace(have, ", promoted method (", ", method (", 1)
	return want == have || strings.Replace(want, ", method (*", ", method (", 1) == have
}
