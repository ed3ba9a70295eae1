// SPDX-License-Identifier: Apache-2.0

package flogging

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"

	logging "github.com/op/go-logging"
)

// specVariable names the environment variable with the initial specification.
const specVariable = "FABRIC_LOGGING_SPEC"

// defaultFormat is a line without colours: time, module, function, level.
const defaultFormat = "%{time:2006-01-02 15:04:05.000 MST} [%{module}] %{shortfunc} -> %{level:.4s} %{message}"

// Config says how a logging system starts. Zero values mean defaults.
type Config struct {
	Format  string    // in op/go-logging's notation
	LogSpec string    // levels; FABRIC_LOGGING_SPEC when empty, else info
	Writer  io.Writer // standard error when nil
}

// Logging is a logging system: levels, a format and a place to write to.
type Logging struct {
	*ModuleLevels
	backend atomic.Pointer[logging.Backend]
	writer  atomic.Pointer[io.Writer]
	format  atomic.Pointer[logging.Formatter]
}

// Global is the logging system that MustGetLogger's loggers belong to.
var Global = mustNew()

func mustNew() *Logging {
	system, err := New(Config{})
	if err != nil {
		// A faulty variable must not keep the process from starting.
		fmt.Fprintln(os.Stderr, specVariable+":", err)
		system, _ = New(Config{LogSpec: "info"})
	}
	return system
}

// New returns a logging system.
func New(c Config) (*Logging, error) {
	system := &Logging{ModuleLevels: &ModuleLevels{}}
	return system, system.Apply(c)
}

// Apply replaces levels, format and writer by those of c. On error nothing has
// changed.
func (s *Logging) Apply(c Config) error {
	if c.Format == "" {
		c.Format = defaultFormat
	}
	if c.LogSpec == "" {
		c.LogSpec = os.Getenv(specVariable)
	}
	if c.Writer == nil {
		c.Writer = os.Stderr
	}
	formatter, err := logging.NewStringFormatter(c.Format)
	if err != nil {
		return fmt.Errorf("invalid log format '%s': %w", c.Format, err)
	}
	if err := s.ActivateSpec(c.LogSpec); err != nil {
		return err
	}
	s.rebuild(formatter, c.Writer)
	return nil
}

// SetFormat replaces the format of lines.
func (s *Logging) SetFormat(format string) error {
	formatter, err := logging.NewStringFormatter(format)
	if err != nil {
		return fmt.Errorf("invalid log format '%s': %w", format, err)
	}
	s.rebuild(formatter, *s.writer.Load())
	return nil
}

// SetWriter replaces the place that lines are written to.
func (s *Logging) SetWriter(w io.Writer) { s.rebuild(*s.format.Load(), w) }

func (s *Logging) rebuild(formatter logging.Formatter, w io.Writer) {
	s.format.Store(&formatter)
	s.writer.Store(&w)
	backend := logging.NewBackendFormatter(logging.NewLogBackend(w, "", 0), formatter)
	s.backend.Store(&backend)
}

// Write writes raw bytes to where lines go.
func (s *Logging) Write(b []byte) (int, error) { return (*s.writer.Load()).Write(b) }

// Sync does nothing: nothing is buffered.
func (s *Logging) Sync() error { return nil }

// Logger returns the logger of a module.
func (s *Logging) Logger(name string) *FabricLogger { return newLogger(s, name) }

// passthrough is the backend that the library's loggers write to. Levels are
// decided before the library is called, so it lets every line through to
// whatever backend the system has at that moment.
type passthrough struct{ system *Logging }

func (p passthrough) Log(level logging.Level, calldepth int, record *logging.Record) error {
	return (*p.system.backend.Load()).Log(level, calldepth+1, record)
}

func (passthrough) GetLevel(string) logging.Level           { return logging.DEBUG }
func (passthrough) SetLevel(logging.Level, string)          {}
func (passthrough) IsEnabledFor(logging.Level, string) bool { return true }
