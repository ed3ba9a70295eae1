// SPDX-License-Identifier: Apache-2.0

package flogging

import (
	"fmt"
	"regexp"

	"go.uber.org/zap/zapcore"
)

// MustGetLogger returns the logger of a module.
func MustGetLogger(module string) *FabricLogger { return Global.Logger(module) }

// Init replaces the configuration of all loggers; it panics on a faulty one.
func Init(config Config) {
	if err := Global.Apply(config); err != nil {
		panic(err)
	}
}

// Reset takes all loggers back to the state of process start.
func Reset() { Init(Config{}) }

// InitFromSpec replaces the levels of all loggers and returns the default level
// now in force. A faulty specification means info for all.
func InitFromSpec(spec string) string {
	if err := Global.ActivateSpec(spec); err != nil {
		MustGetLogger("flogging").Warningf("%v; using info", err)
		Global.ResetLevels()
		Global.SetDefaultLevel(fallbackLevel)
	}
	return DefaultLevel()
}

// DefaultLevel names the level of modules without one of their own.
func DefaultLevel() string { return levelName(Global.DefaultLevel()) }

// GetModuleLevel names the level in force for a module.
func GetModuleLevel(module string) string { return levelName(Global.Level(module)) }

// SetModuleLevels sets the level of the modules that match a regular
// expression, among those with a level of their own.
func SetModuleLevels(moduleRegex, level string) error {
	re, err := regexp.Compile(moduleRegex)
	if err != nil {
		return fmt.Errorf("invalid module expression '%s': %w", moduleRegex, err)
	}
	l, ok := levelByName(level)
	if !ok {
		return fmt.Errorf("invalid log level '%s'", level)
	}
	Global.SetLevels(re, l)
	return nil
}

// SetModuleLevel gives one module a level of its own.
func SetModuleLevel(module string, level string) error {
	l, ok := levelByName(level)
	if !ok {
		return fmt.Errorf("invalid log level '%s'", level)
	}
	Global.SetLevel(module, l)
	return nil
}

// GetModuleLevels returns the levels of all modules that have one.
func GetModuleLevels() map[string]zapcore.Level { return Global.Levels() }

// RestoreLevels replaces the levels of all modules.
func RestoreLevels(levels map[string]zapcore.Level) { Global.RestoreLevels(levels) }

func levelName(l zapcore.Level) string { return l.CapitalString() }
