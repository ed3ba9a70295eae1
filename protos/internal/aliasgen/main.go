// SPDX-License-Identifier: Apache-2.0

// Command aliasgen writes the alias packages below protos/.
//
// A Fabric v1.3.0 tree generates its protobuf messages into
// github.com/hyperledger/fabric/protos/X. Here the same import path is a thin
// package of aliases onto github.com/hyperledger/fabric-protos-go/X, so that
// code which must compile in both trees names one set of types. Only names
// that v1.3.0 has (names.txt: "package name", one a line) are aliased: code
// that would not find a name in a v1.3.0 tree does not find it here either.
//
// Run it from the module root: go run ./protos/internal/aliasgen
// With -check it writes nothing and fails if a file would change.
package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

//go:embed names.txt
var nameList string

const upstream = "github.com/hyperledger/fabric-protos-go/"

// moved lists names whose message lives in another package of
// fabric-protos-go than it did in v1.3.0. The collection messages were copied
// to peer, and that copy is the one which gossip's PrivatePayload refers to.
var moved = map[string]map[string]string{
	"common": {
		"CollectionConfigPackage":                 "peer",
		"CollectionConfig":                        "peer",
		"CollectionConfig_StaticCollectionConfig": "peer",
		"CollectionPolicyConfig":                  "peer",
		"CollectionPolicyConfig_SignaturePolicy":  "peer",
		"StaticCollectionConfig":                  "peer",
	},
}

// symbol is one exported package-level declaration of a generated package.
type symbol struct {
	kind string // "type", "const", "var" or "func"
	fn   *ast.FuncDecl
}

func main() {
	check := flag.Bool("check", false, "write nothing; fail if a file would change")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "aliasgen:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	wanted, err := readNames(nameList)
	if err != nil {
		return err
	}
	packages := make([]string, 0, len(wanted))
	for pkg := range wanted {
		packages = append(packages, pkg)
	}
	sort.Strings(packages)
	var stale []string
	for _, pkg := range packages {
		src, err := generate(pkg, wanted[pkg])
		if err != nil {
			return fmt.Errorf("package %s: %w", pkg, err)
		}
		file := filepath.Join("protos", filepath.FromSlash(pkg), "aliases.gen.go")
		old, _ := os.ReadFile(file)
		if bytes.Equal(old, src) {
			continue
		}
		if check {
			stale = append(stale, file)
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, src, 0o644); err != nil {
			return err
		}
	}
	if len(stale) > 0 {
		return fmt.Errorf("not up to date: %s (run: go generate ./protos/...)", strings.Join(stale, ", "))
	}
	return nil
}

func readNames(list string) (map[string][]string, error) {
	wanted := map[string][]string{}
	lines := bufio.NewScanner(strings.NewReader(list))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 2 {
			return nil, fmt.Errorf("names.txt: want \"package name\", got %q", lines.Text())
		}
		wanted[fields[0]] = append(wanted[fields[0]], fields[1])
	}
	return wanted, lines.Err()
}

// generate renders the alias file of one package.
func generate(pkg string, names []string) ([]byte, error) {
	sources := map[string]map[string]symbol{}
	lookup := func(from, name string) (symbol, bool, error) {
		if sources[from] == nil {
			found, err := scan(upstream + from)
			if err != nil {
				return symbol{}, false, err
			}
			sources[from] = found
		}
		s, ok := sources[from][name]
		return s, ok, nil
	}
	byKind := map[string][]string{}
	imports := map[string]string{}
	for _, name := range names {
		from := pkg
		if other, ok := moved[pkg][name]; ok {
			from = other
		}
		s, ok, err := lookup(from, name)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue // not generated any more; hand-written beside this file where it is needed
		}
		local := path.Base(from) + "pb"
		imports[local] = upstream + from
		byKind[s.kind] = append(byKind[s.kind], render(s, name, local))
		if s.kind == "func" {
			imports["grpc"] = "google.golang.org/grpc"
		}
	}
	return assemble(path.Base(pkg), imports, byKind)
}

func render(s symbol, name, local string) string {
	if s.kind != "func" {
		return fmt.Sprintf("\t%s = %s.%s\n", name, local, name)
	}
	var params, args []string
	for _, field := range s.fn.Type.Params.List {
		for _, id := range field.Names {
			params = append(params, id.Name+" "+exprString(field.Type))
			args = append(args, id.Name)
		}
	}
	call := fmt.Sprintf("%s.%s(%s)", local, name, strings.Join(args, ", "))
	doc := fmt.Sprintf("// %s is %s.%s.\n", name, local, name)
	if s.fn.Type.Results == nil {
		return doc + fmt.Sprintf("func %s(%s) {\n\t%s\n}\n\n", name, strings.Join(params, ", "), call)
	}
	return doc + fmt.Sprintf("func %s(%s) %s {\n\treturn %s\n}\n\n", name, strings.Join(params, ", "), exprString(s.fn.Type.Results.List[0].Type), call)
}

// exprString prints the few type shapes that generated constructors use.
func exprString(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.StarExpr:
		return "*" + exprString(t.X)
	case *ast.SelectorExpr:
		return exprString(t.X) + "." + t.Sel.Name
	}
	return fmt.Sprintf("unsupported(%T)", e)
}

func assemble(base string, imports map[string]string, byKind map[string][]string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("// Code generated by protos/internal/aliasgen. DO NOT EDIT.\n\n")
	fmt.Fprintf(&out, "package %s\n\nimport (\n", base)
	locals := make([]string, 0, len(imports))
	for local := range imports {
		locals = append(locals, local)
	}
	sort.Strings(locals)
	for _, local := range locals {
		if local == path.Base(imports[local]) {
			fmt.Fprintf(&out, "\t%q\n", imports[local])
			continue
		}
		fmt.Fprintf(&out, "\t%s %q\n", local, imports[local])
	}
	out.WriteString(")\n\n")
	for _, kind := range []string{"type", "const", "var"} {
		if lines := byKind[kind]; len(lines) > 0 {
			fmt.Fprintf(&out, "%s (\n%s)\n\n", kind, strings.Join(lines, ""))
		}
	}
	out.WriteString(strings.Join(byKind["func"], ""))
	return format.Source(out.Bytes())
}

// scan lists the exported declarations of a package by reading its source.
func scan(importPath string) (map[string]symbol, error) {
	dir, err := packageDir(importPath)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	found := map[string]symbol{}
	entries, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range entries {
		if ok, err := build.Default.MatchFile(dir, name); err != nil || !ok || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			collect(decl, found)
		}
	}
	return found, nil
}

func collect(decl ast.Decl, found map[string]symbol) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.IsExported() {
			found[d.Name.Name] = symbol{kind: "func", fn: d}
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				found[s.Name.Name] = symbol{kind: "type"}
			case *ast.ValueSpec:
				for _, id := range s.Names {
					found[id.Name] = symbol{kind: d.Tok.String()}
				}
			}
		}
	}
}

// packageDir asks the go command where a dependency's source is, so that the
// vendored copy is read when there is one.
func packageDir(importPath string) (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", importPath).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go list %s: %v: %s", importPath, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
