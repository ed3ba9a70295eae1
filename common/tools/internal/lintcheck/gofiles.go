// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"strings"
)

const maxLines = 700

// goFile checks one Go file.
func (l *linter) goFile(rel, text string) error {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, rel, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	l.noteDoc(rel, f)
	if ast.IsGenerated(f) {
		return nil
	}
	l.licence(rel, text, "//", 4) // build constraints may stand above it
	if n := strings.Count(text, "\n"); n > maxLines {
		l.report(rel, 0, "%d lines, at most %d", n, maxLines)
	}
	l.sleeps(rel, fset, f)
	l.imports(rel, fset, f)
	l.names(rel, fset, f)
	return nil
}

// noteDoc remembers which files of a package have its comment.
func (l *linter) noteDoc(rel string, f *ast.File) {
	if strings.HasSuffix(rel, "_test.go") {
		return
	}
	if l.docs == nil {
		l.docs = map[string][]string{}
	}
	dir := path.Dir(rel)
	docs := l.docs[dir]
	if text := strings.TrimSpace(f.Doc.Text()); text != "" && !strings.HasPrefix(text, "SPDX") && !strings.HasPrefix(text, "Code generated") {
		docs = append(docs, path.Base(rel))
	}
	l.docs[dir] = docs
}

func (l *linter) packageComments() {
	for dir, files := range l.docs {
		switch len(files) {
		case 0:
			l.report(dir, 0, "no package comment")
		case 1:
		default:
			l.report(dir, 0, "%d package comments: %s", len(files), strings.Join(files, ", "))
		}
	}
}

// sleeps reports time.Sleep, which is no way to wait for something. In a test
// it is right inside a synctest bubble, where time is virtual, or with a comment
// "sleep: <reason>" on its line.
func (l *linter) sleeps(rel string, fset *token.FileSet, f *ast.File) {
	timeName, virtual := "", false
	for _, spec := range f.Imports {
		switch spec.Path.Value {
		case `"time"`:
			timeName = importName(spec)
		case `"testing/synctest"`:
			virtual = true
		}
	}
	test := strings.HasSuffix(rel, "_test.go")
	if timeName == "" || test && virtual {
		return
	}
	reasons := map[int]bool{}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "// sleep: ") {
				reasons[fset.Position(c.Pos()).Line] = true
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Sleep" {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); !ok || x.Name != timeName {
			return true
		}
		if line := fset.Position(sel.Pos()).Line; !test || !reasons[line] {
			l.report(rel, line, "time.Sleep: wait for a condition, a channel or a timer instead")
		}
		return true
	})
}

func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(strings.Trim(spec.Path.Value, `"`))
}

const module = "github.com/hyperledger/fabric/"

// imports reports imports that a kind of package must not have.
func (l *linter) imports(rel string, fset *token.FileSet, f *ast.File) {
	test := strings.HasSuffix(rel, "_test.go")
	dir := path.Dir(rel)
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		line := fset.Position(spec.Pos()).Line
		own, isOwn := strings.CutPrefix(imported, module)
		switch {
		case strings.HasPrefix(imported, "github.com/hyperledger/fabric-protos-go") && !strings.HasPrefix(rel, "protos/"):
			l.report(rel, line, "import the alias package below protos/ instead of %s", imported)
		case (imported == "testing" || strings.HasPrefix(imported, "github.com/stretchr/testify")) && !test && !forTests(dir):
			l.report(rel, line, "%s in code that is no test", imported)
		case isOwn && !test && layer(own) > layer(dir):
			l.report(rel, line, "%s lies above %s", own, dir)
		}
	}
}

// forTests tells whether a package exists for tests only.
func forTests(dir string) bool {
	for elem := range strings.SplitSeq(dir, "/") {
		if elem == "mock" || elem == "mocks" || elem == "conformance" || strings.HasSuffix(elem, "test") {
			return true
		}
	}
	return false
}

// layers lists the tree from the bottom up; the longest prefix that matches a
// package decides.
var layers = [][]string{
	{"protos", "gossip/api", "gossip/common"}, // v1.3.0's protos/gossip names gossip's vocabulary
	{"common", "msp", "protos/utils", "gossip/protoext"},
	{"common/deliver", "core"},
	{"gossip/util", "gossip/internal", "gossip/observe", "gossip/gossip/msgstore"},
	{"gossip/comm", "gossip/identity", "gossip/discovery", "gossip/filter"},
	{"gossip/gossip"},
	{"gossip/election", "gossip/state", "gossip/privdata"},
	{"core/deliverservice"},
	{"gossip"},
	{"core/blockpeer"},
	{"common/tools"},
}

func layer(pkg string) int {
	best, rank := "", 0
	for i, prefixes := range layers {
		for _, prefix := range prefixes {
			if (pkg == prefix || strings.HasPrefix(pkg, prefix+"/")) && len(prefix) > len(best) {
				best, rank = prefix, i
			}
		}
	}
	return rank
}
