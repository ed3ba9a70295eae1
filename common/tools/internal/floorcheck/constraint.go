// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"go/build"
	"go/build/constraint"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// floorContext selects files as Go 1.10 would on this machine, if it read the
// newer //go:build form.
var floorContext = func() build.Context {
	ctx := build.Default
	ctx.ReleaseTags = nil
	for minor := 1; minor <= 10; minor++ {
		ctx.ReleaseTags = append(ctx.ReleaseTags, "go1."+strconv.Itoa(minor))
	}
	return ctx
}()

// visibleToFloor tells whether Go 1.10 compiles the file. A file that it should
// not see but, reading only the old form of constraints, would is a finding.
func (c *checker) visibleToFloor(dir, name string) (bool, error) {
	visible, err := floorContext.MatchFile(dir, name)
	if err != nil || visible {
		return visible, err
	}
	hasNew, hasOld, err := constraintForms(filepath.Join(dir, name))
	if err == nil && hasNew && !hasOld {
		c.findings = append(c.findings, finding{token.Position{Filename: filepath.Join(dir, name), Line: 1},
			"has a //go:build line but no // +build line, so Go 1.10 would compile it"})
	}
	return false, err
}

// constraintForms reports which forms of build constraints stand above the
// package clause.
func constraintForms(path string) (hasNew, hasOld bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, false, fmt.Errorf("reading build constraints: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "package ") {
		hasNew = hasNew || constraint.IsGoBuild(lines.Text())
		hasOld = hasOld || constraint.IsPlusBuild(lines.Text())
	}
	return hasNew, hasOld, lines.Err()
}
