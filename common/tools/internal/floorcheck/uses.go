// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/hyperledger/fabric/common/tools/internal/gopkgs"
)

// uses reports the standard-library names in f that are newer than the floor.
func (c *checker) uses(info *types.Info, f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			c.packageLevel(n, info.Uses[n])
		case *ast.SelectorExpr:
			if sel := info.Selections[n]; sel != nil {
				c.member(n.Sel.Pos(), sel.Obj().Name(), owners(sel))
			}
		case *ast.CompositeLit:
			c.literal(info, n)
		}
		return true
	})
}

func (c *checker) packageLevel(id *ast.Ident, obj types.Object) {
	if obj == nil || obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() || !c.set.Standard(obj.Pkg().Path()) {
		return
	}
	name := obj.Pkg().Path() + "." + obj.Name()
	if since, yes := c.api.tooNew(name); yes {
		c.report(id.Pos(), "%s exists since %s only", name, since)
	}
}

// member reports a method or field of standard types. Several types on the way
// to it may list it; one that had it in time is enough.
func (c *checker) member(pos token.Pos, name string, owners []*types.TypeName) {
	finding := ""
	for _, owner := range owners {
		if owner.Pkg() == nil || !c.set.Standard(owner.Pkg().Path()) {
			continue
		}
		typ := owner.Pkg().Path() + "." + owner.Name()
		if old, moved := c.api.formerly[typ]; moved {
			typ = old
		}
		key := typ + "." + name
		if since, yes := c.api.tooNew(key); yes {
			finding = key + " exists since " + since + " only"
		} else if c.api.known(key) {
			return
		}
	}
	if finding != "" {
		c.report(pos, "%s", finding)
	}
}

// owners lists the declared types on the path from the operand of a selection
// to the selected field or method, both ends included.
func owners(sel *types.Selection) []*types.TypeName {
	var path []*types.TypeName
	typ := sel.Recv()
	for _, i := range sel.Index() {
		path = appendNamed(path, typ)
		if st, ok := deref(typ).Underlying().(*types.Struct); ok && i < st.NumFields() {
			typ = st.Field(i).Type()
		}
	}
	if fn, ok := sel.Obj().(*types.Func); ok {
		path = appendNamed(path, fn.Signature().Recv().Type())
	}
	return path
}

func appendNamed(path []*types.TypeName, typ types.Type) []*types.TypeName {
	if named, ok := deref(typ).(*types.Named); ok {
		return append(path, named.Obj())
	}
	return path
}

func deref(typ types.Type) types.Type {
	if p, ok := types.Unalias(typ).(*types.Pointer); ok {
		typ = p.Elem()
	}
	return types.Unalias(typ)
}

// literal reports fields that a struct literal sets by name.
func (c *checker) literal(info *types.Info, lit *ast.CompositeLit) {
	tv, ok := info.Types[lit]
	if !ok {
		return
	}
	if _, isStruct := deref(tv.Type).Underlying().(*types.Struct); !isStruct {
		return
	}
	for _, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok {
				c.member(key.Pos(), key.Name, appendNamed(nil, tv.Type))
			}
		}
	}
}

// imports reports imports that a v1.3.0 tree built with Go 1.10 lacks.
func (c *checker) imports(p *gopkgs.Package, f *ast.File, test bool) {
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has refused it
		}
		if c.set.Standard(path) {
			if since, yes := c.api.tooNew(path); yes {
				c.report(spec.Pos(), "package %s exists since %s only", path, since)
			}
			continue
		}
		if why := c.allowed.refuse(p.Rel(), path, test); why != "" {
			c.report(spec.Pos(), "%s", why)
		}
	}
}

// allowList is allowed.txt: which packages outside the standard library the
// drop-in packages may import.
type allowList struct{ everywhere, inTests map[string]bool }

func parseAllowed(text string) *allowList {
	a := &allowList{everywhere: map[string]bool{}, inTests: map[string]bool{}}
	for line := range strings.Lines(text) {
		switch fields := strings.Fields(line); {
		case len(fields) == 0, fields[0] == "#":
		case len(fields) == 2 && fields[1] == "tests":
			a.inTests[fields[0]] = true
		default:
			a.everywhere[fields[0]] = true
		}
	}
	return a
}

// refuse says why the package importer may not import path, or returns "".
func (a *allowList) refuse(importer, path string, test bool) string {
	rel, own := strings.CutPrefix(path, gopkgs.Module+"/")
	if !own {
		rel = path
	}
	switch {
	case own && (dropInPath(rel) || a.everywhere[rel]), !own && a.everywhere[rel]:
		return ""
	case a.inTests[rel] && (test || testSupport(importer)):
		return ""
	case own:
		return rel + " is no package of a v1.3.0 tree (allowed.txt lists those in use)"
	}
	return path + " is not vendored by v1.3.0, or not for this use (see allowed.txt)"
}

func dropInPath(rel string) bool {
	return strings.HasPrefix(rel, "gossip/") || rel == "core/deliverservice" || strings.HasPrefix(rel, "core/deliverservice/")
}

// testSupport tells whether the package exists for tests only.
func testSupport(rel string) bool {
	for elem := range strings.SplitSeq(rel, "/") {
		if elem == "mock" || elem == "mocks" || elem == "conformance" || strings.HasSuffix(elem, "test") {
			return true
		}
	}
	return false
}
