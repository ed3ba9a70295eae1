// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed"
	"go/ast"
	"go/token"
	"path"
	"strings"
)

//go:embed reserved.txt
var reservedText string

// reservedNames are the package-level names of one package that are taken.
type reservedNames struct {
	declared, imported map[string]bool
	prefixes           []string
}

func parseReserved(text string) map[string]*reservedNames {
	all := map[string]*reservedNames{}
	var current *reservedNames
	imports := false
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, "\t"):
			current = &reservedNames{declared: map[string]bool{}, imported: map[string]bool{}}
			all[fields[0]], imports = current, false
		case fields[0] == "imports":
			imports = true
		default:
			current.add(fields, imports)
		}
	}
	return all
}

func (r *reservedNames) add(names []string, imports bool) {
	for _, name := range names {
		if prefix, ok := strings.CutSuffix(name, "*"); ok {
			r.prefixes = append(r.prefixes, prefix)
		} else if imports {
			r.imported[name] = true
		} else {
			r.declared[name] = true
		}
	}
}

// taken tells whether the name is one that the tests declare.
func (r *reservedNames) taken(name string) bool {
	for _, prefix := range r.prefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return r.declared[name]
}

// names reports package-level names of drop-in packages that collide with those
// of v1.3.0's test files. An external test package shares no scope with them.
func (l *linter) names(rel string, fset *token.FileSet, f *ast.File) {
	r := l.reserved[path.Dir(rel)]
	if r == nil || strings.HasSuffix(f.Name.Name, "_test") {
		return
	}
	for _, spec := range f.Imports {
		if name := importName(spec); r.taken(name) {
			l.report(rel, fset.Position(spec.Pos()).Line, "import name %s is declared by v1.3.0's tests", name)
		}
	}
	for _, id := range declaredNames(f) {
		if r.taken(id.Name) || r.imported[id.Name] {
			l.report(rel, fset.Position(id.Pos()).Line, "%s is a name that v1.3.0's tests use", id.Name)
		}
	}
}

// declaredNames lists what a file declares at package level, but for methods.
func declaredNames(f *ast.File) []*ast.Ident {
	var names []*ast.Ident
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				names = append(names, decl.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name)
				case *ast.ValueSpec:
					names = append(names, spec.Names...)
				}
			}
		}
	}
	return names
}
