// SPDX-License-Identifier: Apache-2.0

package gopkgs

import (
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadAndCheck(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"go.mod":           "module " + Module + "\n\ngo 1.26\n",
		"good/good.go":     "package good\n\nimport \"strings\"\n\nvar N = strings.Count(\"aa\", \"a\")\n",
		"good/in_test.go":  "package good\n\nfunc Helper() int { return N }\n",
		"good/out_test.go": "package good_test\n\nimport \"" + Module + "/good\"\n\nvar _ = good.Helper()\n",
		"bad/bad.go":       "package bad\n\nvar X int = \"no\"\n",
		"user/user.go":     "package user\n\nimport _ \"" + Module + "/bad\"\n",
	})
	set, err := Load(dir, "-test", "./...")
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]*Package{}
	for _, p := range set.Roots() {
		byID[strings.ReplaceAll(p.ImportPath, Module+"/", "")] = p
	}
	if p := byID["good"]; p == nil || p.Broken() != "" || p.Rel() != "good" {
		t.Fatalf("good: %+v", p)
	}
	for _, id := range []string{"bad", "user"} {
		if p := byID[id]; p == nil || p.Broken() == "" {
			t.Errorf("%s does not count as broken: %+v", id, p)
		}
	}
	// The external test sees what the in-package test declares.
	for _, id := range []string{"good [good.test]", "good_test [good.test]"} {
		p := byID[id]
		if p == nil {
			t.Fatalf("no %s among %v", id, byID)
		}
		c, err := set.Check(p, p.GoFiles, "")
		if err != nil || len(c.Errs) > 0 || len(c.Files) == 0 {
			t.Errorf("%s: %v, %v, %d files", id, err, c.Errs, len(c.Files))
		}
	}
	if c, err := set.Check(byID["bad"], []string{"bad.go"}, ""); err != nil || len(c.Errs) != 1 {
		t.Errorf("bad has errors %v, %v; want one", c.Errs, err)
	}
	if !set.Standard("strings") || set.Standard(Module+"/good") || set.Standard("net/http") {
		t.Error("Standard does not tell the standard library's packages in use")
	}
}

func TestUnparsableFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"x.go": "package x\n\nfunc {"})
	set := &Set{Fset: token.NewFileSet()}
	if _, err := set.Check(&Package{Dir: dir, ImportPath: "x"}, []string{"x.go"}, ""); err == nil {
		t.Error("no error")
	}
}
