// SPDX-License-Identifier: Apache-2.0

// Package surface writes what a package exports as text, one feature a line, in
// the notation of the lists that say what Fabric v1.3.0 offered:
//
//	pkg gossip/api, type AnchorPeer struct, Port int
//	pkg core/comm, func NewConnectionProducer(core/comm.ConnectionFactory, []string) core/comm.ConnectionProducer
//
// Import paths inside the module lose the module's path, generated protobuf
// types are called protos/<x>.<T> wherever they are generated, `any` stands for
// the empty interface, aliases are resolved, XXX_ names are left out.
//
// apicheck is its only caller. The package holds no state.
package surface

import (
	"fmt"
	"go/constant"
	"go/types"
	"regexp"
	"strings"
)

// Feature is one exported thing of a package.
type Feature struct {
	// Pkg is the package's path in the notation of the lists.
	Pkg string
	// Key names the thing within its package: "NewProducer", "Config.Port"
	// (field or method), "Config.embedded net.Listener".
	Key string
	// Text is the whole line.
	Text string
	// Origin is, for a promoted method of a package outside the module, that
	// package's import path: whether the method exists is that package's matter.
	Origin string
}

// Of lists what the package exports, in no particular order.
func Of(pkg *types.Package) []Feature {
	l := lister{path: relPath(pkg.Path())}
	for _, name := range pkg.Scope().Names() {
		if obj := pkg.Scope().Lookup(name); obj.Exported() && !hidden(name) {
			l.object(obj)
		}
	}
	return l.features
}

// hidden tells whether a name belongs to the insides of generated messages.
func hidden(name string) bool { return strings.HasPrefix(name, "XXX_") }

type lister struct {
	path     string
	features []Feature
}

func (l *lister) add(key, format string, args ...any) *Feature {
	text := "pkg " + l.path + ", " + fmt.Sprintf(format, args...)
	l.features = append(l.features, Feature{Pkg: l.path, Key: key, Text: text})
	return &l.features[len(l.features)-1]
}

func (l *lister) object(obj types.Object) {
	if line := Object(obj); line != "" {
		l.add(obj.Name(), "%s", line)
		return
	}
	name := obj.(*types.TypeName)
	named, ok := types.Unalias(name.Type()).(*types.Named)
	if !ok || qualifiedName(named.Obj()) != l.path+"."+name.Name() {
		l.add(name.Name(), "type %s %s", name.Name(), TypeString(name.Type()))
		return
	}
	l.typ(name.Name(), named)
}

// Object renders a const, a var or a func; "" for a type.
func Object(obj types.Object) string {
	switch obj := obj.(type) {
	case *types.Const:
		return fmt.Sprintf("const %s = %s (%s)", obj.Name(), constValue(obj.Val()), TypeString(obj.Type()))
	case *types.Var:
		return fmt.Sprintf("var %s %s", obj.Name(), TypeString(obj.Type()))
	case *types.Func:
		return fmt.Sprintf("func %s%s", obj.Name(), signature(obj.Signature(), false))
	}
	return ""
}

func constValue(v constant.Value) string { return v.ExactString() }

func (l *lister) typ(name string, named *types.Named) {
	st, ok := named.Underlying().(*types.Struct)
	if !ok {
		l.add(name, "type %s %s", name, underlyingString(named))
	} else {
		l.add(name, "type %s struct", name)
		l.fields(name, st)
	}
	if !types.IsInterface(named) {
		l.methods(name, named)
	}
}

// underlyingString spells a declared empty interface out, as the lists do.
func underlyingString(named *types.Named) string {
	if iface, ok := named.Underlying().(*types.Interface); ok && iface.Empty() {
		return "interface {  }"
	}
	return TypeString(named.Underlying())
}

func (l *lister) fields(name string, st *types.Struct) {
	for f := range st.Fields() {
		typ := TypeString(f.Type())
		switch {
		case hidden(f.Name()):
		case f.Embedded():
			l.add(name+".embedded "+typ, "type %s struct, embedded %s", name, typ)
		case f.Exported():
			l.add(name+"."+f.Name(), "type %s struct, %s %s", name, f.Name(), typ)
		}
	}
}

func (l *lister) methods(name string, named *types.Named) {
	for sel := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		fn := sel.Obj().(*types.Func)
		if !fn.Exported() || hidden(fn.Name()) {
			continue
		}
		recv, kind := name, "method"
		if _, pointer := types.Unalias(fn.Signature().Recv().Type()).(*types.Pointer); pointer { // where it is declared
			recv = "*" + name
		}
		if len(sel.Index()) > 1 {
			kind = "promoted method"
		}
		f := l.add(name+"."+fn.Name(), "%s (%s) %s%s", kind, recv, fn.Name(), signature(fn.Signature(), false))
		if kind != "method" {
			f.Origin = foreignOrigin(fn)
		}
	}
}

// foreignOrigin is the path of the package that declares the method, if that is
// none of this tree. Generated messages count as foreign: what methods they
// have is decided by the release of fabric-protos-go.
func foreignOrigin(fn *types.Func) string {
	if fn.Pkg() == nil {
		return ""
	}
	if path := fn.Pkg().Path(); strings.HasPrefix(path, generatedRoot) || relPath(path) == path {
		return path
	}
	return ""
}

var (
	lineForm     = regexp.MustCompile(`^pkg ([^,]+), (.*)$`)
	methodForm   = regexp.MustCompile(`^(?:promoted )?method \(\*?(\w+)\) (\w+)`)
	fieldForm    = regexp.MustCompile(`^type (\w+) struct, (?:(embedded .*)|(\w+) )`)
	declaredForm = regexp.MustCompile(`^(?:const|var|func|type) (\w+)`)
)

// Parse reads one line of a list.
func Parse(line string) (Feature, error) {
	m := lineForm.FindStringSubmatch(line)
	if m == nil {
		return Feature{}, fmt.Errorf("%q does not start with \"pkg <path>, \"", line)
	}
	f := Feature{Pkg: m[1], Text: line}
	switch rest := m[2]; {
	case methodForm.MatchString(rest):
		k := methodForm.FindStringSubmatch(rest)
		f.Key = k[1] + "." + k[2]
	case fieldForm.MatchString(rest):
		k := fieldForm.FindStringSubmatch(rest)
		f.Key = k[1] + "." + k[2] + k[3]
	case declaredForm.MatchString(rest):
		f.Key = declaredForm.FindStringSubmatch(rest)[1]
	default:
		return Feature{}, fmt.Errorf("%q is no feature", line)
	}
	return f, nil
}

var paramName = regexp.MustCompile(`([(,] ?)([A-Za-z_]\w*) `)

// Canonical removes the names of parameters from a line: they are documentation
// and two func types that differ in them only are identical.
func Canonical(line string) string {
	return paramName.ReplaceAllStringFunc(line, func(s string) string {
		m := paramName.FindStringSubmatch(s)
		switch m[2] {
		case "chan", "untyped", "struct", "interface", "func", "type", "method", "promoted", "const", "var", "field":
			return s
		}
		return m[1]
	})
}
