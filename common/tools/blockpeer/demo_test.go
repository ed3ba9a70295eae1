// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
)

func TestDemo(t *testing.T) {
	nettest.NoLeaks(t)
	ctx := t.Context()
	t.Setenv(roleVariable, "blockpeer") // for the orderer, which is a process of its own
	folder := t.TempDir()
	// Not a multiple of what fits into a block, so that a timeout cuts one.
	out, err := run(ctx, "demo", "--transactions", "45", "--keep", folder)
	require.NoError(t, err, "%s", out)
	for _, step := range []string{
		"1. Crypto material and a channel", "2. An orderer, in a process of its own", "3. A leader peer that knows only block 0",
		"4. A client submits 45 transactions", "5. The orderer is killed", "6. An administrator changes", "7. A client submits 45 transactions",
		"8. Do leader and orderer hold the same chain?",
	} {
		require.Contains(t, out, step)
	}
	require.Contains(t, out, "yes: 8 blocks, equal header hashes", "0, 3, a config block and 3 more")
	require.Regexp(t, `RequestBlocks +requester\.go:\d+ `, out, "the flow is shown with its lines of code")
	require.NotContains(t, out, "\x1b", "no colours where there is no terminal")
	require.Equal(t, "INFO", flogging.GetModuleLevel("deliveryClient"), "logging is given back")

	// The files that were kept are for the other commands.
	out, err = run(ctx, "inspect", filepath.Join(folder, "genesis.block"))
	require.NoError(t, err)
	require.Contains(t, out, `block 0 of channel "demo"`)
	_, err = run(ctx, "demo", "--keep", folder)
	require.ErrorContains(t, err, folder, "what was kept is not overwritten")
}

func TestDemoFailsWithoutAnOrderer(t *testing.T) {
	ctx := begin(t)
	t.Setenv(roleVariable, "broken")
	out, err := run(ctx, "demo", "--transactions", "1")
	require.ErrorContains(t, err, "ended before it was ready: exit status 3: broken on purpose")
	require.NotContains(t, out, "3. A leader")
	require.Equal(t, 1, strings.Count(err.Error(), "broken on purpose"))
	_, err = run(ctx, "demo", "--transactions", "-1")
	require.ErrorContains(t, err, "-1 transactions cannot be submitted")
}
