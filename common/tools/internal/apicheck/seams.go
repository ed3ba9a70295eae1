// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/types"
	"regexp"
	"strings"

	"github.com/hyperledger/fabric/common/tools/internal/surface"
)

// checkSeams: what v1.3.0's in-package tests name exists. Seams of a package
// that is not finished may be missing, but not different.
func (t *tree) checkSeams(l *lists, r *report) {
	for _, pkg := range sortedKeys(l.seams) {
		if t.packages[pkg] == nil {
			r.seamsMissing += len(l.seams[pkg])
			continue
		}
		c := t.check(pkg, r)
		if c == nil {
			continue
		}
		for _, seam := range l.seams[pkg] {
			switch have := findSeam(c.Types, pkg, seam); {
			case have == otherPackage:
			case have == noSeam && l.unbuilt[pkg]:
				r.seamsMissing++
				r.missing("pkg " + pkg + ", " + seam + " (seam)")
			case have == noSeam && r.exempted("missing", "pkg "+pkg+", "+seam):
			case have == noSeam:
				r.contradiction(pkg, "seam missing: "+seam)
			case sameSeam(seam, have):
				r.seams++
			default:
				r.differs(pkg, seam+" (seam)", have)
			}
		}
	}
}

const (
	noSeam       = ""
	otherPackage = "-"
)

var (
	seamField  = regexp.MustCompile(`^field (\S+)\.(\w+) `)
	seamMethod = regexp.MustCompile(`^method \((\*?)([^)]+)\.(\w+)\) (\w+)`)
	seamType   = regexp.MustCompile(`^type (\w+) `)
	seamObject = regexp.MustCompile(`^(?:func|var|const) (\w+)`)
)

// findSeam returns the seam as it is in the package, in the list's notation;
// noSeam if it does not exist, otherPackage if it speaks of another package.
func findSeam(pkg *types.Package, path, seam string) string {
	if m := seamField.FindStringSubmatch(seam); m != nil {
		return fieldSeam(pkg, m[1], m[2])
	}
	if m := seamMethod.FindStringSubmatch(seam); m != nil {
		if m[2] != path {
			return otherPackage
		}
		return methodSeam(pkg, path, m[1] != "", m[3], m[4])
	}
	if m := seamType.FindStringSubmatch(seam); m != nil {
		if tn, ok := pkg.Scope().Lookup(m[1]).(*types.TypeName); ok {
			return "type " + m[1] + " " + surface.TypeString(tn.Type().Underlying())
		}
		return noSeam
	}
	if m := seamObject.FindStringSubmatch(seam); m != nil {
		if obj := pkg.Scope().Lookup(m[1]); obj != nil {
			return surface.Object(obj)
		}
		return noSeam
	}
	return otherPackage
}

func fieldSeam(pkg *types.Package, owner, field string) string {
	if owner == "?" {
		return otherPackage
	}
	tn, ok := pkg.Scope().Lookup(owner).(*types.TypeName)
	if !ok {
		return noSeam
	}
	st, ok := tn.Type().Underlying().(*types.Struct)
	if !ok {
		return noSeam
	}
	for f := range st.Fields() {
		if f.Name() == field {
			return "field " + owner + "." + field + " " + surface.TypeString(f.Type())
		}
	}
	return noSeam
}

// methodSeam looks in the method set of the value or of the pointer, as the
// seam is called.
func methodSeam(pkg *types.Package, path string, pointer bool, owner, method string) string {
	tn, ok := pkg.Scope().Lookup(owner).(*types.TypeName)
	if !ok {
		return noSeam
	}
	typ, recv := tn.Type(), path+"."+owner
	if pointer {
		typ, recv = types.NewPointer(typ), "*"+recv
	}
	sel := types.NewMethodSet(typ).Lookup(pkg, method)
	if sel == nil {
		return noSeam
	}
	fn := surface.Object(sel.Obj())
	return "method (" + recv + ") " + strings.TrimPrefix(fn, "func ")
}

// sameSeam: a struct's further fields are its own business, the ones that
// matter have lines of their own.
func sameSeam(want, have string) bool {
	if m := seamType.FindString(want); m != "" && strings.HasPrefix(want[len(m):], "struct{") {
		return strings.HasPrefix(have, m+"struct{")
	}
	return same(want, have)
}
