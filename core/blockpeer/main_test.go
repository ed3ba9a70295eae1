// SPDX-License-Identifier: Apache-2.0

package blockpeer_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/settings"
	"github.com/hyperledger/fabric/core/comm"
)

// network is the crypto material of all tests.
var network *nettest.Network

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "blockpeer-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if network, err = nettest.New(dir); err != nil {
		return 0, err
	}
	// A rest before a stream is left lasts longer than this, so an orderer that
	// lied about one block may be asked for the next.
	comm.EndpointDisableInterval = 50 * time.Millisecond
	return m.Run(), nil
}

// patience is for what takes a moment; only a failing test uses it up.
const patience = 30 * time.Second

// begin sees to it that a test leaves nothing running. Call it before anything
// else.
func begin(t *testing.T) context.Context {
	t.Helper()
	nettest.NoLeaks(t)
	nettest.Record(t, "info")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// configure makes the process that of peer0. Nothing of a peer may be running.
func configure(t *testing.T, lines ...string) *settings.Settings {
	t.Helper()
	viper.Reset()
	s, err := settings.Load(network.CoreYAML(t, lines...))
	require.NoError(t, err)
	require.NoError(t, blockpeer.LoadIdentity(s))
	return s
}

// start starts a peer that Cleanup stops.
func start(t *testing.T, cfg blockpeer.Config) *blockpeer.Peer {
	t.Helper()
	p, err := blockpeer.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(p.Stop)
	return p
}

// requireChain demands that a store holds exactly these blocks.
func requireChain(t *testing.T, store *blockstore.Store, chain [][]byte) {
	t.Helper()
	require.Equal(t, uint64(len(chain)), store.Height())
	for number, want := range chain {
		have, err := store.Raw(uint64(number))
		require.NoError(t, err)
		require.Equal(t, want, have, "block %d", number)
	}
}
