// SPDX-License-Identifier: Apache-2.0

// Package gopkgs loads Go packages for the checkers beside it with nothing but
// the standard library: `go list` says which files and export data belong to a
// package, go/types checks the files against that export data.
//
// It is used by the programs that guard the tree (apicheck, floorcheck); it is
// not part of the peer. All functions run on the caller's goroutine.
package gopkgs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Module is the path of the module that this tree is.
const Module = "github.com/hyperledger/fabric"

// Package is what `go list` tells about one package, or about a variant of it
// that is compiled for a test (ForTest is set then).
type Package struct {
	ImportPath string
	Name       string
	Dir        string
	Export     string
	ForTest    string
	Standard   bool
	DepOnly    bool
	GoFiles    []string
	ImportMap  map[string]string
	Error      *struct{ Err string }
	DepsErrors []*struct{ Err string }
}

// Path is the import path without the mark of a test variant.
func (p *Package) Path() string {
	path, _, _ := strings.Cut(p.ImportPath, " ")
	return path
}

// Rel is the import path relative to the module.
func (p *Package) Rel() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.Path(), Module), "/")
}

// Broken says why the package cannot be built, or returns "".
func (p *Package) Broken() string {
	if p.Error != nil {
		return strings.TrimSpace(p.Error.Err)
	}
	if len(p.DepsErrors) > 0 {
		return strings.TrimSpace(p.DepsErrors[0].Err)
	}
	return ""
}

// Set is the outcome of one `go list -deps`: packages and all they import.
type Set struct {
	Fset  *token.FileSet
	order []*Package
	byID  map[string]*Package
}

// Load lists the packages that match the arguments (patterns, or flags such as
// -test before them) in dir. Packages that do not build are in the set, with
// the reason in Broken. It builds what is not in the build cache yet, so it can
// take as long as a build; it never needs a C compiler.
func Load(dir string, args ...string) (*Set, error) {
	fields := "ImportPath,Name,Dir,Export,ForTest,Standard,DepOnly,GoFiles,ImportMap,Error,DepsErrors"
	cmd := exec.Command("go", append([]string{"list", "-e", "-export", "-deps", "-json=" + fields}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go list %s: %w\n%s", strings.Join(args, " "), err, errOut.Bytes())
	}
	set := &Set{Fset: token.NewFileSet(), byID: map[string]*Package{}}
	for dec := json.NewDecoder(&out); ; {
		p := new(Package)
		if err := dec.Decode(p); err == io.EOF {
			return set, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the output of go list: %w", err)
		}
		set.order = append(set.order, p)
		set.byID[p.ImportPath] = p
	}
}

// Roots returns the packages that matched the patterns themselves, in the order
// of `go list` (dependencies first).
func (s *Set) Roots() []*Package {
	var roots []*Package
	for _, p := range s.order {
		if !p.DepOnly {
			roots = append(roots, p)
		}
	}
	return roots
}

// Checked is a package that was type-checked from its source.
type Checked struct {
	Types *types.Package
	Info  *types.Info
	Files []*ast.File
	// Errs are the type errors, each with its position.
	Errs []types.Error
}

// Check parses and type-checks the given files of p (names relative to its
// directory) as the language version goVersion ("" for the newest). Type errors
// are part of the result; an error is returned only if a file does not parse.
func (s *Set) Check(p *Package, files []string, goVersion string) (*Checked, error) {
	c := &Checked{Info: &types.Info{
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
		Types:      map[ast.Expr]types.TypeAndValue{},
	}}
	for _, name := range files {
		f, err := parser.ParseFile(s.Fset, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		c.Files = append(c.Files, f)
	}
	conf := types.Config{
		Importer:  importer.ForCompiler(s.Fset, "gc", s.lookup(p)),
		GoVersion: goVersion,
		Error:     func(err error) { c.Errs = append(c.Errs, asTypeError(err)) },
	}
	// The error is the first of those that Error collects.
	c.Types, _ = conf.Check(p.Path(), s.Fset, c.Files, c.Info)
	return c, nil
}

func asTypeError(err error) types.Error {
	if te, ok := err.(types.Error); ok {
		return te
	}
	return types.Error{Msg: err.Error()}
}

// lookup finds export data for what p imports. A test variant imports other
// variants, which is why the importer of one package cannot serve another.
func (s *Set) lookup(p *Package) importer.Lookup {
	return func(path string) (io.ReadCloser, error) {
		id := path
		if mapped, ok := p.ImportMap[path]; ok {
			id = mapped
		}
		dep := s.byID[id]
		if dep == nil || dep.Export == "" {
			return nil, fmt.Errorf("no export data for %s", id)
		}
		return os.Open(dep.Export)
	}
}

// Standard tells whether path is a package of the standard library that
// something in the set imports.
func (s *Set) Standard(path string) bool {
	p := s.byID[path]
	return p != nil && p.Standard
}
