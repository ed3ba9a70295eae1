// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// floorMinor is the minor number of the floor version.
const floorMinor = 10

// api knows since when each name of the standard library exists.
type api struct {
	// since maps "net/http.Server.Shutdown", "net/http.Server" and "net/http" to
	// the minor number of the release that introduced them.
	since map[string]int
	// formerly maps a type that was moved to the name it had before and still
	// has, as an alias: "io/fs.FileInfo" to "os.FileInfo".
	formerly map[string]string
}

func readAPI() (*api, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "api", "go1*.txt"))
	if err != nil || len(files) <= floorMinor {
		return nil, fmt.Errorf("only %d lists of the standard library's names below %s/api (%v)", len(files), root, err)
	}
	a := &api{since: map[string]int{}, formerly: map[string]string{}}
	aliases := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		a.read(string(text), minorOf(file), aliases)
	}
	a.resolve(aliases)
	return a, nil
}

// minorOf reads the 16 of "go1.16.txt"; go1.txt counts as 0.
func minorOf(file string) int {
	name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "go1"), ".txt")
	minor, err := strconv.Atoi(strings.TrimPrefix(name, "."))
	if err != nil {
		return 0
	}
	return minor
}

var (
	apiLine   = regexp.MustCompile(`^pkg ([^ ,]+)(?: \([^)]*\))?, (const|var|func|type|method) (.*)$`)
	apiMethod = regexp.MustCompile(`^\(\*?(\w+)(?:\[[^\]]*\])?\) (\w+)`)
	apiMember = regexp.MustCompile(`^(\w+)(?:\[[^\]]*\])? (?:struct|interface), (?:embedded \S*?)?(\w+)(?: |\(|$)`)
	apiIface  = regexp.MustCompile(`^(\w+) interface \{ (.*) \}`)
	apiAlias  = regexp.MustCompile(`^(\w+) = (\w+)\.(\w+)`)
	apiName   = regexp.MustCompile(`^\w+`)
)

func (a *api) read(text string, minor int, aliases map[string]string) {
	for line := range strings.Lines(text) {
		m := apiLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		pkg, kind, rest := m[1], m[2], m[3]
		a.add(minor, pkg)
		if kind == "method" {
			if k := apiMethod.FindStringSubmatch(rest); k != nil {
				a.add(minor, pkg+"."+k[1]+"."+k[2])
			}
			continue
		}
		name := pkg + "." + apiName.FindString(rest)
		a.add(minor, name)
		if kind != "type" {
			continue
		}
		if k := apiMember.FindStringSubmatch(rest); k != nil {
			a.add(minor, name+"."+k[2])
		} else if k := apiIface.FindStringSubmatch(rest); k != nil {
			for method := range strings.SplitSeq(k[2], ", ") {
				a.add(minor, name+"."+method)
			}
		} else if k := apiAlias.FindStringSubmatch(rest); k != nil {
			aliases[name] = k[2] + "." + k[3]
		}
	}
}

func (a *api) add(minor int, name string) {
	if old, known := a.since[name]; !known || minor < old {
		a.since[name] = minor
	}
}

// resolve finds, for each alias of an old name, the newer type it stands for;
// the lists call that by the last element of its package's path only.
func (a *api) resolve(aliases map[string]string) {
	for name := range a.since {
		for alias, target := range aliases {
			if path.Base(name) == target && name != alias && a.since[alias] <= floorMinor {
				a.formerly[name] = alias
			}
		}
	}
}

// tooNew tells whether the name is newer than the floor, and since when it
// exists. Names that the lists do not know are not.
func (a *api) tooNew(name string) (since string, yes bool) {
	minor := a.since[name]
	return "go1." + strconv.Itoa(minor), minor > floorMinor
}

// known tells whether the lists know the name.
func (a *api) known(name string) bool {
	_, ok := a.since[name]
	return ok
}
