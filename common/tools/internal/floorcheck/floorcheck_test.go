// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hyperledger/fabric/common/tools/internal/gopkgs"
)

// The packages that the cases import, and what the lists of names say.
var (
	loadStd = sync.OnceValues(func() (*gopkgs.Set, error) {
		return gopkgs.Load(".", "context", "crypto/tls", "embed", "errors", "os", "strings", "sync", "sync/atomic", "testing", "time")
	})
	loadAPI = sync.OnceValues(readAPI)
)

// floorOf runs the checks on a package of the given files and returns the
// findings as text.
func floorOf(t *testing.T, files map[string]string) string {
	t.Helper()
	set, err := loadStd()
	if err != nil {
		t.Fatal(err)
	}
	api, err := loadAPI()
	if err != nil {
		t.Fatal(err)
	}
	p := &gopkgs.Package{ImportPath: gopkgs.Module + "/gossip/x", Dir: t.TempDir()}
	for name, text := range files {
		p.GoFiles = append(p.GoFiles, name)
		if err := os.WriteFile(filepath.Join(p.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := &checker{set: set, api: api, allowed: parseAllowed(allowedText)}
	if err := c.pkg(p); err != nil {
		t.Fatal(err)
	}
	return strings.Join(c.sorted(), "\n")
}

func TestFindings(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"new function":          {"import \"errors\"\nvar _ = errors.Is", "errors.Is exists since go1.13 only"},
		"new package":           {"import _ \"embed\"", "package embed exists since go1.16 only"},
		"new function, old pkg": {"import \"os\"\nvar _, _ = os.ReadFile(\"x\")", "os.ReadFile exists since go1.16 only"},
		"new type":              {"import \"sync/atomic\"\nvar n atomic.Int64", "sync/atomic.Int64 exists since go1.19 only"},
		"new method":            {"import \"time\"\nvar _ = time.Second.Milliseconds()", "time.Duration.Milliseconds exists since go1.13 only"},
		"new method, embedded":  {"import \"testing\"\ntype s struct{ *testing.T }\nfunc f(x s) { x.Cleanup(nil) }", "Cleanup exists since go1.14 only"},
		"new interface method":  {"import \"testing\"\nfunc f(x testing.TB) { x.TempDir() }", "TempDir exists since go1.15 only"},
		"new field":             {"import \"crypto/tls\"\nfunc f(c *tls.Config) bool { return c.VerifyConnection == nil }", "crypto/tls.Config.VerifyConnection exists since go1.15 only"},
		"new field, literal":    {"import \"crypto/tls\"\nvar _ = &tls.Config{VerifyConnection: nil}", "crypto/tls.Config.VerifyConnection exists since go1.15 only"},
		"number literal":        {"const n = 1_000", "requires go1.13 or later"},
		"any":                   {"var x any", "requires go1.18 or later"},
		"generics":              {"func f[T int](T) {}", "requires go1.18 or later"},
		"signed shift":          {"func f(n int) int { return 1 << n }", "requires go1.13 or later"},
		"foreign import":        {"import _ \"go.uber.org/zap\"", "go.uber.org/zap is not vendored by v1.3.0"},
		"import of our own":     {"import _ \"github.com/hyperledger/fabric/core/blockpeer/mcs\"", "core/blockpeer/mcs is no package of a v1.3.0 tree"},
		"testify in production": {"import _ \"github.com/stretchr/testify/assert\"", "testify/assert is not vendored by v1.3.0, or not for this use"},
		"misaligned atomic":     {"import \"sync/atomic\"\ntype t struct { b bool; n uint64 }\nfunc f(x *t) { atomic.AddUint64(&x.n, 1) }", "at offset 4 on 32-bit machines"},
		"misaligned, nested":    {"import \"sync/atomic\"\ntype in struct { n int64 }\ntype t struct { p *int; in }\nfunc f(x *t) { atomic.LoadInt64(&x.in.n) }", "at offset 4 on 32-bit machines"},
		"clean": {src: `import ("context"; "os"; "strings"; "sync"; "sync/atomic"; "time")
type t struct { n int64; m sync.Map; in *t }
func f(x *t, info os.FileInfo, err *os.PathError, ctx context.Context) (b strings.Builder) {
	atomic.AddInt64(&x.in.n, 1)
	_, _, _, _ = info.Name(), info.Mode().IsDir(), err.Op, ctx.Err()
	<-time.After(time.Since(time.Time{}).Round(1))
	return
}`},
	} {
		got := floorOf(t, map[string]string{"x.go": "package x\n\n" + c.src + "\n"})
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: want %q, got %q", name, c.want, got)
		}
	}
}

func TestFilesForANewerGo(t *testing.T) {
	const modern = "package x\n\nimport \"errors\"\n\nvar helper = errors.Is\n"
	for name, c := range map[string]struct {
		header, other, want string
	}{
		"both forms":             {header: "//go:build go1.25\n// +build go1.25\n\n"},
		"new form only":          {header: "//go:build go1.18\n\n", want: "no // +build line"},
		"needed by an older one": {header: "//go:build go1.25\n// +build go1.25\n\n", other: "var _ = helper", want: "undefined: helper"},
	} {
		got := floorOf(t, map[string]string{"new.go": c.header + modern, "old.go": "package x\n" + c.other + "\n"})
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: want %q, got %q", name, c.want, got)
		}
	}
}

func TestMocksMayImportTestLibraries(t *testing.T) {
	a := parseAllowed(allowedText)
	const assert = "github.com/stretchr/testify/assert"
	for importer, allowed := range map[string]bool{"core/deliverservice/mocks": true, "gossip/comm/mock": true, "gossip/comm": false} {
		if got := a.refuse(importer, assert, false) == ""; got != allowed {
			t.Errorf("%s may import testify: %v, want %v", importer, got, allowed)
		}
	}
	if why := a.refuse("gossip/comm", assert, true); why != "" {
		t.Errorf("a test of gossip/comm may not import testify: %s", why)
	}
	if why := a.refuse("gossip/comm", gopkgs.Module+"/gossip/internal/window", false); why != "" {
		t.Errorf("a package below gossip is refused: %s", why)
	}
}

func TestNothingToCheckIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module m\n\ngo 1.26\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if n, err := run(dir, &out); err == nil || n != 0 {
		t.Errorf("run on an empty module: %d findings, error %v", n, err)
	}
}
