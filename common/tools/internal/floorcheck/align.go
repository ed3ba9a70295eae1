// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// On 32-bit machines only the first word of an allocated struct is sure to be
// aligned for 64-bit atomic operations.
var narrow = types.SizesFor("gc", "386")

// alignment reports 64-bit atomic operations on fields that such a machine
// would find misaligned.
func (c *checker) alignment(info *types.Info, f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 || !atomic64(info, call) {
			return true
		}
		addr, ok := call.Args[0].(*ast.UnaryExpr)
		if !ok || addr.Op != token.AND {
			return true
		}
		if offset := fieldOffset(info, addr.X); offset%8 != 0 {
			c.report(addr.Pos(), "64-bit atomic on a field at offset %d on 32-bit machines: move it to the front of its struct", offset)
		}
		return true
	})
}

func atomic64(info *types.Info, call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	obj := info.Uses[sel.Sel]
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == "sync/atomic" && strings.HasSuffix(obj.Name(), "nt64")
}

// fieldOffset is the offset of the field that x selects from the start of the
// allocation it lies in, as far as the expression shows it.
func fieldOffset(info *types.Info, x ast.Expr) int64 {
	se, ok := ast.Unparen(x).(*ast.SelectorExpr)
	if !ok {
		return 0
	}
	sel := info.Selections[se]
	if sel == nil || sel.Kind() != types.FieldVal {
		return 0
	}
	offset, typ := fieldOffset(info, se.X), sel.Recv()
	for _, i := range sel.Index() {
		if p, ok := types.Unalias(typ).Underlying().(*types.Pointer); ok {
			offset, typ = 0, p.Elem()
		}
		st := typ.Underlying().(*types.Struct)
		offset += narrow.Offsetsof(fieldsOf(st))[i]
		typ = st.Field(i).Type()
	}
	return offset
}

func fieldsOf(st *types.Struct) []*types.Var {
	var fields []*types.Var
	for f := range st.Fields() {
		fields = append(fields, f)
	}
	return fields
}
