// SPDX-License-Identifier: Apache-2.0

// Command apicheck compares what this tree exports with what Fabric v1.3.0
// exported, as written down in golden/. Run it from the module root:
//
//	go run ./common/tools/internal/apicheck
//
// Three lists, three duties:
//
//   - golden/drop-in.txt: packages whose source replaces v1.3.0's. Each of them
//     that exists here has exactly these features, not one more or less.
//     Packages named in golden/unbuilt.txt may still miss some.
//   - golden/support.txt: packages that stand in for v1.3.0's. They may offer
//     less, and more, but what they offer under a name that v1.3.0 has, has
//     v1.3.0's type.
//   - golden/seams.txt: unexported names that v1.3.0's own tests reach into
//     drop-in packages for. They exist with their types.
//
// golden/exempt.txt lists, with reasons, the lines that no source can satisfy
// today, such as methods on generated messages.
//
// It prints each contradiction and what is still missing, ends with a summary
// of one line, and exits with status 1 on any contradiction, also when it finds
// nothing to compare.
package main

import (
	"embed"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"github.com/hyperledger/fabric/common/tools/internal/gopkgs"
	"github.com/hyperledger/fabric/common/tools/internal/surface"
)

//go:embed golden
var goldenFiles embed.FS

func main() {
	verbose := flag.Bool("v", false, "list every missing line of the packages that are not built yet")
	flag.Parse()
	ok, err := run(".", os.Stdout, *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, "apicheck:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run checks the module in dir and says whether it agrees with the lists.
func run(dir string, out io.Writer, verbose bool) (bool, error) {
	lists, err := readLists()
	if err != nil {
		return false, err
	}
	tree, err := loadTree(dir, lists)
	if err != nil {
		return false, err
	}
	r := newReport(lists.exempt)
	tree.checkDropIn(lists, r)
	tree.checkSupport(lists, r)
	tree.checkSeams(lists, r)
	return r.print(out, verbose), nil
}

// lists is the content of golden/.
type lists struct {
	dropIn, support map[string][]surface.Feature // by package
	seams           map[string][]string
	unbuilt         map[string]bool
	exempt          []*exemption
}

func readLists() (*lists, error) {
	l := &lists{unbuilt: map[string]bool{}, seams: map[string][]string{}}
	var err error
	if l.dropIn, err = readFeatures("drop-in.txt"); err != nil {
		return nil, err
	}
	if l.support, err = readFeatures("support.txt"); err != nil {
		return nil, err
	}
	for _, line := range readLines("seams.txt") {
		pkg, seam, ok := strings.Cut(strings.TrimPrefix(line, "pkg "), ", ")
		if !ok {
			return nil, fmt.Errorf("golden/seams.txt: %q is no seam", line)
		}
		l.seams[pkg] = append(l.seams[pkg], seam)
	}
	for _, pkg := range readLines("unbuilt.txt") {
		if l.dropIn[pkg] == nil {
			return nil, fmt.Errorf("golden/unbuilt.txt: %s is not a package of drop-in.txt", pkg)
		}
		l.unbuilt[pkg] = true
	}
	l.exempt, err = parseExemptions(readLines("exempt.txt"))
	return l, err
}

func readFeatures(name string) (map[string][]surface.Feature, error) {
	byPkg := map[string][]surface.Feature{}
	for _, line := range readLines(name) {
		f, err := surface.Parse(line)
		if err != nil {
			return nil, fmt.Errorf("golden/%s: %w", name, err)
		}
		byPkg[f.Pkg] = append(byPkg[f.Pkg], f)
	}
	return byPkg, nil
}

// readLines returns a golden file's lines without blank ones and comments.
func readLines(name string) []string {
	raw, err := goldenFiles.ReadFile("golden/" + name)
	if err != nil {
		panic(err) // embedded: cannot be missing
	}
	var lines []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// tree is the module as far as the lists speak of it.
type tree struct {
	set      *gopkgs.Set
	packages map[string]*gopkgs.Package // by path relative to the module
	checked  map[string]*gopkgs.Checked
}

func loadTree(dir string, l *lists) (*tree, error) {
	set, err := gopkgs.Load(dir, "./...")
	if err != nil {
		return nil, err
	}
	t := &tree{set: set, packages: map[string]*gopkgs.Package{}, checked: map[string]*gopkgs.Checked{}}
	for _, p := range set.Roots() {
		if len(p.GoFiles) > 0 || p.Broken() != "" {
			t.packages[p.Rel()] = p
		}
	}
	if t.count(l.dropIn) == 0 || t.count(l.support) == 0 {
		return nil, fmt.Errorf("found %d drop-in and %d support packages in %s: not the module root, or an empty tree",
			t.count(l.dropIn), t.count(l.support), dir)
	}
	return t, nil
}

func (t *tree) count(list map[string][]surface.Feature) int {
	n := 0
	for pkg := range list {
		if t.packages[pkg] != nil {
			n++
		}
	}
	return n
}

// check type-checks a package once; a package that does not compile is a
// finding, and nil.
func (t *tree) check(pkg string, r *report) *gopkgs.Checked {
	if c, done := t.checked[pkg]; done {
		return c
	}
	p := t.packages[pkg]
	t.checked[pkg] = nil
	if why := p.Broken(); why != "" {
		r.contradiction(pkg, "does not build: "+why)
		return nil
	}
	c, err := t.set.Check(p, p.GoFiles, "")
	if err == nil && len(c.Errs) > 0 {
		err = c.Errs[0]
	}
	if err != nil {
		r.contradiction(pkg, "does not type-check: "+err.Error())
		return nil
	}
	t.checked[pkg] = c
	return c
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
