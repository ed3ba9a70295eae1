// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/core/blockpeer/settings"
)

// roleVariable makes this test program one that the demonstration starts as its
// orderer. The whole run, with a real one, is a test of the blockpeer command.
const roleVariable = "DEMO_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}

func play(role string) int {
	switch role {
	case "fails":
		fmt.Fprintln(os.Stderr, "no disk")
		return 3
	case "deaf":
		// Greets, but nobody can connect to it.
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		fmt.Println("hello")
		fmt.Println("more than was expected")
		<-ctx.Done()
	}
	return 0
}

func begin(t *testing.T) context.Context {
	t.Helper()
	nettest.NoLeaks(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	viper.Reset()
	return ctx
}

func TestProcess(t *testing.T) {
	ctx := begin(t)
	t.Setenv(roleVariable, "deaf")
	p, err := startProcess(ctx, os.Args[0])
	require.NoError(t, err)
	require.Equal(t, "hello", p.greeting)
	require.NotZero(t, p.pid())
	require.NoError(t, p.terminate())

	p, err = startProcess(ctx, os.Args[0])
	require.NoError(t, err)
	require.NoError(t, p.kill())
	require.NoError(t, p.terminate(), "it has ended already")

	t.Setenv(roleVariable, "fails")
	_, err = startProcess(ctx, os.Args[0], "orderer")
	require.ErrorContains(t, err, os.Args[0]+" orderer ended before it was ready: exit status 3: no disk")
	_, err = startProcess(ctx, filepath.Join(t.TempDir(), "missing"), "orderer")
	require.ErrorContains(t, err, "starting ")
}

// stopAfter cancels a run once it has printed something.
type stopAfter struct {
	bytes.Buffer
	text   string
	cancel func()
}

func (s *stopAfter) Write(data []byte) (int, error) {
	if strings.Contains(string(data), s.text) {
		s.cancel()
	}
	return s.Buffer.Write(data)
}

func TestRunThatFailsTidiesUp(t *testing.T) {
	ctx := begin(t)
	for _, c := range []struct {
		role, interruptAt string
		wants             string
	}{
		{"fails", "never", "no disk"},
		{"deaf", "A leader peer", "the orderer at 127.0.0.1:"},
	} {
		t.Run(c.role, func(t *testing.T) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			t.Setenv(roleVariable, c.role)
			t.Setenv("TMPDIR", t.TempDir())
			out := &stopAfter{text: c.interruptAt, cancel: cancel}
			err := Run(ctx, out, Options{Executable: os.Args[0], Transactions: 1})
			require.ErrorContains(t, err, c.wants)
			require.NotContains(t, out.String(), "the same chain")
			left, err := os.ReadDir(os.TempDir())
			require.NoError(t, err)
			require.Empty(t, left, "nothing stays on disk")
			require.Equal(t, "INFO", flogging.DefaultLevel())
		})
	}
	require.ErrorContains(t, Run(ctx, &bytes.Buffer{}, Options{Transactions: -1}), "-1 transactions cannot be submitted")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.ErrorContains(t, Run(ctx, &bytes.Buffer{}, Options{Dir: file}), file)
}

// The verdict at the end must be able to be no.
func TestChainsThatAreNotTheSame(t *testing.T) {
	ctx := begin(t)
	net, err := nettest.New(t.TempDir())
	require.NoError(t, err)
	s, err := settings.Load(net.CoreYAML(t))
	require.NoError(t, err)
	require.NoError(t, blockpeer.LoadIdentity(s))
	genesis := net.Genesis(t, channelID)
	chain, fork := net.Chain(t, genesis, 4), net.Chain(t, genesis, 4)
	store, err := blockpeer.OpenLedger(t.TempDir(), channelID, genesis)
	require.NoError(t, err)
	defer store.Close()
	for number, raw := range chain[:3] {
		if number > 0 {
			header := nettest.Decode(t, raw).Header
			require.NoError(t, store.Append(blockstore.Block{Number: uint64(number), Raw: raw, Header: header}))
		}
	}
	for name, c := range map[string]struct {
		blocks [][]byte
		wants  string
	}{
		"same":         {chain[:3], ""},
		"longer there": {chain, "the orderer has block 3, the leader has not"},
		"longer here":  {chain[:2], "the leader has 3 blocks, the orderer 2"},
		"another":      {fork[:3], "block 1 differs"},
	} {
		t.Run(name, func(t *testing.T) {
			_, address, _ := net.Replay(t, c.blocks, orderer.ReplayConfig{})
			count, err := sameChain(ctx, &network{address: address}, store)
			if c.wants == "" {
				require.NoError(t, err)
				require.Equal(t, uint64(3), count)
				return
			}
			require.ErrorContains(t, err, c.wants)
		})
	}
}

func TestStage(t *testing.T) {
	var out bytes.Buffer
	s := newStage(&out, true)
	s.step("First")
	s.note("%d of %s", 3, "them")
	s.success("well")
	writer := (*flowWriter)(s)
	line := func(level, message string) string {
		return strings.Join([]string{"function", "file.go:7", level, message}, separator) + "\n"
	}
	whole := line("INFO", "in two parts") + line("WARNING", "at once")
	for _, part := range []string{whole[:9], whole[9:], "no columns\n"} {
		n, err := writer.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	text := out.String()
	require.Contains(t, text, "\x1b[1m1. First\x1b[0m")
	require.Contains(t, text, "3 of them")
	require.Contains(t, text, "\x1b[32mwell\x1b[0m")
	require.Regexp(t, `\x1b\[36mfunction +\x1b\[0m \x1b\[2mfile\.go:7 +\x1b\[0m in two parts\n`, text)
	require.Regexp(t, `\x1b\[31mfunction .* at once\n`, text, "what is wrong is red")
	require.NotContains(t, text, "no columns")
	writer.Write([]byte(line("DEBUG", "for the next block") + line("ERROR", "again")))
	require.NotContains(t, out.String(), "for the next block", "a step is told once while it repeats")
	require.Contains(t, out.String(), "again", "what is wrong is told each time")

	out.Reset()
	height, grown := s.height()
	require.Zero(t, height)
	s.committed([]blockstore.Block{{Number: 1, Raw: make([]byte, 10)}, {Number: 2, Raw: make([]byte, 10), Config: true}})
	require.Contains(t, out.String(), "config block 2 is on disk (2 blocks,", "config blocks are told of at once")
	<-grown
	out.Reset()
	s.committed([]blockstore.Block{{Number: 3, Raw: make([]byte, 10)}})
	require.Empty(t, out.String(), "others now and then")
	s.told = s.told.Add(-commitEvery)
	s.committed([]blockstore.Block{{Number: 4, Raw: make([]byte, 10)}})
	require.Contains(t, out.String(), "block 4 is on disk (2 blocks,")
	height, _ = s.height()
	require.Equal(t, uint64(5), height)

	s.close()
	out.Reset()
	s.note("too late")
	require.Empty(t, out.String())
}

func TestWaitingForALeaderThatHasEnded(t *testing.T) {
	ctx := begin(t)
	net, err := nettest.New(t.TempDir())
	require.NoError(t, err)
	s, err := settings.Load(net.CoreYAML(t))
	require.NoError(t, err)
	require.NoError(t, blockpeer.LoadIdentity(s))
	genesis := net.Genesis(t, channelID)
	_, address, _ := net.Replay(t, net.Chain(t, genesis, 2), orderer.ReplayConfig{})
	r := &run{say: newStage(&bytes.Buffer{}, false)}
	r.leader, err = blockpeer.Start(blockpeer.Config{Dir: s.Dir, ChannelID: channelID, Genesis: genesis, Orderers: []string{address}, OnCommit: r.say.committed})
	require.NoError(t, err)
	require.NoError(t, r.awaitBlock(ctx, 1))
	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, r.awaitBlock(ended, 2), context.Canceled)
	_, err = r.awaitTransactions(ended, 1, 3)
	require.ErrorIs(t, err, context.Canceled)
	r.leader.Stop()
	require.ErrorContains(t, r.awaitBlock(ctx, 2), "waiting for block 2: the leader has ended")
	require.NoError(t, r.end())
}
