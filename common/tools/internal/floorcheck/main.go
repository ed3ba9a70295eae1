// SPDX-License-Identifier: Apache-2.0

// Command floorcheck guards the floor of the drop-in packages: their source has
// to compile with Go 1.10 and the libraries of a Fabric v1.3.0 tree. Run it from
// the module root:
//
//	go run ./common/tools/internal/floorcheck
//
// The compiler's -lang flag (see `make floor`) does not see library names, so
// this program looks at every file of gossip/**, core/deliverservice/** and at
// core/comm/producer*.go, tests included, and reports
//
//   - syntax and language features newer than Go 1.10, and files that only
//     compile together with files that Go 1.10 does not see;
//   - standard-library packages, names, methods and fields newer than Go 1.10,
//     by the lists in $GOROOT/api;
//   - imports that a v1.3.0 tree does not have (allowed.txt);
//   - 64-bit atomics that a 32-bit machine would find misaligned.
//
// Files whose build constraint asks for a newer Go are skipped, but they must
// repeat the constraint in the form that Go 1.10 reads (// +build).
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hyperledger/fabric/common/tools/internal/gopkgs"
)

// floor is the language version that drop-in packages are written in.
const floor = "go1.10"

//go:embed allowed.txt
var allowedText string

func main() {
	flag.Parse()
	n, err := run(".", os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "floorcheck:", err)
	}
	if err != nil || n > 0 {
		os.Exit(1)
	}
}

// run checks the module in dir and returns the number of findings.
func run(dir string, out io.Writer) (int, error) {
	api, err := readAPI()
	if err != nil {
		return 0, err
	}
	set, err := gopkgs.Load(dir, "-test", "./gossip/...", "./core/deliverservice/...", "./core/comm")
	if err != nil {
		return 0, err
	}
	c := &checker{set: set, api: api, allowed: parseAllowed(allowedText)}
	for _, p := range variants(set) {
		if err := c.pkg(p); err != nil {
			return 0, err
		}
	}
	if c.packages == 0 || c.files == 0 {
		return 0, fmt.Errorf("found no drop-in package in %s: not the module root, or an empty tree", dir)
	}
	for _, f := range c.sorted() {
		fmt.Fprintln(out, f)
	}
	fmt.Fprintf(out, "floor: %d findings in %d files of %d packages (%d files for a newer Go skipped)\n",
		len(c.findings), c.files, c.packages, c.skipped)
	return len(c.findings), nil
}

// variants picks, for each package, the variant with its in-package tests if
// there is one, and the external test package.
func variants(set *gopkgs.Set) []*gopkgs.Package {
	best := map[string]*gopkgs.Package{}
	for _, p := range set.Roots() {
		path := p.Path()
		under, isTest := strings.CutSuffix(path, "_test")
		switch {
		case strings.HasSuffix(path, ".test"): // the generated main package
		case p.ForTest == "" && best[path] == nil, p.ForTest == path, isTest && p.ForTest == under:
			best[path] = p
		}
	}
	var all []*gopkgs.Package
	for _, p := range best {
		all = append(all, p)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ImportPath < all[j].ImportPath })
	return all
}

type checker struct {
	set      *gopkgs.Set
	api      *api
	allowed  *allowList
	findings []finding

	packages, files, skipped int
}

type finding struct {
	pos  token.Position
	text string
}

func (c *checker) report(pos token.Pos, format string, args ...any) {
	c.findings = append(c.findings, finding{c.set.Fset.Position(pos), fmt.Sprintf(format, args...)})
}

// sorted renders the findings in the order of files and lines, each once.
func (c *checker) sorted() []string {
	sort.Slice(c.findings, func(i, j int) bool {
		a, b := c.findings[i].pos, c.findings[j].pos
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		return a.Line < b.Line
	})
	wd, _ := os.Getwd()
	var lines []string
	for _, f := range c.findings {
		name := f.pos.Filename
		if rel, err := filepath.Rel(wd, name); err == nil && name != "" {
			name = rel
		}
		line := fmt.Sprintf("%s:%d: %s", name, f.pos.Line, f.text)
		if len(lines) == 0 || lines[len(lines)-1] != line {
			lines = append(lines, line)
		}
	}
	return lines
}

// pkg checks one package in two halves: what compiles, and what it uses.
func (c *checker) pkg(p *gopkgs.Package) error {
	if why := p.Broken(); why != "" {
		c.findings = append(c.findings, finding{token.Position{Filename: p.Dir}, "does not build: " + why})
		return nil
	}
	mixed := p.Rel() == "core/comm" || p.Rel() == "core/comm_test"
	var files []string
	for _, name := range p.GoFiles {
		old, err := c.visibleToFloor(p.Dir, name)
		if err != nil {
			return err
		}
		switch {
		case old, mixed && !dropInFile(p, name):
			files = append(files, name)
		default:
			c.skipped++
		}
	}
	checked, err := c.set.Check(p, files, floor)
	if err != nil {
		return err
	}
	for _, e := range checked.Errs {
		if dropInFile(p, filepath.Base(c.set.Fset.Position(e.Pos).Filename)) {
			c.report(e.Pos, "%s", e.Msg)
		}
	}
	c.packages++
	for i, f := range checked.Files {
		if dropInFile(p, files[i]) {
			c.files++
			c.imports(p, f, strings.HasSuffix(files[i], "_test.go"))
			c.uses(checked.Info, f)
			c.alignment(checked.Info, f)
		}
	}
	return nil
}

// dropInFile tells whether the file is laid over a v1.3.0 tree: all are, but in
// core/comm only the connection producer.
func dropInFile(p *gopkgs.Package, name string) bool {
	return !strings.HasPrefix(p.Rel(), "core/comm") || strings.HasPrefix(name, "producer")
}
