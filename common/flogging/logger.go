// SPDX-License-Identifier: Apache-2.0

package flogging

import (
	"fmt"
	"os"
	"strings"

	logging "github.com/op/go-logging"
	"go.uber.org/zap/zapcore"
)

// FabricLogger is the logger of one module.
//
// The plain methods print their arguments as fmt.Sprint does, those ending in
// f take a format, those ending in w a message and alternating keys and
// values. Panic and Fatal forms panic and end the process after logging.
type FabricLogger struct {
	system *Logging
	module string
	fields string // " key=value ..." of With
	sink   *logging.Logger
}

// wrapperFrames is the number of calls between the code that logs and the
// library, so that the library finds the function to name in a line.
const wrapperFrames = 2

func newLogger(system *Logging, module string) *FabricLogger {
	sink := &logging.Logger{Module: module, ExtraCalldepth: wrapperFrames}
	sink.SetBackend(passthrough{system})
	return &FabricLogger{system: system, module: module, sink: sink}
}

// IsEnabledFor tells whether a line of this level would be written. Ask before
// computing anything expensive for a line.
func (f *FabricLogger) IsEnabledFor(level zapcore.Level) bool {
	return level >= f.system.Level(f.module)
}

// Named returns the logger of a module below this one.
func (f *FabricLogger) Named(name string) *FabricLogger {
	child := newLogger(f.system, f.module+"."+name)
	child.fields = f.fields
	return child
}

// With returns a logger of the same module that adds keys and values to each
// line.
func (f *FabricLogger) With(args ...interface{}) *FabricLogger {
	child := newLogger(f.system, f.module)
	child.fields = f.fields + keyValues(args)
	return child
}

// Sync does nothing: lines are written as they are logged.
func (f *FabricLogger) Sync() error { return nil }

// write hands one finished line to the library.
func (f *FabricLogger) write(level zapcore.Level, text string) {
	text += f.fields
	switch {
	case level <= zapcore.DebugLevel:
		f.sink.Debug(text)
	case level == zapcore.InfoLevel:
		f.sink.Info(text)
	case level == zapcore.WarnLevel:
		f.sink.Warning(text)
	case level == zapcore.ErrorLevel:
		f.sink.Error(text)
	default:
		f.sink.Critical(text)
	}
}

func keyValues(args []interface{}) string {
	var text strings.Builder
	for i := 0; i < len(args); i += 2 {
		if i+1 == len(args) {
			fmt.Fprintf(&text, " %v=?", args[i])
			break
		}
		fmt.Fprintf(&text, " %v=%v", args[i], args[i+1])
	}
	return text.String()
}

// sprint separates arguments with spaces, unlike fmt.Sprint.
func sprint(args []interface{}) string {
	return strings.TrimSuffix(fmt.Sprintln(args...), "\n")
}

// Debug logs at debug level.
func (f *FabricLogger) Debug(args ...interface{}) {
	if f.IsEnabledFor(zapcore.DebugLevel) {
		f.write(zapcore.DebugLevel, sprint(args))
	}
}

// Debugf logs at debug level.
func (f *FabricLogger) Debugf(template string, args ...interface{}) {
	if f.IsEnabledFor(zapcore.DebugLevel) {
		f.write(zapcore.DebugLevel, fmt.Sprintf(template, args...))
	}
}

// Debugw logs at debug level.
func (f *FabricLogger) Debugw(msg string, kvPairs ...interface{}) {
	if f.IsEnabledFor(zapcore.DebugLevel) {
		f.write(zapcore.DebugLevel, msg+keyValues(kvPairs))
	}
}

// Info logs at info level.
func (f *FabricLogger) Info(args ...interface{}) {
	if f.IsEnabledFor(zapcore.InfoLevel) {
		f.write(zapcore.InfoLevel, sprint(args))
	}
}

// Infof logs at info level.
func (f *FabricLogger) Infof(template string, args ...interface{}) {
	if f.IsEnabledFor(zapcore.InfoLevel) {
		f.write(zapcore.InfoLevel, fmt.Sprintf(template, args...))
	}
}

// Infow logs at info level.
func (f *FabricLogger) Infow(msg string, kvPairs ...interface{}) {
	if f.IsEnabledFor(zapcore.InfoLevel) {
		f.write(zapcore.InfoLevel, msg+keyValues(kvPairs))
	}
}

// Notice logs at info level.
func (f *FabricLogger) Notice(args ...interface{}) {
	if f.IsEnabledFor(zapcore.InfoLevel) {
		f.write(zapcore.InfoLevel, sprint(args))
	}
}

// Noticef logs at info level.
func (f *FabricLogger) Noticef(template string, args ...interface{}) {
	if f.IsEnabledFor(zapcore.InfoLevel) {
		f.write(zapcore.InfoLevel, fmt.Sprintf(template, args...))
	}
}

// Warn logs at warning level.
func (f *FabricLogger) Warn(args ...interface{}) {
	if f.IsEnabledFor(zapcore.WarnLevel) {
		f.write(zapcore.WarnLevel, sprint(args))
	}
}

// Warnf logs at warning level.
func (f *FabricLogger) Warnf(template string, args ...interface{}) {
	if f.IsEnabledFor(zapcore.WarnLevel) {
		f.write(zapcore.WarnLevel, fmt.Sprintf(template, args...))
	}
}

// Warnw logs at warning level.
func (f *FabricLogger) Warnw(msg string, kvPairs ...interface{}) {
	if f.IsEnabledFor(zapcore.WarnLevel) {
		f.write(zapcore.WarnLevel, msg+keyValues(kvPairs))
	}
}

// Warning logs at warning level.
func (f *FabricLogger) Warning(args ...interface{}) {
	if f.IsEnabledFor(zapcore.WarnLevel) {
		f.write(zapcore.WarnLevel, sprint(args))
	}
}

// Warningf logs at warning level.
func (f *FabricLogger) Warningf(template string, args ...interface{}) {
	if f.IsEnabledFor(zapcore.WarnLevel) {
		f.write(zapcore.WarnLevel, fmt.Sprintf(template, args...))
	}
}

// Error logs at error level.
func (f *FabricLogger) Error(args ...interface{}) {
	if f.IsEnabledFor(zapcore.ErrorLevel) {
		f.write(zapcore.ErrorLevel, sprint(args))
	}
}

// Errorf logs at error level.
func (f *FabricLogger) Errorf(template string, args ...interface{}) {
	if f.IsEnabledFor(zapcore.ErrorLevel) {
		f.write(zapcore.ErrorLevel, fmt.Sprintf(template, args...))
	}
}

// Errorw logs at error level.
func (f *FabricLogger) Errorw(msg string, kvPairs ...interface{}) {
	if f.IsEnabledFor(zapcore.ErrorLevel) {
		f.write(zapcore.ErrorLevel, msg+keyValues(kvPairs))
	}
}

// Critical logs at error level.
func (f *FabricLogger) Critical(args ...interface{}) {
	if f.IsEnabledFor(zapcore.ErrorLevel) {
		f.write(zapcore.ErrorLevel, sprint(args))
	}
}

// Criticalf logs at error level.
func (f *FabricLogger) Criticalf(template string, args ...interface{}) {
	if f.IsEnabledFor(zapcore.ErrorLevel) {
		f.write(zapcore.ErrorLevel, fmt.Sprintf(template, args...))
	}
}

// Panic logs and panics with the same text.
func (f *FabricLogger) Panic(args ...interface{}) {
	text := sprint(args)
	f.write(zapcore.PanicLevel, text)
	panic(text)
}

// Panicf logs and panics with the same text.
func (f *FabricLogger) Panicf(template string, args ...interface{}) {
	text := fmt.Sprintf(template, args...)
	f.write(zapcore.PanicLevel, text)
	panic(text)
}

// Panicw logs and panics with the same text.
func (f *FabricLogger) Panicw(msg string, kvPairs ...interface{}) {
	text := msg + keyValues(kvPairs)
	f.write(zapcore.PanicLevel, text)
	panic(text)
}

// Fatal logs and ends the process with status 1.
func (f *FabricLogger) Fatal(args ...interface{}) {
	f.write(zapcore.FatalLevel, sprint(args))
	os.Exit(1)
}

// Fatalf logs and ends the process with status 1.
func (f *FabricLogger) Fatalf(template string, args ...interface{}) {
	f.write(zapcore.FatalLevel, fmt.Sprintf(template, args...))
	os.Exit(1)
}

// Fatalw logs and ends the process with status 1.
func (f *FabricLogger) Fatalw(msg string, kvPairs ...interface{}) {
	f.write(zapcore.FatalLevel, msg+keyValues(kvPairs))
	os.Exit(1)
}
