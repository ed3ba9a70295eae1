// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

const sample = `package sample

type Empty interface{}

type Doer interface {
	unexported(n int) error
	Do(ctx string, rest ...*Thing) (ok bool, err error)
}

type Thing struct {
	Doer
	*Base
	Names  map[string][]chan<- int
	Hook   func(name string, data interface{}) error
	hidden int
	XXX_size int
}

type Base struct{}

func (b *Base) Lock()      {}
func (b Base) Peek() bool  { return false }
func (t Thing) String() string { return "" }
func (t *Thing) reset()    {}

type Limit uint8

const Low, High Limit = 1, 2
const Greeting = "hi"

type Old = Base

var Default, other *Thing

func New(_ Limit, opts ...func(t *Thing) (n int, err error)) (*Thing, error) { return nil, nil }
`

func check(t *testing.T, path, src string) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "sample.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: importer.Default()}
	pkg, err := conf.Check(path, fset, []*ast.File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

func TestOfWritesTheNotationOfTheLists(t *testing.T) {
	want := strings.TrimSpace(`
pkg a/sample, const Greeting = "hi" (untyped string)
pkg a/sample, const High = 2 (a/sample.Limit)
pkg a/sample, const Low = 1 (a/sample.Limit)
pkg a/sample, func New(a/sample.Limit, ...func(t *a/sample.Thing) (n int, err error)) (*a/sample.Thing, error)
pkg a/sample, method (*Base) Lock()
pkg a/sample, method (Base) Peek() bool
pkg a/sample, method (Thing) String() string
pkg a/sample, promoted method (*Thing) Lock()
pkg a/sample, promoted method (Thing) Do(string, ...*a/sample.Thing) (bool, error)
pkg a/sample, promoted method (Thing) Peek() bool
pkg a/sample, type Base struct
pkg a/sample, type Doer interface { Do(string, ...*a/sample.Thing) (bool, error); unexported(int) error }
pkg a/sample, type Empty interface {  }
pkg a/sample, type Limit uint8
pkg a/sample, type Old a/sample.Base
pkg a/sample, type Thing struct
pkg a/sample, type Thing struct, Hook func(name string, data any) error
pkg a/sample, type Thing struct, Names map[string][]chan<- int
pkg a/sample, type Thing struct, embedded *a/sample.Base
pkg a/sample, type Thing struct, embedded a/sample.Doer
pkg a/sample, var Default *a/sample.Thing`)
	var got []string
	for _, f := range Of(check(t, "github.com/hyperledger/fabric/a/sample", sample)) {
		got = append(got, f.Text)
		parsed, err := Parse(f.Text)
		if err != nil || parsed.Key != f.Key || parsed.Pkg != f.Pkg {
			t.Errorf("Parse(%q) = %+v, %v; want key %q", f.Text, parsed, err, f.Key)
		}
	}
	slices.Sort(got)
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestGeneratedTypesHaveOneName(t *testing.T) {
	for _, c := range []struct{ path, name, want string }{
		{"github.com/hyperledger/fabric-protos-go/ledger/rwset", "TxReadWriteSet", "protos/ledger/rwset.TxReadWriteSet"},
		{"github.com/hyperledger/fabric-protos-go/peer", "CollectionConfigPackage", "protos/common.CollectionConfigPackage"},
		{"github.com/hyperledger/fabric-protos-go/peer", "Proposal", "protos/peer.Proposal"},
		{"google.golang.org/protobuf/types/known/timestamppb", "Timestamp", "github.com/golang/protobuf/ptypes/timestamp.Timestamp"},
		{"github.com/hyperledger/fabric/msp", "MSP", "msp.MSP"},
	} {
		obj := types.NewTypeName(token.NoPos, types.NewPackage(c.path, "p"), c.name, nil)
		if got := qualifiedName(obj); got != c.want {
			t.Errorf("%s.%s is called %q, want %q", c.path, c.name, got, c.want)
		}
	}
}

func TestParseRefusesOtherText(t *testing.T) {
	for _, line := range []string{"", "func F()", "pkg a/b", "pkg a/b, something else", "pkg a/b, field T.f int"} {
		if f, err := Parse(line); err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", line, f)
		}
	}
}

func TestCanonicalDropsNamesOnly(t *testing.T) {
	for in, want := range map[string]string{
		"func F(func(name string, data any) (n int, err error)) error": "func F(func(string, any) (int, error)) error",
		"const C = 1 (untyped int)":                                    "const C = 1 (untyped int)",
		"func F(chan struct{}, <-chan int, struct{a int; b chan int})": "func F(chan struct{}, <-chan int, struct{a int; b chan int})",
		"promoted method (*T) M(func(ids []string, m *x/y.T))":         "promoted method (*T) M(func([]string, *x/y.T))",
	} {
		if got := Canonical(in); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", in, got, want)
		}
	}
}
