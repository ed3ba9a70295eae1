// SPDX-License-Identifier: Apache-2.0

// Command lintcheck holds the tree to the conventions that no off-the-shelf
// linter knows. Run it from the module root:
//
//	go run ./common/tools/internal/lintcheck
//
// Go files outside vendor: a licence line, one comment for each package, no
// time.Sleep, imports that point down the layers only, no name that the test
// files of a v1.3.0 tree need for themselves (reserved.txt), at most 700 lines.
// Text files: links that lead somewhere, nothing about the place they were
// written at. Each finding is one line; the exit status is 1 if there is any,
// or if there is no file to look at.
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	flag.Parse()
	n, err := run(".", os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lintcheck:", err)
	}
	if err != nil || n > 0 {
		os.Exit(1)
	}
}

// run checks the tree at root and returns the number of findings.
func run(root string, out io.Writer) (int, error) {
	l := &linter{root: root, reserved: parseReserved(reservedText)}
	if err := filepath.WalkDir(root, l.visit); err != nil {
		return 0, err
	}
	if l.goFiles == 0 {
		return 0, fmt.Errorf("found no Go file below %s", root)
	}
	l.packageComments()
	sort.Strings(l.findings)
	for _, f := range l.findings {
		fmt.Fprintln(out, f)
	}
	fmt.Fprintf(out, "lint: %d findings in %d Go files of %d packages and %d other files\n",
		len(l.findings), l.goFiles, len(l.docs), l.otherFiles)
	return len(l.findings), nil
}

type linter struct {
	root     string
	reserved map[string]*reservedNames
	docs     map[string][]string // by directory: the files with a package comment
	findings []string

	goFiles, otherFiles int
}

// report notes a finding; line 0 means the whole file.
func (l *linter) report(file string, line int, format string, args ...any) {
	at := file
	if line > 0 {
		at = fmt.Sprintf("%s:%d", file, line)
	}
	l.findings = append(l.findings, at+": "+fmt.Sprintf(format, args...))
}

func (l *linter) visit(path string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if d.IsDir() {
		if name := d.Name(); name == ".git" || name == "vendor" || path == filepath.Join(l.root, "build") {
			return filepath.SkipDir
		}
		return nil
	}
	if !d.Type().IsRegular() {
		return nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if strings.Contains(string(raw[:min(len(raw), 8000)]), "\x00") {
		return nil // no text
	}
	rel, err := filepath.Rel(l.root, path)
	if err != nil {
		return err
	}
	return l.file(filepath.ToSlash(rel), string(raw))
}

func (l *linter) file(rel, text string) error {
	l.words(rel, text)
	base := filepath.Base(rel)
	switch {
	case strings.HasSuffix(rel, ".go") && !strings.Contains(rel, "testdata/"):
		l.goFiles++
		return l.goFile(rel, text)
	case strings.HasSuffix(rel, ".md"):
		l.links(rel, text)
	case strings.HasSuffix(rel, ".sh"), base == "Makefile", rel == ".ci/run":
		l.licence(rel, text, "#", 3)
	}
	l.otherFiles++
	return nil
}

// licence wants the SPDX line within the first lines of a file.
func (l *linter) licence(rel, text, comment string, within int) {
	want := comment + " SPDX-License-Identifier: Apache-2.0"
	for i, line := range strings.SplitN(text, "\n", within+1) {
		if i < within && strings.TrimSpace(line) == want {
			return
		}
	}
	l.report(rel, 0, "no line %q at the top", want)
}
