// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/syndtr/goleveldb/leveldb"

	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
)

// A ledger with a hole is not used silently; --repair keeps what is below.
func TestStartRepairsADamagedLedgerWhenTold(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	_, endpoint, _ := network.Replay(t, recorded, orderer.ReplayConfig{})
	config := network.CoreYAML(t)
	startPeer(ctx, t, "--config", config, "--block", nettest.WriteBlock(t, recorded[0]), "--orderer", endpoint).stopAt(t, 33)
	loseBlock(t, ledgerOf(config), recorded[28])

	again := []string{"--config", config, "--channel", "mychannel", "--orderer", endpoint}
	_, err := run(ctx, append([]string{"start"}, again...)...)
	require.ErrorContains(t, err, "block 28 of channel mychannel")
	require.ErrorContains(t, err, "--repair")
	startPeer(ctx, t, append(again, "--repair")...).stopAt(t, 33)
	requireLedger(t, config, recorded)
}

// loseBlock removes a block's bytes from a ledger's files.
func loseBlock(t *testing.T, dir string, raw []byte) {
	t.Helper()
	db, err := leveldb.OpenFile(dir, nil)
	require.NoError(t, err)
	defer db.Close()
	entries := db.NewIterator(nil, nil)
	defer entries.Release()
	for entries.Next() {
		if bytes.Equal(entries.Value(), raw) {
			require.NoError(t, db.Delete(entries.Key(), nil))
			return
		}
	}
	t.Fatal("the ledger does not hold the block")
}
