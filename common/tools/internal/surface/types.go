// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/hyperledger/fabric/common/tools/internal/gopkgs"
)

const generatedRoot = "github.com/hyperledger/fabric-protos-go/"

// sameType lists types that v1.3.0 knew under another import path.
var sameType = map[string]string{
	"google.golang.org/protobuf/runtime/protoiface.MessageV1":      "github.com/golang/protobuf/proto.Message",
	"google.golang.org/protobuf/types/known/anypb.Any":             "github.com/golang/protobuf/ptypes/any.Any",
	"google.golang.org/protobuf/types/known/durationpb.Duration":   "github.com/golang/protobuf/ptypes/duration.Duration",
	"google.golang.org/protobuf/types/known/emptypb.Empty":         "github.com/golang/protobuf/ptypes/empty.Empty",
	"google.golang.org/protobuf/types/known/timestamppb.Timestamp": "github.com/golang/protobuf/ptypes/timestamp.Timestamp",
}

// movedPrefixes start the names of the collection messages, which are generated
// into package peer today and were part of common in v1.3.0.
var movedPrefixes = []string{
	"CollectionConfig", "CollectionPolicyConfig", "StaticCollectionConfig",
	"isCollectionConfig_", "isCollectionPolicyConfig_",
}

// qualifiedName is the name of a declared type in the notation of the lists.
func qualifiedName(obj *types.TypeName) string {
	if obj.Pkg() == nil {
		return obj.Name() // error, any, comparable
	}
	path := obj.Pkg().Path()
	if old, ok := sameType[path+"."+obj.Name()]; ok {
		return old
	}
	if path == generatedRoot+"peer" {
		for _, prefix := range movedPrefixes {
			if strings.HasPrefix(obj.Name(), prefix) {
				return "protos/common." + obj.Name()
			}
		}
	}
	return relPath(path) + "." + obj.Name()
}

// relPath is an import path in the notation of the lists.
func relPath(path string) string {
	if rest, ok := strings.CutPrefix(path, generatedRoot); ok {
		return "protos/" + rest
	}
	return strings.TrimPrefix(path, gopkgs.Module+"/")
}

// TypeString renders a type: declared types by their qualified name, aliases
// resolved, the empty interface as any.
func TypeString(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return t.Name()
	case *types.Named:
		return qualifiedName(t.Obj()) + typeArgs(t)
	case *types.TypeParam:
		return t.Obj().Name()
	case *types.Pointer:
		return "*" + TypeString(t.Elem())
	case *types.Slice:
		return "[]" + TypeString(t.Elem())
	case *types.Array:
		return "[" + strconv.FormatInt(t.Len(), 10) + "]" + TypeString(t.Elem())
	case *types.Map:
		return "map[" + TypeString(t.Key()) + "]" + TypeString(t.Elem())
	case *types.Chan:
		return chanPrefix[t.Dir()] + TypeString(t.Elem())
	case *types.Signature:
		return "func" + signature(t, true)
	case *types.Struct:
		return structString(t)
	case *types.Interface:
		return interfaceString(t)
	}
	return types.TypeString(t, func(p *types.Package) string { return relPath(p.Path()) })
}

var chanPrefix = map[types.ChanDir]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}

func typeArgs(t *types.Named) string {
	var args []string
	for arg := range t.TypeArgs().Types() {
		args = append(args, TypeString(arg))
	}
	if args == nil {
		return ""
	}
	return "[" + strings.Join(args, ", ") + "]"
}

// signature renders parameters and results; the names of parameters are kept
// only in func types, as the lists do.
func signature(sig *types.Signature, names bool) string {
	params := tuple(sig.Params(), names)
	if n := len(params); sig.Variadic() && n > 0 {
		elem := sig.Params().At(n - 1).Type().(*types.Slice).Elem()
		params[n-1] = withName(sig.Params().At(n-1), names, "..."+TypeString(elem))
	}
	s := "(" + strings.Join(params, ", ") + ")"
	results := tuple(sig.Results(), names)
	switch {
	case len(results) == 0:
		return s
	case len(results) == 1 && (!names || sig.Results().At(0).Name() == ""):
		return s + " " + results[0]
	}
	return s + " (" + strings.Join(results, ", ") + ")"
}

func tuple(t *types.Tuple, names bool) []string {
	var out []string
	for v := range t.Variables() {
		out = append(out, withName(v, names, TypeString(v.Type())))
	}
	return out
}

func withName(v *types.Var, names bool, typ string) string {
	if !names || v.Name() == "" {
		return typ
	}
	return v.Name() + " " + typ
}

func structString(t *types.Struct) string {
	var fields []string
	for f := range t.Fields() {
		if f.Embedded() {
			fields = append(fields, TypeString(f.Type()))
		} else {
			fields = append(fields, f.Name()+" "+TypeString(f.Type()))
		}
	}
	return "struct{" + strings.Join(fields, "; ") + "}"
}

// interfaceString lists the whole method set in order of names.
func interfaceString(t *types.Interface) string {
	if t.Empty() {
		return "any"
	}
	var methods []string
	for m := range t.Methods() { // sorted by go/types once complete
		methods = append(methods, m.Name()+signature(m.Signature(), false))
	}
	slices.Sort(methods)
	return "interface { " + strings.Join(methods, "; ") + " }"
}
