// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
)

var network *nettest.Network

// roleVariable, when set, makes this test program something else: with
// "blockpeer" it is that command.
const roleVariable = "BLOCKPEER_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "blockpeer":
		main()
		os.Exit(0)
	case "broken":
		fmt.Fprintln(os.Stderr, "broken on purpose")
		os.Exit(3)
	}
	dir, err := os.MkdirTemp("", "blockpeer-test-")
	if err == nil {
		network, err = nettest.New(dir)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

const patience = 60 * time.Second

func begin(t *testing.T) context.Context {
	t.Helper()
	nettest.NoLeaks(t)
	nettest.Record(t, "info")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// run executes a command line in this process and returns what it printed.
func run(ctx context.Context, arguments ...string) (string, error) {
	viper.Reset()
	var out bytes.Buffer
	root := rootCommand()
	root.SetArgs(arguments)
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(ctx)
	return out.String(), err
}

// inProcess is the command line in a process of its own.
func inProcess(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, os.Args[0], arguments...)
	command.Env = append(os.Environ(), roleVariable+"=blockpeer")
	return command
}

// running is a start command at work in this process.
type running struct {
	heights chan uint64 // after each commit; holds the newest only
	cancel  context.CancelFunc
	ended   chan error
}

// startPeer executes a start command until stop is called.
func startPeer(ctx context.Context, t *testing.T, arguments ...string) *running {
	t.Helper()
	viper.Reset()
	r := &running{heights: make(chan uint64, 1), ended: make(chan error, 1)}
	ctx, r.cancel = context.WithCancel(ctx)
	t.Cleanup(r.cancel)
	c := startCommandTelling(func(blocks []blockstore.Block) {
		select {
		case <-r.heights:
		default:
		}
		r.heights <- blocks[len(blocks)-1].Number + 1
	})
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(arguments)
	go func() { r.ended <- c.ExecuteContext(ctx) }()
	return r
}

// stopAt ends the command when it has got to a height, and demands success.
func (r *running) stopAt(t *testing.T, height uint64) {
	t.Helper()
	for {
		select {
		case at := <-r.heights:
			if at < height {
				continue
			}
			r.cancel()
			require.NoError(t, <-r.ended)
			return
		case err := <-r.ended:
			t.Fatalf("ended before height %d: %v", height, err)
		}
	}
}

// requireLedger demands that the ledger that goes with a core.yaml holds
// exactly these blocks, of mychannel.
func requireLedger(t *testing.T, config string, chain [][]byte) {
	t.Helper()
	store, err := blockstore.Open(ledgerOf(config), "mychannel", blockstore.FullCheck())
	require.NoError(t, err)
	defer store.Close()
	require.Equal(t, uint64(len(chain)), store.Height())
	requireBlocks(t, store, chain)
}

// requireBlocks demands that all blocks of a store are those of the chain.
func requireBlocks(t *testing.T, store *blockstore.Store, chain [][]byte) {
	t.Helper()
	for number := range store.Height() {
		raw, err := store.Raw(number)
		require.NoError(t, err)
		require.True(t, bytes.Equal(chain[number], raw), "block %d", number)
	}
}

func ledgerOf(config string) string {
	return blockpeer.LedgerDir(filepath.Join(filepath.Dir(config), "data"), "mychannel")
}

func TestCommandsAndHelp(t *testing.T) {
	ctx := begin(t)
	out, err := run(ctx, "--help")
	require.NoError(t, err)
	root := rootCommand()
	require.Len(t, root.Commands(), 5)
	for _, c := range root.Commands() {
		require.Contains(t, out, c.Name()+" ")
		help, err := run(ctx, c.Name(), "--help")
		require.NoError(t, err)
		require.Contains(t, help, "Usage:\n  blockpeer "+c.Use)
		requireDocumented(t, c)
	}
	_, err = run(ctx, "pull")
	require.ErrorContains(t, err, `unknown command "pull"`)
}

func requireDocumented(t *testing.T, c *cobra.Command) {
	t.Helper()
	require.NotEmpty(t, c.Long)
	require.NotEmpty(t, c.Short)
}

// The exit status and the message on standard error are for scripts.
func TestFailureIsToldToTheShell(t *testing.T) {
	ctx := begin(t)
	command := inProcess(ctx, "inspect", "/does/not/exist")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	require.Empty(t, out)
	require.ErrorContains(t, err, "exit status 1")
	require.Equal(t, "blockpeer: /does/not/exist: open /does/not/exist: no such file or directory\n", complaints.String())
}
