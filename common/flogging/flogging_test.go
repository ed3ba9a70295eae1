// SPDX-License-Identifier: Apache-2.0

package flogging

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

func systemFor(t *testing.T, spec string) (*Logging, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	system, err := New(Config{Format: "%{module}|%{shortfunc}|%{level}|%{message}", LogSpec: spec, Writer: &out})
	require.NoError(t, err)
	return system, &out
}

func TestLinesNameModuleFunctionAndLevel(t *testing.T) {
	system, out := systemFor(t, "debug")
	logger := system.Logger("deliveryClient").With("channel", "ch1")
	logger.Debug("a", 1, "b")
	logger.Warningf("%d of %d", 1, 2)
	logger.Errorw("failed", "endpoint", "o1", "dangling")
	require.Equal(t, strings.Join([]string{
		"deliveryClient|TestLinesNameModuleFunctionAndLevel|DEBUG|a 1 b channel=ch1",
		"deliveryClient|TestLinesNameModuleFunctionAndLevel|WARNING|1 of 2 channel=ch1",
		"deliveryClient|TestLinesNameModuleFunctionAndLevel|ERROR|failed endpoint=o1 dangling=? channel=ch1",
		"",
	}, "\n"), out.String())
}

func TestSpecification(t *testing.T) {
	for _, c := range []struct {
		spec     string
		fallback zapcore.Level
		modules  map[string]zapcore.Level
		fails    string
	}{
		{spec: "", fallback: zapcore.InfoLevel},
		{spec: "debug", fallback: zapcore.DebugLevel},
		{spec: "msp,gossip/comm=warn:error", fallback: zapcore.ErrorLevel, modules: map[string]zapcore.Level{"msp": zapcore.WarnLevel, "gossip/comm": zapcore.WarnLevel}},
		{spec: "NOTICE:a=Critical", fallback: zapcore.InfoLevel, modules: map[string]zapcore.Level{"a": zapcore.ErrorLevel}},
		{spec: "loud", fails: "bad level in 'loud'"},
		{spec: "info:a=loud", fails: "bad level in 'a=loud'"},
		{spec: "a,,b=info", fails: "no module name in 'a,,b=info'"},
	} {
		t.Run(c.spec, func(t *testing.T) {
			levels := &ModuleLevels{}
			levels.SetLevel("before", zapcore.FatalLevel)
			err := levels.ActivateSpec(c.spec)
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				require.Equal(t, zapcore.FatalLevel, levels.Level("before"), "a faulty specification changes nothing")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.fallback, levels.DefaultLevel())
			require.Len(t, levels.Levels(), len(c.modules))
			for module, level := range c.modules {
				require.Equal(t, level, levels.Level(module))
			}
		})
	}
}

func TestLevelsGateLinesAndApplyAtOnce(t *testing.T) {
	system, out := systemFor(t, "quiet=error:info")
	quiet, other := system.Logger("quiet"), system.Logger("other")
	quiet.Warning("no")
	other.Debug("no")
	require.False(t, quiet.IsEnabledFor(zapcore.WarnLevel))
	require.Empty(t, out.String())
	system.SetLevel("quiet", zapcore.DebugLevel)
	quiet.Debug("yes")
	require.Contains(t, out.String(), "yes")
}

func TestEveryFormReachesItsLevel(t *testing.T) {
	system, out := systemFor(t, "debug")
	l := system.Logger("m")
	l.Debugf("x")
	l.Debugw("x")
	l.Info("x")
	l.Infof("x")
	l.Infow("x")
	l.Notice("x")
	l.Noticef("x")
	l.Warn("x")
	l.Warnf("x")
	l.Warnw("x")
	l.Warning("x")
	l.Error("x")
	l.Errorf("x")
	l.Critical("x")
	l.Criticalf("x")
	require.Equal(t, 2, strings.Count(out.String(), "|DEBUG|"))
	require.Equal(t, 5, strings.Count(out.String(), "|INFO|"))
	require.Equal(t, 4, strings.Count(out.String(), "|WARNING|"))
	require.Equal(t, 4, strings.Count(out.String(), "|ERROR|"))
	require.PanicsWithValue(t, "p 1", func() { l.Panic("p", 1) })
	require.PanicsWithValue(t, "p1", func() { l.Panicf("p%d", 1) })
	require.PanicsWithValue(t, "p k=v", func() { l.Panicw("p", "k", "v") })
	require.Equal(t, "m.sub", l.Named("sub").module)
}

func TestConcurrentUseAndChange(t *testing.T) {
	var mutex sync.Mutex
	system, _ := systemFor(t, "info")
	system.SetWriter(writerFunc(func(b []byte) (int, error) {
		mutex.Lock()
		defer mutex.Unlock()
		return len(b), nil
	}))
	var done sync.WaitGroup
	for i := 0; i < 8; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for j := 0; j < 200; j++ {
				system.Logger("m").Info("line")
				system.SetLevel("m", zapcore.Level(j%3))
			}
		}()
	}
	done.Wait()
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestSpecificationFromEnvironment runs this test binary again, because the
// variable is read when the process starts.
func TestSpecificationFromEnvironment(t *testing.T) {
	if os.Getenv("FLOGGING_CHILD") == "1" {
		os.Stdout.WriteString(GetModuleLevel("msp") + " " + DefaultLevel())
		os.Exit(0)
	}
	for spec, want := range map[string]string{"msp=debug:error": "DEBUG ERROR", "nonsense": "INFO INFO"} {
		child := exec.Command(os.Args[0], "-test.run", "^TestSpecificationFromEnvironment$")
		child.Env = append(os.Environ(), "FLOGGING_CHILD=1", specVariable+"="+spec)
		out, err := child.Output()
		var exit *exec.ExitError
		require.False(t, errors.As(err, &exit), "%v", err)
		require.Equal(t, want, string(out), spec)
	}
}

func TestGlobalLevels(t *testing.T) {
	t.Cleanup(Reset)
	require.Equal(t, "ERROR", InitFromSpec("error:a=debug:b=debug"))
	require.NoError(t, SetModuleLevels("^a$", "warning"))
	require.NoError(t, SetModuleLevel("c", "info"))
	require.Equal(t, "WARN", GetModuleLevel("a"))
	require.Equal(t, "DEBUG", GetModuleLevel("b"))
	saved := GetModuleLevels()
	require.Equal(t, "INFO", InitFromSpec("???"), "a faulty specification means info")
	require.Equal(t, "INFO", GetModuleLevel("b"))
	RestoreLevels(saved)
	require.Equal(t, "DEBUG", GetModuleLevel("b"))
	require.Error(t, SetModuleLevels("[", "info"))
	require.Error(t, SetModuleLevels("a", "loud"))
	require.Error(t, SetModuleLevel("a", "loud"))
	require.True(t, IsValidLevel("Panic"))
	require.False(t, IsValidLevel("loud"))
}
