// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// foreign matches mentions of places that exist only where the tree is written.
// The pattern is put together so that it does not match itself.
var foreign = regexp.MustCompile(`/wo` + `rk/\w|\bsha` + `red/(api|reference|fixtures|hooks|design|style|later)|\.lib` + `rary/|/ro` + `ot/`)

func (l *linter) words(rel, text string) {
	for i, line := range strings.Split(text, "\n") {
		if m := foreign.FindString(line); m != "" {
			l.report(rel, i+1, "%q is a place outside the tree", m)
		}
	}
}

var (
	link       = regexp.MustCompile(`\]\(([^)\s]+)(?: "[^"]*")?\)`)
	heading    = regexp.MustCompile(`^#{1,6} +(.*?) *#*$`)
	lineAnchor = regexp.MustCompile(`^L(\d+)(?:-L(\d+))?$`)
	inlineCode = regexp.MustCompile("`[^`]*`")
)

// links checks the relative links of a Markdown file: the file exists, has the
// line, or has the heading.
func (l *linter) links(rel, text string) {
	fenced := false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if fenced {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(inlineCode.ReplaceAllString(line, ""), -1) {
			if why := l.badLink(rel, m[1]); why != "" {
				l.report(rel, i+1, "link %s: %s", m[1], why)
			}
		}
	}
}

// badLink says what is wrong with a link, or returns "".
func (l *linter) badLink(rel, target string) string {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return ""
	}
	file, anchor, _ := strings.Cut(target, "#")
	if file == "" {
		file = path.Base(rel)
	}
	full := filepath.Join(l.root, filepath.FromSlash(path.Join(path.Dir(rel), file)))
	info, err := os.Stat(full)
	switch {
	case err != nil:
		return "no such file"
	case anchor == "" || info.IsDir():
		return ""
	}
	text, err := os.ReadFile(full)
	if err != nil {
		return err.Error()
	}
	return badAnchor(string(text), anchor)
}

func badAnchor(text, anchor string) string {
	if m := lineAnchor.FindStringSubmatch(anchor); m != nil {
		last := m[1]
		if m[2] != "" {
			last = m[2]
		}
		if n, err := strconv.Atoi(last); err != nil || n > strings.Count(text, "\n") {
			return "the file has no such line"
		}
		return ""
	}
	seen := map[string]int{}
	for line := range strings.Lines(text) {
		m := heading.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		slug := slugOf(m[1])
		if n := seen[slug]; n > 0 && slug+"-"+strconv.Itoa(n) == anchor || n == 0 && slug == anchor {
			return ""
		}
		seen[slug]++
	}
	return "the file has no such heading"
}

// slugOf is the anchor that common Markdown renderers give a heading.
func slugOf(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}
