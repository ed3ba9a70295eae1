// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/hyperledger/fabric/common/tools/internal/gopkgs"
	"github.com/hyperledger/fabric/common/tools/internal/surface"
)

func check(t *testing.T, src string) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "x.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := (&types.Config{Importer: importer.Default()}).Check(gopkgs.Module+"/x", fset, []*ast.File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

func features(t *testing.T, lines ...string) []surface.Feature {
	t.Helper()
	var all []surface.Feature
	for _, line := range lines {
		f, err := surface.Parse("pkg x, " + line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func TestDropInComparison(t *testing.T) {
	want := features(t, "func F(int) error", "type T struct", "type T struct, N int")
	for name, c := range map[string]struct {
		src, found string
		mayMiss    bool
	}{
		"equal":            {src: "func F(n int) error { return nil }\ntype T struct { N int; m int }"},
		"other signature":  {src: "func F(n string) error { return nil }\ntype T struct { N int }", found: "differs"},
		"other field type": {src: "func F(n int) error { return nil }\ntype T struct { N int64 }", found: "differs", mayMiss: true},
		"func as var":      {src: "var F func(int) error\ntype T struct { N int }", found: "differs"},
		"missing field":    {src: "func F(n int) error { return nil }\ntype T struct { n int }", found: "missing: pkg x, type T struct, N int"},
		"unbuilt":          {src: "func F(n int) error { return nil }\ntype T struct { n int }", mayMiss: true},
		"one more":         {src: "func F(n int) error { return nil }\ntype T struct { N int }\nfunc G() {}", found: "not in v1.3.0: pkg x, func G()", mayMiss: true},
		"one more method":  {src: "func F(n int) error { return nil }\ntype T struct { N int }\nfunc (T) M() {}", found: "not in v1.3.0"},
	} {
		r := newReport(nil)
		exact(want, surface.Of(check(t, "package x\n"+c.src)), c.mayMiss, r)
		expect(t, name, r, c.found)
	}
}

// expect wants exactly one contradiction that contains found, or none.
func expect(t *testing.T, name string, r *report, found string) {
	t.Helper()
	var out bytes.Buffer
	ok := r.print(&out, false)
	switch {
	case found == "" && !ok, found != "" && len(r.contradictions) != 1, !strings.Contains(out.String(), found):
		t.Errorf("%s: want %q, got %s", name, found, out.String())
	case ok != (found == ""):
		t.Errorf("%s: print says %v", name, ok)
	}
}

func TestSupportComparison(t *testing.T) {
	want := features(t, "func F(int) error", "type I interface { M() }", "method (*T) M()", "type T struct, N int", "type T struct", "const C = 1 (untyped int)")
	for name, c := range map[string]struct{ src, found string }{
		"a part of it":      {src: "func F(int) error { return nil }\nfunc Ours() {}"},
		"grown interface":   {src: "type I interface { M(); N() }", found: "differs"},
		"other constant":    {src: "const C = 2", found: "const C = 2"},
		"method on value":   {src: "type T struct{}\nfunc (T) M() {}"},
		"method with error": {src: "type T struct{}\nfunc (*T) M() error { return nil }", found: "differs"},
		"other kind":        {src: "type F func(int) error", found: "differs"},
	} {
		r := newReport(nil)
		agrees(want, surface.Of(check(t, "package x\n"+c.src)), r)
		expect(t, name, r, c.found)
	}
}

func TestSeams(t *testing.T) {
	pkg := check(t, `package x
type conf struct { limit int; inner }
type inner struct{}
func (*inner) close(now bool) {}
func (inner) open() error { return nil }
type cb func(n int)
const max = 5
var shared map[string]cb
func helper(string) *conf { return nil }`)
	for seam, want := range map[string]string{
		"field conf.limit int":                     "field conf.limit int",
		"field conf.inner x.inner":                 "field conf.inner x.inner",
		"field conf.none int":                      noSeam,
		"field none.limit int":                     noSeam,
		"field ?.limit int":                        otherPackage,
		"method (*x.conf) close(bool)":             "method (*x.conf) close(bool)",
		"method (x.conf) close(bool)":              noSeam,
		"method (x.conf) open() error":             "method (x.conf) open() error",
		"method (*other/pkg.conf) close(bool)":     otherPackage,
		"type cb func(int)":                        "type cb func(n int)",
		"type conf struct{other string}":           "type conf struct{limit int; x.inner}",
		"type gone struct{}":                       noSeam,
		"const max = 5 (untyped int)":              "const max = 5 (untyped int)",
		"var shared map[string]x.cb":               "var shared map[string]x.cb",
		"func helper(string) *x.conf":              "func helper(string) *x.conf",
		"func absent()":                            noSeam,
		"method (*x.absent) close(bool)":           noSeam,
		"method (github.com/y/z.Thing) Close(int)": otherPackage,
	} {
		have := findSeam(pkg, "x", seam)
		if have != want {
			t.Errorf("%s: found %q, want %q", seam, have, want)
		}
		if have != noSeam && have != otherPackage && !sameSeam(seam, have) {
			t.Errorf("%s: sameSeam says no to %q", seam, have)
		}
	}
	if sameSeam("const max = 5 (untyped int)", "const max = 6 (untyped int)") || sameSeam("type cb struct{}", "type cb func()") {
		t.Error("sameSeam says yes to different seams")
	}
}

func TestExemptions(t *testing.T) {
	exempt, err := parseExemptions([]string{`missing ^pkg x, func G\(`})
	if err != nil {
		t.Fatal(err)
	}
	r := newReport(exempt)
	exact(features(t, "func G()", "func F()"), surface.Of(check(t, "package x\nfunc F() {}")), false, r)
	expect(t, "exempt", r, "")
	if r.exemptLines != 1 {
		t.Errorf("%d lines exempt, want 1", r.exemptLines)
	}
	for _, bad := range []string{"missing", "absent ^pkg", "extra ("} {
		if _, err := parseExemptions([]string{bad}); err == nil {
			t.Errorf("%q is accepted as an exemption", bad)
		}
	}
}

func TestGoldenFilesAreWellFormed(t *testing.T) {
	l, err := readLists()
	if err != nil {
		t.Fatal(err)
	}
	if len(l.dropIn) < 20 || len(l.support) < 30 || len(l.seams) < 15 {
		t.Errorf("lists of %d, %d and %d packages", len(l.dropIn), len(l.support), len(l.seams))
	}
}

func TestNothingToCompareIsAnError(t *testing.T) {
	var out bytes.Buffer
	if ok, err := run(t.TempDir(), &out, false); ok || err == nil {
		t.Errorf("run in an empty directory: %v, %v", ok, err)
	}
}
