// SPDX-License-Identifier: Apache-2.0

package flogging

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"go.uber.org/zap/zapcore"
)

const fallbackLevel = zapcore.InfoLevel

// levelNames are the spellings accepted in a specification. Notice and
// critical are kept from older releases and mean info and error.
var levelNames = map[string]zapcore.Level{
	"debug":    zapcore.DebugLevel,
	"info":     zapcore.InfoLevel,
	"notice":   zapcore.InfoLevel,
	"warning":  zapcore.WarnLevel,
	"warn":     zapcore.WarnLevel,
	"error":    zapcore.ErrorLevel,
	"critical": zapcore.ErrorLevel,
	"dpanic":   zapcore.DPanicLevel,
	"panic":    zapcore.PanicLevel,
	"fatal":    zapcore.FatalLevel,
}

func levelByName(name string) (zapcore.Level, bool) {
	level, ok := levelNames[strings.ToLower(name)]
	return level, ok
}

// NameToLevel translates a level's name; an unknown one means info.
func NameToLevel(level string) zapcore.Level {
	if l, ok := levelByName(level); ok {
		return l
	}
	return fallbackLevel
}

// IsValidLevel tells whether level names a level.
func IsValidLevel(level string) bool {
	_, ok := levelByName(level)
	return ok
}

// levelTable is an immutable view of the levels in force.
type levelTable struct {
	fallback zapcore.Level
	modules  map[string]zapcore.Level
}

func (t *levelTable) of(module string) zapcore.Level {
	if level, ok := t.modules[module]; ok {
		return level
	}
	return t.fallback
}

// ModuleLevels is a default level and the modules that differ from it. Reading
// takes no lock: writers replace the whole table.
type ModuleLevels struct {
	table atomic.Pointer[levelTable]
	mutex sync.Mutex // serializes writers of table
}

func (m *ModuleLevels) load() *levelTable {
	if t := m.table.Load(); t != nil {
		return t
	}
	return &levelTable{fallback: fallbackLevel}
}

// change applies edit to a copy of the table and publishes the copy.
func (m *ModuleLevels) change(edit func(t *levelTable)) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	next := &levelTable{fallback: m.load().fallback, modules: map[string]zapcore.Level{}}
	maps.Copy(next.modules, m.load().modules)
	edit(next)
	m.table.Store(next)
}

// DefaultLevel is the level of modules without one of their own.
func (m *ModuleLevels) DefaultLevel() zapcore.Level { return m.load().fallback }

// SetDefaultLevel sets the level of modules without one of their own.
func (m *ModuleLevels) SetDefaultLevel(l zapcore.Level) {
	m.change(func(t *levelTable) { t.fallback = l })
}

// Level is the level in force for a module.
func (m *ModuleLevels) Level(module string) zapcore.Level { return m.load().of(module) }

// SetLevel gives one module a level of its own.
func (m *ModuleLevels) SetLevel(module string, l zapcore.Level) {
	m.change(func(t *levelTable) { t.modules[module] = l })
}

// SetLevels sets the level of the modules whose names match re, among those
// that already have a level of their own.
func (m *ModuleLevels) SetLevels(re *regexp.Regexp, l zapcore.Level) {
	m.change(func(t *levelTable) {
		for module := range t.modules {
			if re.MatchString(module) {
				t.modules[module] = l
			}
		}
	})
}

// Levels returns a copy of the levels of all modules that have one.
func (m *ModuleLevels) Levels() map[string]zapcore.Level {
	levels := map[string]zapcore.Level{}
	maps.Copy(levels, m.load().modules)
	return levels
}

// RestoreLevels replaces the levels of all modules.
func (m *ModuleLevels) RestoreLevels(levels map[string]zapcore.Level) {
	m.change(func(t *levelTable) { t.modules = maps.Clone(levels) })
}

// ResetLevels makes all modules follow the default again.
func (m *ModuleLevels) ResetLevels() { m.RestoreLevels(map[string]zapcore.Level{}) }

// ActivateSpec replaces the levels by those of a specification. A faulty one
// changes nothing and is named in the error.
func (m *ModuleLevels) ActivateSpec(spec string) error {
	parsed, err := parseSpec(spec)
	if err != nil {
		return err
	}
	m.change(func(t *levelTable) { *t = *parsed })
	return nil
}

// parseSpec reads "level" and "module,module=level" fields separated by colons.
func parseSpec(spec string) (*levelTable, error) {
	table := &levelTable{fallback: fallbackLevel, modules: map[string]zapcore.Level{}}
	for _, field := range strings.Split(spec, ":") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		modules, name, assigned := strings.Cut(field, "=")
		if !assigned {
			modules, name = "", field
		}
		level, known := levelByName(name)
		if !known {
			return nil, fmt.Errorf("invalid logging specification '%s': bad level in '%s'", spec, field)
		}
		if !assigned {
			table.fallback = level
			continue
		}
		for _, module := range strings.Split(modules, ",") {
			if module == "" {
				return nil, fmt.Errorf("invalid logging specification '%s': no module name in '%s'", spec, field)
			}
			table.modules[module] = level
		}
	}
	return table, nil
}
